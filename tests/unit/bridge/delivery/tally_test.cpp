// SPDX-License-Identifier: MPL-2.0
// What a gateway counts of its messages, and shows of itself.
#include "bridge/delivery/tally.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;
using metrics::DoubtPolicy;
using metrics::MoveReason;
using metrics::RetryReason;

Attempt attempt_of(store::TenantId tenant, bool refused = false) {
  store::Claimed message{.id = 5, .attempt = 1};
  message.content.tenant = tenant;
  Attempt attempt(std::move(message), 1);
  if (refused) {
    attempt.submitted(0, Time{});
    attempt.answered(0, {.kind = Answer::Kind::refused, .provider_ids = {}, .error = "no"});
  }
  return attempt;
}

class TallyTest : public testing::Test {
 protected:
  // " moved:refused" and so on, of what was counted since.
  std::string counted() {
    std::string text;
    const auto add = [&](std::string_view what, double value, double& before) {
      if (value != before) text += " " + std::string(what) + (value == before + 1 ? "" : " more than once");
      before = value;
    };
    for (const auto reason :
         {MoveReason::unreachable, MoveReason::throttled, MoveReason::refused, MoveReason::retries_used_up})
      add("moved:" + std::string(metrics::label_value(reason)), gateway_.moves[reason]->Value(),
          moves_[static_cast<std::size_t>(reason)]);
    for (const auto reason :
         {RetryReason::throttled, RetryReason::temporary, RetryReason::timeout, RetryReason::disconnected})
      add("retry:" + std::string(metrics::label_value(reason)), gateway_.retries[reason]->Value(),
          retries_[static_cast<std::size_t>(reason)]);
    for (const auto how : {DoubtPolicy::resend, DoubtPolicy::hold})
      add("doubtful:" + std::string(metrics::label_value(how)), queue_.doubtful_sends[how]->Value(),
          doubts_[static_cast<std::size_t>(how)]);
    return text;
  }

  metrics::Metrics metrics_{{}};
  metrics::GatewayMetrics& gateway_ = metrics_.gateway("main", "smpp");
  metrics::QueueMetrics& queue_ = metrics_.queue("umoja", "main");
  Tally tally_{gateway_, {{1, &queue_}}};
  std::array<double, 8> moves_{}, retries_{}, doubts_{};
};

TEST_F(TallyTest, EachEndingOfAnAttemptIsCounted) {
  struct Case {
    store::Ending what;
    bool refused;
    const char* counted;
  };
  using store::Failed, store::GivenBack, store::Held, store::MovedTo, store::RetryLater, store::Taken;
  const Case cases[] = {
      {GivenBack{}, false, ""},
      {Taken{}, false, ""},
      {Failed{}, true, ""},
      {MovedTo{.gateway = 8}, true, " moved:refused"},
      {MovedTo{.gateway = 8}, false, " moved:retries_used_up"},
      {Held{}, false, " doubtful:hold"},
      {RetryLater{}, false, " retry:temporary"},
      {RetryLater{.doubtful = true}, false, " retry:timeout doubtful:resend"},
  };
  for (const auto& each : cases) {
    const store::Settlement settlement{.id = 5, .attempt = 1, .what = each.what};
    tally_.settled(settlement, attempt_of(1, each.refused));
    EXPECT_EQ(counted(), each.counted);
  }
  tally_.settled({.id = 5, .attempt = 1, .what = Held{}}, attempt_of(2));
  EXPECT_EQ(counted(), "") << "a tenant that is gone";
}

TEST_F(TallyTest, WhatGoesOnWithAMessageIsCounted) {
  tally_.throttled(1s);
  EXPECT_EQ(counted(), " retry:throttled");
  tally_.moved(MoveReason::unreachable);
  EXPECT_EQ(counted(), " moved:unreachable");
  tally_.doubtful(1, DoubtPolicy::hold);
  EXPECT_EQ(counted(), " doubtful:hold");
  tally_.submitted(attempt_of(1));
  EXPECT_EQ(gateway_.parts_submitted[metrics::PartEncoding::gsm7]->Value(), 1);
  store::Claimed message{.id = 5, .attempt = 1, .due_at = 10'000};
  tally_.claimed(message, 12'500);
  message.attempt = 2;
  tally_.claimed(message, 99'000);
  EXPECT_EQ(gateway_.routed->Value(), 2);
  const auto delay = gateway_.submit_delay_seconds->Collect().histogram;
  EXPECT_EQ(delay.sample_count, 1u) << "until the first submit";
  EXPECT_EQ(delay.sample_sum, 2.5);
  tally_.answered(500ms);
  const auto answers = gateway_.submit_duration_seconds->Collect().histogram;
  EXPECT_EQ(answers.sample_count, 2u) << "that it is too fast is an answer";
  EXPECT_EQ(answers.sample_sum, 1.5);
}

TEST_F(TallyTest, ShowsTheGateway) {
  tally_.show(true, false, 12.5);
  EXPECT_EQ(gateway_.up->Value(), 1);
  EXPECT_EQ(gateway_.enabled->Value(), 1);
  EXPECT_EQ(gateway_.rate_limit_messages_per_second->Value(), 12.5);
  tally_.show(false, true, 0);
  EXPECT_EQ(gateway_.up->Value(), 0);
  EXPECT_EQ(gateway_.enabled->Value(), 0);
  EXPECT_EQ(gateway_.rate_limit_messages_per_second->Value(), std::numeric_limits<double>::infinity())
      << "0 would read as one that sends nothing";
  Trust trust(1'000, Trust::State::trusted);
  trust.can_send(true);
  trust.see(500, true);
  tally_.show(trust, 1s);
  EXPECT_EQ(gateway_.throttled_seconds->Value(), 1);
  EXPECT_EQ(gateway_.receipts_quiet->Value(), 0);
  trust.receipt_came();
  for (int i = 0; i < 20; ++i) trust.taken(1'000, true);
  trust.see(2'000, false);
  tally_.show(trust, 1s);
  EXPECT_EQ(gateway_.throttled_seconds->Value(), 1) << "no more";
  EXPECT_EQ(gateway_.receipts_quiet->Value(), 1);
}

TEST_F(TallyTest, ShowsWhatIsUnderWayOfEachTenant) {
  auto& other = metrics_.queue("tujenge", "main");
  EXPECT_TRUE(tally_.serve(2, other));
  EXPECT_FALSE(tally_.serve(2, queue_)) << "it is there";
  UnderWay under_way;
  const auto add = [&](store::TenantId tenant) {
    return under_way.add(attempt_of(tenant), std::make_unique<Channel::Outgoing>(), Suspects::Apart::no);
  };
  const auto first = add(1);
  add(1);
  add(2);
  tally_.show(under_way);
  EXPECT_EQ(queue_.messages[metrics::QueueState::in_flight]->Value(), 2);
  EXPECT_EQ(other.messages[metrics::QueueState::in_flight]->Value(), 1);
  under_way.remove(first);
  tally_.show(under_way);
  EXPECT_EQ(queue_.messages[metrics::QueueState::in_flight]->Value(), 1);
}

}  // namespace
}  // namespace smsbridge::bridge
