// SPDX-License-Identifier: MPL-2.0
#include "smpp/id_rule.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smsbridge::smpp {
namespace {

using Base = IdRule::Base;
using testing::ElementsAreArray;
using Rules = std::vector<IdRule>;

TEST(IdRule, WhatAnIdOfAReceiptWasInTheAnswer) {
  struct Case {
    const char *name, *receipt;
    IdRule rule;
    std::optional<std::string> response;
  };
  const Case cases[] = {
      {"the same", "77", {}, "77"},
      {"in capitals and with zeros", "00AB", {}, "ab"},
      {"no number at all", "5f1c-9", {}, "5f1c-9"},
      {"nothing", "", {}, std::nullopt},
      {"decimal", "31", {.base = Base::decimal}, "1f"},
      {"decimal with zeros", "0000000031", {.base = Base::decimal}, "1f"},
      {"decimal of 64 bits", "18446744073709551615", {.base = Base::decimal}, "ffffffffffffffff"},
      {"above 2^63", "9223372036854775808", {.base = Base::decimal}, "8000000000000000"},
      {"beyond 64 bits", "18446744073709551616", {.base = Base::decimal}, std::nullopt},
      {"no decimal number", "1f", {.base = Base::decimal}, std::nullopt},
      {"a sign is no digit", "-31", {.base = Base::decimal}, std::nullopt},
      {"hexadecimal", "1F", {.base = Base::hexadecimal}, "31"},
      {"hexadecimal with 0x", "0x1F", {.base = Base::hexadecimal}, "31"},
      {"hexadecimal of 64 bits", "FFFFFFFFFFFFFFFF", {.base = Base::hexadecimal}, "18446744073709551615"},
      {"all of it digits", "31", {.base = Base::hexadecimal}, "49"},
      {"no hexadecimal number", "1g", {.base = Base::hexadecimal}, std::nullopt},
      {"with a prefix", "SMSC1-0042", {.receipt_prefix = "smsc1-"}, "42"},
      {"without the prefix that it should have", "42", {.receipt_prefix = "smsc1-"}, std::nullopt},
      {"a prefix and nothing else", "smsc1-", {.receipt_prefix = "smsc1-"}, std::nullopt},
      {"a prefix of answers", "31", {.base = Base::decimal, .response_prefix = "0x"}, "0x1f"},
  };
  for (const auto& c : cases) EXPECT_EQ(response_id_of(c.receipt, c.rule), c.response) << c.name;
}

TEST(IdRule, RulesThatExplainAPair) {
  struct Case {
    const char *name, *response, *receipt;
    Rules want;
  };
  const Case cases[] = {
      {"the same text", "5f1c-9", "5f1c-9", {{}}},
      {"upper and lower case", "5F1CAB", "5f1cab", {{}}},
      {"zeros in the answer", "0000004711", "4711", {{}}},
      {"zeros in the receipt", "4711", "0000004711", {{}}},
      {"decimal for hexadecimal", "1F", "31", {{.base = Base::decimal}}},
      {"with zeros on both sides", "0000001F", "0000000031", {{.base = Base::decimal}}},
      {"hexadecimal for decimal", "31", "1f", {{.base = Base::hexadecimal}}},
      {"above 2^63", "FFFFFFFFFFFFFFFE", "18446744073709551614", {{.base = Base::decimal}}},
      {"a small number may be anything",
       "7",
       "7",
       {{.base = Base::same}, {.base = Base::decimal}, {.base = Base::hexadecimal}}},
      {"nothing in common", "1234", "4321", {}},
      {"nothing", "", "", {}},
  };
  for (const auto& c : cases) EXPECT_THAT(rules_between(c.response, c.receipt), ElementsAreArray(c.want)) << c.name;
}

TEST(IdRule, PrefixesThatExplainAPair) {
  struct Case {
    const char *name, *response, *receipt;
    Rules want;
  };
  const Case cases[] = {
      {"in the receipt", "1A2B3C", "gw7-1a2b3c", {{.receipt_prefix = "gw7-"}}},
      {"in front of zeros", "1234", "A0001234", {{.receipt_prefix = "a"}}},
      {"in the answer", "SITE2:1234567", "1234567", {{.response_prefix = "site2:"}}},
      {"0x in the answer", "0x12D687", "1234567", {{.base = Base::decimal, .response_prefix = "0x"}}},
      {"0x in the receipt", "12D687", "0x12D687", {{.receipt_prefix = "0x"}}},
      {"too little is left", "123", "A123", {}},
      {"too long", "1234567", "abcdefghijklmnopq1234567", {}},
      {"nothing in common", "1234567", "7654321", {}},
  };
  for (const auto& c : cases) {
    const auto found = prefixed_rules_between(c.response, c.receipt);
    EXPECT_THAT(found, ElementsAreArray(c.want)) << c.name;
    for (const auto& rule : found) EXPECT_TRUE(rule.has_prefix()) << c.name;
  }
}

TEST(IdRule, WhatADialectLeavesOpen) {
  using enum IdNotation;
  struct Case {
    IdNotation response, receipt;
    bool open, may_be_decimal, may_be_hexadecimal;
  };
  const Case cases[] = {{automatic, automatic, true, true, true},    {hexadecimal, automatic, true, true, false},
                        {automatic, hexadecimal, true, false, true}, {decimal, automatic, true, false, true},
                        {hexadecimal, decimal, false, true, false},  {decimal, decimal, false, false, false},
                        {string, automatic, false, false, false},    {string, string, false, false, false}};
  for (const auto& c : cases) {
    Dialect dialect;
    dialect.response_id = c.response;
    dialect.receipt_id = c.receipt;
    const auto name = std::to_string(static_cast<int>(c.response)) + "/" + std::to_string(static_cast<int>(c.receipt));
    EXPECT_EQ(is_open(dialect), c.open) << name;
    EXPECT_EQ(may_be(Base::decimal, dialect), c.may_be_decimal) << name;
    EXPECT_EQ(may_be(Base::hexadecimal, dialect), c.may_be_hexadecimal) << name;
    EXPECT_TRUE(may_be(Base::same, dialect)) << name;
  }
}

}  // namespace
}  // namespace smsbridge::smpp
