// SPDX-License-Identifier: MPL-2.0
#include "http_gateways/form.hpp"

#include <gtest/gtest.h>

#include "http_gateways/coding.hpp"

namespace smsbridge::http_gateways {
namespace {

TEST(Form, EscapesWhatIsNotUnreserved) {
  EXPECT_EQ(percent_encode("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(percent_encode(std::string_view("a b+%\0\xC3\xA4", 8)), "a%20b%2B%25%00%C3%A4");
  EXPECT_EQ(encode_form({{"a b", "+1 2"}, {"x", ""}}), "a+b=%2B1+2&x=");
  EXPECT_EQ(with_query("http://h/?a=1#f", "b c", "+"), "http://h/?a=1&b%20c=%2B#f");
}

TEST(Form, ReadsWhatStrangersEscape) {
  const struct {
    const char *octets, *as_form, *as_path;
  } rows[] = {
      {"a+b%20c", "a b c", "a+b c"}, {"%c3%A4", "\xC3\xA4", "\xC3\xA4"}, {"100%", "100%", "100%"}, {"%4", "%4", "%4"},
      {"%4g%41", "%4gA", "%4gA"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(percent_decode(row.octets), row.as_form) << row.octets;
    EXPECT_EQ(percent_decode(row.octets, false), row.as_path) << row.octets;
  }
  EXPECT_EQ(parse_form("a=1&&b&c=%3D"), (Fields{{"a", "1"}, {"b", ""}, {"c", "="}}));
}

TEST(Form, WritesOctetsAsHex) { EXPECT_EQ(hex(std::string_view("\x00\x7F\xAB", 3)), "007fab"); }

}  // namespace
}  // namespace smsbridge::http_gateways
