// SPDX-License-Identifier: MPL-2.0
#include "store/codec.hpp"

#include <gtest/gtest.h>

namespace smsbridge::store {
namespace {

// What versions 4 and 5 added, of a text: no flash, not transliterated, nothing replaced, no octets, no header, no
// data_coding; no TLVs.
const std::string texts_only = std::string(1 + 1 + 2 + 2 + 2, '\0') + "\xFF\xFF" + '\0';

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
  EXPECT_EQ(again, "\x05" + golden.substr(1) + std::string(4 + 2, '\0') + texts_only);
}

// A golden record of version 3: there were only texts.
TEST(Codec, ReadsMessagesOfVersion3) {
  const auto at_rest = std::string(3 * 8 + 8, '\0');
  const std::string golden = std::string("\x03\x02\x00\x01\x01\x03\x00\x00\x00\x07\x00\x00\x00", 13) + at_rest +
                             std::string("\x00\x00\x00\x00\x00\x00\x00\x00\x05\x00hello\x00\x00\x00\x00", 19) +
                             std::string("\x65\x00\x00\x00\x03\x00way", 9);
  const auto c = decode_content(golden);
  EXPECT_EQ(c.encoding, Encoding::ucs2);
  EXPECT_EQ(c.text, "hello");
  EXPECT_EQ(c.route, 101u);
  EXPECT_EQ(c.way, "way");
  EXPECT_FALSE(c.flash);
  EXPECT_FALSE(c.transliterated);
  EXPECT_EQ(c.data_coding, -1);
  std::string again;
  encode(c, again);
  EXPECT_EQ(again, "\x05" + golden.substr(1) + texts_only);
}

// A golden record of version 4: octets instead of a text.
TEST(Codec, ReadsOctets) {
  Content c;
  c.encoding = Encoding::binary;
  c.flash = c.transliterated = true;
  c.octets = std::string("\x00\xFF", 2);
  c.header = "\x03\x24\x01\x01";
  c.data_coding = 0xF5;
  c.replaced = 0x0102;
  std::string record;
  encode(c, record);
  EXPECT_EQ(record.substr(record.size() - 17),
            std::string("\x01\x01\x02\x01\x02\x00\x00\xFF\x04\x00\x03\x24\x01\x01\xF5\x00\x00", 17));
  const auto again = decode_content(record);
  EXPECT_EQ(again.encoding, Encoding::binary);
  EXPECT_TRUE(again.flash && again.transliterated);
  EXPECT_EQ(again.octets, c.octets);
  EXPECT_EQ(again.header, c.header);
  EXPECT_EQ(again.data_coding, 0xF5);
  EXPECT_EQ(again.replaced, 0x0102);
  record[3] = 5;
  EXPECT_THROW(decode_content(record), BadRecord) << "an encoding that there is not";
}

// A golden record of version 4 ends before the TLVs that version 5 has.
TEST(Codec, ReadsTlvs) {
  Content c;
  c.text = "hello";
  c.tlvs = {{0x1400, "1101"}, {0x1402, std::string("\x00\xFF", 2)}};
  std::string record;
  encode(c, record);
  const std::string golden(
      "\x02\x00\x14\x04\x00"
      "1101\x02\x14\x02\x00\x00\xFF",
      1 + 4 + 4 + 4 + 2);
  EXPECT_EQ(record.substr(record.size() - golden.size()), golden);
  EXPECT_EQ(decode_content(record).tlvs, c.tlvs);
  for (std::size_t cut = 1; cut <= golden.size(); ++cut)
    EXPECT_THROW(decode_content(std::string_view(record).substr(0, record.size() - cut)), BadRecord) << cut;
  auto before = record.substr(0, record.size() - golden.size());
  before[0] = 4;
  EXPECT_EQ(decode_content(before).text, "hello");
  EXPECT_TRUE(decode_content(before).tlvs.empty());
}

// Messages of before there were templates, and those that are made of none, end before it.
TEST(Codec, ReadsByWhatAMessageWasMade) {
  Content c;
  c.tlvs = {{0x1400, "1101"}};
  std::string without, record;
  encode(c, without);
  c.made_by = "3 sw en loan approved";
  encode(c, record);
  EXPECT_EQ(record, without + std::string("\x15\x00", 2) + "3 sw en loan approved");
  EXPECT_EQ(decode_content(record).made_by, c.made_by);
  EXPECT_EQ(decode_content(without).made_by, "");
  EXPECT_EQ(decode_content(record).at_night, AtNight::by_lane);
  for (const auto* made_by : {"", "3 sw en loan approved"}) {
    c.made_by = made_by;
    c.at_night = AtNight::goes;
    std::string of_night;
    encode(c, of_night);
    EXPECT_EQ(decode_content(of_night).made_by, made_by);
    EXPECT_EQ(decode_content(of_night).at_night, AtNight::goes);
  }
  EXPECT_THROW(decode_content(std::string_view(record).substr(0, record.size() - 1)), BadRecord);
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
  const auto parked = decode_parked(golden);
  const auto& r = parked.receipt;
  EXPECT_EQ(r.gateway, 7u);
  EXPECT_EQ(r.state, SegmentState::delivered);
  EXPECT_EQ(r.error, "000");
  EXPECT_EQ(r.destination, "254712345678");
  EXPECT_EQ(r.quote, "hello");
  EXPECT_EQ(r.provider_ids, std::vector<std::string>{"77"});
  EXPECT_EQ(r.message, 42u);
  EXPECT_EQ(r.attempt, 1);
  EXPECT_FALSE(parked.given_up);
  std::string again;
  encode(parked, again);
  EXPECT_EQ(again, "\x05" + golden.substr(1) + std::string(3 + 3, '\0'));
  again.resize(again.size() - 3);
  EXPECT_FALSE(decode_parked(again).given_up) << "version 4 ended here, before receipts were given up";
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
  ReceiptRecorded r{.gateway = 7, .provider_ids = {"23", "17"}, .as_given = 1};
  r.other_address = "254712345678";
  r.account = {7, 8};
  r.message = 5;
  r.attempt = 2;
  r.word = "BUFFRED";
  encode(ParkedReceipt{.receipt = r, .given_up = Unmatched::no_room}, record);
  const auto parked = decode_parked(record);
  EXPECT_EQ(parked.given_up, Unmatched::no_room);
  const auto& receipt = parked.receipt;
  EXPECT_EQ(receipt.provider_ids, r.provider_ids);
  EXPECT_EQ(receipt.as_given, 1u);
  EXPECT_EQ(receipt.other_address, "254712345678");
  EXPECT_EQ(receipt.account, r.account);
  EXPECT_EQ(receipt.message, 5u);
  EXPECT_EQ(receipt.attempt, 2u);
  EXPECT_EQ(receipt.word, "BUFFRED");
  record[record.size() - 2 - r.word.size() - 1] = 5;
  EXPECT_THROW(decode_parked(record), BadRecord) << "a reason that there is not";
}

std::string le(std::uint64_t value, std::size_t octets) {
  std::string out;
  for (std::size_t i = 0; i < octets; ++i) out += static_cast<char>(value >> (8 * i));
  return out;
}
// Each field eight octets.
std::string fields(std::initializer_list<std::int64_t> values) {
  std::string out;
  for (const auto value : values) out += le(static_cast<std::uint64_t>(value), 8);
  return out;
}
std::string fields(const StateCounts& counts) {
  std::string out;
  for (const auto count : counts) out += fields({count});
  return out;
}

TEST(Codec, CountsHadNoVersionOnce) {
  StateCounts counts{};
  for (std::size_t state = 0; state < state_count; ++state) counts[state] = static_cast<std::int64_t>(100 + state);
  EXPECT_EQ(decode_counts(fields(counts)), counts);
  std::string record;
  encode(counts, record);
  EXPECT_EQ(record, "\x05" + fields(counts));
  EXPECT_EQ(decode_counts(record), counts);
  for (const std::size_t size : {0, 1, 8, 87}) EXPECT_THROW(decode_counts(record.substr(0, size)), BadRecord) << size;
}

TEST(Codec, UsageHadNoVersionOnceAndBeforeThatNoUnknownPrices) {
  const auto without_version = fields({1, 3, 4, 5, 6, 7, 2});
  EXPECT_EQ(decode_usage(without_version).submitted, 1);
  EXPECT_EQ(decode_usage(without_version).unpriced, 2);
  EXPECT_EQ(decode_usage(fields({1, 3, 4, 5, 6, 7})).price, 7);
  EXPECT_EQ(decode_usage(fields({1, 3, 4, 5, 6, 7})).unpriced, 0) << "with a price all had one";
  EXPECT_EQ(decode_usage(fields({1, 3, 4, 5, 6, 0})).unpriced, 3);
  std::string record;
  encode(decode_usage(without_version), record);
  EXPECT_EQ(record, "\x05" + without_version);
  EXPECT_EQ(decode_usage(record).unpriced, 2);
  for (const std::size_t size : {0, 8, 47, 49, 55})
    EXPECT_THROW(decode_usage(record.substr(0, size)), BadRecord) << size;
}

TEST(Codec, ObjectsHadNoRevisionOnce) {
  for (const auto* value : {R"({"id": 3, "kind": "smpp"})", "1790000000000", "sealed-by-a-key", ""}) {
    EXPECT_EQ(decode_object(value).value, value);
    EXPECT_EQ(decode_object(value).revision, 1u);
  }
  std::string record;
  encode(ObjectRecord{.revision = 77, .value = "{}"}, record);
  EXPECT_EQ(record, "\x05" + le(77, 8) + "{}");
  EXPECT_EQ(decode_object(record).revision, 77u);
  EXPECT_EQ(decode_object(record).value, "{}");
  EXPECT_THROW(decode_object(record.substr(0, 5)), BadRecord);
  record[0] = 31;
  EXPECT_THROW(decode_object(record), BadRecord) << "of a newer program";
}

// Golden records of version 3, the first that had these.
TEST(Codec, ReadsTasksLinesAndMarks) {
  std::string record;
  encode(TaskRecord{.due_at = 5, .attempts = 2, .body = "body"}, record);
  EXPECT_EQ(record, "\x05" + le(5, 8) + le(2, 2) + "body");
  EXPECT_EQ(decode_task(record).due_at, 5);
  EXPECT_EQ(decode_task(record).attempts, 2);
  EXPECT_EQ(decode_task(record).body, "body");
  encode(TaskLease{.lease = 9, .attempt = 3}, record);
  EXPECT_EQ(record, "\x05" + le(9, 8) + le(3, 2));
  EXPECT_EQ(decode_task_lease(record).lease, 9u);
  EXPECT_EQ(decode_task_lease(record).attempt, 3);
  encode(JournalRecord{.key = "loan", .body = "made"}, record);
  EXPECT_EQ(record, "\x05" + le(4, 2) + "loanmade");
  EXPECT_EQ(decode_journal(record).key, "loan");
  EXPECT_EQ(decode_journal(record).body, "made");
  encode(MarkRecord{.expires_at = 11, .value = "v"}, record);
  EXPECT_EQ(record, "\x05" + le(11, 8) + "v");
  EXPECT_EQ(decode_mark(record).expires_at, 11);
  EXPECT_EQ(decode_mark(record).value, "v");
  for (std::size_t length = 0; length < 9; ++length) {
    const std::string_view cut = std::string_view(record).substr(0, length);
    EXPECT_THROW(decode_mark(cut), BadRecord) << length;
    EXPECT_THROW(decode_task(cut), BadRecord) << length;
    EXPECT_THROW(decode_task_lease(cut), BadRecord) << length;
  }
}

}  // namespace
}  // namespace smsbridge::store
