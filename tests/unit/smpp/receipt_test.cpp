// SPDX-License-Identifier: MPL-2.0
#include "smpp/receipt.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "smpp/id_rule.hpp"
#include "smpp/receipt_date.hpp"
#include "tests/unit/smpp/octets.hpp"

namespace smsbridge::smpp {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using namespace std::chrono_literals;

const char usual[] =
    "id:0123456789 sub:001 dlvrd:001 submit date:2611240130 done date:2611240131 stat:DELIVRD err:000 text:Hello";

// A deliver_sm that owns its octets.
struct Sample {
  std::string text;
  std::uint8_t esm_class = 0x04;
  std::uint8_t data_coding = 0;
  std::vector<std::pair<std::uint16_t, Buffer>> tlvs = {};
  bool in_payload = false;

  std::optional<Receipt> parse(const Dialect& dialect = {}) const {
    Message message;
    message.esm_class = esm_class;
    message.data_coding = data_coding;
    for (const auto& [wanted, value] : tlvs) message.tlvs.push_back({wanted, value});
    if (in_payload)
      message.tlvs.push_back({tag::message_payload, as_octets(text)});
    else
      message.short_message = as_octets(text);
    return parse_receipt(message, dialect);
  }
};

Buffer bytes(std::string_view text) { return {text.begin(), text.end()}; }

std::string ucs2(std::string_view ascii) {
  std::string out;
  for (const char c : ascii) {
    out += '\0';
    out += c;
  }
  return out;
}

struct Want {
  std::vector<std::string> ids;
  MessageState state;
  bool final_state;
  std::string reason;
  std::string text;
};

struct Row {
  const char* name;
  Sample sample;
  Want want;
};

using enum MessageState;

const Row rows[] = {
    {"the usual form", {usual}, {{"0123456789"}, delivered, true, "000", "Hello"}},
    {"key case",
     {"ID:1 Sub:1 Dlvrd:1 Submit Date:2611240130 Done Date:2611240131 Stat:EXPIRED Err:001 Text:x"},
     {{"1"}, expired, true, "001 (often: unknown subscriber)", "x"}},
    {"blank behind the colon", {"id: 7 stat: UNDELIV err: 002 text: x"}, {{"7"}, undeliverable, true, "002", "x"}},
    {"several blanks, CR LF",
     {"id:7   sub:1\r\nstat:DELIVRD\r\n  err:000\r\ntext:x"},
     {{"7"}, delivered, true, "000", "x"}},
    {"several blanks inside a key", {"id:7 done  date:2611240131 stat:DELIVRD"}, {{"7"}, delivered, true, "", ""}},
    {"id and stat only", {"id:7 stat:REJECTD"}, {{"7"}, rejected, true, "", ""}},
    {"id alone", {"id:7"}, {{"7"}, unknown, false, "", ""}},
    {"stat key lost",
     {"id:7 submit date:1809251200 done date:1809251201 DELIVRD err:000 text:"},
     {{"7"}, delivered, true, "000", ""}},
    {"commas between", {"id:7,sub:001,stat:UNDELIV,err:002"}, {{"7"}, undeliverable, true, "002", ""}},
    {"stat key lost, word unknown", {"id:7 done date:1809251201 FOO err:000"}, {{"7"}, unknown, false, "000", ""}},
    {"6 letters", {"id:7 stat:FAILED err:1"}, {{"7"}, undeliverable, true, "1 (often: unknown subscriber)", ""}},
    {"9 letters", {"id:7 stat:DELIVERED err:000"}, {{"7"}, delivered, true, "000", ""}},
    {"lower case state", {"id:7 stat:delivrd err:000"}, {{"7"}, delivered, true, "000", ""}},
    {"unknown word", {"id:7 stat:FOOBARX err:000"}, {{"7"}, unknown, false, "FOOBARX err 000", ""}},
    {"unknown word alone", {"id:7 stat:FOOBARX"}, {{"7"}, unknown, false, "FOOBARX", ""}},
    {"unknown word, no error code", {"id:7 stat:FOOBARX err:none"}, {{"7"}, unknown, false, "FOOBARX err none", ""}},
    {"unknown word, date of zeros",
     {"id:7 done date:0000000000 stat:FOOBARX err:000"},
     {{"7"}, unknown, false, "FOOBARX err 000", ""}},
    {"unknown word with an error code",
     {"id:7 stat:FOOBARX err:021"},
     {{"7"}, undeliverable, true, "FOOBARX err 021", ""}},
    {"unknown word with an error in letters",
     {"id:7 stat:FOOBARX err:E7"},
     {{"7"}, undeliverable, true, "FOOBARX err E7", ""}},
    {"unknown word with a date of its end",
     {"id:7 done date:2511291201 stat:FOOBARX err:000"},
     {{"7"}, undeliverable, true, "FOOBARX err 000", ""}},
    {"unknown word with a network error",
     {"id:7 stat:FOOBARX", 4, 0, {{tag::network_error_code, octets("03 0021")}}},
     {{"7"}, undeliverable, true, "FOOBARX err 033", ""}},
    {"unknown word, intermediate",
     {"id:7 done date:2511291201 stat:FOOBARX err:021", 0x20, 0},
     {{"7"}, undeliverable, false, "FOOBARX err 021", ""}},
    {"unknown word, but a state",
     {"id:7 stat:FOOBARX err:021", 4, 0, {{tag::message_state, octets("02")}}},
     {{"7"}, delivered, true, "FOOBARX err 021", ""}},
    {"no credit",
     {"id:00000001 sub:001 dlvrd:001 submit date:2511291200 done date:2511291201 stat:NOCRED err:021 text:"},
     {{"00000001"}, undeliverable, true, "NOCRED err 021", ""}},
    {"system error", {"id:7 stat:SYSERR"}, {{"7"}, undeliverable, true, "SYSERR", ""}},
    {"no balance", {"id:7 stat:zerobal err:000"}, {{"7"}, undeliverable, true, "zerobal err 000", ""}},
    {"barred", {"id:7 stat:BARRED err:000"}, {{"7"}, rejected, true, "BARRED err 000", ""}},
    {"blocked", {"id:7 stat:BLOCKED"}, {{"7"}, rejected, true, "BLOCKED", ""}},
    {"the operator told nothing", {"id:7 stat:NULL"}, {{"7"}, unknown, true, "NULL", ""}},
    {"on its way, with a date", {"id:7 done date:2511291201 stat:PENDING"}, {{"7"}, enroute, false, "", ""}},
    {"UNKNOWN said by the message centre", {"id:7 stat:UNKNOWN err:000"}, {{"7"}, unknown, true, "000", ""}},
    {"ENROUTE", {"id:7 stat:ENROUTE"}, {{"7"}, enroute, false, "", ""}},
    {"BUFFRED", {"id:7 stat:BUFFRED"}, {{"7"}, enroute, false, "", ""}},
    {"ACCEPTD", {"id:7 stat:ACCEPTD"}, {{"7"}, accepted, false, "", ""}},
    {"SCHEDLD", {"id:7 stat:SCHEDLD"}, {{"7"}, scheduled, false, "", ""}},
    {"SKIPPED", {"id:7 stat:SKIPPED"}, {{"7"}, skipped, true, "", ""}},
    {"DELETED", {"id:7 stat:DELETED"}, {{"7"}, deleted, true, "", ""}},
    {"err of 4 digits", {"id:7 stat:UNDELIV err:0254"}, {{"7"}, undeliverable, true, "0254", ""}},
    {"err in letters", {"id:7 stat:UNDELIV err:FFAB"}, {{"7"}, undeliverable, true, "FFAB", ""}},
    {"err empty", {"id:7 stat:UNDELIV err: text:x"}, {{"7"}, undeliverable, true, "", "x"}},
    {"text quotes a receipt",
     {"id:7 stat:UNDELIV err:001 text:id:9 stat:DELIVRD err:000"},
     {{"7"}, undeliverable, true, "001 (often: unknown subscriber)", "id:9 stat:DELIVRD err:000"}},
    {"text comes first", {"text:id:9 stat:DELIVRD"}, {{}, unknown, false, "", "id:9 stat:DELIVRD"}},
    {"text cut inside a character", {"id:7 stat:DELIVRD text:caf\xC3"}, {{"7"}, delivered, true, "", "caf\xC3\x83"}},
    {"text with ESC and NUL",
     {std::string("id:7 stat:DELIVRD text:a\x1B"
                  "e\0b",
                  28)},
     {{"7"},
      delivered,
      true,
      "",
      std::string("a\x1B"
                  "e\0b",
                  5)}},
    {"id only in the TLV, with NUL",
     {"", 4, 0, {{tag::receipted_message_id, octets("414243 00")}, {tag::message_state, octets("02")}}},
     {{"ABC"}, delivered, true, "", ""}},
    {"TLV id without NUL",
     {"", 4, 0, {{tag::receipted_message_id, octets("414243")}, {tag::message_state, octets("05")}}},
     {{"ABC"}, undeliverable, true, "", ""}},
    {"TLV id padded with blanks",
     {"", 4, 0, {{tag::receipted_message_id, octets("414243 2020 00")}, {tag::message_state, octets("02")}}},
     {{"ABC"}, delivered, true, "", ""}},
    {"TLV id and text id differ",
     {"id:7 stat:DELIVRD", 4, 0, {{tag::receipted_message_id, octets("3800")}}},
     {{"8", "7"}, delivered, true, "", ""}},
    {"TLV id and text id agree",
     {"id:7 stat:DELIVRD", 4, 0, {{tag::receipted_message_id, octets("3700")}}},
     {{"7"}, delivered, true, "", ""}},
    {"TLV state wins",
     {"id:7 stat:DELIVRD", 4, 0, {{tag::message_state, octets("05")}}},
     {{"7"}, undeliverable, true, "", ""}},
    {"state of 4 octets", {"id:7", 4, 0, {{tag::message_state, octets("00000002")}}}, {{"7"}, delivered, true, "", ""}},
    {"state of 4 octets, other byte order",
     {"id:7", 4, 0, {{tag::message_state, octets("02000000")}}},
     {{"7"}, delivered, true, "", ""}},
    {"state of 2 octets", {"id:7", 4, 0, {{tag::message_state, octets("0003")}}}, {{"7"}, expired, true, "", ""}},
    {"state as ASCII digit", {"id:7", 4, 0, {{tag::message_state, octets("32")}}}, {{"7"}, delivered, true, "", ""}},
    {"state of no octets, word used",
     {"id:7 stat:EXPIRED", 4, 0, {{tag::message_state, {}}}},
     {{"7"}, expired, true, "", ""}},
    {"state out of range, word used",
     {"id:7 stat:EXPIRED", 4, 0, {{tag::message_state, octets("63")}}},
     {{"7"}, expired, true, "", ""}},
    {"only receipted_message_id",
     {"", 4, 0, {{tag::receipted_message_id, octets("3700")}}},
     {{"7"}, unknown, false, "", ""}},
    {"network_error_code wins over err",
     {"id:7 stat:UNDELIV err:000", 4, 0, {{tag::network_error_code, octets("03 0021")}}},
     {{"7"}, undeliverable, true, "033 (often: message waiting list full)", ""}},
    {"network_error_code of CDMA",
     {"id:7 stat:UNDELIV err:000", 4, 0, {{tag::network_error_code, octets("02 0021")}}},
     {{"7"}, undeliverable, true, "033", ""}},
    {"delivered, with an error", {"id:7 stat:DELIVRD err:001"}, {{"7"}, delivered, true, "001", ""}},
    {"accepted, with an error", {"id:7 stat:ACCEPTD err:001"}, {{"7"}, accepted, false, "001", ""}},
    {"under way, with an error",
     {"id:7 stat:ENROUTE err:027"},
     {{"7"}, enroute, false, "027 (often: absent subscriber)", ""}},
    {"network_error_code of wrong size",
     {"id:7 stat:UNDELIV err:009", 4, 0, {{tag::network_error_code, octets("0021")}}},
     {{"7"}, undeliverable, true, "009 (often: illegal subscriber)", ""}},
    {"text in message_payload", {usual, 4, 0, {}, true}, {{"0123456789"}, delivered, true, "000", "Hello"}},
    {"UDH in front",
     {std::string("\x05\x00\x03\x01\x02\x01", 6) + "id:7 stat:DELIVRD", 0x44, 0},
     {{"7"}, delivered, true, "", ""}},
    {"0x44 without a UDH", {"id:7 stat:DELIVRD", 0x44, 0}, {{"7"}, delivered, true, "", ""}},
    {"mode bits besides", {"id:7 stat:DELIVRD", 0x07, 0}, {{"7"}, delivered, true, "", ""}},
    {"UCS2 announced", {ucs2("id:7 stat:DELIVRD text:x"), 4, 8}, {{"7"}, delivered, true, "", "x"}},
    {"UCS2 not announced", {ucs2("id:7 stat:DELIVRD text:x"), 4, 0}, {{"7"}, delivered, true, "", "x"}},
    {"UCS2 announced, plain text", {"id:7 stat:DELIVRD", 4, 8}, {{"7"}, delivered, true, "", ""}},
    {"UCS2, blank in front", {ucs2(" id:7 stat:DELIVRD"), 4, 8}, {{"7"}, delivered, true, "", ""}},
    {"UCS2, stat first", {ucs2("stat:DELIVRD id:7"), 4, 0}, {{"7"}, delivered, true, "", ""}},
    {"UCS2 with a mark of its order",
     {"\xFE\xFF" + ucs2("id:7 stat:DELIVRD err:000"), 4, 8},
     {{"7"}, delivered, true, "000", ""}},
    {"UCS2 in the other order", {ucs2("id:7 stat:DELIVRD").substr(1) + '\0', 4, 8}, {{"7"}, delivered, true, "", ""}},
    {"UCS2 in the other order, with its mark",
     {"\xFF\xFE" + ucs2("id:7 stat:DELIVRD").substr(1) + '\0', 4, 0},
     {{"7"}, delivered, true, "", ""}},
    {"UCS2 announced, plain text, blank in front", {" id:7 stat:DELIVRD", 4, 8}, {{"7"}, delivered, true, "", ""}},
    {"UCS2 announced, plain text, stat first", {"stat:DELIVRD id:7", 4, 8}, {{"7"}, delivered, true, "", ""}},
    {"id padded", {"id: \t\"7\" stat:DELIVRD"}, {{"7"}, delivered, true, "", ""}},
    {"TLV id padded on both sides",
     {"", 4, 0, {{tag::receipted_message_id, octets("2020 414243 09 00 00")}, {tag::message_state, octets("02")}}},
     {{"ABC"}, delivered, true, "", ""}},
    {"TLV id that is no text",
     {"", 4, 0, {{tag::receipted_message_id, octets("41 9C 01 42")}, {tag::message_state, octets("02")}}},
     {{"A\\x9C\\x01B"}, delivered, true, "", ""}},
    {"id far too long",
     {"id:" + std::string(7800, 'a') + " stat:DELIVRD", 4, 0, {}, true},
     {{std::string(255, 'a')}, delivered, true, "", ""}},
    {"TLV id far too long",
     {"", 4, 0, {{tag::receipted_message_id, bytes(std::string(60'000, 'a'))}, {tag::message_state, octets("02")}}},
     {{std::string(255, 'a')}, delivered, true, "", ""}},
    {"id with a blank inside", {"id:a b stat:DELIVRD"}, {{"a", "a b"}, delivered, true, "", ""}},
    {"intermediate is never final", {"id:7 stat:DELIVRD", 0x20, 0}, {{"7"}, delivered, false, "", ""}},
    {"intermediate, ENROUTE", {"id:7 stat:ENROUTE", 0x20, 0}, {{"7"}, enroute, false, "", ""}},
    {"esm_class 0 with both TLVs",
     {"", 0, 0, {{tag::receipted_message_id, octets("3700")}, {tag::message_state, octets("02")}}},
     {{"7"}, delivered, true, "", ""}},
    {"a receipt that cannot be read", {"?", 4, 0}, {{}, unknown, false, "", ""}},
    {"nothing in it", {"", 4, 0}, {{}, unknown, false, "", ""}},
    {"keys with an underline",
     {"id:7 submit_date:2611240130 done_date:2611240131 stat:DELIVRD"},
     {{"7"}, delivered, true, "", ""}},
    {"a key inside a word is none", {"myid:9 id:7 xstat:EXPIRED stat:DELIVRD"}, {{"7"}, delivered, true, "", ""}},
    {"trailing NUL", {std::string("id:7 stat:DELIVRD\0", 18)}, {{"7"}, delivered, true, "", ""}},
};

TEST(Receipt, EveryDialect) {
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    const auto receipt = row.sample.parse();
    ASSERT_TRUE(receipt);
    EXPECT_THAT(receipt->id_candidates, ElementsAreArray(row.want.ids));
    EXPECT_EQ(receipt->id, row.want.ids.empty() ? "" : row.want.ids[0]);
    EXPECT_EQ(receipt->state, row.want.state);
    EXPECT_EQ(receipt->final_state, row.want.final_state);
    EXPECT_EQ(receipt->reason, row.want.reason);
    EXPECT_EQ(receipt->text, row.want.text);
  }
}

TEST(Receipt, WhatIsNone) {
  const Row none[] = {
      {"a message", {"Hello", 0, 0}, {}},
      {"somebody typed a receipt", {usual, 0, 0}, {}},
      {"handset's delivery acknowledgement", {usual, 0x08, 0}, {}},
      {"user's acknowledgement", {usual, 0x10, 0}, {}},
      {"conversation abort", {usual, 0x18, 0}, {}},
      {"0x0C has no meaning", {usual, 0x0C, 0}, {}},
      {"UDH and reply path only", {"Hello", 0xC0, 0}, {}},
      {"esm_class 0, only one of the TLVs", {"", 0, 0, {{tag::receipted_message_id, octets("3700")}}}, {}},
  };
  for (const auto& row : none) {
    SCOPED_TRACE(row.name);
    EXPECT_FALSE(row.sample.parse());
  }
}

TEST(Receipt, DialectDecides) {
  Dialect by_text;
  by_text.receipts_by_text = true;
  EXPECT_EQ(Sample({usual, 0}).parse(by_text)->id, "0123456789");
  EXPECT_FALSE(Sample({"id:7 please", 0}).parse(by_text)) << "an id without a state";
  EXPECT_FALSE(Sample({"stat:DELIVRD", 0}).parse(by_text)) << "a state without an id";
  EXPECT_FALSE(Sample({"Hello", 0}).parse(by_text));

  Dialect acknowledgements;
  acknowledgements.sme_ack_is_receipt = true;
  EXPECT_TRUE(Sample({usual, 0x08}).parse(acknowledgements));
  EXPECT_FALSE(Sample({usual, 0x10}).parse(acknowledgements));

  Dialect accepted_ends;
  accepted_ends.accepted_is_final = true;
  EXPECT_TRUE(Sample({"id:7 stat:ACCEPTD"}).parse(accepted_ends)->final_state);
}

TEST(Receipt, WordsAndDates) {
  const auto receipt = *Sample{usual}.parse();
  EXPECT_EQ(receipt.state_word, "DELIVRD");
  EXPECT_EQ(receipt.submit_date, "2026-11-24T01:30:00Z");
  EXPECT_EQ(receipt.done_date, "2026-11-24T01:31:00Z");
  EXPECT_EQ(Sample({"id:7 stat:FOOBARX"}).parse()->state_word, "FOOBARX") << "the raw word is kept";
  EXPECT_EQ(Sample({"", 4, 0, {{tag::message_state, octets("05")}}}).parse()->state_word, "UNDELIV");
  EXPECT_EQ(Sample({"", 4, 0, {{tag::network_error_code, octets("03 0021")}}}).parse()->error_network, 3);

  Dialect india;
  india.time_zone_offset = 5h + 30min;
  EXPECT_EQ(Sample{usual}.parse(india)->done_date, "2026-11-23T20:01:00Z");
}

TEST(Receipt, DatesByTheirLength) {
  struct {
    const char* name;
    const char* text;
    const char* want;
  } const cases[] = {
      {"10", "2611240131", "2026-11-24T01:31:00Z"},
      {"12 with seconds", "261124013159", "2026-11-24T01:31:59Z"},
      {"12 with the full year", "202611240131", "2026-11-24T01:31:00Z"},
      {"14", "20261124013159", "2026-11-24T01:31:59Z"},
      {"16, quarters of an hour ahead", "261124013100004+", "2026-11-24T00:31:00Z"},
      {"16, quarters of an hour behind", "261124013100004-", "2026-11-24T02:31:00Z"},
      {"15 with hours and minutes", "2611240131+0530", "2026-11-23T20:01:00Z"},
      {"15 with hours", "261124013159+01", "2026-11-24T00:31:59Z"},
      {"minute 60", "2611240160", ""},
      {"hour 24", "2611242400", ""},
      {"zeros", "0000000000", ""},
      {"31 February", "2602310000", ""},
      {"leap day", "2402290000", "2024-02-29T00:00:00Z"},
      {"no leap day", "2502290000", ""},
      {"letters", "26112401AA", ""},
      {"relative", "000002000000000R", ""},
      {"too short", "261124013", ""},
      {"empty", "", ""},
      {"only signs", "+++++++++++", ""},
      {"too long", "26112401310000000000000", ""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(parse_receipt_date(c.text, 0min), c.want);
  }
}

TEST(Receipt, TheDialectsWordsGoFirst) {
  Dialect dialect;
  dialect.receipt_words = {{"BARRED", undeliverable}, {"ARRIVED", delivered}, {"FAILED", enroute}};
  struct {
    const char* text;
    MessageState state;
    bool final_state, known;
  } const cases[] = {
      {"id:7 stat:BARRED", undeliverable, true, true},    {"id:7 stat:Arrived err:000", delivered, true, true},
      {"id:7 stat:FAILED err:021", enroute, false, true}, {"id:7 stat:DELIVRD", delivered, true, true},
      {"id:7 stat:FOOBARX", unknown, false, false},       {"id:7", unknown, false, true},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.text);
    const auto receipt = *Sample{c.text}.parse(dialect);
    EXPECT_EQ(receipt.state, c.state);
    EXPECT_EQ(receipt.final_state, c.final_state);
    EXPECT_EQ(receipt.word_known, c.known);
  }
}

TEST(Receipt, TheCodeStaysBesideTheWord) {
  const auto receipt = *Sample{"id:7 stat:NOCRED err:021"}.parse();
  EXPECT_EQ(receipt.error, "021");
  EXPECT_EQ(receipt.state_word, "NOCRED");
  EXPECT_EQ(Sample{"id:7 stat:" + std::string(200, 'W') + " err:1"}.parse()->reason, std::string(32, 'W') + " err 1");
}

TEST(Receipt, IdsAreCutBetweenCharacters) {
  const auto id = readable_id(std::string(254, 'a') + "\xC3\xA9");
  EXPECT_EQ(id, std::string(254, 'a'));
}

TEST(Receipt, AnUnreadableDateIsNoFailure) {
  const auto receipt = *Sample{"id:7 submit date:9999999999 done date:xyz stat:DELIVRD"}.parse();
  EXPECT_EQ(receipt.state, delivered);
  EXPECT_EQ(receipt.submit_date, "");
  EXPECT_EQ(receipt.done_date, "");
}

TEST(Receipt, CanonicalIds) {
  EXPECT_EQ(canonical_id("00ABCdef"), "abcdef");
  EXPECT_EQ(canonical_id("0000"), "0");
  EXPECT_EQ(canonical_id("0"), "0");
  EXPECT_EQ(canonical_id(""), "");
  EXPECT_EQ(canonical_id("0a1b-UUID"), "a1b-uuid");
}

TEST(Receipt, IdsInTheOtherNumberBase) {
  using enum IdNotation;
  struct {
    const char* name;
    IdNotation response, receipt;
    const char* id;
    std::vector<std::string> want;
  } const cases[] = {
      {"hex response, decimal receipt", hexadecimal, decimal, "255", {"ff"}},
      {"decimal response, hex receipt", decimal, hexadecimal, "00FF", {"255"}},
      {"unknown, digits only: both ways", automatic, automatic, "10", {"a", "16"}},
      {"unknown, letters: hex", automatic, automatic, "1F", {"31"}},
      {"unknown response, decimal receipt", automatic, decimal, "10", {"a"}},
      {"hex response, unknown receipt", hexadecimal, automatic, "10", {"a"}},
      {"above 2^63", hexadecimal, decimal, "18446744073709551615", {"ffffffffffffffff"}},
      {"above 2^64", hexadecimal, decimal, "18446744073709551616", {}},
      {"16 hex digits", decimal, hexadecimal, "FFFFFFFFFFFFFFFF", {"18446744073709551615"}},
      {"strings", string, string, "10", {}},
      {"one is a string", hexadecimal, string, "10", {}},
      {"the same notation", decimal, decimal, "10", {}},
      {"no number", hexadecimal, decimal, "abc", {}},
      {"a UUID", automatic, automatic, "0b5d2c1e-7a30-4b7e-9a55-0d4c4c6f1a11", {}},
      {"empty", automatic, automatic, "", {}},
      {"one digit is the same in both", automatic, automatic, "7", {}},
      {"leading zeros", hexadecimal, decimal, "0000000255", {"ff"}},
      {"negative", hexadecimal, decimal, "-5", {}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Dialect dialect;
    dialect.response_id = c.response;
    dialect.receipt_id = c.receipt;
    EXPECT_THAT(id_variants(c.id, dialect), ElementsAreArray(c.want));
  }
}

TEST(Receipt, RandomTextsDoNoHarm) {
  std::mt19937 random(11);
  Dialect dialect;
  dialect.receipts_by_text = true;
  for (int round = 0; round < 50'000; ++round) {
    std::string text = usual;
    for (auto changes = random() % 8; changes > 0 && !text.empty(); --changes) {
      const auto at = random() % text.size();
      if (random() % 2 == 0)
        text.erase(at, 1 + random() % 5);
      else
        text[at] = static_cast<char>(random());
    }
    const auto esm_class = static_cast<std::uint8_t>(random());
    const auto data_coding = static_cast<std::uint8_t>(random() % 10);
    const auto receipt =
        Sample{text, esm_class, data_coding, {{tag::message_state, bytes(text.substr(0, random() % 5))}}}.parse(
            dialect);
    ASSERT_TRUE(!receipt || is_utf8(receipt->text));
  }
}

}  // namespace
}  // namespace smsbridge::smpp
