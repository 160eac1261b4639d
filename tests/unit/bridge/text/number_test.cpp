// SPDX-License-Identifier: MPL-2.0
#include "bridge/text/number.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "bridge/text/numbering_table.hpp"

namespace smsbridge::bridge::text {
namespace {

TEST(Number, BecomesInternational) {
  const struct {
    const char* name;
    const char* input;
    const char* country;
    const char* want;
    const char* want_country;
    bool matched = true;
  } cases[] = {
      {"KE international", "+254712345678", "KE", "+254712345678", "KE"},
      {"KE national", "0712345678", "KE", "+254712345678", "KE"},
      {"KE without its zero", "712345678", "KE", "+254712345678", "KE"},
      {"KE calling code without plus", "254712345678", "KE", "+254712345678", "KE"},
      {"KE its own prefix 000", "000254712345678", "KE", "+254712345678", "KE"},
      {"KE the usual 00", "00254712345678", "KE", "+254712345678", "KE"},
      {"KE zero kept after the code", "+2540712345678", "KE", "+254712345678", "KE"},
      {"KE zero kept after the code, no plus", "2540712345678", "KE", "+254712345678", "KE"},
      {"KE possible but not in use", "0312345678", "KE", "+254312345678", "KE", false},
      {"KE new 01 range", "0110123456", "KE", "+254110123456", "KE"},
      {"KE to UG", "+256772123456", "KE", "+256772123456", "UG"},
      {"KE to UG by 000", "000256772123456", "KE", "+256772123456", "UG"},
      {"UG national", "0772 123 456", "UG", "+256772123456", "UG"},
      {"UG without its zero", "772123456", "UG", "+256772123456", "UG"},
      {"UG international prefix 000", "000254712345678", "UG", "+254712345678", "KE"},
      {"TZ national", "0754-123-456", "TZ", "+255754123456", "TZ"},
      {"TZ no plus", "255754123456", "TZ", "+255754123456", "TZ"},
      {"IN national", "098765 43210", "IN", "+919876543210", "IN"},
      {"IN plain", "9876543210", "IN", "+919876543210", "IN"},
      {"IN no plus", "919876543210", "IN", "+919876543210", "IN"},
      {"US", "(202) 555-0123", "US", "+12025550123", "US"},
      {"US with 1", "1-201-555-0123", "US", "+12015550123", "US"},
      {"US 011", "011 254 712 345678", "US", "+254712345678", "KE"},
      {"CA keeps the shared code", "416-555-0123", "CA", "+14165550123", "CA"},
      {"Jamaica by its leading digits", "+1 876 555 1234", "US", "+18765551234", "JM"},
      {"Dominican Republic", "809 555 1234", "DO", "+18095551234", "DO"},
      {"Antigua, local number", "464 1234", "AG", "+12684641234", "AG"},
      {"GB", "020 7946 0958", "GB", "+442079460958", "GB", false},
      {"GB bracketed zero", "+44 (0)20 7946 0958", "KE", "+442079460958", "GB", false},
      {"CA by its area", "+1 506-234-5678", "US", "+15062345678", "CA"},
      {"GB mobile", "07400 123456", "GB", "+447400123456", "GB"},
      {"IT landline keeps its zero", "06 4982 1234", "IT", "+390649821234", "IT", false},
      {"IT landline, international", "+39 06 4982 1234", "KE", "+390649821234", "IT", false},
      {"IT mobile", "333 123 4567", "IT", "+393331234567", "IT"},
      {"IT mobile, no plus", "393331234567", "IT", "+393331234567", "IT"},
      {"MX", "55 1234 5678", "MX", "+525512345678", "MX"},
      {"BR", "(11) 96123-4567", "BR", "+5511961234567", "BR"},
      {"BR with zero", "0 11 96123-4567", "BR", "+5511961234567", "BR"},
      {"BR with zero, area like a carrier", "0 21 98765-4321", "BR", "+5521987654321", "BR"},
      {"BR with carrier", "0 15 11 96123-4567", "BR", "+5511961234567", "BR"},
      {"CI zero belongs to the number", "07 07 12 34 56", "CI", "+2250707123456", "CI"},
      {"CI international", "+225 07 07 12 34 56", "KE", "+2250707123456", "CI"},
      {"AR mobile", "011 15 2345-6789", "AR", "+5491123456789", "AR"},
      {"AR mobile international", "+54 9 11 2345 6789", "US", "+5491123456789", "AR"},
      {"RU eight", "8 916 123-45-67", "RU", "+79161234567", "RU"},
      {"KZ shares seven", "+7 701 123 4567", "RU", "+77011234567", "KZ"},
      {"GA dropped zero", "0 66 12 34 56", "GA", "+24166123456", "GA"},
      {"GA kept zero", "06 12 34 56", "GA", "+24106123456", "GA"},
      {"NG", "0803 123 4567", "NG", "+2348031234567", "NG"},
      {"PH", "0917 123 4567", "PH", "+639171234567", "PH"},
      {"HN no prefix at all", "9123-4567", "HN", "+50491234567", "HN"},
      {"Arabic-Indic digits", "٠٧١٢٣٤٥٦٧٨", "KE", "+254712345678", "KE"},
      {"Persian digits", "+۲۵۴۷۱۲۳۴۵۶۷۸", "KE", "+254712345678", "KE"},
      {"fullwidth", "＋２５４７１２３４５６７８", "KE", "+254712345678", "KE"},
      {"punctuation", " +254.(712)/345-678 ", "KE", "+254712345678", "KE"},
      {"no-break spaces and direction marks", "\u202A+254\u00A0712\u00A0345678\u202C", "KE", "+254712345678", "KE"},
      {"plus and 00", "+00254712345678", "KE", "+254712345678", "KE"},
      {"no country, plus", "+254712345678", "", "+254712345678", "KE"},
      {"no country, bare", "254712345678", "", "+254712345678", "KE"},
      {"unknown country, bare", "254712345678", "XX", "+254712345678", "KE"},
      {"no country, 00", "00254712345678", "", "+254712345678", "KE"},
      {"satellite phones belong to no country", "+881612345678", "KE", "+881612345678", ""},
      {"a decimal of a spreadsheet", "254712345678.0", "KE", "+254712345678", "KE"},
      {"a decimal, with plus", "+254712345678.0", "KE", "+254712345678", "KE"},
      {"a decimal, more zeros", "254712345678.0000", "KE", "+254712345678", "KE"},
      {"a decimal that would be possible with its zero", "71123456.0", "SO", "+25271123456", "SO"},
      {"a decimal, IN", "9812345678.0", "IN", "+919812345678", "IN"},
      {"a decimal, PH", "9171234567.00", "PH", "+639171234567", "PH"},
      {"dots between groups", "0712.345.000", "KE", "+254712345000", "KE"},
      {"one dot between groups", "0712345.000", "KE", "+254712345000", "KE"},
      {"a dot at the end of the sentence", "0712345678.", "KE", "+254712345678", "KE"},
      {"slash after the area", "0171/1234567", "DE", "+491711234567", "DE"},
      {"00 and the own code", "00573211234567", "CO", "+573211234567", "CO"},
      {"00 before a carrier's 005", "00584121234567", "UG", "+584121234567", "VE"},
      {"00 before a carrier's 008", "0084912345678", "ID", "+84912345678", "VN"},
      {"00 before a carrier's 004", "004534412345", "KH", "+4534412345", "DK"},
      {"a carrier's prefix where 00 means nothing", "0011 254 712345678", "AU", "+254712345678", "KE"},
      {"bracketed zero that looks like a number", "+56 (0)9 8765 4321", "CL", "+56987654321", "CL"},
      {"bracketed zero without a national prefix", "+39 (0) 347 1234567", "IT", "+393471234567", "IT"},
      {"bracketed zero after 00", "0039 ( 0 ) 347 1234567", "KE", "+393471234567", "IT"},
      {"bracketed zero that belongs to a landline", "+39 (0)6 4982 1234", "KE", "+390649821234", "IT", false},
      {"line ends", "\r\n0712345678\r\n", "KE", "+254712345678", "KE"},
      {"tabs and more blanks", "\t\v0712\u3000345\u2009678 \f\u2028", "KE", "+254712345678", "KE"},
      {"soft hyphens", "0712\u00AD345\u00AD678", "KE", "+254712345678", "KE"},
      {"joiners, byte order mark, keycaps", "\uFEFF0\uFE0F\u20E3712\u200B345\u2060678", "KE", "+254712345678", "KE"},
      {"Bengali", "০১৭১২৩৪৫৬৭৮", "BD", "+8801712345678", "BD"},
      {"Myanmar", "၀၉၂၅၀၁၂၃၄၅၆", "MM", "+959250123456", "MM"},
      {"Khmer", "០១២៣៤៥៦៧៨", "KH", "+85512345678", "KH"},
      {"Devanagari", "+९१९८७६५४३२१०", "NP", "+919876543210", "IN"},
      {"N'Ko and Adlam", "\u07C0\u07C7\u07C1\u07C2\U0001E953\U0001E954\U0001E955\U0001E956\U0001E957\U0001E958", "KE",
       "+254712345678", "KE"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto got = normalise_number(c.input, c.country);
    if (!got) {
      ADD_FAILURE() << explain(got.error());
      continue;
    }
    EXPECT_EQ(got->e164, c.want);
    EXPECT_EQ(got->country, c.want_country);
    EXPECT_EQ(got->pattern_matched, c.matched);
  }
}

TEST(Number, RefusesTheImpossible) {
  const struct {
    const char* name;
    const char* input;
    const char* country;
    NumberError want;
  } cases[] = {
      {"empty", "", "KE", NumberError::empty},
      {"spaces", "  -  ", "KE", NumberError::empty},
      {"plus alone", "+", "KE", NumberError::empty},
      {"letters", "0712ABC678", "KE", NumberError::not_a_number},
      {"a name", "MIFOS", "KE", NumberError::not_a_number},
      {"plus in the middle", "0712+345678", "KE", NumberError::several},
      {"two pluses", "++254712345678", "KE", NumberError::not_a_number},
      {"two numbers", "0712345678,0712345679", "KE", NumberError::several},
      {"two numbers, semicolon", "0712345678; 79", "KE", NumberError::several},
      {"two numbers, Arabic comma", "0712345678\u060C 79", "KE", NumberError::several},
      {"two numbers, slash that would fit", "0812345678 / 79", "ID", NumberError::several},
      {"two numbers, slash without blanks", "0812345678/79", "ID", NumberError::several},
      {"two numbers, pluses", "+6281234567+79", "ID", NumberError::several},
      {"two numbers, a line each", "08123456\n7879", "ID", NumberError::several},
      {"two numbers, a column each", "08123456\t7879", "ID", NumberError::several},
      {"two numbers, or", "0812345678 or 79", "ID", NumberError::not_a_number},
      {"a decimal with digits", "254712345678.5", "KE", NumberError::decimal},
      {"scientific", "2.54712E+11", "KE", NumberError::decimal},
      {"scientific, small", "254712345678e0", "KE", NumberError::decimal},
      {"a group of one zero", "0812.3456.789.0", "ID", NumberError::decimal},
      {"zeros that are a group or none", "0812345678.000", "ID", NumberError::decimal},
      {"invalid UTF-8", "\xFF", "KE", NumberError::not_a_number},
      {"short code", "40404", "KE", NumberError::too_short},
      {"KE too long", "071234567890", "KE", NumberError::too_long},
      {"KE international, too short", "+25471234", "KE", NumberError::too_short},
      {"UG too short", "077212345", "UG", NumberError::too_short},
      {"US seven digits", "555-0123", "US", NumberError::too_short},
      {"GB eight digits", "+44 2079 4609", "GB", NumberError::too_short},
      {"NL has 9 and 11 digits", "+31 61 2345 6789", "KE", NumberError::impossible},
      {"CI before 2021", "07 12 34 56", "CI", NumberError::too_short},
      {"code cannot begin with 0", "+0712345678", "KE", NumberError::impossible},
      {"no country for a national number", "0712345678", "", NumberError::impossible},
      {"a digit too many for a mobile", "+2547123456789", "KE", NumberError::too_long},
      {"a digit is missing", "071234567", "KE", NumberError::too_short},
      {"mobiles of VN before 2018", "01682345678", "VN", NumberError::too_long},
      {"nobody's calling code", "+999123456789", "KE", NumberError::unassigned},
      {"another", "+210123456789", "KE", NumberError::unassigned},
      {"more digits than anyone dials", "11111111111111111111111111111111111111111", "KE", NumberError::too_long},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto got = normalise_number(c.input, c.country);
    if (got) {
      ADD_FAILURE() << "became " << got->e164;
      continue;
    }
    EXPECT_EQ(got.error(), c.want) << explain(got.error());
  }
}

TEST(Number, TakesOtherLengthsWhereItIsTold) {
  const struct {
    const char* name;
    const char* input;
    const char* want;  // empty: refused all the same
  } cases[] = {
      {"a digit is missing", "071234567", "+25471234567"},
      {"a digit too many", "+2547123456789", "+2547123456789"},
      {"a new plan", "0712 345 6789", "+2547123456789"},
      {"as before", "0712345678", "+254712345678"},
      {"below what any number has", "071", ""},
      {"beyond E.164", "+2547123456789012", ""},
      {"nobody's calling code", "+999123456789", ""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto got = normalise_number(c.input, "KE", Lengths::any);
    EXPECT_EQ(got ? got->e164 : "", c.want);
    if (got) {
      EXPECT_EQ(got->pattern_matched, got->e164.size() == 13);
    }
  }
}

TEST(Number, NormalisingTwiceChangesNothing) {
  for (const auto& plan : numbering_plans()) {
    for (const char* input : {"0712345678", "712345678", "2025550123", "00441234567890"}) {
      const auto once = normalise_number(input, plan.country);
      if (!once || once->country.empty()) continue;
      const auto twice = normalise_number(once->e164, plan.country);
      ASSERT_TRUE(twice) << plan.country << ' ' << once->e164;
      if (once->pattern_matched) {
        EXPECT_EQ(twice->e164, once->e164) << plan.country;
      }
    }
  }
}

TEST(Number, KnowsCountries) {
  for (const char* known : {"KE", "UG", "TZ", "IN", "US", "GB", "IT", "MX", "BR", "CI"})
    EXPECT_TRUE(is_known_country(known)) << known;
  EXPECT_EQ(national_digits("+254712345678", "KE"), "712345678");
  EXPECT_EQ(national_digits("254712345678", "KE"), "712345678");
  EXPECT_EQ(national_digits("+254712345678", "UG"), "");
  EXPECT_EQ(national_digits("+254712345678", ""), "");
  EXPECT_EQ(national_digits("+14165550123", "CA"), "4165550123");
  EXPECT_EQ(national_digits("+14165550123", "US"), "") << "they share a calling code, and this one is Canada's";
  for (const char* unknown : {"", "XX", "ke", "KEN"}) EXPECT_FALSE(is_known_country(unknown)) << unknown;
}

TEST(Number, TableIsInOrder) {
  const auto plans = numbering_plans();
  EXPECT_GT(plans.size(), 240U);
  EXPECT_TRUE(
      std::ranges::is_sorted(plans, {}, [](const auto& plan) { return std::stoi(std::string(plan.calling_code)); }));
  EXPECT_EQ(plans.front().country, "US") << "the main country of a shared code is first";
  for (const auto& plan : plans) EXPECT_NE(plan.lengths, 0U) << plan.country;
}

TEST(Number, EveryErrorHasItsOwnMessage) {
  const NumberError errors[] = {NumberError::empty,      NumberError::not_a_number, NumberError::several,
                                NumberError::decimal,    NumberError::too_short,    NumberError::too_long,
                                NumberError::impossible, NumberError::unassigned,   NumberError::ambiguous};
  for (const auto& a : errors)
    for (const auto& b : errors) EXPECT_EQ(a == b, explain(a) == explain(b));
}

}  // namespace
}  // namespace smsbridge::bridge::text
