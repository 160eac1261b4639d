// SPDX-License-Identifier: MPL-2.0
#include "bridge/env/log.hpp"

#include <gtest/gtest.h>

namespace smsbridge::bridge::log {
namespace {

std::string field(std::string_view value) {
  std::string line;
  append_field(line, "id", value);
  return line;
}

TEST(Log, ValuesOfPeersStayValues) {
  EXPECT_EQ(field("plain-7"), " id=plain-7");
  EXPECT_EQ(field("two words"), " id=\"two words\"");
  EXPECT_EQ(field("x level=error"), " id=\"x level=error\"");
  EXPECT_EQ(field("a\nts=1 forged"), " id=\"a\\nts=1 forged\"");
  EXPECT_EQ(field("\x1b[31m"), " id=\"\\u001b[31m\"");
  EXPECT_EQ(field("\x1b]0;t\x07"), " id=\"\\u001b]0;t\\u0007\"");
  EXPECT_EQ(field("\u009B"), " id=\"\\u009b\"");
  EXPECT_EQ(field("ab\xff"
                  "7"),
            " id=ab\u00FF7");
  EXPECT_EQ(field("\u202E"), " id=\"\\u202e\"");
}

TEST(Log, NumbersAreMaskedUnlessTheyAreWanted) {
  EXPECT_EQ(phone("+254712345678"), "**********678");
  EXPECT_EQ(phone("678"), "***") << "a short one would be given away";
  show_full_numbers(true);
  EXPECT_EQ(phone("+254712345678"), "+254712345678");
  EXPECT_EQ(masked("+254712345678"), "**********678") << "what keys without the right see stays masked";
  show_full_numbers(false);
}

}  // namespace
}  // namespace smsbridge::bridge::log
