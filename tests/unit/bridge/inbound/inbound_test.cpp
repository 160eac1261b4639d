// SPDX-License-Identifier: MPL-2.0
#include "bridge/inbound/inbound.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <filesystem>

#include "tests/unit/bridge/delivery/logged.hpp"
#include "tests/unit/bridge/delivery/virtual_clock.hpp"

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

const std::string phone = "+254712345678";

// A daemon's life, and what it leaves for the next one.
class InboundTest : public testing::Test {
 protected:
  InboundTest() {
    auto& tenant = config_.tenants.emplace_back();
    tenant.name = "umoja";
    tenant.default_country = "KE";
    tenant.numbers = {"22384"};
    auto& gateway = config_.gateways.emplace_back();
    gateway.name = "carrier";
    gateway.id = 7;
    gateway.kind = "smpp";
    begin();
  }
  ~InboundTest() override {
    world_.reset();
    std::filesystem::remove_all(folder_);
  }

  struct World {
    World(const std::filesystem::path& folder, const Config& config, VirtualClock& clock)
        : store(options(folder, clock)),
          tenants(RoutingTable(config).tenants, store, metrics, clock),
          router(std::make_shared<RoutingTable>(config), tenants.names(), clock),
          opt_outs(store, tenants, clock),
          directory(router, nullptr, &opt_outs),
          intake(store, directory, clock),
          inbound({.executor = io.get_executor(),
                   .clock = clock,
                   .store = store,
                   .metrics = metrics,
                   .router = router,
                   .tenants = tenants,
                   .intake = intake,
                   .settings = config.inbound}) {
      store.open_queue();
      inbound.load();
    }
    static store::Options options(const std::filesystem::path& folder, const VirtualClock& clock) {
      store::Options options{.path = folder, .size_limit_bytes = 16u << 20, .prewrite_bytes = 0, .sync = false};
      options.wall_clock = [&clock] { return clock.wall(); };
      return options;
    }
    boost::asio::io_context io;
    metrics::Metrics metrics{{"", "", ""}};
    store::Store store;
    Tenants tenants;
    Router router;
    OptOuts opt_outs;
    Directory directory;
    Intake intake;
    Inbound inbound;
  };

  void begin() {
    world_.reset();
    world_ = std::make_unique<World>(folder_, config_, clock_);
    turn();
  }
  void poll() {
    world_->io.restart();
    world_->io.poll();
  }
  void turn() {
    poll();
    world_->store.step();
    poll();
  }
  static FromPhone message(const std::string& text) {
    FromPhone sms;
    sms.from = "254712345678";
    sms.to = "22384";
    sms.international = true;
    sms.body = text;
    sms.data_coding = 0;
    return sms;
  }
  static FromPhone part(int number, int total, const std::string& text, const std::string& reference = "7") {
    auto sms = message(text);
    sms.reference = reference;
    sms.part = number;
    sms.parts = total;
    return sms;
  }
  // What the carrier is answered: '+', '-', or '?' while it waits.
  std::shared_ptr<char> give(FromPhone sms) {
    auto answer = std::make_shared<char>('?');
    world_->inbound.take(config_.gateways.front(), std::move(sms), world_->io.get_executor(),
                         [answer](bool kept) { *answer = kept ? '+' : '-'; });
    return answer;
  }
  char say(FromPhone sms) {
    const auto answer = give(std::move(sms));
    for (int i = 0; i < 5 && *answer == '?'; ++i) turn();
    return *answer;
  }
  std::vector<InboundRecord> kept() {
    std::vector<InboundRecord> records;
    for (const auto& entry :
         world_->store.reader().journal({.tenant = tenant(), .stream = inbound_stream, .oldest_first = true}).entries)
      records.push_back(*read_inbound(entry.body));
    return records;
  }
  std::vector<std::string> texts() {
    std::vector<std::string> found;
    for (const auto& record : kept()) found.push_back(record.text);
    return found;
  }
  store::TenantId tenant() { return world_->tenants.find("umoja")->id; }
  bool opted_out() { return world_->opt_outs.find(tenant(), phone).has_value(); }
  std::vector<store::Message> sent() { return world_->store.reader().page({}, 0, 100).messages; }
  metrics::GatewayMetrics& counted() { return world_->metrics.gateway("carrier", "smpp"); }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("smsbridge-inbound-" + std::to_string(::getpid()));
  VirtualClock clock_;
  Config config_;
  std::unique_ptr<World> world_;
};

TEST_F(InboundTest, AnAnswerComesAfterTheCommit) {
  const auto answer = give(message("Habari"));
  poll();
  EXPECT_EQ(*answer, '?') << "nothing is on disk";
  turn();
  EXPECT_EQ(*answer, '+');
  begin();
  ASSERT_THAT(texts(), ElementsAre("Habari"));
  EXPECT_EQ(kept()[0].from, phone);
}

TEST_F(InboundTest, ARepetitionIsKnown) {
  EXPECT_EQ(say(message("once")), '+');
  EXPECT_EQ(say(message("once")), '+');
  const auto one = give(message("twice at once")), other = give(message("twice at once"));
  turn();
  EXPECT_EQ(std::string() + *one + *other, "++");
  begin();
  EXPECT_EQ(say(message("once")), '+');
  EXPECT_THAT(texts(), ElementsAre("once", "twice at once"));
  clock_.advance(10min);
  EXPECT_EQ(say(message("once")), '+');
  EXPECT_EQ(texts().size(), 3u) << "after so long it is another message";
  auto with_id = message("of a provider");
  with_id.id = "x1";
  say(with_id);
  clock_.advance(24h);
  say(with_id);
  EXPECT_EQ(texts().size(), 4u) << "a day later it still has its id";
}

TEST_F(InboundTest, PartsComeInAnyOrderTwiceAndAcrossARestart) {
  std::vector<int> order{1, 2, 3};
  int run = 0;
  do {
    const auto text = "run " + std::to_string(run);
    const auto reference = std::to_string(run++);
    const std::vector<std::string> pieces{text + " a", " b", " c"};
    for (const auto number : order) {
      const auto piece = part(number, 3, pieces[static_cast<std::size_t>(number - 1)], reference);
      EXPECT_EQ(say(piece), '+');
      if (number == 2) begin();
      EXPECT_EQ(say(piece), '+') << "again";
    }
    EXPECT_EQ(texts().back(), text + " a b c");
  } while (std::next_permutation(order.begin(), order.end()));
  EXPECT_EQ(texts().size(), 6u);
  EXPECT_EQ(world_->inbound.parts_waiting(), 0u);
  EXPECT_THAT(world_->store.reader().marks({.scope = inbound_part_scope}, clock_.wall()), IsEmpty());
}

TEST_F(InboundTest, PartsThatComeAtOnceAreOneMessage) {
  const auto first = give(part(1, 3, "a")), third = give(part(3, 3, "c")), second = give(part(2, 3, "b"));
  const auto again = give(part(1, 3, "a"));
  for (int i = 0; i < 4; ++i) turn();
  EXPECT_EQ(std::string() + *first + *second + *third + *again, "++++");
  EXPECT_THAT(texts(), ElementsAre("abc"));
}

TEST_F(InboundTest, WhatDoesNotBecomeWholeIsKeptAsItIs) {
  say(part(3, 3, "c"));
  say(part(1, 3, "a"));
  clock_.advance(59min);
  EXPECT_THAT(texts(), IsEmpty());
  const auto lines = logged([&] {
    clock_.advance(1min);
    turn();
  });
  ASSERT_THAT(texts(), ElementsAre("a[...]c"));
  EXPECT_THAT(kept()[0].missing, ElementsAre(2));
  EXPECT_NE(lines.find("without all its parts"), std::string::npos) << lines;
  EXPECT_EQ(counted().inbound_incomplete->Value(), 1);
  // What was waited for in vain comes after all: it is not lost either.
  EXPECT_EQ(say(part(2, 3, "b")), '+');
  clock_.advance(61min);
  turn();
  EXPECT_THAT(texts(), ElementsAre("a[...]c", "[...]b[...]"));
}

TEST_F(InboundTest, AfterAStartPartsOfBeforeHaveSomeTime) {
  say(part(1, 2, "a"));
  clock_.advance(58min);
  begin();
  clock_.advance(5min);
  turn();
  EXPECT_THAT(texts(), IsEmpty());
  EXPECT_EQ(say(part(2, 2, "b")), '+');
  EXPECT_THAT(texts(), ElementsAre("ab"));
}

TEST_F(InboundTest, AReferenceThatIsUsedAgainEndsTheMessageBefore) {
  say(part(1, 2, "old"));
  EXPECT_EQ(say(part(1, 2, "new ")), '+');
  EXPECT_EQ(say(part(2, 2, "one")), '+');
  EXPECT_THAT(texts(), ElementsAre("old[...]", "new one"));
}

TEST_F(InboundTest, WhatCannotBeStoredGoesBackToTheCarrier) {
  world_->store.fail_commits(ENOSPC, 1000);
  const auto answer = give(message("Habari"));
  const auto lines = logged([&] {
    for (int i = 0; i < 200 && *answer == '?'; ++i) {
      turn();
      clock_.advance(200ms);
    }
  });
  EXPECT_EQ(*answer, '-');
  EXPECT_NE(lines.find("could not be stored"), std::string::npos) << lines;
  EXPECT_EQ(counted().inbound_refused->Value(), 1);
  world_->store.fail_commits(0, 0);
  clock_.advance(2s);
  EXPECT_EQ(say(message("Habari")), '+');
  EXPECT_THAT(texts(), ElementsAre("Habari"));
}

TEST_F(InboundTest, StopAndStart) {
  say(message("Stop."));
  EXPECT_TRUE(opted_out());
  say(message("START"));
  EXPECT_FALSE(opted_out());
  say(message("Stop."));
  EXPECT_TRUE(opted_out()) << "it looks like a repetition, and counts all the same";
  EXPECT_THAT(texts(), ElementsAre("Stop.", "START"));
  begin();
  EXPECT_TRUE(opted_out());
  clock_.advance(24h * 4000);
  EXPECT_TRUE(opted_out()) << "it has no end";
  auto by_carrier = message("");
  by_carrier.from = "254712000001";
  by_carrier.opt_out = true;
  say(by_carrier);
  EXPECT_EQ(world_->opt_outs.find(tenant(), "+254712000001")->how, "carrier");
  EXPECT_EQ(world_->opt_outs.page(tenant(), "", 10).size(), 2u);
}

TEST_F(InboundTest, ARulesAnswerIsAcceptedWithItsMessage) {
  auto& rule = config_.inbound_rules.emplace_back();
  rule.name = "hours";
  rule.keywords = {"hours"};
  rule.answer = "From 8 to 17.";
  begin();
  say(message("hours?"));
  say(message("hours?"));
  ASSERT_EQ(sent().size(), 1u);
  const auto content = sent()[0].content;
  EXPECT_EQ(std::tie(content.to, content.from, content.text), std::tuple(phone, "22384", "From 8 to 17."));
  EXPECT_EQ(content.lane, store::Lane::transaction);
  EXPECT_TRUE(kept()[0].answered);
  for (int i = 0; i < 25; ++i) say(message("hours " + std::to_string(i)));
  EXPECT_EQ(sent().size(), 20u) << "two machines may answer each other";
  EXPECT_NE(kept().back().unanswered, "");
  EXPECT_EQ(kept().size(), 26u);
  auto nobody = message("hours");
  nobody.from = "MTN";
  nobody.international = false;
  say(nobody);
  EXPECT_EQ(kept().back().unanswered, "who wrote is no phone number");
}

TEST_F(InboundTest, AnOptOutIsRefusedAtTheDoor) {
  Submission submission{.to = phone, .text = "offer", .lane = store::Lane::campaign};
  const auto& umoja = *world_->tenants.find("umoja");
  EXPECT_FALSE(world_->intake.prepare(Submission(submission), umoja).refusal);
  say(message("stop"));
  const auto refusal = world_->intake.prepare(Submission(submission), umoja).refusal;
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->code, ProblemCode::opted_out);
  for (const auto& [lane, refused] : {std::pair{store::Lane::otp, false},
                                      {store::Lane::transaction, false},
                                      {store::Lane::reminder, true},
                                      {store::Lane::campaign, true}}) {
    submission.lane = lane;
    EXPECT_EQ(world_->intake.prepare(Submission(submission), umoja).refusal.has_value(), refused) << store::name(lane);
    EXPECT_EQ(world_->opt_outs.refusal_at_last(umoja.id, lane, phone).empty(), !refused) << store::name(lane);
  }
  EXPECT_EQ(world_->opt_outs.refusal_at_last(99, store::Lane::campaign, phone), "") << "another tenant's";
}

}  // namespace
}  // namespace smsbridge::bridge
