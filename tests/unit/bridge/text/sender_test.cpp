// SPDX-License-Identifier: MPL-2.0
#include "bridge/text/sender.hpp"

#include <gtest/gtest.h>

namespace smsbridge::bridge::text {
namespace {

TEST(Sender, IsANameAShortCodeOrAnInternationalNumber) {
  for (const char* good : {"", "UMOJA", "Umoja Sacco", "M-PESA", "A", "a.b_c&d 1", "@bank", "12345", "22141", "0800",
                           "254712345678", "+254712345678", "00254712345678", "+25420123456", "+441615200123",
                           "2547SACCO", "[A]{B}1", "24/7 HELP", "40-40"})
    EXPECT_EQ(why_not_a_sender(good, "KE"), "") << good;
}

TEST(Sender, RefusesWithAReason) {
  const struct {
    const char* name;
    std::string_view sender;
    const char* want;  // stands in the reason
  } cases[] = {
      {"twelve letters", "UMOJASACCOKE", "11 characters"},
      {"twenty letters", "UMOJASACCOUMOJASACCO", "11 characters"},
      {"two septets a bracket", "[UMOJA][SAC]", "11 characters"},
      {"an accent", "Caf\u00E9", "ASCII"},
      {"not even UTF-8", "Caf\xE9", "ASCII"},
      {"NUL", std::string_view("AB\0C", 4), "ASCII"},
      {"tab", "AB\tC", "ASCII"},
      {"line end", "UMOJA\n", "ASCII"},
      {"DEL", "AB\x7F", "ASCII"},
      {"leading blank", " UMOJA", "blank"},
      {"trailing blank", "UMOJA ", "blank"},
      {"nothing but a blank", " ", "blank"},
      {"outside of the phones' alphabet", "A`B", "'`'"},
      {"national", "0712345678", "write that"},
      {"national without its zero", "712345678", "+254712345678"},
      {"nobody's code", "+999123456789", "calling code"},
      {"too long for a number", "+2547123456789012345", "calling code"},
      {"a number in groups", "+254 712 345", "digits"},
      {"a number in groups, without plus", "0712 345678", "digits"},
      {"a number with a dash", "712-345678", "digits"},
      {"plus alone", "+", "digits"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_NE(why_not_a_sender(c.sender, "KE").find(c.want), std::string::npos) << why_not_a_sender(c.sender, "KE");
  }
  EXPECT_NE(why_not_a_sender("0712345678").find("calling code"), std::string::npos);
}

}  // namespace
}  // namespace smsbridge::bridge::text
