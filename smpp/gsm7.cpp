// SPDX-License-Identifier: MPL-2.0
#include "smpp/gsm7.hpp"

#include <array>

#include "smpp/utf8.hpp"

namespace smsbridge::smpp {
namespace {

// TS 23.038 section 6.2.1, by code. 0x1B is the escape and has no character; 0x00 is '@', which is why no text here is
// ever treated as ended by a NUL.
constexpr std::array<char16_t, 128> default_alphabet = {
    0x0040, 0x00A3, 0x0024, 0x00A5, 0x00E8, 0x00E9, 0x00F9, 0x00EC, 0x00F2, 0x00C7, 0x000A, 0x00D8, 0x00F8,
    0x000D, 0x00C5, 0x00E5, 0x0394, 0x005F, 0x03A6, 0x0393, 0x039B, 0x03A9, 0x03A0, 0x03A8, 0x03A3, 0x0398,
    0x039E, 0x0000, 0x00C6, 0x00E6, 0x00DF, 0x00C9, 0x0020, 0x0021, 0x0022, 0x0023, 0x00A4, 0x0025, 0x0026,
    0x0027, 0x0028, 0x0029, 0x002A, 0x002B, 0x002C, 0x002D, 0x002E, 0x002F, 0x0030, 0x0031, 0x0032, 0x0033,
    0x0034, 0x0035, 0x0036, 0x0037, 0x0038, 0x0039, 0x003A, 0x003B, 0x003C, 0x003D, 0x003E, 0x003F, 0x00A1,
    0x0041, 0x0042, 0x0043, 0x0044, 0x0045, 0x0046, 0x0047, 0x0048, 0x0049, 0x004A, 0x004B, 0x004C, 0x004D,
    0x004E, 0x004F, 0x0050, 0x0051, 0x0052, 0x0053, 0x0054, 0x0055, 0x0056, 0x0057, 0x0058, 0x0059, 0x005A,
    0x00C4, 0x00D6, 0x00D1, 0x00DC, 0x00A7, 0x00BF, 0x0061, 0x0062, 0x0063, 0x0064, 0x0065, 0x0066, 0x0067,
    0x0068, 0x0069, 0x006A, 0x006B, 0x006C, 0x006D, 0x006E, 0x006F, 0x0070, 0x0071, 0x0072, 0x0073, 0x0074,
    0x0075, 0x0076, 0x0077, 0x0078, 0x0079, 0x007A, 0x00E4, 0x00F6, 0x00F1, 0x00FC, 0x00E0,
};

struct ExtensionEntry {
  std::uint8_t code;
  char16_t character;
};
// TS 23.038 section 6.2.1.1.
constexpr ExtensionEntry extension[] = {{0x0A, 0x000C}, {0x14, 0x005E}, {0x28, 0x007B}, {0x29, 0x007D}, {0x2F, 0x005C},
                                        {0x3C, 0x005B}, {0x3D, 0x007E}, {0x3E, 0x005D}, {0x40, 0x007C}, {0x65, 0x20AC}};

constexpr char16_t euro = 0x20AC;

// The way back: everything but the euro sign lies below U+03AA, so one small table replaces a search.
constexpr std::array<std::uint16_t, 0x3AA> codes = [] {
  std::array<std::uint16_t, 0x3AA> table{};
  table.fill(gsm7_outside);
  for (std::uint16_t code = 0; code < default_alphabet.size(); ++code)
    if (code != gsm7_escape) table[default_alphabet[code]] = code;
  for (const auto& entry : extension)
    if (entry.character != euro) table[entry.character] = static_cast<std::uint16_t>(gsm7_escape << 8 | entry.code);
  return table;
}();

constexpr std::array<char16_t, 128> extension_alphabet = [] {
  std::array<char16_t, 128> table{};
  for (const auto& entry : extension) table[entry.code] = entry.character;
  return table;
}();

}  // namespace

std::uint16_t gsm7_code(char32_t value) {
  if (value < codes.size()) return codes[value];
  return value == euro ? 0x1B65 : gsm7_outside;
}

namespace {

// Takes the first character off. Most are one octet.
std::uint16_t take_code(std::string_view& utf8) {
  const auto first = static_cast<std::uint8_t>(utf8.front());
  if (first > 0x7F) return gsm7_code(take_code_point(utf8));
  utf8.remove_prefix(1);
  return codes[first];
}

}  // namespace

std::optional<std::vector<std::uint8_t>> gsm7_encode(std::string_view utf8) {
  // A character is at least as many octets of UTF-8 as septets, except for the ASCII ones of the extension.
  std::vector<std::uint8_t> septets(2 * utf8.size());
  auto* next = septets.data();
  while (!utf8.empty()) {
    const auto code = take_code(utf8);
    if (code == gsm7_outside) return std::nullopt;
    if (code > 0x7F) *next++ = gsm7_escape;
    *next++ = static_cast<std::uint8_t>(code & 0x7F);
  }
  septets.resize(static_cast<std::size_t>(next - septets.data()));
  return septets;
}

std::string gsm7_decode(std::span<const std::uint8_t> septets) {
  std::string out;
  out.reserve(septets.size());
  for (std::size_t at = 0; at < septets.size(); ++at) {
    const std::uint8_t code = septets[at] & 0x7F;
    if (code != gsm7_escape) {
      append_utf8(out, default_alphabet[code]);
      continue;
    }
    const std::uint8_t escaped = at + 1 < septets.size() ? septets[++at] & 0x7F : gsm7_escape;
    if (escaped == gsm7_escape) {
      out.push_back(' ');
    } else if (extension_alphabet[escaped] != 0) {
      append_utf8(out, extension_alphabet[escaped]);
    } else if (escaped != 0x0D) {
      append_utf8(out, default_alphabet[escaped]);
    }
  }
  return out;
}

namespace {

// Bits between a header and the first septet.
std::size_t fill_bits(std::size_t header_octets) { return (7 - header_octets * 8 % 7) % 7; }

}  // namespace

std::vector<std::uint8_t> gsm7_pack(std::span<const std::uint8_t> septets, std::size_t header_octets) {
  std::vector<std::uint8_t> octets;
  octets.reserve((septets.size() * 7 + 13) / 8);
  unsigned held = 0;
  std::size_t bits = fill_bits(header_octets);
  for (const auto septet : septets) {
    held |= static_cast<unsigned>(septet & 0x7F) << bits;
    for (bits += 7; bits >= 8; bits -= 8, held >>= 8) octets.push_back(static_cast<std::uint8_t>(held));
  }
  if (bits == 1) held |= 0x0D << 1;
  if (bits > 0) octets.push_back(static_cast<std::uint8_t>(held));
  return octets;
}

std::vector<std::uint8_t> gsm7_unpack(std::span<const std::uint8_t> octets, std::size_t header_octets) {
  std::vector<std::uint8_t> septets;
  const std::size_t total = octets.size() * 8;
  std::size_t at = fill_bits(header_octets);
  for (; at + 7 <= total; at += 7) {
    const unsigned low = octets[at / 8], high = at / 8 + 1 < octets.size() ? octets[at / 8 + 1] : 0U;
    septets.push_back(static_cast<std::uint8_t>((low | high << 8) >> at % 8 & 0x7F));
  }
  if (at == total && !septets.empty() && septets.back() == 0x0D) septets.pop_back();
  return septets;
}

std::optional<std::size_t> gsm7_septets(std::string_view utf8) {
  std::size_t septets = 0;
  while (!utf8.empty()) {
    const auto code = take_code(utf8);
    if (code == gsm7_outside) return std::nullopt;
    septets += code > 0x7F ? 2 : 1;
  }
  return septets;
}

}  // namespace smsbridge::smpp
