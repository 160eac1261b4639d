// SPDX-License-Identifier: MPL-2.0
// What is written is read again.
#include "smpp/receipt_writer.hpp"

#include <gtest/gtest.h>

#include <chrono>

#include "smpp/receipt_date.hpp"
#include "smpp/receipt_text.hpp"

namespace smsbridge::smpp {
namespace {

constexpr std::int64_t noon = 1'772'366'400'000;  // 2026-03-01T12:00:00Z

TEST(ReceiptWriter, WritesWhatIsReadAgain) {
  std::string text = "what was here before";
  write_receipt_text(text, {"0A1B", MessageState::delivered, noon, noon + 61'000, "hello: you"});
  const auto read = parse_receipt_text(text);
  EXPECT_EQ(read.id, "0A1B");
  EXPECT_EQ(read.sub, "001");
  EXPECT_EQ(read.dlvrd, "001");
  EXPECT_EQ(parse_receipt_date(read.submit_date.value_or(""), std::chrono::minutes(0)), "2026-03-01T12:00:00Z");
  EXPECT_EQ(parse_receipt_date(read.done_date.value_or(""), std::chrono::minutes(0)), "2026-03-01T12:01:00Z");
  EXPECT_EQ(read.stat, "DELIVRD");
  EXPECT_EQ(read.err, "000");
  EXPECT_EQ(read.text, "hello: you");
}

TEST(ReceiptWriter, SaysWhyAMessageFailed) {
  const struct {
    MessageState state;
    const char *stat, *err;
  } cases[] = {{MessageState::undeliverable, "UNDELIV", "001"},
               {MessageState::expired, "EXPIRED", "027"},
               {MessageState::rejected, "REJECTD", "013"}};
  for (const auto& c : cases) {
    std::string text;
    write_receipt_text(text, {"1", c.state, noon, noon, {}});
    const auto read = parse_receipt_text(text);
    EXPECT_EQ(read.dlvrd, "000");
    EXPECT_EQ(read.stat, c.stat);
    EXPECT_EQ(read.err, c.err);
  }
}

}  // namespace
}  // namespace smsbridge::smpp
