// SPDX-License-Identifier: MPL-2.0
// What becomes of a message: what was answered of its parts, and the one outcome that follows.
#include "bridge/delivery/attempt.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace smsbridge::bridge {
namespace {

using enum store::SegmentState;
using Kind = Answer::Kind;
constexpr WallMs wall = 1'000'000;

// What happens to the next part that is to be sent.
struct Step {
  enum class What : std::uint8_t { answered, not_taken, unfit } what = What::answered;
  Answer answer{};
};
Step answered(Kind kind, const std::string& error, std::vector<std::string> ids = {}) {
  Step step;
  step.answer.kind = kind;
  step.answer.error = error;
  step.answer.provider_ids = std::move(ids);
  return step;
}
Step accepted_as(std::vector<std::string> ids) { return answered(Kind::accepted, {}, std::move(ids)); }
Step priced(const std::string& price, const std::string& currency) {
  auto step = accepted_as({"a"});
  step.answer.price = price;
  step.answer.currency = currency;
  return step;
}
Step for_others(Step step) { return step.answer.elsewhere = true, step; }
Step with_connection(Step step) { return step.answer.with_connection = true, step; }
const Step ok = accepted_as({"a"}), quiet = accepted_as({"quiet"});
const Step busy = answered(Kind::temporary, "busy"), full = answered(Kind::temporary, "full");
const Step dead = answered(Kind::refused, "dead"), barred = for_others(answered(Kind::refused, "barred"));
const Step lost = answered(Kind::unknown, "no answer"), named = answered(Kind::unknown, "no answer", {"new"});
const Step cut = with_connection(answered(Kind::unknown, "cut"));
const Step back{.what = Step::What::not_taken}, unfit{.what = Step::What::unfit};

enum class End : std::uint8_t { answered, stopped, too_late, quiet_until };
constexpr WallMs morning = wall + 50'000;
enum class Route : std::uint8_t { none, plain, stays_when_refused, short_patience, long_patience };
using enum Route;
const auto resend = DoubtPolicy::resend, hold = DoubtPolicy::hold;

struct Given {
  std::vector<store::Segment> earlier{};
  std::uint16_t attempt = 1, attempts_before = 0;
  bool in_doubt = false;
  WallMs valid_for = 0;
  End end = End::answered;
  DoubtPolicy doubt = resend;
  Route route = none;
  bool can_repeat = false, alone = false;
  store::GatewayId elsewhere = 0;  // by plan: the number behind
  Micro price = 0;                 // of one SMS, on the list
  store::Lane lane = store::Lane::transaction;
  bool failures_only = false;
};
struct Case {
  const char* name;
  std::vector<Step> parts;  // of those that an earlier attempt did not bring to the carrier
  const char* settlement;   // see as_text()
  Given given{};
};

std::string as_text(const store::Taken& taken) {
  std::string text = taken.awaits_receipt ? "taken, receipt in " + std::to_string(taken.receipt_wait_ms) : "taken";
  if (taken.when_silent) text += " or " + std::to_string(taken.when_silent);
  if (taken.price) text += ", " + std::to_string(*taken.price) + " for it: " + taken.note;
  return text + ", " + std::to_string(taken.parts) + " SMS";
}
std::string words(bool doubtful, bool repeatable, bool sent) {
  return std::string(doubtful ? " doubtful" : "") + (repeatable ? " repeatable" : "") + (sent ? "" : " unsent");
}
// "retry 100 doubtful (no answer) [unsent new: no answer]". The delays of a retry are those of all seeds.
std::string as_text(const store::Settlement& settlement, WallMs least_delay, WallMs most_delay) {
  std::string text;
  if (const auto* taken = std::get_if<store::Taken>(&settlement.what)) text = as_text(*taken);
  if (const auto* failed = std::get_if<store::Failed>(&settlement.what))
    text = std::string(name(failed->state)) + words(false, false, failed->sent);
  if (const auto* later = std::get_if<store::RetryLater>(&settlement.what)) {
    text = "retry " + std::to_string(least_delay);
    if (most_delay != least_delay) text += ".." + std::to_string(most_delay);
    text += words(later->doubtful, later->repeatable, true);
  }
  if (const auto* held = std::get_if<store::Held>(&settlement.what))
    text = "held " + std::to_string(held->wait_ms) + words(held->doubtful, held->repeatable, held->sent);
  if (const auto* moved = std::get_if<store::MovedTo>(&settlement.what))
    text = "to " + std::to_string(moved->gateway) + words(false, false, moved->sent);
  if (const auto* back = std::get_if<store::GivenBack>(&settlement.what)) {
    text = "given back";
    if (back->not_before) text += " for " + std::to_string(back->not_before - wall);
  }
  if (!settlement.status_message.empty()) text += " (" + settlement.status_message + ")";
  for (const auto& segment : settlement.segments) {
    text += " [" + std::string(name(segment.state));
    if (!segment.provider_id.empty()) text += " " + segment.provider_id;
    text += (segment.error.empty() ? "" : ": " + segment.error) + "]";
  }
  return text;
}

Attempt made(const Case& row) {
  const auto& given = row.given;
  store::Claimed message;
  message.id = 42;
  message.attempt = given.attempt;
  message.attempts_before = given.attempts_before;
  message.in_doubt = given.in_doubt;
  message.expires_at = given.valid_for ? wall + given.valid_for : 0;
  message.segments = given.earlier;
  message.content.lane = given.lane;
  message.content.to = "+254712345678";
  const auto at_carrier = static_cast<std::size_t>(
      std::ranges::count_if(given.earlier, [](const auto& segment) { return segment.state != unsent; }));
  const auto parts = std::max(given.earlier.size(), row.parts.size() + at_carrier);
  message.content.parts = static_cast<std::uint8_t>(parts);
  Attempt attempt(std::move(message), parts);
  // All that can be sent is under way before anything is answered.
  std::vector<std::pair<std::size_t, const Step*>> sent;
  for (const auto& step : row.parts) {
    const auto part = attempt.next();
    EXPECT_TRUE(part);
    if (!part) break;
    if (step.what == Step::What::unfit) {
      attempt.unfit(*part, "does not fit");
    } else {
      attempt.submitted(*part, Time{});
      sent.emplace_back(*part, &step);
    }
  }
  for (const auto& [part, step] : sent)
    step->what == Step::What::not_taken ? attempt.not_taken(part) : attempt.answered(part, step->answer);
  if (given.end == End::stopped) attempt.stop();
  if (given.end == End::too_late) attempt.expire();
  if (given.end == End::quiet_until) attempt.postpone(morning, "quiet");
  EXPECT_TRUE(attempt.is_over());
  return attempt;
}

RouteSettings route_of(const Given& given) {
  RouteSettings route;
  route.after_refusal = given.route != stays_when_refused;
  auto& patience = route.no_receipt_after[static_cast<std::size_t>(store::Lane::transaction)];
  if (given.route == short_patience) patience = 5'000;
  if (given.route == long_patience) patience = 90'000;
  return route;
}

Prices prices_of(const Given& given) {
  Prices prices;
  if (given.price) prices.add(7, "+254", {.part = given.price, .currency = "KES"});
  return prices;
}

std::string settled(const Case& row) {
  const auto& given = row.given;
  const auto attempt = made(row);
  const auto route = route_of(given);
  const auto prices = prices_of(given);
  const RetryPolicy retry{.delay_first_ms = 4,
                          .delay_max_ms = 6,
                          .attempts_max = 3,
                          .doubt = given.doubt,
                          .resend_delay_ms = 100,
                          .hold_ms = 9'000};
  store::Settlement settlement;
  std::vector<WallMs> delays;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Random random(seed);
    settlement = attempt.settle(
        {.gateway = 7,
         .prices = prices,
         .retry = retry,
         .route = given.route == none ? nullptr : &route,
         .receipt_wait_ms = 60'000,
         .failures_only = given.failures_only,
         .can_repeat = given.can_repeat,
         .alone = given.alone,
         .now = wall,
         .random = random,
         .reports = [](std::string_view id) { return id != "quiet"; },
         .elsewhere =
             [&given](bool by_plan) { return given.elsewhere && by_plan ? given.elsewhere + 1 : given.elsewhere; }});
    if (const auto* later = std::get_if<store::RetryLater>(&settlement.what)) delays.push_back(later->delay_ms);
  }
  EXPECT_EQ(settlement.id, 42u);
  EXPECT_EQ(settlement.attempt, given.attempt);
  if (delays.empty()) return as_text(settlement, 0, 0);
  const auto [least, most] = std::ranges::minmax(delays);
  return as_text(settlement, least, most);
}

void expect(const std::vector<Case>& cases) {
  for (const auto& each : cases) {
    SCOPED_TRACE(each.name);
    EXPECT_EQ(settled(each), each.settlement);
  }
}

store::Segment before(store::SegmentState state, const char* id) {
  return {.state = state, .provider_id = id, .error = {}};
}
const auto taken_before = before(accepted, "old"), arrived_before = before(delivered, "old");
const auto perhaps_before = before(unsent, "old"), not_before = before(unsent, "");

store::Claimed claimed(std::vector<store::Segment> earlier) {
  store::Claimed message;
  message.segments = std::move(earlier);
  return message;
}

TEST(Attempt, AllPartsAreTaken) {
  expect({
      {"a receipt will come", {ok}, "taken, receipt in 60000, 1 SMS [accepted a]"},
      {"none will", {quiet}, "taken, 1 SMS (taken by the carrier; no receipt is expected) [accepted quiet]"},
      {"of one part", {quiet, ok}, "taken, receipt in 60000, 2 SMS [accepted quiet] [accepted a]"},
      {"the provider made two of it",
       {accepted_as({"a", "b"})},
       "taken, receipt in 60000, 1 SMS [accepted a] [accepted b]"},
      {"the provider gave no id", {accepted_as({})}, "taken, receipt in 60000, 1 SMS [accepted]"},
      {"the rest of it",
       {ok},
       "taken, receipt in 60000, 2 SMS [delivered old] [accepted a]",
       {.earlier = {arrived_before, not_before}}},
      {"nothing was left to send", {}, "taken, receipt in 60000, 1 SMS [accepted old]", {.earlier = {taken_before}}},
      {"at the last moment", {ok}, "taken, receipt in 60000, 1 SMS [accepted a]", {.end = End::too_late}},
      {"at the last attempt, in doubt",
       {ok},
       "taken, receipt in 60000, 1 SMS [accepted a]",
       {.attempt = 3, .in_doubt = true}},
  });
}

TEST(Attempt, ARouteMaySayHowLongAReceiptIsWaitedFor) {
  const auto silent = "taken, receipt in 5000 or 9, 1 SMS [accepted a]";
  const auto patient = "taken, receipt in 60000, 1 SMS [accepted a]";
  expect({
      {"then it goes out elsewhere", {ok}, silent, {.route = short_patience, .elsewhere = 8}},
      {"silence is good news", {ok}, patient, {.route = short_patience, .elsewhere = 8, .failures_only = true}},
      {"nowhere else", {ok}, patient, {.route = short_patience}},
      {"of another lane", {ok}, patient, {.route = short_patience, .elsewhere = 8, .lane = store::Lane::campaign}},
      {"the route does not", {ok}, patient, {.route = plain, .elsewhere = 8}},
      {"no route", {ok}, patient, {.elsewhere = 8}},
      {"longer than the gateway waits",
       {ok},
       "taken, receipt in 60000 or 9, 1 SMS [accepted a]",
       {.route = long_patience, .elsewhere = 8}},
      {"none is expected",
       {quiet},
       "taken, 1 SMS (taken by the carrier; no receipt is expected) [accepted quiet]",
       {.route = short_patience, .elsewhere = 8}},
  });
}

TEST(Attempt, ThePriceIsTheProvidersOrTheLists) {
  const auto unknown = "taken, receipt in 60000, 1 SMS [accepted a]";
  const auto told = "taken, receipt in 60000, 1200000 for it: price 1.2 KES, 1 SMS [accepted a]";
  const auto listed = "taken, receipt in 60000, 800000 for it: price 0.8 KES, 1 SMS [accepted a]";
  expect({
      {"nobody says", {ok}, unknown},
      {"the provider", {priced("1.2", "KES")}, told},
      {"the list", {ok}, listed, {.price = 800'000}},
      {"both", {priced("1.2", "KES")}, told, {.price = 800'000}},
      {"the provider in another currency", {priced("1.2", "USD")}, listed, {.price = 800'000}},
      {"the provider, but no number", {priced("much", "KES")}, unknown},
      {"nothing is a price",
       {priced("0", "KES")},
       "taken, receipt in 60000, 0 for it: price 0 KES, 1 SMS [accepted a]",
       {.price = 800'000}},
      {"the list says it of an SMS",
       {ok, ok},
       "taken, receipt in 60000, 1600000 for it: price 1.6 KES, 2 SMS [accepted a] [accepted a]",
       {.price = 800'000}},
      {"the provider of the whole, with a later part",
       {ok, priced("1.2", "KES")},
       "taken, receipt in 60000, 1200000 for it: price 1.2 KES, 2 SMS [accepted a] [accepted a]",
       {.price = 800'000}},
  });
}

TEST(Attempt, WhatIsRefusedFailsOrGoesOutElsewhere) {
  const auto barred_here = "failed (barred) [unsent: barred]";
  expect({
      {"for good", {dead}, "failed (dead) [unsent: dead]", {.route = plain, .elsewhere = 8}},
      {"another may take it", {barred}, "to 8 (barred)", {.route = plain, .elsewhere = 8}},
      {"the peer knows repetitions", {dead}, "failed (dead) [unsent: dead]", {.can_repeat = true}},
      {"in a lane that holds", {barred}, "to 8 (barred)", {.doubt = hold, .route = plain, .elsewhere = 8}},
      {"there is no other", {barred}, barred_here, {.route = plain}},
      {"its route does not want it", {barred}, barred_here, {.route = stays_when_refused, .elsewhere = 8}},
      {"it has no route", {barred}, barred_here, {.elsewhere = 8}},
      {"a part is at the carrier",
       {ok, barred},
       "failed (barred) [accepted a] [unsent: barred]",
       {.route = plain, .elsewhere = 8}},
      {"a part of an earlier attempt is",
       {barred},
       "failed (barred) [delivered old] [unsent: barred]",
       {.earlier = {arrived_before, not_before}, .route = plain, .elsewhere = 8}},
      {"a part perhaps is",
       {lost, barred},
       "failed (barred) [unsent: no answer] [unsent: barred]",
       {.route = plain, .elsewhere = 8}},
      {"an earlier attempt perhaps is",
       {barred},
       "failed (barred) [unsent old: barred]",
       {.earlier = {perhaps_before}, .route = plain, .elsewhere = 8}},
      {"in doubt: its receipt may come",
       {barred},
       "held 9000 (barred) [unsent: barred]",
       {.in_doubt = true, .route = plain, .elsewhere = 8}},
      {"one part, and the other later", {busy, dead}, "failed (dead) [unsent: busy] [unsent: dead]"},
      {"one part, and the rest was not sent in time",
       {dead},
       "failed (dead) [unsent: dead] [unsent]",
       {.earlier = {not_before, not_before}, .end = End::too_late}},
      {"does not fit", {unfit}, "failed (does not fit) [unsent: does not fit]", {.route = plain, .elsewhere = 8}},
      {"the second part does not fit", {ok, unfit}, "failed (does not fit) [accepted a] [unsent: does not fit]"},
  });
}

TEST(Attempt, WhatIsTemporaryIsTriedAgain) {
  const auto used_up = "failed (busy (retries used up)) [unsent: busy]";
  const auto too_late = "failed (busy (validity ends before the next attempt)) [unsent: busy]";
  expect({
      {"the first time", {busy}, "retry 2..4 (busy) [unsent: busy]", {.elsewhere = 8}},
      {"later after longer", {busy}, "retry 3..6 (busy) [unsent: busy]", {.attempt = 2}},
      {"at the last attempt", {busy}, used_up, {.attempt = 3}},
      {"at the last attempt, and the peer knows repetitions", {busy}, used_up, {.attempt = 3, .can_repeat = true}},
      {"at the last attempt, another gateway", {busy}, "to 8 (busy)", {.attempt = 3, .elsewhere = 8}},
      {"whether or not its route moves what is refused",
       {busy},
       "to 8 (busy)",
       {.attempt = 3, .route = stays_when_refused, .elsewhere = 8}},
      {"at the last attempt, a part is at the carrier",
       {ok, busy},
       "failed (busy (retries used up)) [accepted a] [unsent: busy]",
       {.attempt = 3, .elsewhere = 8}},
      {"at the last attempt, in doubt",
       {busy},
       "held 9000 (busy) [unsent: busy]",
       {.attempt = 3, .in_doubt = true, .elsewhere = 8}},
      {"below, in doubt", {busy}, "retry 3..6 (busy) [unsent: busy]", {.attempt = 2, .in_doubt = true}},
      {"a person retried it", {busy}, "retry 2..4 (busy) [unsent: busy]", {.attempt = 4, .attempts_before = 3}},
      {"the last one after that", {busy}, used_up, {.attempt = 6, .attempts_before = 3}},
      {"its validity ends before", {busy}, too_late, {.valid_for = 2}},
      {"and another gateway takes it", {busy}, "to 8 (busy)", {.valid_for = 2, .elsewhere = 8}},
      {"its validity ends after", {busy}, "retry 2..4 (busy) [unsent: busy]", {.valid_for = 5}},
      {"a part arrived, the rest goes", {ok, busy}, "retry 2..4 (busy) [accepted a] [unsent: busy]"},
      {"the first part's reason counts", {busy, full}, "retry 2..4 (busy) [unsent: busy] [unsent: full]"},
      {"the connection was lost between parts",
       {ok},
       "retry 2..4 (the connection was lost between two parts) [accepted a] [unsent]",
       {.earlier = {not_before, not_before}, .end = End::stopped}},
      {"what was perhaps sent keeps its id",
       {busy},
       "retry 2..4 (busy) [unsent old: busy]",
       {.earlier = {perhaps_before}}},
  });
}

TEST(Attempt, WhatWasPerhapsSentGoesOutOnceMoreOrIsHeld) {
  const auto held = "held 9000 doubtful (no answer) [unsent: no answer]";
  const auto held_cut = "held 9000 doubtful (cut) [unsent: cut]";
  const auto again = "retry 100 doubtful (no answer) [unsent: no answer]";
  const auto again_cut = "retry 100 doubtful (cut) [unsent: cut]";
  const auto repeated = "retry 2..4 doubtful repeatable (no answer) [unsent: no answer]";
  expect({
      {"in a lane that sends again", {lost}, again, {.elsewhere = 8}},
      {"in a lane that holds", {lost}, held, {.doubt = hold, .elsewhere = 8}},
      {"for the second time", {lost}, held, {.attempt = 2, .in_doubt = true}},
      {"at the last attempt", {lost}, held, {.attempt = 3, .elsewhere = 8}},
      {"the peer knows repetitions", {lost}, repeated, {.can_repeat = true}},
      {"the peer does, in a lane that holds", {lost}, repeated, {.doubt = hold, .can_repeat = true}},
      {"the peer does, for the second time",
       {lost},
       "retry 3..6 doubtful repeatable (no answer) [unsent: no answer]",
       {.attempt = 2, .in_doubt = true, .can_repeat = true}},
      {"the peer does, at the last attempt",
       {lost},
       "held 9000 doubtful repeatable (no answer) [unsent: no answer]",
       {.attempt = 3, .can_repeat = true, .elsewhere = 8}},
      {"with its connection and others", {cut}, again_cut},
      {"with its connection and others, for the second time", {cut}, again_cut, {.attempt = 2, .in_doubt = true}},
      {"with its connection and others, in a lane that holds", {cut}, held_cut, {.doubt = hold}},
      {"with its connection, alone", {cut}, again_cut, {.alone = true}},
      {"with its connection, alone, for the second time",
       {cut},
       held_cut,
       {.attempt = 2, .in_doubt = true, .alone = true}},
      {"its validity ends before the next attempt", {lost}, held, {.valid_for = 100, .elsewhere = 8}},
      {"its validity ends after it", {lost}, again, {.valid_for = 101}},
      {"one part of two", {ok, lost}, "retry 100 doubtful (no answer) [accepted a] [unsent: no answer]"},
      {"one part, the other later", {busy, lost}, "retry 100 doubtful (no answer) [unsent: busy] [unsent: no answer]"},
      {"one part, and the rest was not sent in time",
       {lost},
       "retry 100 doubtful (no answer) [unsent: no answer] [unsent]",
       {.earlier = {not_before, not_before}, .end = End::too_late}},
      {"under an id that is known", {named}, "retry 100 doubtful (no answer) [unsent new: no answer]"},
      {"under another id than before",
       {named},
       "held 9000 doubtful (no answer) [unsent new: no answer]",
       {.earlier = {perhaps_before}, .attempt = 2, .in_doubt = true}},
      {"under the id of before",
       {lost},
       "held 9000 doubtful (no answer) [unsent old: no answer]",
       {.earlier = {perhaps_before}, .attempt = 2, .in_doubt = true}},
  });
}

TEST(Attempt, WhatWasNotSentIsGivenBack) {
  const auto expired = "expired (validity ended before all parts could be sent) [accepted a] [unsent]";
  expect({
      {"stopped before", {}, "given back", {.earlier = {not_before, not_before}, .end = End::stopped}},
      {"expired before", {}, "given back", {.earlier = {not_before}, .end = End::too_late}},
      {"its first part was not taken",
       {back},
       "given back",
       {.earlier = {not_before, not_before}, .end = End::stopped}},
      {"nothing more of it than before",
       {},
       "given back",
       {.earlier = {taken_before, not_before}, .end = End::stopped}},
      {"expired with a part at the carrier",
       {ok},
       expired,
       {.earlier = {not_before, not_before}, .end = End::too_late, .elsewhere = 8}},
      {"expired, and its part was not taken",
       {back},
       "given back",
       {.earlier = {not_before, not_before}, .end = End::too_late}},
      {"expired after a fault",
       {busy},
       "expired (validity ended before all parts could be sent) [unsent: busy] [unsent]",
       {.earlier = {not_before, not_before}, .end = End::too_late, .elsewhere = 8}},
  });
}

TEST(Attempt, WhatIsPostponedIsNoAttempt) {
  expect({
      {"at once", {}, "given back for 50000 (quiet)", {.earlier = {not_before, not_before}, .end = End::quiet_until}},
      {"also where it was perhaps sent before, and has a part at the carrier",
       {},
       "given back for 50000 (quiet)",
       {.earlier = {taken_before, perhaps_before}, .attempt = 2, .in_doubt = true, .end = End::quiet_until}},
      {"its part was not taken",
       {back},
       "given back for 50000 (quiet)",
       {.earlier = {not_before}, .end = End::quiet_until}},
      {"its validity ends in the night: it is there then, to be expired",
       {},
       "given back for 20000 (quiet)",
       {.earlier = {not_before}, .valid_for = 20'000, .end = End::quiet_until}},
  });
}

TEST(Attempt, PartsThatChangedInNumberAreAllSent) {
  // Its text is cut otherwise since the earlier attempt.
  const Attempt attempt(claimed({taken_before}), 2);
  EXPECT_EQ(attempt.next(), 0u);
  EXPECT_FALSE(attempt.is_untouched()) << "and one is at the carrier already";
}

TEST(Attempt, PartsLeaveInOrderUntilOneIsNotTaken) {
  Attempt attempt(claimed({not_before, taken_before, not_before}), 3);
  EXPECT_EQ(attempt.next(), 0u);
  attempt.submitted(0, Time{} + std::chrono::seconds(1));
  EXPECT_EQ(attempt.submitted_at(0), Time{} + std::chrono::seconds(1));
  EXPECT_TRUE(attempt.is_in_flight(0));
  EXPECT_FALSE(attempt.is_in_flight(1));
  EXPECT_FALSE(attempt.is_in_flight(3)) << "there is no such part";
  EXPECT_EQ(attempt.next(), 2u) << "the second is at the carrier since before";
  EXPECT_TRUE(attempt.is_last(2));
  EXPECT_FALSE(attempt.is_last(1));
  attempt.submitted(2, Time{});
  EXPECT_EQ(attempt.next(), std::nullopt);
  EXPECT_EQ(attempt.in_flight(), 2u);
  attempt.not_taken(0);
  EXPECT_EQ(attempt.next(), 0u) << "it keeps its place";
  EXPECT_EQ(attempt.in_flight(), 1u);
  EXPECT_FALSE(attempt.is_over());
  attempt.submitted(0, Time{});
  attempt.answered(0, busy.answer);
  EXPECT_FALSE(attempt.is_over()) << "the other part was not answered";
  attempt.not_taken(2);
  EXPECT_EQ(attempt.next(), std::nullopt) << "the rest waits for the next attempt";
  EXPECT_TRUE(attempt.is_over());
}

TEST(Attempt, ItIsUntouchedAsLongAsNoPartCanBeAtACarrier) {
  EXPECT_TRUE(Attempt({}, 2).is_untouched());
  store::Claimed in_doubt;
  in_doubt.in_doubt = true;
  EXPECT_FALSE(Attempt(in_doubt, 1).is_untouched());
  EXPECT_FALSE(Attempt(claimed({perhaps_before}), 1).is_untouched());
  Attempt attempt({}, 2);
  attempt.submitted(0, Time{});
  EXPECT_FALSE(attempt.is_untouched());
  attempt.not_taken(0);
  EXPECT_TRUE(attempt.is_untouched()) << "it was surely not taken";
  attempt.submitted(0, Time{});
  attempt.answered(0, lost.answer);
  EXPECT_FALSE(attempt.is_untouched());
}

TEST(Attempt, WhatIsRefusedWasNotLost) {
  Attempt attempt({}, 2);
  attempt.submitted(0, Time{});
  attempt.submitted(1, Time{});
  attempt.answered(0, cut.answer);
  EXPECT_TRUE(attempt.was_lost_with_others(false));
  EXPECT_FALSE(attempt.was_lost_with_others(true));
  attempt.answered(1, dead.answer);
  EXPECT_FALSE(attempt.was_lost_with_others(false));
}

}  // namespace
}  // namespace smsbridge::bridge
