// SPDX-License-Identifier: MPL-2.0
// What a gateway makes of its channel's answers, with a real store and a channel that the test plays, in virtual time.
#include "bridge/delivery/gateway.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <filesystem>
#include <functional>
#include <random>

#include "tests/unit/bridge/delivery/logged.hpp"
#include "tests/unit/bridge/delivery/virtual_clock.hpp"

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;
using Kind = Answer::Kind;

// Keeps what it is given, by its text; the test answers.
struct PlayedChannel : Channel {
  struct Message : Outgoing {
    std::string text;
  };
  explicit PlayedChannel(Owner& its) : owner(its) {}
  void start() override {}
  void stop() override { closed = true, owner.on_closed(); }
  void abort() override { closed = true; }
  bool is_closed() const override { return closed; }
  bool reports(std::string_view) const override { return true; }
  bool is_up() const override { return up; }
  std::size_t capacity() const override { return window; }
  std::size_t room() const override { return window - std::min(window, open.size()); }
  tl::expected<std::unique_ptr<Outgoing>, std::string> prepare(const store::Claimed& message, WallMs) override {
    auto outgoing = std::make_unique<Message>();
    outgoing->text = message.content.text;
    outgoing->parts = parts;
    return outgoing;
  }
  Submitted submit(std::uint64_t cookie, Outgoing& message, std::size_t) override {
    if (room() == 0) return Submitted::no_room;
    const auto& text = static_cast<Message&>(message).text;
    sent.push_back(message.alone ? text + " alone" : text);
    open.emplace_back(cookie, text);
    return Submitted::yes;
  }
  void done_with(const Outgoing&) override { ++done; }
  void describe(GatewayStatus&) const override {}
  void publish_metrics() override {}

  std::uint64_t take(const std::string& text) {
    const auto it = std::ranges::find(open, text, [](const auto& each) { return each.second; });
    EXPECT_NE(it, open.end()) << text << " is not under way";
    const auto cookie = it == open.end() ? 0 : it->first;
    if (it != open.end()) open.erase(it);
    return cookie;
  }
  void answer(const std::string& text, Answer given) {
    owner.on_answer(take(text), std::move(given));
    owner.on_room();
  }

  Owner& owner;
  bool up = true, closed = false;
  std::size_t window = 10, parts = 1;
  int done = 0;
  std::vector<std::string> sent;  // in this order
  std::vector<std::pair<std::uint64_t, std::string>> open;
};

class GatewayTest : public testing::Test {
 protected:
  void SetUp() override {
    path_ = std::filesystem::temp_directory_path() / ("smsbridge-gateway-" + std::to_string(std::random_device{}()));
    open_store();
    config_ = std::make_shared<GatewaySettings>();
    config_->name = "main";
    config_->id = 7;
    config_->retry = {.delay_first_ms = 1000, .resend_delay_ms = 100};
    lanes_[static_cast<std::size_t>(store::Lane::campaign)].doubt = DoubtPolicy::hold;
  }
  void open_store() {
    store::Options options{.path = path_, .size_limit_bytes = 16u << 20, .prewrite_bytes = 0, .sync = false};
    options.wall_clock = [this] { return clock_.wall(); };
    store_ = std::make_unique<store::Store>(std::move(options));
    store::Hooks hooks;
    hooks.due_now = [this](const std::set<store::Queue>& queues) {
      boost::asio::post(io_, [this, queues] {
        if (gateway_) gateway_->due({queues.begin(), queues.end()});
      });
    };
    store_->set_hooks(std::move(hooks));
    store_->open_queue();
  }
  // What was under way stays so: nothing is told to the store.
  void die_and_start() {
    gateway_.reset();
    store_.reset();
    open_store();
    start();
  }
  void TearDown() override {
    gateway_.reset();
    store_.reset();
    std::filesystem::remove_all(path_);
  }

  void start() {
    auto table = std::make_shared<RoutingTable>();
    table->gateways = {config_};
    table->prices = std::make_shared<Prices>(prices_);
    if (route_.id) {
      auto other = std::make_shared<GatewaySettings>();
      other->name = "other";
      other->id = 8;
      table->gateways.push_back(std::move(other));
      table->routes = {std::make_shared<RouteSettings>(route_)};
    }
    router_ = std::make_unique<Router>(table, std::map<store::TenantId, std::string>{{1, "umoja"}}, clock_);
    gateway_ = std::make_unique<Gateway>(
        config_,
        GatewayContext{.executor = io_.get_executor(),
                       .clock = clock_,
                       .random = random_,
                       .store = *store_,
                       .metrics = metrics_.gateway("main", "smpp"),
                       .queue_metrics = {{1, &metrics_.queue("umoja", "main")}},
                       .lanes = lanes_,
                       .router = *router_,
                       .pace = std::make_shared<Pace>(Pace::Bounds{.rate = config_->rate, .window = 1000})},
        [this](Channel::Owner& owner) {
          auto channel = std::make_unique<PlayedChannel>(owner);
          channel_ = channel.get();
          return channel;
        });
    gateway_->start();
    gateway_->due({queue(store::Lane::transaction), queue(store::Lane::campaign)});
    turn();
  }
  // It has been trusted all the while.
  void other_is_up() { router_->trust(8, Trust::State::trusted); }
  static store::Queue queue(store::Lane lane) { return {.gateway = 7, .tenant = 1, .lane = lane}; }

  // Everything that was asked of the store and of the loop is done.
  void turn() {
    for (int i = 0; i < 10; ++i) {
      io_.restart();
      io_.poll();
      store_->step();
    }
    io_.restart();
    io_.poll();
  }
  void pass(Duration time) {
    constexpr Duration step = 50ms;
    for (; time > step; time -= step) clock_.advance(step), turn();
    clock_.advance(time);
    turn();
  }

  store::MessageId post(const std::string& text, store::Lane lane = store::Lane::transaction) {
    store::Batch batch;
    auto& content = batch.enqueue.emplace_back().content;
    content.tenant = 1;
    content.gateway = 7;
    content.lane = lane;
    content.route = route_.id;
    content.to = phone_;
    content.text = text;
    content.parts = static_cast<std::uint8_t>(channel_->parts);
    content.due_at = due_at_;
    if (validity_ms_) content.expires_at = clock_.wall() + validity_ms_;
    store::MessageId id = 0;
    store_->commit(std::move(batch), io_.get_executor(),
                   [&id](const store::BatchResult& result) { id = result.enqueued.at(0).id; });
    store_->step();
    io_.restart();
    io_.poll();
    turn();
    return id;
  }
  void answer(const std::string& text, Answer given) {
    channel_->answer(text, std::move(given));
    turn();
  }
  void accept(const std::string& text) { answer(text, {.kind = Kind::accepted, .provider_ids = {"id-" + text}}); }
  void up(bool is) {
    channel_->up = is;
    channel_->owner.on_up_or_down();
    turn();
  }
  // With the gateway "other", to which messages may go.
  void start_with_a_route(WallMs unreachable_after) {
    route_ = {.name = "any", .id = 101, .via = {{.gateway = "main"}, {.gateway = "other"}}};
    route_.unreachable_after.fill(unreachable_after);
    start();
    other_is_up();
  }
  std::vector<std::string> moved() {
    std::vector<std::string> texts;
    store_->claim({{.queue = {.gateway = 8, .tenant = 1}, .count = 5}}, io_.get_executor(),
                  [&](const store::ClaimResult& result) {
                    for (const auto& message : result.messages) texts.push_back(message.content.text);
                  });
    turn();
    return texts;
  }
  void lose_all() {
    for (const auto& [cookie, text] : std::exchange(channel_->open, {}))
      channel_->owner.on_answer(cookie,
                                {.kind = Kind::unknown, .provider_ids = {}, .error = "lost", .with_connection = true});
    turn();
  }
  void throttle(const std::string& text) {
    channel_->owner.on_throttled(channel_->take(text), 1s, "too fast");
    channel_->owner.on_room();
    turn();
  }
  Channel::Owner::Blame blame(const std::string& text) {
    const auto blamed =
        channel_->owner.on_blamed(channel_->take(text), {.kind = Kind::refused, .provider_ids = {}, .error = "403"});
    channel_->owner.on_room();
    turn();
    return blamed;
  }
  store::Progress progress(store::MessageId id) { return store_->reader().get(id).value().progress; }
  store::State state(store::MessageId id) { return progress(id).state; }
  using Texts = std::vector<std::string>;
  Texts sent() { return std::exchange(channel_->sent, {}); }

  std::filesystem::path path_;
  boost::asio::io_context io_;
  VirtualClock clock_;
  Random random_{1};
  metrics::Metrics metrics_{{}};
  std::array<LaneSettings, store::lane_count> lanes_;
  std::shared_ptr<GatewaySettings> config_;
  RouteSettings route_;  // with an id: there is one, and the gateway "other"
  Prices prices_;
  WallMs validity_ms_ = 0, due_at_ = 0;  // of what is posted
  std::string phone_ = "+254712345678";
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<Router> router_;
  std::unique_ptr<Gateway> gateway_;
  PlayedChannel* channel_ = nullptr;
};

TEST_F(GatewayTest, WhatWasLostTogetherGoesOutAgainAlone) {
  start();
  const auto first = post("one"), second = post("two");
  EXPECT_EQ(sent(), (Texts{"one", "two"}));
  lose_all();
  pass(100ms);
  EXPECT_EQ(sent(), (Texts{"one alone", "two alone"})) << "the channel gives each its own bind";
  lose_all();
  EXPECT_EQ(state(first), store::State::doubtful) << "that was its doing";
  pass(1min);
  EXPECT_EQ(sent(), Texts{}) << "and not a third time";
  EXPECT_TRUE(progress(second).maybe_duplicate);
}

TEST_F(GatewayTest, AMessageThatAloneIsRefusedAsIfTheAccountWereEnds) {
  channel_ = nullptr;
  start();
  const auto bad = post("bad");
  EXPECT_EQ(sent(), Texts{"bad"});
  EXPECT_EQ(blame("bad"), Channel::Owner::Blame::way_out);
  EXPECT_EQ(sent(), Texts{}) << "it waits for another";
  const auto good = post("good");
  EXPECT_EQ(sent(), Texts{"good"});
  accept("good");
  EXPECT_EQ(state(good), store::State::submitted);
  EXPECT_EQ(sent(), Texts{"bad"}) << "another passed";
  EXPECT_EQ(blame("bad"), Channel::Owner::Blame::message);
  turn();
  EXPECT_EQ(state(bad), store::State::failed);
}

TEST_F(GatewayTest, WithNoOtherAtHandTheSameMessageIsTriedAgain) {
  start();
  post("only");
  EXPECT_EQ(blame("only"), Channel::Owner::Blame::way_out);
  EXPECT_EQ(sent(), Texts{"only"});
  pass(5s);
  EXPECT_EQ(sent(), Texts{"only"});
  EXPECT_EQ(blame("only"), Channel::Owner::Blame::way_out_again);
}

TEST_F(GatewayTest, ThrottlingSlowsDownAndOneThrottledMessageDoesNot) {
  start();
  const auto slow = post("slow");
  sent();
  throttle("slow");
  pass(999ms);
  EXPECT_EQ(sent(), Texts{}) << "nothing goes out before the carrier's time";
  pass(2ms);
  EXPECT_EQ(sent(), Texts{"slow"});
  throttle("slow");
  phone_ = "+254712345679";
  post("other");
  pass(1100ms);
  EXPECT_EQ(sent(), Texts{"other"}) << "twice the same one: another is tried";
  accept("other");
  pass(3s);
  EXPECT_EQ(sent(), Texts{"slow"});
  const auto rate = gateway_->status().rate_limit;
  throttle("slow");
  EXPECT_EQ(progress(slow).attempts, 1) << "others pass: an attempt of its own";
  EXPECT_GE(gateway_->status().rate_limit, rate);
}

TEST_F(GatewayTest, NoLimitIsNotShownAsNothing) {
  start();
  EXPECT_EQ(gateway_->status().rate_limit, 0);
  EXPECT_EQ(metrics_.gateway("main", "smpp").rate_limit_messages_per_second->Value(),
            std::numeric_limits<double>::infinity());
}

TEST_F(GatewayTest, WhereAllAreThrottledTheOrderStays) {
  start();
  for (const auto* text : {"one", "two", "three"}) post(text);
  EXPECT_EQ(sent(), (Texts{"one", "two", "three"}));
  for (int round = 0; round < 3; ++round) {
    for (const auto& [cookie, text] : std::vector(channel_->open)) throttle(text);
    pass(10s);
  }
  EXPECT_EQ(sent().front(), "one");
}

// Alone on the only bind, and always told that it is too fast: the others must not wait for it.
TEST_F(GatewayTest, ALoneMessageThatIsThrottledLetsTheOthersPass) {
  start();
  post("one");
  post("two");
  lose_all();
  pass(100ms);
  sent();
  throttle("one");
  pass(1100ms);
  channel_->done = 0;
  throttle("one");
  EXPECT_EQ(channel_->done, 1) << "its bind is free";
}

TEST_F(GatewayTest, TheRestOfALongMessageIsNotForgotten) {
  start();
  channel_->parts = 3;
  channel_->window = 1;
  post("long");
  throttle("long");
  pass(1100ms);
  throttle("long");
  sent();
  pass(10s);
  EXPECT_EQ(sent(), Texts{"long"}) << "nobody else is there";
  channel_->parts = 1;
  for (int i = 0; i < 5; ++i) post("other");
  accept("long");
  for (int i = 0; i < 4; ++i) {
    pass(2s);
    if (!channel_->open.empty()) accept(channel_->open.front().second);
  }
  EXPECT_GE(std::ranges::count(sent(), "long"), 2) << "its other parts go on among the others";
}

TEST_F(GatewayTest, ALateAnswerEndsTheDoubt) {
  start();
  const auto id = post("late", store::Lane::campaign);
  const auto cookie = channel_->open.at(0).first;
  answer("late", {.kind = Kind::unknown, .provider_ids = {}, .error = "no answer in time"});
  EXPECT_EQ(state(id), store::State::doubtful);
  channel_->owner.on_late_answer(cookie, "id-1");
  turn();
  EXPECT_EQ(state(id), store::State::submitted);
}

// After a crash what is claimed is in doubt: of a lane that is held, no more than leaves at once.
TEST_F(GatewayTest, HeldLanesAreClaimedAsFastAsTheyLeave) {
  config_->rate = 5;
  start();
  for (int i = 0; i < 100; ++i) post(std::to_string(i), store::Lane::campaign);
  EXPECT_LE(gateway_->status().in_flight, channel_->open.size() + 1);
  pass(2s);
  EXPECT_GE(channel_->sent.size(), 9u) << "and the rate is kept";
  EXPECT_LE(gateway_->status().in_flight, channel_->open.size() + 1);
}

// What is ready was counted by the lanes of before.
TEST_F(GatewayTest, LanesThatChangeHoldForWhatIsClaimedToo) {
  auto& campaign = lanes_[static_cast<std::size_t>(store::Lane::campaign)];
  const auto use = [&](DoubtPolicy doubt) {
    campaign.doubt = doubt;
    gateway_->use_lanes(lanes_);
    turn();
  };
  config_->rate = 1000;
  start();
  use(DoubtPolicy::resend);
  channel_->window = 0;
  for (int i = 0; i < 5; ++i) post(std::to_string(i), store::Lane::campaign);
  use(DoubtPolicy::hold);
  channel_->window = 10;
  channel_->owner.on_room();
  pass(1s);
  for (const auto& text : sent()) accept(text);
  const auto id = post("after", store::Lane::campaign);
  pass(1s);
  EXPECT_EQ(sent(), Texts{"after"}) << "the count of what is ready is right still";
  lose_all();
  EXPECT_EQ(state(id), store::State::doubtful);
}

// Otherwise what came later is in the other gateway's queue first, which may claim it at once.
TEST_F(GatewayTest, WhatIsClaimedMovesNoLaterThanWhatWaitsBehindIt) {
  start_with_a_route(500);
  channel_->window = 0;
  post("claimed");
  pass(950ms);
  channel_->up = false;
  channel_->owner.on_up_or_down();
  post("waits");
  pass(100ms);
  clock_.advance(950ms);  // it moves them, and the loop has not gone on
  Texts there;
  store_->claim({{.queue = {.gateway = 8, .tenant = 1}, .count = 5}}, io_.get_executor(),
                [&](const store::ClaimResult& result) {
                  for (const auto& message : result.messages) there.push_back(message.content.text);
                });
  store_->step();
  turn();
  EXPECT_EQ(there, (Texts{"claimed", "waits"}));
}

TEST_F(GatewayTest, ReceiptsAreCountedByTheirStateAndByWhetherTheyWait) {
  start();
  auto& metrics = metrics_.gateway("main", "smpp");
  const auto receive = [&](const std::string& id, metrics::ReceiptState word, store::SegmentState state) {
    int answered = 0;
    channel_->owner.on_receipt({.gateway = 7, .provider_ids = {id}, .state = state, .error = "000"}, word,
                               [&answered](bool stored) { answered += stored ? 1 : 100; });
    EXPECT_EQ(answered, 0) << "it is not on disk yet";
    turn();
    EXPECT_EQ(answered, 1);
  };
  for (const auto* text : {"one", "two"}) post(text), accept(text);
  receive("id-one", metrics::ReceiptState::delivered, store::SegmentState::delivered);
  EXPECT_EQ(metrics.receipts_parked->Value(), 0);
  receive("id-two", metrics::ReceiptState::undeliverable, store::SegmentState::undeliverable);
  EXPECT_EQ(metrics.receipts_parked->Value(), 0);
  receive("id-two", metrics::ReceiptState::undeliverable, store::SegmentState::undeliverable);
  EXPECT_EQ(metrics.receipts_parked->Value(), 0) << "the same again";
  receive("nobody's", metrics::ReceiptState::expired, store::SegmentState::expired);
  EXPECT_EQ(metrics.receipts_parked->Value(), 1);
  for (std::size_t i = 0; i < metrics::label_count<metrics::ReceiptState>; ++i) {
    const auto state = static_cast<metrics::ReceiptState>(i);
    const auto expected = state == metrics::ReceiptState::delivered       ? 1
                          : state == metrics::ReceiptState::undeliverable ? 2
                          : state == metrics::ReceiptState::expired       ? 1
                                                                          : 0;
    EXPECT_EQ(metrics.receipts[state]->Value(), expected) << metrics::label_value(state);
  }
}

TEST_F(GatewayTest, OfWhoWritesToUsTheLogHasTheLastDigits) {
  start();
  const auto lines = logged([&] { channel_->owner.on_inbound({.from = "254712345678"}, [](bool) {}); });
  EXPECT_NE(lines.find("678"), std::string::npos) << lines;
  EXPECT_EQ(lines.find("5678"), std::string::npos) << lines;
  EXPECT_EQ(metrics_.gateway("main", "smpp").inbound_messages->Value(), 1);
}

TEST_F(GatewayTest, AFloodOfWhoWriteToUsIsALineASecond) {
  start();
  const auto lines = logged([&] {
    for (int i = 0; i < 10'000; ++i) {
      channel_->owner.on_inbound({.from = "2547" + std::to_string(10'000'000 + i)}, [](bool) {});
      clock_.advance(1ms);
    }
  });
  EXPECT_EQ(std::ranges::count(lines, '\n'), 10);
  EXPECT_NE(lines.find("messages=1000\n"), std::string::npos) << lines << "with how many there were";
  EXPECT_EQ(metrics_.gateway("main", "smpp").inbound_messages->Value(), 10'000);
}

TEST_F(GatewayTest, ServesATenantThatCameSince) {
  start();
  gateway_->serve(2, metrics_.queue("tujenge", "main"));
  store::Batch batch;
  auto& content = batch.enqueue.emplace_back().content;
  content.tenant = 2;
  content.gateway = 7;
  content.to = "+254712345678";
  content.text = "Hello";
  store_->commit(std::move(batch), io_.get_executor(), [](const store::BatchResult&) {});
  turn();
  EXPECT_EQ(sent(), Texts{"Hello"});
  pass(2s);
  EXPECT_NE(metrics_.render().find("queue_messages{gateway=\"main\",state=\"in_flight\",tenant=\"tujenge\"} 1"),
            std::string::npos);
}

TEST_F(GatewayTest, WhatIsAcceptedWhileItIsEmptiedWaits) {
  start();
  channel_->window = 1;
  post("first");
  post("before");
  pass(1s);
  gateway_->drain(clock_.wall());
  pass(1s);
  const auto after = post("after");
  accept("first");
  accept("before");
  EXPECT_EQ(sent(), (Texts{"first", "before"}));
  EXPECT_EQ(state(after), store::State::queued);
  post("later");
  EXPECT_EQ(sent(), Texts{}) << "nor is it handed over as it comes";
  gateway_->drain(0);
  turn();
  accept(channel_->open.at(0).second);
  EXPECT_EQ(sent(), (Texts{"after", "later"}));
}

TEST_F(GatewayTest, ACrashHoldsWhatMayBeAtTheCarrierWhereItsLaneDoes) {
  start();
  const auto held = post("held", store::Lane::campaign), again = post("again");
  EXPECT_EQ(sent(), (Texts{"held", "again"}));
  die_and_start();
  EXPECT_EQ(sent(), Texts{"again"});
  EXPECT_EQ(state(held), store::State::doubtful);
  EXPECT_TRUE(progress(again).maybe_duplicate);
}

TEST_F(GatewayTest, NothingLeavesAfterItsValidity) {
  start();
  channel_->window = 1;
  post("first");
  validity_ms_ = 1000;
  const auto late = post("late");
  EXPECT_EQ(gateway_->status().in_flight, 2u) << "claimed ahead";
  pass(1s);
  accept("first");
  EXPECT_EQ(sent(), Texts{"first"});
  EXPECT_EQ(state(late), store::State::expired);
}

TEST_F(GatewayTest, AfterARefusalTheOtherPartsStay) {
  start();
  channel_->window = 1;
  channel_->parts = 3;
  const auto id = post("long");
  answer("long", {.kind = Kind::refused, .provider_ids = {}, .error = "no such number"});
  EXPECT_EQ(sent(), Texts{"long"});
  EXPECT_EQ(state(id), store::State::failed);
}

TEST_F(GatewayTest, WhatIsPartlySentGoesNowhereElse) {
  start_with_a_route(500);
  channel_->parts = 2;
  channel_->window = 1;
  post("waits");
  channel_->window = 0;
  accept("waits");
  pass(500ms);
  up(false);
  pass(1700ms);  // it looks twice, and has not given back what it holds
  EXPECT_EQ(moved(), Texts{}) << "its second part waits here";
  up(true);
  channel_->window = 2;
  pass(1min);
  sent();
  for (const auto& [cookie, text] : std::exchange(channel_->open, {}))
    channel_->owner.on_answer(cookie, {.kind = Kind::accepted, .provider_ids = {"x"}});
  const auto refused = post("refused");
  accept("refused");
  answer("refused", {.kind = Kind::refused, .provider_ids = {}, .error = "no", .elsewhere = true});
  EXPECT_EQ(state(refused), store::State::failed);
  EXPECT_EQ(moved(), Texts{}) << "its first part is at the carrier";
}

TEST_F(GatewayTest, WhatWaitsMovesWhenItsTimeIsOver) {
  start_with_a_route(10'000);
  up(false);
  pass(1s);
  post("waits");
  pass(8s);
  EXPECT_EQ(moved(), Texts{});
  pass(3s);
  EXPECT_EQ(moved(), Texts{"waits"});
}

TEST_F(GatewayTest, WhatWasClaimedAndNotSentReturnsAsItWas) {
  start();
  channel_->window = 1;
  post("sent");
  const auto id = post("waits");
  EXPECT_EQ(gateway_->status().in_flight, 2u);
  up(false);
  pass(2100ms);
  EXPECT_EQ(gateway_->status().in_flight, 1u) << "the other waits for its answer";
  EXPECT_EQ(progress(id).attempts, 0);
  EXPECT_EQ(state(id), store::State::queued);
}

TEST_F(GatewayTest, AfterARetryByHandAllAttemptsAreLeft) {
  config_->retry.attempts_max = 2;
  start();
  const auto id = post("hard");
  const auto fail = [&] {
    answer("hard", {.kind = Kind::temporary, .provider_ids = {}, .error = "busy"});
    pass(3s);
  };
  fail();
  fail();
  ASSERT_EQ(state(id), store::State::failed);
  store::Batch batch;
  batch.controls.push_back({.action = store::Control::Action::retry, .tenant = 1, .id = id, .validity_ms = 3600'000});
  store_->commit(std::move(batch), io_.get_executor(), [](const store::BatchResult&) {});
  turn();
  fail();
  EXPECT_EQ(state(id), store::State::queued);
}

TEST_F(GatewayTest, WhatMayHaveBeenSentIsHeldWhenItsRetriesAreUsedUp) {
  config_->retry.attempts_max = 2;
  start();
  const auto id = post("maybe");
  answer("maybe", {.kind = Kind::unknown, .provider_ids = {}, .error = "no answer"});
  pass(1s);
  answer("maybe", {.kind = Kind::temporary, .provider_ids = {}, .error = "busy"});
  EXPECT_EQ(state(id), store::State::doubtful) << "a receipt may still come";
}

TEST_F(GatewayTest, RoutesTrustNoGatewayThatTakesFewMessagesOrReportsNoneAnyMore) {
  config_->receipts_quiet_ms = 1000;
  start();
  const auto all = [&](Kind kind) {
    for (int i = 0; i < 20; ++i) {
      post("m" + std::to_string(i));
      answer("m" + std::to_string(i), {.kind = kind, .provider_ids = {"id"}, .error = {}});
    }
  };
  all(Kind::accepted);
  EXPECT_EQ(router_->state_of(7), "up");
  all(Kind::temporary);
  EXPECT_EQ(router_->state_of(7), "probing");
  all(Kind::accepted);
  EXPECT_EQ(router_->state_of(7), "up");
  const auto report = [&] {
    channel_->owner.on_receipt({.gateway = 7, .provider_ids = {"id"}, .state = store::SegmentState::delivered},
                               metrics::ReceiptState::delivered, [](bool) {});
    turn();
  };
  report();
  all(Kind::accepted);
  pass(3s);
  EXPECT_EQ(router_->state_of(7), "probing");
  EXPECT_NE(gateway_->status().receipts_quiet_since, 0);
  report();
  EXPECT_EQ(router_->state_of(7), "up");
}

TEST_F(GatewayTest, TheAccountsHoldWhatTheProviderOrElseThePriceListSays) {
  prices_.add(7, "+254", {.part = 800'000, .currency = "KES"});
  start();
  channel_->parts = 2;
  struct {
    const char *price, *currency;
    std::int64_t want;
  } const rows[] = {{"", "", 1'600'000}, {"0.7", "USD", 1'600'000}, {"0.7", "KES", 700'000}};
  for (const auto& row : rows) {
    const auto before = store_->usage().empty() ? 0 : store_->usage().begin()->second.price;
    post("long");
    accept("long");
    answer("long",
           {.kind = Kind::accepted, .provider_ids = {"x"}, .error = {}, .price = row.price, .currency = row.currency});
    EXPECT_EQ(store_->usage().begin()->second.price - before, row.want) << row.price << row.currency;
  }
}

TEST_F(GatewayTest, AnOutcomeOutlastsADiskThatFails) {
  start();
  const auto id = post("one");
  store_->fail_commits(5, 3);
  accept("one");
  EXPECT_EQ(state(id), store::State::queued);
  pass(1s);
  EXPECT_EQ(state(id), store::State::submitted);
}

TEST_F(GatewayTest, AReceiptThatCannotBeStoredIsGivenBackToTheCarrier) {
  start();
  std::vector<bool> answers;
  store_->fail_commits(5, 1'000'000);
  channel_->owner.on_receipt({.gateway = 7, .provider_ids = {"x"}, .state = store::SegmentState::delivered},
                             metrics::ReceiptState::delivered, [&](bool stored) { answers.push_back(stored); });
  pass(19s);
  EXPECT_TRUE(answers.empty());
  pass(2s);
  EXPECT_EQ(answers, std::vector<bool>{false});
  store_->fail_commits(0, 0);
}

TEST_F(GatewayTest, WhatIsDueLaterLeavesAlsoWhenTheClockIsSetAhead) {
  start();
  due_at_ = clock_.wall() + 3600'000;
  post("later");
  pass(1s);
  clock_.set_ahead(1h);
  clock_.advance(61s);
  turn();
  EXPECT_EQ(sent(), Texts{"later"});
}

TEST_F(GatewayTest, TheDelayUntilASubmitIsInSeconds) {
  start();
  up(false);
  post("waits");
  pass(2s);
  up(true);
  channel_->owner.on_room();
  turn();
  const auto delays = metrics_.gateway("main", "smpp").submit_delay_seconds->Collect().histogram;
  EXPECT_EQ(delays.sample_count, 1u);
  EXPECT_NEAR(delays.sample_sum, 2, 0.1);
}

}  // namespace
}  // namespace smsbridge::bridge
