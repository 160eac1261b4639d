// SPDX-License-Identifier: MPL-2.0
#include "smpp/text.hpp"

#include "smpp/utf8.hpp"

namespace smsbridge::smpp {
namespace {

constexpr char32_t replacement = 0xFFFD;

}  // namespace

UserData split_user_data(Octets payload, std::uint8_t esm_class) {
  UserData data{{}, false, payload};
  if ((esm_class & 0x40) == 0 || payload.empty()) return data;
  const std::size_t size = payload[0];
  if (size == 0 || size + 1 > payload.size()) return data;
  const auto header = payload.subspan(1, size);
  std::vector<InformationElement> elements;
  for (std::size_t at = 0; at < size;) {
    if (size - at < 2 || size - at - 2 < header[at + 1]) return data;
    elements.push_back({header[at], header.subspan(at + 2, header[at + 1])});
    at += 2U + header[at + 1];
  }
  data.elements = std::move(elements);
  data.has_header = true;
  data.body = payload.subspan(size + 1);
  return data;
}

std::string utf8_from_ucs2(Octets octets) {
  std::string out;
  out.reserve(octets.size());
  const auto unit = [&](std::size_t at) { return static_cast<char32_t>((octets[at] << 8) | octets[at + 1]); };
  for (std::size_t at = 0; at + 1 < octets.size(); at += 2) {
    const auto first = unit(at);
    if (first < 0xD800 || first > 0xDFFF) {
      append_utf8(out, first);
      continue;
    }
    const auto second = first < 0xDC00 && at + 3 < octets.size() ? unit(at + 2) : 0;
    if (second < 0xDC00 || second > 0xDFFF) {
      append_utf8(out, replacement);
      continue;
    }
    append_utf8(out, 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00));
    at += 2;
  }
  return out;
}

std::string utf8_from_latin1(Octets octets) {
  std::string out;
  out.reserve(octets.size());
  for (const auto octet : octets) append_utf8(out, octet);
  return out;
}

std::string utf8_from_unknown(Octets octets) {
  return is_utf8(as_text(octets)) ? std::string(as_text(octets)) : utf8_from_latin1(octets);
}

std::string_view without_padding(std::string_view field) {
  constexpr std::string_view padding{" \t\r\n\0\"'", 7};
  const auto first = field.find_first_not_of(padding);
  if (first == std::string_view::npos) return {};
  return field.substr(first, field.find_last_not_of(padding) + 1 - first);
}

bool is_utf8(std::string_view text) {
  if (is_ascii(text)) return true;
  while (!text.empty())
    if (take_code_point(text) == invalid_code_point) return false;
  return true;
}

}  // namespace smsbridge::smpp
