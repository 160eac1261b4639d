// SPDX-License-Identifier: MPL-2.0
#include "bridge/text/printable.hpp"

#include <gtest/gtest.h>

namespace smsbridge::bridge::text {
namespace {

TEST(Printable, IsOneLineThatATerminalOnlyShows) {
  struct {
    const char* name;
    std::string text, shown;
  } const cases[] = {
      {"plain", "Jambo, caf\u00E9 \u4F60\u597D", "Jambo, caf\u00E9 \u4F60\u597D"},
      {"empty", "", ""},
      {"lines", "a\nmsg_1\tdelivered\r", "a\\nmsg_1\\tdelivered\\r"},
      {"colour", "\x1b[31mred", "\\u001b[31mred"},
      {"title", "\x1b]0;owned\x07", "\\u001b]0;owned\\u0007"},
      {"NUL and DEL", std::string("a\0b\x7f", 4), "a\\u0000b\\u007f"},
      {"C1", "\u009B31m\u0085", "\\u009b31m\\u0085"},
      {"an octet that would be C1",
       "\x9b"
       "31m",
       "\\u009b31m"},
      {"no-break space is none", "\u00A0", "\u00A0"},
      {"line separator", "a\u2028b", "a\\u2028b"},
      {"turned around", "\u202Egpj.\u2066", "\\u202egpj.\\u2066"},
      {"marks of direction stay", "\u200F\u2027\u2065", "\u200F\u2027\u2065"},
      {"not UTF-8",
       "ab\xff\xfe"
       "7",
       "ab\u00FF\u00FE7"},
  };
  for (const auto& c : cases) EXPECT_EQ(printable(c.text), c.shown) << c.name;
}

}  // namespace
}  // namespace smsbridge::bridge::text
