// SPDX-License-Identifier: MPL-2.0
#include "bridge/text/csv.hpp"

#include <gtest/gtest.h>

namespace smsbridge::bridge::text {
namespace {

TEST(Csv, CellsAreReadAsTheyWereMeant) {
  const std::pair<const char*, const char*> cases[] = {{"safaricom", "safaricom"},
                                                       {"", ""},
                                                       {"a,b", "\"a,b\""},
                                                       {"say \"hi\"", "\"say \"\"hi\"\"\""},
                                                       {"two\nlines", "\"two\nlines\""},
                                                       {"=1+1", "'=1+1"},
                                                       {"+254", "'+254"},
                                                       {"-1", "'-1"},
                                                       {"@SUM(A1)", "'@SUM(A1)"},
                                                       {"\t=1", "'\t=1"},
                                                       {"\r=1", "\"'\r=1\""},
                                                       {"=A1,\"x\"", "\"'=A1,\"\"x\"\"\""},
                                                       {"a=b", "a=b"},
                                                       {"12.5", "12.5"}};
  for (const auto& [text, cell] : cases) EXPECT_EQ(csv_cell(text), cell) << text;
}

}  // namespace
}  // namespace smsbridge::bridge::text
