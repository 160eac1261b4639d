// SPDX-License-Identifier: MPL-2.0
// How a message goes: its alphabet, its parts, and which gateways can take what is no plain text.
#include "bridge/intake/submission.hpp"

#include <gtest/gtest.h>

#include <set>

#include "bridge/config/config.hpp"
#include "bridge/text/time.hpp"
#include "tests/unit/bridge/delivery/virtual_clock.hpp"

namespace smsbridge::bridge {
namespace {

class SubmissionTest : public testing::Test {
 protected:
  static Config config() {
    Config config;
    config.tenants = {{.name = "t", .default_country = "KE"}};
    config.gateways = {{.name = "provider", .id = 1}, {.name = "carrier", .id = 2}, {.name = "plain", .id = 3}};
    config.gateways[0].way = ProviderSettings{};
    config.gateways[1].smpp().national = {1};
    config.routes = {{.name = "both", .id = 10, .via = {{.gateway = "provider"}, {.gateway = "carrier"}}}};
    return config;
  }
  SubmissionTest() {
    for (const auto& gateway : router_.table()->gateways) router_.trust(gateway->id, Trust::State::trusted);
  }
  Submission text(std::string words, const char* gateway = nullptr) const {
    Submission s;
    s.to = "+254712345678";
    s.text = std::move(words);
    if (gateway != nullptr) s.gateway = router_.table()->gateway(gateway);
    return s;
  }
  Submission octets(std::size_t count, const char* gateway = nullptr) const {
    auto s = text("", gateway);
    s.octets = std::string(count, 'x');
    return s;
  }
  Prepared prepared(Submission s, bool transliterates = false) {
    settings_.transliterate = transliterates;
    const Tenant tenant{.id = 1, .config = settings_, .metrics = metrics_.tenant("t")};
    return prepare(std::move(s), tenant, directory_, clock_.wall());
  }
  static std::string many(std::size_t count, const std::string& text) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += text;
    return out;
  }

  TenantSettings settings_{.name = "t", .default_country = "KE"};
  VirtualClock clock_;
  metrics::Metrics metrics_{{"", "", ""}};
  Router router_{std::make_shared<RoutingTable>(config()), {{1, "t"}}, clock_};
  Directory directory_{router_};
};

TEST_F(SubmissionTest, GoesInTheAlphabetOfItsGateway) {
  const auto turkish = many(80, "ğ");
  const auto by_table = prepared(text(turkish, "carrier")).enqueue.content;
  EXPECT_EQ(by_table.encoding, store::Encoding::gsm7_shift);
  EXPECT_EQ(by_table.parts, 1);
  const auto without = prepared(text(turkish, "plain")).enqueue.content;
  EXPECT_EQ(without.encoding, store::Encoding::ucs2);
  EXPECT_EQ(without.parts, 2);
}

TEST_F(SubmissionTest, IsGoodForAsLongAsItSaysOrItsTenantOrTheProcess) {
  settings_.lanes[static_cast<std::size_t>(store::Lane::otp)].validity_ms = 60'000;
  const auto& usual = default_lanes[static_cast<std::size_t>(store::Lane::reminder)].validity_ms;
  struct {
    store::Lane lane;
    WallMs own, want;
  } const cases[] = {{store::Lane::otp, 0, 60'000},
                     {store::Lane::otp, 90'000, 90'000},
                     {store::Lane::reminder, 0, usual},
                     {store::Lane::reminder, 1000, 1000}};
  for (const auto& c : cases) {
    SCOPED_TRACE(store::name(c.lane));
    auto s = text("Habari", "plain");
    s.lane = c.lane;
    s.validity_ms = c.own;
    EXPECT_EQ(prepared(std::move(s)).enqueue.content.expires_at, clock_.wall() + c.want);
  }
  EXPECT_EQ(directory_.validity_ms(&settings_, store::Lane::otp), 60'000);
  EXPECT_EQ(directory_.validity_ms(nullptr, store::Lane::otp), default_lanes.front().validity_ms) << "it is gone";
}

TEST_F(SubmissionTest, WhoOptedOutInFineractGetsNoneOfTheLanesThatStopStops) {
  const auto is_refused = [&](store::Lane lane) {
    auto s = text("Habari", "plain");
    s.lane = lane;
    s.opted_out = true;
    const auto refusal = prepared(std::move(s)).refusal;
    return refusal && refusal->code == ProblemCode::opted_out;
  };
  using enum store::Lane;
  for (const auto lane : {reminder, campaign}) EXPECT_TRUE(is_refused(lane)) << store::name(lane);
  for (const auto lane : {otp, transaction}) EXPECT_FALSE(is_refused(lane)) << store::name(lane);
  settings_.opt_out_lanes = {transaction};
  EXPECT_TRUE(is_refused(transaction));
  EXPECT_FALSE(is_refused(campaign));
}

// Who asks can ask again elsewhere; what is posted once, or follows from something, cannot.
TEST_F(SubmissionTest, WaitsWhereAllAreDrainedUnlessItCanGoElsewhere) {
  for (const store::GatewayId each : {1, 2}) router_.drain(each, true);
  using enum store::Source;
  for (const auto source : {fineract, event, schedule, api, cli}) {
    auto by = text("Habari");
    by.source = source;
    const auto found = prepared(std::move(by));
    const bool may_choose = source == api || source == cli;
    EXPECT_EQ(found.enqueue.content.gateway, may_choose ? 0u : 1u) << store::name(source);
    EXPECT_EQ(found.refusal.has_value(), may_choose) << store::name(source);
  }
  router_.drain(2, false);
  auto other = text("Habari");
  other.source = store::Source::schedule;
  EXPECT_EQ(prepared(std::move(other)).enqueue.content.gateway, 2u);
}

TEST_F(SubmissionTest, IsTransliteratedOnRequestOrByItsTenant) {
  const auto words = "“" + many(80, "a") + "”";
  const auto kept = prepared(text(words, "plain"));
  EXPECT_EQ(kept.enqueue.content.text, words);
  EXPECT_EQ(kept.enqueue.content.parts, 2);
  auto asked = text(words, "plain");
  asked.transliterate = true;
  for (const auto& wish : {prepared(asked), prepared(text(words, "plain"), true)}) {
    EXPECT_EQ(wish.enqueue.content.text, "\"" + many(80, "a") + "\"");
    EXPECT_TRUE(wish.enqueue.content.transliterated);
    EXPECT_EQ(wish.enqueue.content.parts, 1);
    EXPECT_EQ(wish.enqueue.content.encoding, store::Encoding::gsm7);
  }
  auto declined = text(words, "plain");
  declined.transliterate = false;
  EXPECT_FALSE(prepared(declined, true).enqueue.content.transliterated);
  EXPECT_FALSE(prepared(text("“Habari”", "plain"), true).enqueue.content.transliterated) << "one part is one part";
  EXPECT_EQ(prepared(text(words, "plain"), true).enqueue.content.digest, kept.enqueue.content.digest)
      << "a repetition is one, whatever the tenant's setting is by then";
}

TEST_F(SubmissionTest, WhatIsNoPlainTextGoesBySmpp) {
  auto flash = text("Habari"), flash_by_provider = text("Habari", "provider");
  flash.flash = flash_by_provider.flash = true;
  EXPECT_EQ(prepared(text("Habari")).enqueue.content.gateway, 1u);
  EXPECT_EQ(prepared(flash).enqueue.content.gateway, 2u);
  EXPECT_EQ(prepared(octets(10)).enqueue.content.gateway, 2u);
  for (const auto& wish : {prepared(flash_by_provider), prepared(octets(10, "provider"))}) {
    ASSERT_TRUE(wish.refusal);
    EXPECT_EQ(wish.refusal->code, ProblemCode::no_route);
    EXPECT_EQ(wish.refusal->detail, "the gateway provider takes texts only: flash and binary messages go by SMPP");
  }
  auto content = prepared(flash).enqueue.content;
  EXPECT_TRUE(content.flash);
  EXPECT_EQ(router_.next(content, {}, 2, clock_.wall()), 0u) << "nor does it move to a provider";
  content.flash = false;
  EXPECT_EQ(router_.next(content, {}, 2, clock_.wall()), 1u);
}

TEST_F(SubmissionTest, OctetsAreCountedAndKept) {
  auto s = octets(150, "carrier");
  s.header = "\x03\x70\x01\x01";
  s.data_coding = 0xF5;
  const auto content = prepared(s).enqueue.content;
  EXPECT_EQ(content.encoding, store::Encoding::binary);
  EXPECT_EQ(content.parts, 2);
  EXPECT_EQ(content.octets, std::string(150, 'x'));
  EXPECT_EQ(content.header, s.header);
  EXPECT_EQ(content.data_coding, 0xF5);
  EXPECT_EQ(content.text, "");
  const auto too_long = prepared(octets(15 * 134 + 1, "carrier"));
  ASSERT_TRUE(too_long.refusal);
  EXPECT_EQ(too_long.refusal->code, ProblemCode::too_many_parts);
  EXPECT_EQ(too_long.refusal->pointer, "/binary");
  s.header = std::string("\x05\x00\x03\x01\x02\x01", 6);
  const auto numbered = prepared(s);
  ASSERT_TRUE(numbered.refusal);
  EXPECT_EQ(numbered.refusal->pointer, "/binary");
}

TEST_F(SubmissionTest, InQuietHoursItIsDueAtTheirEndAndGoodFromThenOn) {
  const auto night = text::parse_rfc3339("2026-11-30T20:00:00Z").value();  // 23:00 in Nairobi
  clock_.set_ahead(std::chrono::milliseconds(night - clock_.wall()));
  const auto morning = text::parse_rfc3339("2026-12-01T04:00:00Z").value();
  auto campaign = text("Habari");
  campaign.lane = store::Lane::campaign;
  campaign.validity_ms = 60'000;
  const auto digest = prepared(campaign).enqueue.content.digest;
  EXPECT_EQ(prepared(campaign).enqueue.content.due_at, 0);
  settings_.quiet_hours.emplace();
  const auto waits = prepared(campaign).enqueue;
  EXPECT_EQ(waits.content.due_at, morning);
  EXPECT_EQ(waits.content.expires_at, morning + 60'000);
  EXPECT_EQ(waits.postponed_because, "not before 07:00 (quiet hours, Africa/Nairobi)");
  EXPECT_EQ(waits.content.digest, digest) << "a repetition is one, whatever the time of day";
  auto code = campaign;
  code.lane = store::Lane::otp;
  EXPECT_EQ(prepared(code).enqueue.content.due_at, 0);
  auto scheduled = campaign;
  scheduled.send_at = morning + 3600'000;
  EXPECT_EQ(prepared(scheduled).enqueue.content.due_at, scheduled.send_at);
  EXPECT_EQ(prepared(scheduled).enqueue.postponed_because, "");
  scheduled.send_at = morning + 13 * 3600'000ll;  // 20:00
  EXPECT_EQ(prepared(scheduled).enqueue.content.due_at, morning + 24 * 3600'000ll);
}

// A repetition is the same in all that makes it another message.
TEST_F(SubmissionTest, KindsOfMessagesDiffer) {
  std::vector<Submission> all(10, text("Habari", "carrier"));
  all[1].flash = true;
  all[2].transliterate = true;
  all[3] = octets(10, "carrier");
  all[4] = octets(11, "carrier");
  all[5] = octets(10, "carrier");
  all[5].data_coding = 4;
  all[6] = octets(10, "carrier");
  all[6].header = "\x03\x70\x01\x01";
  all[7].tlvs = {{0x1401, "1107"}};
  all[8].tlvs = {{0x1401, "1108"}};
  all[9].tlvs = {{0x1402, "1107"}};
  std::set<std::uint64_t> digests;
  for (const auto& s : all) digests.insert(prepared(s).enqueue.content.digest);
  EXPECT_EQ(digests.size(), all.size());
}

}  // namespace
}  // namespace smsbridge::bridge
