// SPDX-License-Identifier: MPL-2.0
#include "bridge/events/report_rows.hpp"

#include <gtest/gtest.h>

namespace smsbridge::bridge {
namespace {

// "id=7 name=Amina; id=9", and the mistake.
std::string read_all(std::string text, std::size_t most = 2) {
  ReportRows rows(std::move(text));
  std::string all;
  for (;;) {
    const auto slice = rows.next(most);
    if (slice.empty()) break;
    EXPECT_LE(slice.size(), most);
    for (const auto& row : slice) {
      for (const auto& [column, value] : row.cells) all += column + "=" + value + " ";
      all += "; ";
    }
  }
  return all + rows.error();
}

constexpr const char* headers = R"({"columnHeaders":[{"columnName":"id","columnType":"BIGINT","columnValues":[]},
  {"columnName":"mobileNo"},{"columnName":"loanAmount"},{"columnName":"paymentDueDate"}],"data":)";

TEST(ReportRows, ReadsBothFormsAndBothKindsOfCells) {
  struct {
    const char* what;
    std::string text, rows;
  } const cases[] = {
      {"cells with types",
       std::string(headers) +
           R"([{"row":[7,"0712345678",50000.000000,[2024,12,5]]},{"row":[9,null,12000.5,[2024,12,27]]}]})",
       "id=7 mobileNo=0712345678 loanAmount=50000.000000 paymentDueDate=2024-12-05 ; id=9 loanAmount=12000.5 "
       "paymentDueDate=2024-12-27 ; "},
      {"strings only", std::string(headers) + R"([{"row":["7","0712345678","50000.000000","2024-12-05"]}]})",
       "id=7 mobileNo=0712345678 loanAmount=50000.000000 paymentDueDate=2024-12-05 ; "},
      {"objects", R"([{"id": 7, "fullName": "Amina O'Brien", "due": [2024,1,2]}, {"id": 8}])",
       "id=7 fullName=Amina O'Brien due=2024-01-02 ; id=8 ; "},
      {"a list in pages",
       R"({"totalFilteredRecords":2,"pageItems":[{"id":7,"active":true,"status":{"id":300,"value":"Active"},"timeline":{"a":[2024,1,2]}},{"id":8}]})",
       "id=7 active=true status.id=300 status.value=Active ; id=8 ; "},
      {"days with a time", R"([{"at":[2024,1,2,3,4,5]}])", "at=2024-01-02 03:04:05 ; "},
      {"numbers as they were written", R"([{"a":1200.000000,"b":12345678901234567890.12,"c":-3,"d":1E3}])",
       "a=1200.000000 b=12345678901234567890.12 c=-3 d=1E3 ; "},
      {"no rows", std::string(headers) + "[]}", ""},
      {"an empty list", "[]", ""},
      {"more cells than columns", R"({"columnHeaders":[{"columnName":"id"}],"data":[{"row":[1,2,3]}]})", "id=1 ; "},
      {"white space behind it", "[{\"a\":1}]\n \n", "a=1 ; "},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.what);
    EXPECT_EQ(read_all(c.text), c.rows);
    EXPECT_EQ(read_all(c.text, 1), c.rows);
  }
}

TEST(ReportRows, SaysWhatIsWrong) {
  EXPECT_EQ(read_all("{}"), "the answer has no rows: neither data nor a list");
  EXPECT_EQ(read_all(R"({"developerMessage":"down"})"), "the answer has no rows: neither data nor a list");
  EXPECT_NE(read_all("<html>").find("the answer is no JSON near its octet 0"), std::string::npos);
  EXPECT_NE(read_all(R"([{"a":1},{"a":)").find("is no JSON"), std::string::npos) << "cut short";
  EXPECT_NE(read_all("").find("has no rows"), std::string::npos);
}

TEST(ReportRows, HoldsNoMoreThanASlice) {
  std::string text = "[";
  for (int i = 0; i < 20'000; ++i) text += (i ? "," : "") + std::string("{\"id\":") + std::to_string(i) + "}";
  ReportRows rows(text + "]");
  std::size_t count = 0;
  for (auto slice = rows.next(200); !slice.empty(); slice = rows.next(200)) {
    EXPECT_EQ(slice.front().cells.front().second, std::to_string(count));
    count += slice.size();
  }
  EXPECT_EQ(count, 20'000u);
}

TEST(ReportRow, FindsACellWhateverItsCase) {
  const ReportRow row{{{"mobileno", "1"}, {"fullName", "2"}}};
  EXPECT_EQ(row.cell("mobileNo"), "1");
  EXPECT_EQ(row.cell("FULLNAME"), "2");
  EXPECT_EQ(row.cell("other"), "");
}

}  // namespace
}  // namespace smsbridge::bridge
