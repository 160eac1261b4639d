// SPDX-License-Identifier: MPL-2.0
// The pure decisions of delivery: rate, retry, fair shares, outcomes, and what a message looks like on the wire.
#include <gtest/gtest.h>

#include <map>

#include "bridge/delivery/smpp_message.hpp"
#include "bridge/policy/error_rate.hpp"
#include "bridge/policy/fair_share.hpp"
#include "bridge/policy/outcome.hpp"
#include "bridge/policy/patience.hpp"
#include "bridge/policy/receipt_watch.hpp"
#include "bridge/policy/retry.hpp"

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;

TEST(Retry, Decides) {
  Random random(1);
  const RetryPolicy resend{.delay_first_ms = 1000, .delay_max_ms = 8000, .attempts_max = 5};
  RetryPolicy hold = resend;
  hold.doubt = DoubtPolicy::hold;
  EXPECT_TRUE(std::holds_alternative<GiveUp>(decide(resend, Outcome::refused, 1, false, 0, 0, random)));
  EXPECT_TRUE(std::holds_alternative<RetryAfter>(decide(resend, Outcome::unknown, 1, false, 0, 0, random)));
  EXPECT_TRUE(std::holds_alternative<Hold>(decide(hold, Outcome::unknown, 1, false, 0, 0, random)));
  EXPECT_TRUE(std::holds_alternative<Hold>(decide(resend, Outcome::unknown, 5, false, 0, 0, random))) << "not for ever";
  EXPECT_TRUE(std::holds_alternative<Hold>(decide(resend, Outcome::unknown, 2, true, 0, 0, random)))
      << "a carrier that answers nothing gets it twice at most";
  EXPECT_TRUE(std::holds_alternative<GiveUp>(decide(resend, Outcome::temporary, 5, false, 0, 0, random)));
  EXPECT_TRUE(std::holds_alternative<GiveUp>(decide(resend, Outcome::temporary, 1, false, 10'000, 10'400, random)))
      << "validity ends first";
  for (int attempt = 1; attempt < 5; ++attempt) {
    const auto ceiling = std::min<WallMs>(8000, 1000 << (attempt - 1));
    const auto next = std::get<RetryAfter>(decide(resend, Outcome::temporary, attempt, false, 0, 0, random));
    EXPECT_GE(next.delay_ms, ceiling / 2) << attempt;
    EXPECT_LE(next.delay_ms, ceiling) << attempt;
  }
}

TEST(Retry, NoDelayIsLongerThanTheLongest) {
  Random random(1);
  const RetryPolicy patient{.delay_first_ms = 1000, .delay_max_ms = 8000, .attempts_max = 1000};
  for (const int attempt : {5, 20, 21, 22, 63, 64, 999}) {
    const auto next = std::get<RetryAfter>(decide(patient, Outcome::temporary, attempt, false, 0, 0, random));
    EXPECT_GE(next.delay_ms, 4000) << attempt;
    EXPECT_LE(next.delay_ms, 8000) << attempt;
  }
}

TEST(Retry, WhatFailsTogetherDoesNotComeBackTogether) {
  Random random(1);
  std::set<WallMs> delays;
  for (int i = 0; i < 20; ++i)
    delays.insert(std::get<RetryAfter>(decide({}, Outcome::temporary, 1, false, 0, 0, random)).delay_ms);
  EXPECT_GT(delays.size(), 10u);
}

store::Queue queue(store::TenantId tenant, store::Lane lane) { return {.gateway = 1, .tenant = tenant, .lane = lane}; }

std::map<store::Queue, std::uint32_t> ask(FairShare& share, std::size_t free, std::size_t campaign_max = 10000) {
  std::map<store::Queue, std::uint32_t> counts;
  for (const auto& want : share.wants(free, 1000, {10000, 10000, 10000, campaign_max})) counts[want.queue] = want.count;
  return counts;
}

TEST(FairShare, LanesByWeightAndNoneStarves) {
  FairShare share;
  for (const auto lane : {store::Lane::otp, store::Lane::transaction, store::Lane::reminder, store::Lane::campaign})
    share.mark(queue(1, lane));
  const auto counts = ask(share, 290);
  EXPECT_EQ(counts.at(queue(1, store::Lane::otp)), 160u);
  EXPECT_EQ(counts.at(queue(1, store::Lane::campaign)), 10u);
}

TEST(FairShare, NoLaneStarvesWhenPlacesComeOneByOne) {
  FairShare share;
  for (const auto lane : {store::Lane::otp, store::Lane::transaction, store::Lane::reminder, store::Lane::campaign})
    share.mark(queue(1, lane));
  std::map<store::Lane, int> turns;
  for (int i = 0; i < 290; ++i) ++turns[ask(share, 1).begin()->first.lane];
  EXPECT_EQ(turns[store::Lane::otp], 160);
  EXPECT_EQ(turns[store::Lane::campaign], 10);
}

TEST(FairShare, WhatWasHandedOverClearsNothing) {
  FairShare share;
  const auto q = queue(1, store::Lane::transaction);
  share.mark(q);
  share.claiming({{.queue = q, .count = 1}});
  share.handed_over({{.queue = q, .more_due = true}});
  share.claimed({{.queue = q}});  // was on its way before
  EXPECT_EQ(ask(share, 5).at(q), 5u) << "more came after that claim";
}

TEST(FairShare, TenantsOfALaneTakeTurns) {
  FairShare share;
  for (store::TenantId tenant = 1; tenant <= 4; ++tenant) share.mark(queue(tenant, store::Lane::transaction));
  for (const auto& [q, count] : ask(share, 100)) EXPECT_EQ(count, 25u) << q.tenant;
  // One place at a time goes round, too.
  std::map<store::TenantId, int> turns;
  for (int i = 0; i < 40; ++i) ++turns[ask(share, 1).begin()->first.tenant];
  for (store::TenantId tenant = 1; tenant <= 4; ++tenant) EXPECT_EQ(turns[tenant], 10) << tenant;
}

TEST(FairShare, RemembersWhatCameDuringAClaim) {
  FairShare share;
  const auto q = queue(1, store::Lane::transaction);
  share.mark(q);
  const auto wants = share.wants(10, 1000, {99, 99, 99, 99});
  share.claiming(wants);
  share.mark(q);  // committed while the claim was on its way
  share.claimed({{.queue = q, .more_due = false}});
  EXPECT_FALSE(ask(share, 1).empty());
  share.claiming(share.wants(10, 1000, {99, 99, 99, 99}));
  share.claimed({{.queue = q, .more_due = false, .next_due = 5000}});
  EXPECT_TRUE(ask(share, 1).empty());
  EXPECT_EQ(share.next_due(), 5000);
  EXPECT_EQ(share.wants(1, 5000, {99, 99, 99, 99}).size(), 1u);
}

TEST(FairShare, ALaneCanBeBounded) {
  FairShare share;
  share.mark(queue(1, store::Lane::campaign));
  EXPECT_TRUE(ask(share, 100, 0).empty());
  EXPECT_EQ(ask(share, 100, 7).begin()->second, 7u);
}

TEST(Outcome, CarriersMayMeanSomethingElse) {
  smpp::Dialect dialect;
  const std::pair<std::uint32_t, Verdict> cases[] = {
      {0x00, Verdict::accepted},        {0x58, Verdict::throttled},       {0x14, Verdict::throttled},
      {0x08, Verdict::temporary},       {0x0B, Verdict::refused},         {0x45, Verdict::refused},
      {0x400, Verdict::refused},        {0x0E, Verdict::account_refused}, {0x15, Verdict::account_refused},
      {0x101, Verdict::account_refused}};
  for (const auto& [code, want] : cases) EXPECT_EQ(judge(code, dialect), want) << code;
  dialect.status_overrides[0x45] = smpp::StatusClass::transient_retry;
  EXPECT_EQ(judge(0x45, dialect), Verdict::temporary);
  dialect.status_overrides[0x400] = smpp::StatusClass::account_refused;
  EXPECT_EQ(judge(0x400, dialect), Verdict::account_refused);
  EXPECT_EQ(describe_status(0x0B).substr(0, 27), "0x0000000B ESME_RINVDSTADR:");
}

TEST(SmppMessage, SourceDestinationAndValidity) {
  GatewaySettings gateway;
  struct {
    const char *from, *source;
    int ton, npi;
  } const cases[] = {{"UMOJA", "UMOJA", 5, 0},
                     {"40404", "40404", 3, 0},
                     {"12345678", "12345678", 3, 0},
                     {"123456789", "123456789", 1, 1},
                     {"+254711000000", "254711000000", 1, 1},
                     {"00254711000000", "254711000000", 1, 1},
                     {"254711000000", "254711000000", 1, 1},
                     {"", "", 0, 0}};
  for (const auto& c : cases) {
    SCOPED_TRACE(c.from);
    store::Claimed message{.id = 5, .attempt = 1, .expires_at = 1'000'000 + 2 * 24 * 3600 * 1000};
    message.content.from = c.from;
    message.content.to = "+254712345678";
    message.content.text = "hello";
    const auto out = make_outgoing(message, gateway, 1'000'000);
    ASSERT_TRUE(out);
    const auto pdu = segment_message(*out, 0);
    EXPECT_EQ(pdu.source.digits, c.source);
    EXPECT_EQ(pdu.source.ton, c.ton);
    EXPECT_EQ(pdu.source.npi, c.npi);
    EXPECT_EQ(pdu.destination.digits, "254712345678") << "no plus sign: several carriers refuse it";
    EXPECT_EQ(pdu.validity_period, "000002000000000R");
    EXPECT_EQ(pdu.registered_delivery, 1);
  }
}

TEST(SmppMessage, LongTextsByEachWay) {
  store::Claimed message{.id = 5, .attempt = 1};
  message.content.to = "+254712345678";
  message.content.text = std::string(200, 'x');
  GatewaySettings gateway;
  auto out = make_outgoing(message, gateway, 0);
  ASSERT_EQ(out->segments.size(), 2u);
  EXPECT_EQ(segment_message(*out, 1).esm_class, 0x40);
  EXPECT_EQ(segment_message(*out, 1).short_message[4], 2) << "of two parts";
  message.attempt = 2;
  EXPECT_EQ(out->segments[0].user_data[3], make_outgoing(message, gateway, 99)->segments[0].user_data[3])
      << "the same reference in each attempt";
  gateway.smpp().concat = text::Concat::sar;
  out = make_outgoing(message, gateway, 0);
  EXPECT_EQ(segment_message(*out, 0).esm_class, 0);
  EXPECT_EQ(segment_message(*out, 0).tlvs.size(), 3u);
  gateway.smpp().concat = text::Concat::payload;
  out = make_outgoing(message, gateway, 0);
  ASSERT_EQ(out->segments.size(), 1u);
  EXPECT_TRUE(segment_message(*out, 0).short_message.empty());
  gateway.smpp().concat = text::Concat::udh8;
  gateway.segments_max = 1;
  EXPECT_FALSE(make_outgoing(message, gateway, 0)) << "never part of a message";
}

TEST(Patience, EndsByLaneAndByWhatIsWrong) {
  RouteSettings route;
  route.unreachable_after = {10, 20, 30, 40};
  route.throttled_after = {100, 200, 300, 400};
  const Patience unreachable{.reason = metrics::MoveReason::unreachable, .since = 1000};
  EXPECT_EQ(unreachable.ends(route, store::Lane::otp, 500), 1010) << "it waits since the gateway is down";
  EXPECT_EQ(unreachable.ends(route, store::Lane::campaign, 1500), 1540) << "or since it is due";
  EXPECT_EQ(unreachable.words(), "cannot send");
  const Patience throttled{.reason = metrics::MoveReason::throttled, .since = 2000};
  EXPECT_EQ(throttled.ends(route, store::Lane::transaction, 0), 2200);
  EXPECT_EQ(throttled.words(), "is throttled");
}

TEST(ErrorRate, IsHighWithHalfAndLowAgainWithAFifth) {
  ErrorRate rate;
  for (int i = 0; i < 19; ++i) rate.ended(i % 2 == 0);
  EXPECT_FALSE(rate.is_high()) << "too few to tell";
  rate.ended(false);
  EXPECT_TRUE(rate.is_high());
  for (int i = 0; i < 20; ++i) rate.ended(i % 4 == 0);
  EXPECT_TRUE(rate.is_high()) << "a quarter is not well yet";
  for (int i = 0; i < 20; ++i) rate.ended(i % 5 == 0);
  EXPECT_FALSE(rate.is_high());
  for (int i = 0; i < 20; ++i) rate.ended(i % 4 == 0);
  EXPECT_FALSE(rate.is_high()) << "nor ill";
}

TEST(ReceiptWatch, NoticesReceiptsThatCameAndStopped) {
  ReceiptWatch watch(1000);
  const auto take = [&](WallMs now, int messages) {
    for (int i = 0; i < messages; ++i) watch.awaited(now);
  };
  take(0, 100);
  EXPECT_FALSE(watch.became_quiet(5000)) << "none ever came: perhaps this carrier sends none";
  EXPECT_FALSE(watch.came());
  take(5000, 19);
  EXPECT_FALSE(watch.became_quiet(9000)) << "so few phones may be off";
  take(9000, 1);
  EXPECT_TRUE(watch.became_quiet(9000));
  EXPECT_EQ(watch.quiet_since(), 9000);
  EXPECT_FALSE(watch.became_quiet(9500)) << "said once";
  EXPECT_TRUE(watch.came());
  EXPECT_EQ(watch.quiet_since(), 0);
  take(9600, 50);
  EXPECT_FALSE(watch.became_quiet(10'500));
  EXPECT_TRUE(watch.became_quiet(10'600));
  ReceiptWatch never(0);
  never.came();
  for (int i = 0; i < 100; ++i) never.awaited(0);
  EXPECT_FALSE(never.became_quiet(1'000'000));
}

}  // namespace
}  // namespace smsbridge::bridge
