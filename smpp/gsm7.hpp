// SPDX-License-Identifier: MPL-2.0
// The GSM 7 bit default alphabet and its extension (3GPP TS 23.038 sections 6.2.1 and 6.2.1.1). Over SMPP a septet
// travels in an octet of its own; packing is the message centre's work, but for a few that want it packed.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace smsbridge::smpp {

inline constexpr std::uint8_t gsm7_escape = 0x1B;  // announces one septet of the extension table

// Each septet in an octet, a character of the extension as two. Nothing when a character is in neither table or the
// text is not valid UTF-8.
std::optional<std::vector<std::uint8_t>> gsm7_encode(std::string_view utf8);

// Lenient, because it reads what a peer sent: an escape before a code without a character shows the default alphabet's
// character, an escape before another escape or at the end a space (TS 23.038 section 6.2.1.1 notes 1 and 3), a
// reserved CR in the extension nothing. The top bit of an octet is ignored.
std::string gsm7_decode(std::span<const std::uint8_t> septets);

// How many septets the text takes; nothing where it has a character that is in neither alphabet, or is not UTF-8.
std::optional<std::size_t> gsm7_septets(std::string_view utf8);

// Eight septets in seven octets (section 6.1.2.1), behind a user data header of so many octets: the text begins at the
// next multiple of seven bits (TS 23.040 section 9.2.3.24). Seven bits that are left over are a CR, as zeros would be
// read as '@'; and so a CR that ends there is dropped when it is unpacked.
std::vector<std::uint8_t> gsm7_pack(std::span<const std::uint8_t> septets, std::size_t header_octets);
std::vector<std::uint8_t> gsm7_unpack(std::span<const std::uint8_t> octets, std::size_t header_octets);

// How one code point is carried: 0x00-0x7F a septet of the default alphabet, 0x1B00 + septet for the extension,
// gsm7_outside for neither. Splitting and counting need this without the vector of gsm7_encode.
inline constexpr std::uint16_t gsm7_outside = 0xFFFF;
// For every code point there is and for invalid_code_point, which is outside too.
std::uint16_t gsm7_code(char32_t value);

}  // namespace smsbridge::smpp
