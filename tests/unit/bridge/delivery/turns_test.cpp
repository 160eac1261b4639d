// SPDX-License-Identifier: MPL-2.0
// What goes out next, of ordinary messages and of those that may be at fault; in virtual time.
#include "bridge/delivery/turns.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <string>

#include "tests/unit/bridge/delivery/virtual_clock.hpp"

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;
using Apart = Suspects::Apart;
using Blame = Channel::Owner::Blame;
using Kind = Answer::Kind;

// Takes as much as it has room for.
struct OpenChannel : Channel {
  void start() override {}
  void stop() override {}
  void abort() override {}
  bool is_closed() const override { return false; }
  bool reports(std::string_view) const override { return true; }
  bool is_up() const override { return true; }
  std::size_t capacity() const override { return places; }
  std::size_t room() const override { return places - cookies.size(); }
  bool has_room_for(Outgoing& message) override { return room() > 0 && (!message.alone || a_bind_is_free); }
  tl::expected<std::unique_ptr<Outgoing>, std::string> prepare(const store::Claimed&, WallMs) override {
    return std::make_unique<Outgoing>();
  }
  Submitted submit(std::uint64_t cookie, Outgoing&, std::size_t) override {
    if (invalid) return Submitted::invalid;
    cookies.push_back(cookie);
    return Submitted::yes;
  }
  void done_with(const Outgoing&) override { ++done; }
  void describe(GatewayStatus&) const override {}
  void publish_metrics() override {}

  std::size_t places = 10;
  bool a_bind_is_free = true, invalid = false;
  int done = 0;
  std::vector<std::uint64_t> cookies;  // in flight
};

class TurnsTest : public testing::Test {
 protected:
  // To a phone of its own.
  void add(store::MessageId id, store::Lane lane = store::Lane::transaction, WallMs valid_for = 0) {
    add_to("+2547120000" + std::to_string(10 + id), id, lane, valid_for);
  }
  void add_to(std::string phone, store::MessageId id, store::Lane lane = store::Lane::transaction,
              WallMs valid_for = 0) {
    store::Claimed message{.id = id, .attempt = 1};
    message.content.lane = lane;
    message.content.to = std::move(phone);
    if (valid_for) message.expires_at = clock_.wall() + valid_for;
    under_way_.add({std::move(message), parts_}, std::make_unique<Channel::Outgoing>(), turns_.apart(id));
  }
  // "1 2": what was submitted, and "1 over" for what was given up before.
  std::string run() {
    said_.clear();
    turns_.run(channel_);
    return said_;
  }
  std::string pass(Duration time) {
    said_.clear();
    clock_.advance(time);
    return said_;
  }
  // Of the message that was submitted first, of those that are not answered.
  std::uint64_t take(store::MessageId id) {
    const auto it =
        std::ranges::find_if(channel_.cookies, [&](auto cookie) { return under_way_.in_flight(cookie)->id() == id; });
    EXPECT_NE(it, channel_.cookies.end()) << id << " is not in flight";
    const auto cookie = *it;
    channel_.cookies.erase(it);
    return cookie;
  }
  void answer(store::MessageId id, Kind kind) {
    const auto cookie = take(id);
    auto& sending = *under_way_.in_flight(cookie);
    const Answer given{.kind = kind, .provider_ids = {}, .error = {}};
    turns_.answered(cookie, sending, given);
    sending.attempt.answered(UnderWay::part_of(cookie), given);
    if (sending.attempt.is_over()) under_way_.remove(UnderWay::order_of(cookie));
  }
  bool throttle(store::MessageId id) {
    const auto cookie = take(id);
    return turns_.throttled(cookie, *under_way_.in_flight(cookie), 1s, channel_);
  }
  Blame blame(store::MessageId id) {
    const auto cookie = take(id);
    return turns_.blamed(cookie, *under_way_.in_flight(cookie));
  }
  void say(const std::string& what) { said_ += (said_.empty() ? "" : " ") + what; }

  boost::asio::io_context io_;
  VirtualClock clock_;
  UnderWay under_way_;
  Pace pace_{{.rate = 0, .window = 1000}};
  OpenChannel channel_;
  std::size_t parts_ = 1;
  bool more_may_come_ = false;
  store::MessageId unwanted_ = 0;  // its phone said STOP
  store::MessageId too_late_ = 0;  // it is night
  std::string said_;
  Turns turns_{{.executor = io_.get_executor(), .clock = clock_, .under_way = under_way_, .pace = pace_},
               {.more_may_come = [this] { return more_may_come_; },
                .went = [this](const Attempt& attempt) { say(std::to_string(attempt.message().id)); },
                .is_over =
                    [this](UnderWay::Order order) {
                      say(std::to_string(under_way_.at(order).id()) + " over");
                      under_way_.remove(order);
                    },
                .again = [this] { turns_.run(channel_); },
                .why_not =
                    [this](const store::Claimed& message) {
                      return message.id == unwanted_ ? std::string("opted_out") : std::string();
                    },
                .later =
                    [this](const store::Claimed& message) {
                      return message.id == too_late_ ? std::optional(Quiet{.until = 1, .zone = "UTC"}) : std::nullopt;
                    }}};
};

// Also one that was claimed before, and waited here.
TEST_F(TurnsTest, WhatItsPhoneWantsNoMoreDoesNotLeave) {
  add(1);
  add(2);
  add(3);
  unwanted_ = 2;
  EXPECT_EQ(run(), "1 2 over 3");
  EXPECT_EQ(channel_.cookies.size(), 2u);
  parts_ = 2;
  add(4);
  channel_.places = 3;
  EXPECT_EQ(run(), "4");
  unwanted_ = 4;
  channel_.places = 4;
  EXPECT_EQ(run(), "4") << "what has begun is brought to its end";
}

TEST_F(TurnsTest, WhatIsReadyInTheQuietHoursDoesNotLeave) {
  add(1);
  add(2);
  add(3);
  too_late_ = 2;
  EXPECT_EQ(run(), "1 2 over 3");
  parts_ = 2;
  add(4);
  channel_.places = 3;
  EXPECT_EQ(run(), "4");
  too_late_ = 4;
  channel_.places = 4;
  EXPECT_EQ(run(), "4") << "what has begun is brought to its end";
  parts_ = 1;
  add(5);
  channel_.places = 5;
  EXPECT_EQ(run(), "5");
  too_late_ = 5;
  const auto cookie = take(5);
  turns_.not_taken(cookie, *under_way_.in_flight(cookie));
  EXPECT_EQ(run(), "5 over") << "it was not sent, and night fell";
}

TEST_F(TurnsTest, WhileThrottledThoseToOnePhoneGoOneAfterTheOther) {
  const auto one = "+254712345678", written_otherwise = "0712345678";
  add_to(one, 1);
  add_to(one, 2);
  EXPECT_EQ(run(), "1 2") << "nothing was thrown back yet";
  answer(2, Kind::accepted);
  throttle(1);
  add_to(written_otherwise, 3);
  add(4);
  add_to(one, 5, store::Lane::otp);
  const auto within_seconds = [this] {
    run();
    clock_.advance(5s);
    return said_;
  };
  EXPECT_EQ(within_seconds(), "5 4") << "a one-time password has its place before them";
  answer(4, Kind::accepted);
  EXPECT_EQ(within_seconds(), "");
  answer(5, Kind::accepted);
  EXPECT_EQ(within_seconds(), "1");
  answer(1, Kind::refused);
  EXPECT_EQ(within_seconds(), "3");
  add_to(one, 6);
  EXPECT_EQ(within_seconds(), "");
  clock_.advance(61s);
  EXPECT_EQ(run(), "6") << "it is long ago";
}

TEST_F(TurnsTest, OneTimePasswordsFirstAndNoMoreThanThereIsRoomFor) {
  add(1);
  add(2, store::Lane::otp);
  add(3);
  channel_.places = 2;
  EXPECT_EQ(run(), "2 1");
  EXPECT_EQ(run(), "");
  answer(2, Kind::accepted);
  EXPECT_EQ(run(), "3");
}

TEST_F(TurnsTest, TheRateIsKept) {
  pace_.share({.rate = 2, .window = 1});
  for (store::MessageId id = 1; id <= 3; ++id) add(id);
  EXPECT_EQ(run(), "1");
  EXPECT_EQ(pass(499ms), "");
  EXPECT_EQ(pass(2ms), "2");
  EXPECT_EQ(pass(501ms), "3");
}

TEST_F(TurnsTest, WhatCannotGoAnyMoreIsGivenUp) {
  add(1, store::Lane::transaction, 1000);
  channel_.places = 0;
  EXPECT_EQ(run(), "");
  clock_.advance(1s);
  EXPECT_EQ(run(), "1 over") << "its validity ended";
  channel_.places = 10;
  channel_.invalid = true;
  add(2);
  EXPECT_EQ(run(), "2 over") << "nobody can submit it";
}

TEST_F(TurnsTest, AfterABlameAnotherShowsWhoseFaultItIs) {
  add(1);
  EXPECT_EQ(run(), "1");
  EXPECT_EQ(blame(1), Blame::way_out);
  EXPECT_FALSE(turns_.is_at_fault(1)) << "nothing shows it yet";
  EXPECT_EQ(run(), "") << "it waits for another";
  add(2);
  EXPECT_EQ(run(), "2");
  answer(2, Kind::accepted);
  EXPECT_TRUE(turns_.is_at_fault(1));
  EXPECT_EQ(run(), "1") << "at its place again";
  answer(1, Kind::accepted);
  EXPECT_FALSE(turns_.is_at_fault(1));
  EXPECT_EQ(turns_.apart(1), Apart::no);
}

TEST_F(TurnsTest, WithNoOtherItIsTriedAfterAWhile) {
  add(1);
  run();
  blame(1);
  EXPECT_EQ(run(), "");
  more_may_come_ = true;
  EXPECT_EQ(pass(5s), "") << "another may come";
  more_may_come_ = false;
  EXPECT_EQ(run(), "1");
  EXPECT_EQ(blame(1), Blame::way_out_again);
}

TEST_F(TurnsTest, TwoPartsThatMetTheSameAreOneBlame) {
  parts_ = 2;
  add(1);
  EXPECT_EQ(run(), "1 1");
  clock_.advance(1s);
  EXPECT_EQ(blame(1), Blame::way_out);
  EXPECT_EQ(under_way_.ready_apart(), 0u) << "it keeps its place while a part of it is under way";
  EXPECT_EQ(blame(1), Blame::known);
  EXPECT_EQ(under_way_.ready_apart(), 1u);
}

TEST_F(TurnsTest, OneThatIsThrottledTwiceLetsAnotherTry) {
  add(1);
  run();
  EXPECT_FALSE(throttle(1)) << "it keeps its place";
  EXPECT_EQ(run(), "") << "a pause first";
  EXPECT_EQ(pass(1001ms), "1");
  EXPECT_TRUE(throttle(1));
  add(2);
  EXPECT_EQ(run() + pass(1001ms), "2") << "behind others";
  EXPECT_FALSE(throttle(2)) << "all are throttled";
  EXPECT_EQ(run() + pass(3s), "1 2");
  EXPECT_FALSE(throttle(2)) << "and the order stays";
}

// Where all is to one phone, nobody shows whose fault it is: the first is tried again, and not passed at once.
TEST_F(TurnsTest, OneThatStandsBackIsNotPassedByALaterOneToItsPhone) {
  const auto one = "+254712345678";
  add_to(one, 1);
  add_to(one, 2);
  add_to(one, 3);
  channel_.places = 1;
  run();
  throttle(1);
  EXPECT_EQ(run() + pass(1001ms), "1");
  EXPECT_TRUE(throttle(1));
  EXPECT_EQ(under_way_.ready_apart(), 1u);
  EXPECT_EQ(run() + pass(1999ms), "") << "the others wait for it";
  EXPECT_EQ(pass(2ms), "1");
  answer(1, Kind::accepted);
  EXPECT_EQ(run() + pass(1001ms), "2");
  for (const auto wait : {1s, 2s, 4s, 8s}) {
    throttle(2);
    EXPECT_EQ(run() + pass(wait + 1ms), "2");
  }
  throttle(2);
  EXPECT_EQ(run() + pass(1001ms), "3") << "it may be its fault alone";
  answer(3, Kind::accepted);
  EXPECT_TRUE(turns_.is_at_fault(2));
}

TEST_F(TurnsTest, OneThatIsBlamedIsPassedByALaterOneToItsPhone) {
  const auto one = "+254712345678";
  add_to(one, 1);
  add_to(one, 2);
  channel_.places = 1;
  run();
  throttle(1);
  EXPECT_EQ(run() + pass(1001ms), "1");
  blame(1);
  EXPECT_EQ(run() + pass(1001ms), "2");
}

TEST_F(TurnsTest, WhatIsLostWithOthersHoldsABindOnlyUntilItIsThrottled) {
  turns_.lost(1);
  add(1);
  add(2);
  channel_.a_bind_is_free = false;
  EXPECT_EQ(run(), "2") << "the other need not wait for a bind";
  channel_.a_bind_is_free = true;
  EXPECT_EQ(run(), "1");
  throttle(1);
  EXPECT_EQ(run() + pass(1001ms), "1");
  answer(2, Kind::temporary);
  throttle(1);
  EXPECT_EQ(channel_.done, 1) << "nobody could show anything while it keeps it";
}

}  // namespace
}  // namespace smsbridge::bridge
