// SPDX-License-Identifier: MPL-2.0
#include "bridge/text/locale.hpp"

#include <gtest/gtest.h>

namespace smsbridge::bridge::text {
namespace {

std::string amount_in(const char* language, const char* amount, const char* currency) {
  const auto number = parse_decimal(amount);
  return number ? money_text(*number, locale_of(language), currency) : "no number";
}

TEST(Locale, MoneyAsPeopleOfTheLanguageWriteIt) {
  const struct {
    const char *language, *amount, *currency, *want;
  } cases[] = {
      {"en", "4500.000000", "KES", "KES 4,500"},
      {"en", "1234567.5", "KES", "KES 1,234,567.50"},
      {"en", "-1234567.5", "KES", "-KES 1,234,567.50"},
      {"en", "0", "KES", "KES 0"},
      {"en", "0.005", "KES", "KES 0.01"},
      {"en", "-0.001", "KES", "KES 0"},
      {"en", "999.995", "KES", "KES 1,000"},
      {"en", "1500", "UGX", "UGX 1,500"},
      {"en", "1500.50", "UGX", "UGX 1,501"},
      {"en", "1.5005", "KWD", "KWD 1.501"},
      {"en", "1500.5", "", "1,500.50"},
      {"fr", "4500.5", "XOF", "4 501 XOF"},
      {"fr", "4500.5", "MAD", "4 500,50 MAD"},
      {"es", "4500.5", "HNL", "4500,50 HNL"},
      {"es", "14500", "HNL", "14.500 HNL"},
      {"sw", "4500", "TZS", "TZS 4,500"},
      {"hi", "12345678.9", "INR", "INR 1,23,45,678.90"},
      {"hi", "1234", "INR", "INR 1,234"},
      {"lg", "1234567", "UGX", "UGX 1,234,567"},
  };
  for (const auto& c : cases)
    EXPECT_EQ(amount_in(c.language, c.amount, c.currency), c.want) << c.language << " " << c.amount;
}

TEST(Locale, NumbersInEveryFormThatFineractHas) {
  const struct {
    const char *text, *want;
  } cases[] = {
      {"1500.000000", "1500"},
      {"1.5E3", "1500"},
      {"1.0E7", "10000000"},
      {"15e-1", "1.5"},
      {"0.000", "0"},
      {"007", "7"},
      {"-12.50", "-12.5"},
      {"+3", "3"},
      {"1e-7", "0"},
      {"", "-"},
      {".5", "-"},
      {"1.", "-"},
      {"1,250.75", "-"},
      {"12a", "-"},
      {"1e99", "-"},
      {"--1", "-"},
      {"1e", "-"},
      {"0x10", "-"},
      {"1e5.2", "-"},
  };
  for (const auto& c : cases) {
    const auto number = parse_decimal(c.text);
    EXPECT_EQ(number ? plain_text(*number, locale_of("en")) : "-", c.want) << c.text;
  }
  EXPECT_FALSE(parse_decimal(std::string(41, '1')));
  EXPECT_EQ(plain_text(*parse_decimal("1500.5"), locale_of("fr")), "1500,5");
  EXPECT_EQ(number_text(*parse_decimal("1500.5"), locale_of("fr")), "1 500,5");
}

TEST(Locale, DaysAreReadAsFineractWritesThem) {
  const struct {
    const char *text, *want;
  } cases[] = {
      {"2026-11-04", "4 Nov 2026"},
      {"2026-11-04T08:00:00Z", "4 Nov 2026"},
      {"2026-11-04 08:00", "4 Nov 2026"},
      {"4-11-2026", "4 Nov 2026"},
      {"04 November 2026", "4 Nov 2026"},
      {"4 nov 2026", "4 Nov 2026"},
      {"Nov:4:2026", "4 Nov 2026"},
      {"4/11/2026", "-"},
      {"2026-02-29", "-"},
      {"2024-02-29", "29 Feb 2024"},
      {"soon", "-"},
      {"", "-"},
      {"2026-13-01", "-"},
      {"26-11-04", "-"},
      {"4 Noon 2026", "-"},
  };
  for (const auto& c : cases) {
    const auto day = parse_day(c.text);
    EXPECT_EQ(day ? day_text(*day, locale_of("en"), DayForm::medium) : "-", c.want) << c.text;
  }
}

TEST(Locale, DaysAsPeopleOfTheLanguageWriteThem) {
  const struct {
    const char *language, *small, *medium, *full;
  } cases[] = {
      {"en", "04/03/2026", "4 Mar 2026", "4 March 2026"},   {"fr", "04/03/2026", "4 mars 2026", "4 mars 2026"},
      {"es", "4/3/26", "4 mar 2026", "4 de marzo de 2026"}, {"sw", "04/03/2026", "4 Mac 2026", "4 Machi 2026"},
      {"hi", "4/3/26", "4 मार्च 2026", "4 मार्च 2026"},
  };
  for (const auto& c : cases) {
    const Day day{.year = 2026, .month = 3, .day = 4};
    const auto& locale = locale_of(c.language);
    EXPECT_EQ(day_text(day, locale, DayForm::short_form), c.small) << c.language;
    EXPECT_EQ(day_text(day, locale, DayForm::medium), c.medium) << c.language;
    EXPECT_EQ(day_text(day, locale, DayForm::long_form), c.full) << c.language;
  }
}

// Those would make a text UCS-2 that is not.
TEST(Locale, NoSignIsASpaceThatTheGsmAlphabetLacks) {
  for (const auto& locale : locales())
    for (const auto text : {locale.group, locale.decimal, locale.day_short, locale.day_medium, locale.day_long})
      for (const char c : text) EXPECT_LT(static_cast<unsigned char>(c), 0x80) << locale.language;
}

}  // namespace
}  // namespace smsbridge::bridge::text
