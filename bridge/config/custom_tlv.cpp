// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/custom_tlv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "bridge/config/keys.hpp"
#include "http_gateways/sms_octets.hpp"

namespace smsbridge::bridge {
namespace {

// Those that follow from other settings (SMPP 3.4 section 5.3.2): two of one tag would contradict each other.
struct OwnTag {
  std::uint16_t tag;
  const char* set_by;
};
constexpr OwnTag own_tags[] = {
    {0x0005, "dest_addr_subunit is set for flash messages, see dialect.flash"},
    {0x020C, "sar_msg_ref_num is set by concat: sar"},
    {0x020E, "sar_total_segments is set by concat: sar"},
    {0x020F, "sar_segment_seqnum is set by concat: sar"},
    {0x0424, "message_payload is set by concat: payload"},
};

template <class Integer>
tl::expected<std::string, std::string> integer_octets(const std::string& text) {
  const bool hex = text.starts_with("0x") || text.starts_with("0X");
  const auto* const begin = text.data() + (hex ? 2 : 0);
  const auto* const end = text.data() + text.size();
  Integer value{};
  const auto [behind, error] = std::from_chars(begin, end, value, hex ? 16 : 10);
  if (begin == end || error != std::errc() || behind != end)
    return tl::unexpected(
        fmt::format("'{}' is not a whole number from 0 to {}", text, std::numeric_limits<Integer>::max()));
  std::string octets;
  for (int shift = 8 * (static_cast<int>(sizeof(Integer)) - 1); shift >= 0; shift -= 8)
    octets += static_cast<char>(value >> shift);
  return octets;
}

tl::expected<std::string, std::string> text_octets(const std::string& text) {
  if (text.find('\0') != std::string::npos) return tl::unexpected(std::string("a text holds no NUL"));
  return text;
}

struct TlvType {
  const char* name;
  tl::expected<std::string, std::string> (*octets)(const std::string&);
};
// SMPP 3.4 section 3.1 has the types. A string here is counted by the TLV's length; a cstring ends with a NUL besides.
constexpr TlvType tlv_types[] = {
    {"string", text_octets},
    {"cstring",
     [](const std::string& text) -> tl::expected<std::string, std::string> {
       auto octets = text_octets(text);
       if (octets) octets->push_back('\0');
       return octets;
     }},
    {"octets",
     [](const std::string& text) -> tl::expected<std::string, std::string> {
       auto octets = http_gateways::from_hex(text);
       if (!octets) return tl::unexpected("'" + text + "' is not made of hex digits, two for each octet");
       return *std::move(octets);
     }},
    {"u8", integer_octets<std::uint8_t>},
    {"u16", integer_octets<std::uint16_t>},
    {"u32", integer_octets<std::uint32_t>},
};

// As it is written; read into octets once all of it is known.
struct WrittenTlv {
  std::string tag, type = tlv_types[0].name, value;
};

const Keys<WrittenTlv>& custom_tlv_keys() {
  using T = WrittenTlv;
  using K = Keys<T>;
  static const K keys{
      K::text("tag", &T::tag, "Its number, such as 0x1400").needed(),
      K::choice(
          "type", &T::type, custom_tlv_types(),
          "How the value is written: a text, one with a NUL behind it, hex digits, or a number of 1, 2 or 4 octets"),
      K::text("value", &T::value, "Its value"),
  };
  return keys;
}

}  // namespace

const std::vector<std::string>& custom_tlv_types() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const auto& type : tlv_types) all.emplace_back(type.name);
    return all;
  }();
  return names;
}

tl::expected<std::uint16_t, std::string> parse_tag(std::string_view text) {
  const auto octets = integer_octets<std::uint16_t>(std::string(text));
  const auto tag = octets ? static_cast<std::uint16_t>(static_cast<std::uint8_t>((*octets)[0]) << 8 |
                                                       static_cast<std::uint8_t>((*octets)[1]))
                          : std::uint16_t{0};
  if (tag == 0) return tl::unexpected(fmt::format("'{}' is not the number of a TLV, such as 0x1400", text));
  const auto* const own = std::ranges::find(own_tags, tag, &OwnTag::tag);
  if (own != std::end(own_tags)) return tl::unexpected(fmt::format("0x{:04X} is ours: {}", tag, own->set_by));
  return tag;
}

tl::expected<std::string, std::string> tlv_value(std::string_view type, const std::string& value) {
  const auto* const found = std::ranges::find(tlv_types, type, &TlvType::name);
  if (found == std::end(tlv_types)) return tl::unexpected(fmt::format("'{}' is not a type of TLV", type));
  auto octets = found->octets(value);
  if (octets && octets->size() > custom_tlv_octets_max)
    return tl::unexpected(fmt::format("has {} octets, and at most {} are sent", octets->size(), custom_tlv_octets_max));
  return octets;
}

void read_custom_tlv(ConfigSection& s, CustomTlv& tlv) {
  WrittenTlv written;
  custom_tlv_keys().read(s, written);
  if (!s.is_given("tag")) return;  // said already
  if (const auto tag = parse_tag(written.tag))
    tlv.tag = *tag;
  else
    s.problem("tag", tag.error(), "bad-value");
  if (auto octets = tlv_value(written.type, written.value))
    tlv.value = *std::move(octets);
  else
    s.problem("value", octets.error(), "bad-value");
}

std::vector<KeyInfo> custom_tlv_infos() { return custom_tlv_keys().infos(); }

void check_tags(ConfigSection& s, const std::vector<CustomTlv>& tlvs) {
  if (tlvs.size() > custom_tlvs_max) s.problem("tlvs", fmt::format("are more than {}", custom_tlvs_max), "bad-value");
  for (std::size_t i = 0; i < tlvs.size(); ++i)
    for (std::size_t before = 0; before < i; ++before)
      if (tlvs[i].tag && tlvs[i].tag == tlvs[before].tag)
        s.problem_in("tlvs", i, "tag", fmt::format("the tag 0x{:04X} stands here twice", tlvs[i].tag), "duplicate");
}

}  // namespace smsbridge::bridge
