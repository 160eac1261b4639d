// SPDX-License-Identifier: MPL-2.0
#include "bridge/text/dialled.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "bridge/text/utf8.hpp"

namespace smsbridge::bridge::text {
namespace {

constexpr std::size_t dialled_digits_max = 24;  // with prefixes and a carrier's code; below pattern_digits_max

// General category Nd of Unicode: each script's ten digits follow each other from its zero.
std::optional<char> digit_of(char32_t value) {
  constexpr char32_t zeros[] = {
      0x30,    0x660,   0x6F0,   0x7C0,   0x966,   0x9E6,   0xA66,   0xAE6,   0xB66,   0xBE6,   0xC66,
      0xCE6,   0xD66,   0xDE6,   0xE50,   0xED0,   0xF20,   0x1040,  0x1090,  0x17E0,  0x1810,  0x1946,
      0x19D0,  0x1A80,  0x1A90,  0x1B50,  0x1BB0,  0x1C40,  0x1C50,  0xA620,  0xA8D0,  0xA900,  0xA9D0,
      0xA9F0,  0xAA50,  0xABF0,  0xFF10,  0x104A0, 0x10D30, 0x10D40, 0x11066, 0x110F0, 0x11136, 0x111D0,
      0x112F0, 0x11450, 0x114D0, 0x11650, 0x116C0, 0x116D0, 0x116DA, 0x11730, 0x118E0, 0x11950, 0x11BF0,
      0x11C50, 0x11D50, 0x11DA0, 0x11DE0, 0x11F50, 0x16130, 0x16A60, 0x16AC0, 0x16B50, 0x16D70, 0x1CCF0,
      0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6, 0x1E140, 0x1E2F0, 0x1E4F0, 0x1E5F1, 0x1E950, 0x1FBF0};
  static_assert(std::ranges::is_sorted(zeros));
  if (value < 0x80) return value >= '0' && value <= '9' ? std::optional(static_cast<char>(value)) : std::nullopt;
  const auto* above = std::ranges::upper_bound(zeros, value);
  if (above == std::begin(zeros) || value > above[-1] + 9) return std::nullopt;
  return static_cast<char>('0' + static_cast<int>(value - above[-1]));
}

// Soft hyphens, direction marks, joiners, variation selectors and what else contact lists and editors put into numbers
// without anybody seeing it (Cf and Default_Ignorable_Code_Point of Unicode, and the keycap that emoji end with).
bool is_invisible(char32_t value) {
  constexpr std::pair<char32_t, char32_t> ranges[] = {
      {0xAD, 0xAD},     {0x34F, 0x34F},   {0x600, 0x605},    {0x61C, 0x61C},   {0x6DD, 0x6DD},   {0x70F, 0x70F},
      {0x890, 0x891},   {0x8E2, 0x8E2},   {0x115F, 0x1160},  {0x17B4, 0x17B5}, {0x180B, 0x180F}, {0x200B, 0x200F},
      {0x202A, 0x202E}, {0x2060, 0x206F}, {0x20E3, 0x20E3},  {0x3164, 0x3164}, {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF},
      {0xFFA0, 0xFFA0}, {0xFFF0, 0xFFFB}, {0xE0000, 0xE0FFF}};
  if (value < 0x80) return false;
  return std::ranges::any_of(ranges, [&](const auto& range) { return value >= range.first && value <= range.second; });
}

// Ends of lines, and the tab: at either end of a field they come from its file, inside they stand between two fields.
bool ends_field(char32_t value) {
  return (value >= 0x09 && value <= 0x0D) || value == 0x85 || value == 0x2028 || value == 0x2029;
}

// Blanks (Zs), dashes and brackets, which separate groups of digits and mean nothing.
bool is_separator(char32_t value) {
  constexpr std::u32string_view known =
      U" -()[]\u00A0\u1680\u202F\u205F\u2043\u2212\u3000\uFE58\uFE63\uFF08\uFF09\uFF0D";
  return known.find(value) != std::u32string_view::npos || (value >= 0x2000 && value <= 0x200A) ||
         (value >= 0x2010 && value <= 0x2015);
}

// Reads one field, character by character.
class FieldReader {
 public:
  tl::expected<Dialled, NumberError> read(std::string_view input) {
    while (!input.empty()) {
      const char32_t value = take_code_point(input);
      if (const auto error = take(value, input)) return tl::make_unexpected(*error);
    }
    if (out_.digits.empty()) return tl::make_unexpected(NumberError::empty);
    return std::move(out_);
  }

 private:
  std::optional<NumberError> take(char32_t value, std::string_view rest) {
    if (value == invalid_code_point) return NumberError::not_a_number;
    if (const auto digit = digit_of(value)) return take_digit(*digit);
    if (is_invisible(value)) return std::nullopt;
    const std::size_t at = out_.digits.size();
    if (ends_field(value)) {
      ended_ = at > 0;
    } else if (value == U'+' || value == 0xFF0B) {
      if (at > 0) return NumberError::several;
      if (std::exchange(out_.plus, true)) return NumberError::not_a_number;
    } else if (value == U'.' || value == 0xFF0E || value == 0x66B) {
      if (at > 0) out_.dots.push_back(at);
    } else if (value == U'/' || value == 0xFF0F) {
      if (at > 0) out_.slashes.push_back(at);
      if (at > 0 && (after_blank_ || rest.starts_with(' '))) ended_ = true;
    } else if (is_separator(value)) {
      take_bracket(value);
      after_blank_ = value == U' ';
      return std::nullopt;
    } else {
      return error_of(value, rest);
    }
    after_blank_ = false;
    return std::nullopt;
  }

  std::optional<NumberError> take_digit(char digit) {
    after_blank_ = false;
    if (ended_) return NumberError::several;
    if (out_.digits.size() == dialled_digits_max) return NumberError::too_long;
    out_.digits.push_back(digit);
    return std::nullopt;
  }

  void take_bracket(char32_t value) {
    if (value == U'(' || value == U'[' || value == 0xFF08) opened_ = out_.digits.size();
    if (value != U')' && value != U']' && value != 0xFF09) return;
    if (opened_ + 1 == out_.digits.size() && out_.digits.back() == '0') out_.bracketed_zero = opened_;
  }

  NumberError error_of(char32_t value, std::string_view rest) const {
    constexpr std::u32string_view between = U",;|&\u060C\u061B\uFF0C\uFF1B";
    if (out_.digits.empty()) return NumberError::not_a_number;
    if (between.find(value) != std::u32string_view::npos) return NumberError::several;
    if (value == U'E' || value == U'e') {
      if (rest.starts_with('+') || rest.starts_with('-')) rest.remove_prefix(1);
      if (!rest.empty() && rest[0] >= '0' && rest[0] <= '9') return NumberError::decimal;
    }
    return NumberError::not_a_number;
  }

  Dialled out_;
  bool ended_ = false;        // what follows is another number
  bool after_blank_ = false;  // the last character was one
  std::size_t opened_ = std::string_view::npos - 1;
};

}  // namespace

tl::expected<Dialled, NumberError> read_dialled_field(std::string_view input) { return FieldReader().read(input); }

}  // namespace smsbridge::bridge::text
