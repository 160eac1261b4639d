// SPDX-License-Identifier: MPL-2.0
#include "smpp/error_words.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>

namespace smsbridge::smpp {
namespace {

struct Row {
  unsigned code;
  std::string_view words;
};

constexpr Row rows[] = {
    {1, "unknown subscriber"},
    {5, "unidentified subscriber"},
    {6, "absent subscriber"},
    {9, "illegal subscriber"},
    {11, "teleservice not provisioned"},
    {12, "illegal equipment"},
    {13, "call barred"},
    {15, "closed user group"},
    {21, "facility not supported"},
    {27, "absent subscriber"},
    {31, "subscriber busy"},
    {32, "delivery failure, as when the phone's memory is full"},
    {33, "message waiting list full"},
    {34, "system failure"},
    {35, "data missing"},
    {36, "unexpected data value"},
};

}  // namespace

std::string_view often_meant_by(std::string_view code) {
  constexpr std::size_t digits_max = 3;
  unsigned number = 0;
  const auto [end, error] = std::from_chars(code.data(), code.data() + code.size(), number);
  if (error != std::errc() || end != code.data() + code.size() || code.size() > digits_max) return {};
  const auto* const row = std::ranges::find(rows, number, &Row::code);
  return row == std::end(rows) ? std::string_view() : row->words;
}

}  // namespace smsbridge::smpp
