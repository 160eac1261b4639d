// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <string>
#include <string_view>

// What a provider or a phone sent, made into text that can be read, kept and shown. A receipt or an id must not be lost
// because a word next to it was cut in the middle of a character.
namespace smsbridge::http_gateways {

// UTF-8 without a byte order mark. UTF-16 is told by its mark; an octet that is no UTF-8 is read as ISO 8859-1, and
// what is left of a character that was cut becomes U+FFFD.
std::string readable(std::string_view octets);

// The same JSON as a parser takes it: control characters in strings are escaped, half of a surrogate pair becomes
// U+FFFD, and a backslash that begins no escape goes.
std::string repaired_json(std::string_view text);

// Without blanks, line ends and zeros around it.
std::string_view trimmed(std::string_view text);

// An id or a code as we keep and show it: readable and trimmed, without control characters. A longer one than `max`
// octets is cut and ends with a digest of the whole, so that it is the same each time and no other's.
constexpr std::size_t id_max_bytes = 255;
std::string printable(std::string_view octets, std::size_t max_bytes = id_max_bytes);

}  // namespace smsbridge::http_gateways
