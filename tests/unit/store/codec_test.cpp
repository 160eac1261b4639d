// SPDX-License-Identifier: MPL-2.0
#include "store/codec.hpp"

#include <gtest/gtest.h>

namespace smsbridge::store {
namespace {

TEST(Codec, RefusesDamagedRecords) {
  Content content;
  content.text = "hello";
  content.client_ref = "1041";
  std::string record;
  encode(content, record);
  EXPECT_EQ(decode_content(record).text, "hello");
  for (std::size_t length = 0; length < record.size(); ++length)
    EXPECT_THROW(decode_content(std::string_view(record).substr(0, length)), BadRecord) << length;
  record[0] = 99;
  EXPECT_THROW(decode_content(record), BadRecord);
}

// A golden record of version 1: old files stay readable.
TEST(Codec, ReadsVersion1) {
  const std::string golden(
      "\x01\x01\x01\x00\x02\x03\x00\x00\x00\x07\x00\x00\x00\x80\x0c\x4e\xc7\xa0\x01\x00\x00\x81\x0c\x4e\xc7\xa0\x01\x00"
      "\x00"
      "\x82\x0c\x4e\xc7\xa0\x01\x00\x00\x2a\x00\x00\x00\x00\x00\x00\x00\x04\x00\x31\x30\x34\x31\x00\x00\x05\x00UMOJA"
      "\x0d\x00+254712345678"
      "\x05\x00hello\x05\x00"
      "Amina\x08\x00"
      "fineract",
      45 + 6 + 2 + 7 + 15 + 7 + 7 + 10);
  const auto c = decode_content(golden);
  EXPECT_EQ(c.lane, Lane::transaction);
  EXPECT_EQ(c.source, Source::fineract);
  EXPECT_EQ(c.parts, 2);
  EXPECT_EQ(c.tenant, 3u);
  EXPECT_EQ(c.gateway, 7u);
  EXPECT_EQ(c.digest, 42u);
  EXPECT_EQ(c.client_ref, "1041");
  EXPECT_EQ(c.from, "UMOJA");
  EXPECT_EQ(c.to, "+254712345678");
  EXPECT_EQ(c.text, "hello");
  EXPECT_EQ(c.target_user, "Amina");
  EXPECT_EQ(c.triggered_by, "fineract");
  EXPECT_EQ(c.route, 0u);
  // A newer one differs in its first octet, and what it added stands at the end.
  std::string again;
  encode(c, again);
  EXPECT_EQ(again, "\x03" + golden.substr(1) + std::string(4 + 2, '\0'));
}

// A golden record of version 2: a receipt that was parked before receipts belonged to accounts.
TEST(Codec, ReadsReceiptsOfVersion2) {
  const std::string golden(
      "\x02\x07\x00\x00\x00\x03\x00\x03\x00"
      "000\x0c\x00"
      "254712345678\x05\x00"
      "hello"
      "\x01\x01\x02\x00"
      "77\x2a\x00\x00\x00\x00\x00\x00\x00\x01\x00",
      7 + 5 + 14 + 7 + 2 + 4 + 10);
  const auto r = decode_receipt(golden);
  EXPECT_EQ(r.gateway, 7u);
  EXPECT_EQ(r.state, SegmentState::delivered);
  EXPECT_EQ(r.error, "000");
  EXPECT_EQ(r.destination, "254712345678");
  EXPECT_EQ(r.quote, "hello");
  EXPECT_EQ(r.provider_ids, std::vector<std::string>{"77"});
  EXPECT_EQ(r.message, 42u);
  EXPECT_EQ(r.attempt, 1);
  std::string again;
  encode(r, again);
  EXPECT_EQ(again, "\x03" + golden.substr(1) + std::string(3, '\0'));
}

TEST(Codec, ReadsWhatItWrote) {
  Progress p;
  p.queue_gateway = 8;
  p.when_silent = 9;
  p.left = {7, 3};
  p.events.push_back({.at = 5, .kind = EventKind::moved, .gateway = 8, .attempt = 1, .detail = "why"});
  std::string record;
  encode(p, record);
  const auto again = decode_progress(record);
  EXPECT_EQ(again.queue_gateway, 8u);
  EXPECT_EQ(again.when_silent, 9u);
  EXPECT_EQ(again.left, p.left);
  EXPECT_EQ(again.events.at(0).kind, EventKind::moved);
  Content c;
  c.route = 101;
  c.way = "gateway a: down";
  encode(c, record);
  EXPECT_EQ(decode_content(record).way, "gateway a: down");
  EXPECT_EQ(decode_content(record).route, 101u);
}

}  // namespace
}  // namespace smsbridge::store
