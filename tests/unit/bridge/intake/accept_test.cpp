// SPDX-License-Identifier: MPL-2.0
// What is said to a caller, and what is counted, of each wish to send.
#include "bridge/intake/accept.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <concepts>
#include <filesystem>

#include "bridge/config/config.hpp"
#include "bridge/routing/quotas.hpp"
#include "tests/unit/bridge/delivery/virtual_clock.hpp"

namespace smsbridge::bridge {
namespace {

class AcceptTest : public testing::Test {
 protected:
  AcceptTest() : store_(options()) { store_.open_queue(); }
  ~AcceptTest() override { std::filesystem::remove_all(folder_); }

  store::Options options() {
    store::Options options{.path = folder_, .size_limit_bytes = 16u << 20, .prewrite_bytes = 0, .sync = false};
    options.wall_clock = [] { return WallMs{1'790'000'000'000}; };
    options.inbox_items_max = 3;
    return options;
  }
  static std::shared_ptr<const RoutingTable> table() {
    Config config;
    config.tenants = {{.name = "t", .default_country = "KE"}};
    config.gateways = {{.name = "g", .id = 1}};
    return std::make_shared<RoutingTable>(config);
  }
  Prepared wish(const std::string& to, const std::string& text, const std::string& reference = {}) {
    Submission s;
    s.to = to;
    s.text = text;
    s.client_ref = reference;
    return intake_.prepare_to_send(std::move(s), tenant());
  }
  static std::vector<Prepared> all(std::same_as<Prepared> auto... wishes) {
    std::vector<Prepared> together;
    (together.push_back(std::move(wishes)), ...);
    return together;
  }
  const Tenant& tenant() { return *tenants_.find("t"); }
  using Results = tl::expected<std::vector<Acceptance>, Problem>;
  Results accept(std::vector<Prepared> wishes, store::Batch along = {}) {
    std::optional<Results> results;
    intake_.accept(
        tenant(), std::move(wishes), Intake::WhenBusy::refuse, io_.get_executor(),
        [&](Results got) { results = std::move(got); }, std::move(along));
    store_.step();
    io_.restart();
    io_.poll();
    EXPECT_TRUE(results) << "no answer";
    return results ? std::move(*results) : Results(std::vector<Acceptance>());
  }
  double counted(prometheus::Counter* counter) { return counter->Value(); }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("smsbridge-accept-" + std::to_string(::getpid()));
  boost::asio::io_context io_;
  VirtualClock clock_;
  store::Store store_;
  metrics::Metrics metrics_{{"", "", ""}};
  Tenants tenants_{table()->tenants, store_, metrics_, clock_};
  Router router_{table(), tenants_.names(), clock_};
  Directory directory_{router_};
  Intake intake_{store_, directory_, clock_};
};

using Kind = Acceptance::Kind;

TEST_F(AcceptTest, WritesWhatBelongsToItInTheSameCommit) {
  const auto along = [] {
    store::Batch batch;
    batch.only_if.emplace_back(store::MarkAbsent{.scope = "row", .key = "7"});
    batch.marks.push_back({.scope = "row", .key = "7"});
    return batch;
  };
  const auto results = accept(all(wish("+254711000001", "one")), along());
  ASSERT_TRUE(results);
  EXPECT_EQ(results->front().kind, Kind::accepted);
  EXPECT_TRUE(store_.reader().mark("row", "7", 0));
  const auto again = accept(all(wish("+254711000001", "one")), along());
  ASSERT_FALSE(again) << "its condition does not hold any more";
  EXPECT_EQ(again.error().code, ProblemCode::state_conflict);
  EXPECT_EQ(store_.reader().page({}, 0, 10).messages.size(), 1u);
  store::Batch alone;
  alone.marks.push_back({.scope = "row", .key = "8"});
  ASSERT_TRUE(accept(all(wish("nobody", "two")), std::move(alone)));
  EXPECT_TRUE(store_.reader().mark("row", "8", 0)) << "also where nothing is accepted";
}

TEST_F(AcceptTest, SaysOfEachWishWhatBecameOfIt) {
  const auto first = accept(all(wish("+254711000001", "one", "r-1")));
  ASSERT_TRUE(first);
  ASSERT_EQ(first->front().kind, Kind::accepted);
  const auto results =
      accept(all(wish("+254711000001", "one", "r-1"), wish("nobody", "two"), wish("+254711000001", "three", "r-1")));
  ASSERT_TRUE(results);
  ASSERT_EQ(results->size(), 3u);
  EXPECT_EQ((*results)[0].kind, Kind::replayed);
  EXPECT_EQ((*results)[0].id, first->front().id);
  EXPECT_EQ((*results)[1].kind, Kind::refused);
  EXPECT_EQ((*results)[1].problem->code, ProblemCode::invalid_number);
  EXPECT_EQ((*results)[2].kind, Kind::refused);
  EXPECT_EQ((*results)[2].problem->code, ProblemCode::idempotency_mismatch);
  const auto& counts = tenant().metrics;
  EXPECT_EQ(counted(counts.accepted[metrics::Source::api]), 1);
  EXPECT_EQ(counted(counts.replayed), 1);
  EXPECT_EQ(counted(counts.rejected[metrics::RejectReason::invalid_number]), 1);
  EXPECT_EQ(counted(counts.rejected[metrics::RejectReason::idempotency_mismatch]), 1);
}

// The way out is gone meanwhile: the first answer is given again, and what is new is refused.
TEST_F(AcceptTest, KnowsARepetitionOfWhatItWouldRefuseNow) {
  const auto first = accept(all(wish("+254711000001", "one", "r-1")));
  ASSERT_TRUE(first);
  Config config;
  config.tenants = {{.name = "t", .default_country = "KE"}};
  router_.replace(std::make_shared<RoutingTable>(config));
  auto repeated = wish("+254711000001", "one", "r-1"), fresh = wish("+254711000002", "two", "r-2");
  ASSERT_TRUE(repeated.refusal);
  ASSERT_TRUE(fresh.refusal);
  std::vector<Prepared> wishes;
  wishes.push_back(std::move(repeated));
  wishes.push_back(std::move(fresh));
  const auto results = accept(std::move(wishes));
  ASSERT_TRUE(results);
  EXPECT_EQ((*results)[0].kind, Kind::replayed);
  EXPECT_EQ((*results)[0].id, first->front().id);
  EXPECT_EQ((*results)[1].kind, Kind::refused);
  EXPECT_EQ((*results)[1].problem->code, ProblemCode::no_route);
}

// Nobody else could be named by Fineract, which posts a message once: there it waits.
TEST_F(AcceptTest, AGatewayThatIsBeingEmptiedIsNamedInVain) {
  router_.drain(1, true);
  for (const auto source : {store::Source::api, store::Source::fineract}) {
    Submission s;
    s.to = "+254711000001";
    s.text = "one";
    s.gateway = router_.table()->gateway("g");
    s.source = source;
    EXPECT_EQ(intake_.prepare(std::move(s), tenant()).refusal.has_value(), source == store::Source::api);
  }
}

// A loop somewhere: hundreds of the same.
TEST_F(AcceptTest, TheSameTextGoesToANumberSoOftenAndNotOftener) {
  int accepted = 0, refused = 0;
  for (int i = 0; i < 500; ++i) {
    const auto results = accept(all(wish("0711000001", "one")));
    ASSERT_TRUE(results);
    accepted += results->front().kind == Kind::accepted ? 1 : 0;
    if (const auto& problem = results->front().problem) refused += problem->code == ProblemCode::same_text ? 1 : 0;
  }
  EXPECT_EQ(accepted, 3);
  EXPECT_EQ(refused, 497);
  EXPECT_EQ(counted(tenant().metrics.same_text), 497);
  EXPECT_EQ(counted(tenant().metrics.rejected[metrics::RejectReason::same_text]), 497);
  EXPECT_FALSE(wish("+254711000002", "one").refusal) << "to another number";
  EXPECT_FALSE(wish("+254711000001", "another").refusal);
  Submission code;
  code.to = "+254711000001";
  code.text = "one";
  code.lane = store::Lane::otp;
  EXPECT_FALSE(intake_.prepare_to_send(std::move(code), tenant()).refusal) << "a login code is asked for";
  clock_.advance(std::chrono::hours(24));
  EXPECT_FALSE(wish("+254711000001", "one").refusal) << "another day";
}

TEST_F(AcceptTest, OnlyWhatIsAcceptedCountsAmongEqualTexts) {
  const auto first = accept(all(wish("+254711000001", "one", "r-1")));
  ASSERT_TRUE(first);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(accept(all(wish("+254711000001", "one", "r-1")))->front().kind, Kind::replayed);
    EXPECT_EQ(accept(all(wish("+254711000001", "one", "r-1")))->front().id, first->front().id);
    EXPECT_FALSE(wish("+254711000001", "one").refusal) << "and then it is not sent";
    store_.fail_commits(EIO, 1);
    EXPECT_FALSE(accept(all(wish("+254711000001", "one"))));
  }
  // All of one request count, before any of them is on disk.
  std::vector<Prepared> wishes;
  for (const auto* const reference : {"r-2", "r-3", "r-4"}) wishes.push_back(wish("+254711000001", "one", reference));
  const auto results = accept(std::move(wishes));
  ASSERT_TRUE(results);
  EXPECT_EQ((*results)[1].kind, Kind::accepted);
  EXPECT_EQ((*results)[2].problem.value().code, ProblemCode::same_text);
  const auto again = accept(all(wish("+254711000001", "one", "r-3")));
  EXPECT_EQ(again->front().kind, Kind::replayed) << "a repetition of what was accepted is known";
}

// A slice of a schedule is never smaller the next time.
TEST_F(AcceptTest, WhatNobodyCanSplitIsHeldBackAndNotRefusedForEver) {
  Config config;
  config.tenants = {{.name = "t", .default_country = "KE", .limits = {.rate = 2}}};
  tenants_.take_over(tenants_.prepare(RoutingTable(config).tenants));
  Quotas quotas(store_);
  const Directory directory(router_, nullptr, nullptr, &quotas);
  Intake intake(store_, directory, clock_);
  const auto accepts = [&](store::Source source, store::Lane lane) {
    std::vector<Prepared> wishes;
    for (int i = 0; i < 3; ++i) {
      Submission s;
      s.to = "+254711000001";
      s.text = "one";
      s.lane = lane;
      s.source = source;
      wishes.push_back(intake.prepare(std::move(s), tenant()));
    }
    std::optional<Results> results;
    intake.accept(tenant(), std::move(wishes), Intake::WhenBusy::refuse, io_.get_executor(),
                  [&](Results got) { results = std::move(got); });
    store_.step();
    io_.restart();
    io_.poll();
    return results && results->has_value();
  };
  for (const auto lane : {store::Lane::otp, store::Lane::transaction}) {
    for (const auto source : {store::Source::schedule, store::Source::event, store::Source::fineract})
      EXPECT_TRUE(accepts(source, lane));
    EXPECT_FALSE(accepts(store::Source::api, lane)) << "whoever asks for more than the rate at once splits it";
  }
  EXPECT_GT(counted(tenant().metrics.held_back), 0);
}

TEST_F(AcceptTest, NothingIsAcceptedThatIsNotOnDisk) {
  store_.fail_commits(EIO, 1);
  const auto results = accept(all(wish("+254711000001", "one"), wish("+254711000002", "two")));
  ASSERT_FALSE(results);
  EXPECT_EQ(results.error().code, ProblemCode::storage_failed);
  EXPECT_EQ(counted(tenant().metrics.rejected[metrics::RejectReason::storage_failed]), 2);
  EXPECT_EQ(counted(tenant().metrics.accepted[metrics::Source::api]), 0);
}

TEST_F(AcceptTest, WhoCannotComeAgainWaitsForTheWriter) {
  std::vector<Prepared> many;
  for (int i = 0; i < 3; ++i) many.push_back(wish("+254711000001", "fill " + std::to_string(i)));
  bool filled = false, refused = false, waited = false;
  intake_.accept(tenant(), std::move(many), Intake::WhenBusy::refuse, io_.get_executor(),
                 [&](const Results& results) { filled = results.has_value(); });
  const auto more = [&](Intake::WhenBusy when_busy, auto done) {
    std::vector<Prepared> wishes;
    wishes.push_back(wish("+254711000002", "more"));
    intake_.accept(tenant(), std::move(wishes), when_busy, io_.get_executor(), done);
  };
  more(Intake::WhenBusy::refuse,
       [&](const Results& results) { refused = !results && results.error().code == ProblemCode::queue_full; });
  more(Intake::WhenBusy::wait, [&](const Results& results) { waited = results.has_value(); });
  io_.poll();
  EXPECT_TRUE(refused);
  EXPECT_FALSE(waited) << "the writer has not come to it";
  store_.step();
  io_.restart();
  io_.poll();
  EXPECT_TRUE(filled);
  clock_.advance(std::chrono::milliseconds(250));
  store_.step();
  io_.restart();
  io_.poll();
  EXPECT_TRUE(waited);
}

// Of one event: all of it has a place, or none has, and what has none took none.
TEST_F(AcceptTest, WhatIsCommittedElsewhereHasItsPlacesTogether) {
  const TenantSettings settings{.name = "t", .limits = {.queue = 10, .rate = 1}};
  const Tenant narrow{.id = tenant().id, .config = settings, .metrics = metrics_.tenant("t")};
  Quotas quotas{store_};
  const Directory directory{router_, nullptr, nullptr, &quotas};
  Intake intake{store_, directory, clock_};
  const auto wishes = [](std::size_t count, store::Lane lane) {
    std::vector<store::Enqueue> all(count);
    for (auto& each : all) each.content.lane = lane, each.content.expires_at = 1000;
    return all;
  };
  auto six = wishes(6, store::Lane::reminder), five = wishes(5, store::Lane::reminder),
       four = wishes(4, store::Lane::campaign);
  EXPECT_EQ(intake.take_places(narrow, six), "");
  EXPECT_NE(intake.take_places(narrow, five), "");
  EXPECT_EQ(intake.take_places(narrow, four), "") << "those that found none took none";
  EXPECT_NE(intake.take_places(narrow, five), "");
  auto paid = wishes(20, store::Lane::transaction);
  EXPECT_EQ(intake.take_places(narrow, paid), "") << "transactions do not wait for a campaign";
  EXPECT_EQ(paid.back().content.expires_at, 1000);
  const auto now = clock_.wall();
  EXPECT_GE(four.back().content.due_at, now + 8000) << "a second for each before it";
  EXPECT_GE(four.back().content.expires_at, 1000 + 8000) << "and it is good for as long from then on";
  quotas.refresh();
  auto group = wishes(150, store::Lane::reminder);
  EXPECT_EQ(intake.take_places(narrow, group), "") << "more than may ever wait go when nothing does";
}

}  // namespace
}  // namespace smsbridge::bridge
