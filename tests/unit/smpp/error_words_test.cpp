// SPDX-License-Identifier: MPL-2.0
#include "smpp/error_words.hpp"

#include <gtest/gtest.h>

namespace smsbridge::smpp {
namespace {

TEST(ErrorWords, NumbersOfMapHaveWords) {
  EXPECT_EQ(often_meant_by("1"), "unknown subscriber");
  EXPECT_EQ(often_meant_by("001"), "unknown subscriber");
  EXPECT_EQ(often_meant_by("006"), "absent subscriber");
  EXPECT_EQ(often_meant_by("027"), "absent subscriber");
  EXPECT_EQ(often_meant_by("36"), "unexpected data value");
}

TEST(ErrorWords, WhatIsNoneOfThemHasNone) {
  for (const auto* code :
       {"", "0", "000", "002", "099", "255", "0001", "1x", "x1", " 1", "-1", "+1", "0x1", "NONE", "99999999999"})
    EXPECT_EQ(often_meant_by(code), "") << code;
}

}  // namespace
}  // namespace smsbridge::smpp
