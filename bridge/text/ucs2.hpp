// SPDX-License-Identifier: MPL-2.0
// UTF-8 from and to what data_coding 8 and 3 carry. Data coding 8 is called UCS2, but handsets read UTF-16: characters
// above U+FFFF travel as surrogate pairs.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace smsbridge::bridge::text {

bool is_valid_utf8(std::string_view text);

// Nothing when the text is not valid UTF-8.
std::optional<std::u16string> utf16_from_utf8(std::string_view utf8);

// Lenient, because it reads what a peer sent: an odd last octet is dropped, a lone surrogate becomes U+FFFD.
std::string utf8_from_utf16be(std::span<const std::uint8_t> octets);

// ISO 8859-1: every octet is its own code point.
std::string utf8_from_latin1(std::string_view octets);

// What was meant to be UTF-8 and may not be: what is valid stays, and each other octet is taken for ISO 8859-1.
std::string repaired_utf8(std::string text);

// The beginning of a valid text, of at most so many octets, with no character cut in two.
std::string_view cut_utf8(std::string_view text, std::size_t octets_max);

}  // namespace smsbridge::bridge::text
