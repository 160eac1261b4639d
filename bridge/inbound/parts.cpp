// SPDX-License-Identifier: MPL-2.0
#include "bridge/inbound/parts.hpp"

#include <boost/algorithm/hex.hpp>
#include <boost/json.hpp>
#include <initializer_list>

#include "bridge/inbound/fields.hpp"
#include "bridge/text/ucs2.hpp"
#include "http_gateways/digest.hpp"
#include "smpp/content.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

constexpr const char* gap = "[...]";
constexpr std::size_t key_octets = 16;  // of a hash: nobody finds two messages with the same

std::string hex(std::string_view octets) {
  std::string text;
  boost::algorithm::hex_lower(octets, std::back_inserter(text));
  return text;
}

std::string key_of(std::initializer_list<std::string_view> fields) {
  std::string all;
  for (const auto field : fields) all.append(std::to_string(field.size())).append(":").append(field);
  return hex(http_gateways::digest(http_gateways::Hash::sha256, all).substr(0, key_octets));
}

std::string readable(const std::string& body, std::optional<std::uint8_t> data_coding) {
  if (data_coding) return smpp::utf8_of(smpp::as_octets(body), *data_coding);
  return text::repaired_utf8(body);
}

}  // namespace

std::vector<int> PartsSoFar::missing() const {
  std::vector<int> numbers;
  for (int number = 1; number <= total(); ++number)
    if (!parts.contains(number)) numbers.push_back(number);
  return numbers;
}

std::string joined_text(const PartsSoFar& message) {
  if (message.parts.empty()) return {};
  const auto coding = message.parts.begin()->second.data_coding;
  bool alike = message.is_whole();
  for (const auto& [number, part] : message.parts) alike = alike && part.data_coding == coding;
  std::string text;
  if (alike) {
    for (const auto& [number, part] : message.parts) text += part.body;
    return readable(text, coding);
  }
  int expected = 1;
  for (const auto& [number, part] : message.parts) {
    if (number != expected) text += gap;
    text += readable(part.body, part.data_coding);
    expected = number + 1;
  }
  if (expected <= message.total()) text += gap;
  return text;
}

std::string value_of(const KeptPart& kept) {
  const auto& part = kept.part;
  json::object value{{"tenant", kept.tenant}, {"gateway", kept.gateway}, {"since", kept.since},
                     {"from", part.from},     {"to", part.to},           {"reference", part.reference},
                     {"part", part.part},     {"parts", part.parts},     {"international", part.international}};
  if (part.data_coding) {
    value["coding"] = *part.data_coding;
    value["octets"] = hex(part.body);
  } else {
    value["text"] = text::repaired_utf8(part.body);
  }
  return json::serialize(value);
}

std::optional<KeptPart> read_part(std::string_view value) {
  json::error_code unreadable;
  const auto parsed = json::parse(value, unreadable);
  const auto* object = unreadable ? nullptr : parsed.if_object();
  if (!object) return std::nullopt;
  KeptPart kept{.tenant = static_cast<store::TenantId>(number_in(*object, "tenant", 0)),
                .gateway = text_in(*object, "gateway"),
                .since = number_in(*object, "since", 0),
                .part = {.from = text_in(*object, "from"), .to = text_in(*object, "to")}};
  auto& part = kept.part;
  part.reference = text_in(*object, "reference");
  part.part = static_cast<int>(number_in(*object, "part", 0));
  part.parts = static_cast<int>(number_in(*object, "parts", 0));
  if (const auto coding = number_in(*object, "coding", -1); coding >= 0)
    part.data_coding = static_cast<std::uint8_t>(coding);
  part.international = flag_in(*object, "international");
  try {
    part.body = part.data_coding ? boost::algorithm::unhex(text_in(*object, "octets")) : text_in(*object, "text");
  } catch (const boost::algorithm::hex_decode_error&) {
    return std::nullopt;
  }
  if (part.part < 1 || part.parts < part.part) return std::nullopt;
  return kept;
}

std::string group_key(std::string_view gateway, const FromPhone& part) {
  return key_of({gateway, part.from, part.to, part.reference, std::to_string(part.parts)});
}

std::string seen_key(std::string_view gateway, const FromPhone& message) {
  if (!message.id.empty()) return key_of({"id", gateway, message.from, message.id, std::to_string(message.part)});
  return key_of({"content", gateway, message.from, message.to, message.reference, std::to_string(message.part),
                 std::to_string(message.parts), message.data_coding ? std::to_string(*message.data_coding) : "utf-8",
                 message.body});
}

}  // namespace smsbridge::bridge
