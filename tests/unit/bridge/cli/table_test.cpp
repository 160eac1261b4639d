// SPDX-License-Identifier: MPL-2.0
#include "bridge/cli/table.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace smsbridge::bridge {
namespace {

TEST(Cells, AreTheTerminalsColumns) {
  struct {
    const char* text;
    std::size_t cells;
  } const cases[] = {{"", 0},       {"abc", 3},          {"Wanjik\u0169", 7}, {"e\u0301", 1}, {"\u4F60\u597D", 4},
                     {"\uFF21", 2}, {"\u0643\u0628", 2}, {"\U0001F600", 2},   {"\xFF", 1}};
  for (const auto& c : cases) EXPECT_EQ(cells(c.text), c.cells) << c.text;
}

TEST(Fitted, CutsBetweenCharacters) {
  struct {
    const char* text;
    std::size_t most;
    const char* want;
  } const cases[] = {{"abc", 3, "abc"},
                     {"abcd", 3, "ab\u2026"},
                     {"\u4F60\u597D", 4, "\u4F60\u597D"},
                     {"\u4F60\u597D", 3, "\u4F60\u2026"},
                     {"\u4F60\u597D", 2, "\u2026"},  // half of a wide one cannot be shown
                     {"e\u0301e\u0301e\u0301", 2, "e\u0301\u2026"},
                     {"abc", 1, "\u2026"},
                     {"abc", 0, ""}};
  for (const auto& c : cases) EXPECT_EQ(fitted(c.text, c.most), c.want) << c.text << " " << c.most;
}

std::vector<std::string> lines(Table& table) {
  std::ostringstream out;
  table.print(out);
  std::vector<std::string> found;
  std::istringstream in(out.str());
  for (std::string line; std::getline(in, line);) found.push_back(line);
  return found;
}

TEST(Table, FitsTheTerminal) {
  for (const std::size_t width : {20U, 40U, 79U, 80U, 200U}) {
    Table table({"NAME", "TEXT", "STATE", "WHY"}, true, width);
    table.add({"first", std::string(100, 'x'), "delivered", "\u4F60\u597D\u4F60\u597D\u4F60\u597D\u4F60\u597D"});
    for (const auto& line : lines(table)) EXPECT_LE(cells(line), width) << line;
  }
}

TEST(Table, CutsSomeColumnsLast) {
  struct {
    std::size_t width;
    std::string to;
    const char* row;
  } const cases[] = {
      {58, "+254712345678", "msg_0123  +254712345678  somebody else  undeliverable"},
      {46, "+254712345678", "msg_0123  +254712345678  somebody\u2026  undeliver\u2026"},
      {43, "+254712345678", "msg_0123  +254712345678  somebod\u2026  undeliv\u2026"},
      {42, "+254712345678", "msg_0123  +2547123456\u2026  somebod\u2026  undeliv\u2026"},
      {52, std::string(50, '0'), "msg_0123  000000000000000\u2026  somebody e\u2026  undelivera\u2026"},
  };
  for (const auto& c : cases) {
    Table table({"ID", "TO", "WHOM", "STATE"}, true, c.width);
    table.cut_last({"TO"});
    table.add({"msg_0123", c.to, "somebody else", "undeliverable"});
    EXPECT_EQ(lines(table).back(), c.row) << c.width;
  }
}

TEST(Table, KeepsTheFirstColumnAndSaysWhatIsLeftOut) {
  Table table({"ID", "BY", "TEXT", "STATE"}, true, 42);
  table.leave_out_first({"BY"});
  table.add({"msg_0123456789012345", "somebody", "a long text that is cut", "delivered"});
  EXPECT_EQ(lines(table), (std::vector<std::string>{"ID                    TEXT       STATE", "(too narrow for BY)",
                                                    "msg_0123456789012345  a long t\u2026  delivered"}));
}

TEST(Table, IsWholeForScripts) {
  Table table({"ID", "TEXT"}, false, 10);
  table.add({"a", std::string(100, 'x')});
  table.add({"b\tc\nd", ""});
  EXPECT_EQ(lines(table), (std::vector<std::string>{"a\t" + std::string(100, 'x'), "b\\tc\\nd\t"}));
}

TEST(Table, GoesOnUnderItsHead) {
  Table table({"ID", "STATE"}, true, 80);
  table.expect({"", "delivered"});
  table.add({"a", "queued"});
  EXPECT_EQ(lines(table), (std::vector<std::string>{"ID  STATE", "a   queued"}));
  table.add({"a", "delivered"});
  EXPECT_EQ(lines(table), (std::vector<std::string>{"a   delivered"}));
}

}  // namespace
}  // namespace smsbridge::bridge
