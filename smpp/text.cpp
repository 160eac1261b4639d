// SPDX-License-Identifier: MPL-2.0
#include "smpp/text.hpp"

namespace smsbridge::smpp {
namespace {

void append(std::string& out, char32_t value) {
  const auto tail = [](char32_t bits) { return static_cast<char>(0x80 | (bits & 0x3F)); };
  if (value < 0x80) {
    out += static_cast<char>(value);
  } else if (value < 0x800) {
    out += static_cast<char>(0xC0 | (value >> 6));
    out += tail(value);
  } else if (value < 0x10000) {
    out += static_cast<char>(0xE0 | (value >> 12));
    out += tail(value >> 6);
    out += tail(value);
  } else {
    out += static_cast<char>(0xF0 | (value >> 18));
    out += tail(value >> 12);
    out += tail(value >> 6);
    out += tail(value);
  }
}

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
      append(out, first);
      continue;
    }
    const auto second = first < 0xDC00 && at + 3 < octets.size() ? unit(at + 2) : 0;
    if (second < 0xDC00 || second > 0xDFFF) {
      append(out, replacement);
      continue;
    }
    append(out, 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00));
    at += 2;
  }
  return out;
}

std::string utf8_from_latin1(Octets octets) {
  std::string out;
  out.reserve(octets.size());
  for (const auto octet : octets) append(out, octet);
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
  const auto octets = as_octets(text);
  for (std::size_t at = 0; at < octets.size();) {
    const auto lead = octets[at];
    const std::size_t size = lead < 0x80                   ? 1
                             : lead >= 0xC2 && lead < 0xE0 ? 2
                             : (lead & 0xF0) == 0xE0       ? 3
                             : lead >= 0xF0 && lead < 0xF5 ? 4
                                                           : 0;
    if (size == 0 || octets.size() - at < size) return false;
    for (std::size_t i = 1; i < size; ++i)
      if ((octets[at + i] & 0xC0) != 0x80) return false;
    // Over-long forms, surrogates and what lies beyond U+10FFFF differ only in the second octet.
    const auto second = size > 2 ? octets[at + 1] : 0;
    if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) || (lead == 0xF0 && second < 0x90) ||
        (lead == 0xF4 && second > 0x8F))
      return false;
    at += size;
  }
  return true;
}

}  // namespace smsbridge::smpp
