// SPDX-License-Identifier: MPL-2.0
// The national tables of the GSM 7 bit alphabet (3GPP TS 23.038 section 6.2.1.2 and annex A). A phone that does not
// know the table of a text shows the default alphabet's characters instead, which is why they are used only where a
// carrier is known to pass them on.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "smpp/gsm7.hpp"

namespace smsbridge::smpp {

using NationalTable = std::array<char16_t, 128>;  // by code; 0: there is no character

struct NationalLanguage {
  std::uint8_t id = 0;                     // in the user data header (3GPP TS 23.040 section 9.2.3.24.16)
  std::string_view iso;                    // ISO 639-1
  std::string_view name;                   // in English, small letters
  const NationalTable* locking = nullptr;  // instead of the default alphabet; nullptr: the language has none
  const NationalTable* single = nullptr;   // instead of the default extension, behind the escape
};

// Ids 1 to 13, in their order.
std::span<const NationalLanguage> national_languages();
const NationalLanguage* national_language(std::uint8_t id);  // nullptr: there is none

inline constexpr std::uint8_t element_single_shift = 0x24;   // one octet, the language (section 9.2.3.24.15)
inline constexpr std::uint8_t element_locking_shift = 0x25;  // likewise (section 9.2.3.24.16)

// The languages of both tables; 0: the default.
struct Shift {
  std::uint8_t locking = 0;
  std::uint8_t single = 0;
  bool is_default() const { return locking == 0 && single == 0; }
  bool operator==(const Shift&) const = default;
};

// As those of smpp/gsm7.hpp, by the tables of `shift`. A language that there is not counts as the default.
std::uint16_t gsm7_code(char32_t value, Shift shift);
std::string gsm7_decode(std::span<const std::uint8_t> septets, Shift shift);

}  // namespace smsbridge::smpp
