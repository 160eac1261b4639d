// SPDX-License-Identifier: MPL-2.0
#pragma once
// What somebody wrote into the field of a number: its digits, and what the punctuation between them may mean.
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "bridge/text/number.hpp"

namespace smsbridge::bridge::text {

struct Dialled {
  std::string digits;
  bool plus = false;
  std::size_t bracketed_zero = 0;  // where a 0 stands alone in brackets; at the very beginning it means nothing special
  std::vector<std::size_t> dots;   // before which digit they stand
  std::vector<std::size_t> slashes;  // likewise
};

// The digits are those of any script. Letters, a second number and a decimal of a spreadsheet are errors.
tl::expected<Dialled, NumberError> read_dialled_field(std::string_view input);

}  // namespace smsbridge::bridge::text
