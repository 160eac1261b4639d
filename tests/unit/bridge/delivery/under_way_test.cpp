// SPDX-License-Identifier: MPL-2.0
// What a gateway claimed and has not settled: in which order it goes out, and whether its sums stay true.
#include "bridge/delivery/under_way.hpp"

#include <gtest/gtest.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <functional>

#include "bridge/env/random.hpp"

namespace smsbridge::bridge {
namespace {

using Apart = Suspects::Apart;
using Order = UnderWay::Order;
using store::Lane;
using Ids = std::vector<store::MessageId>;

Attempt attempt_of(store::MessageId id, Lane lane, const std::string& to, std::size_t parts = 1) {
  store::Claimed message;
  message.id = id;
  message.content.lane = lane;
  message.content.to = to;
  return {std::move(message), parts};
}
Order add(UnderWay& under_way, store::MessageId id, Lane lane = Lane::transaction, Apart apart = Apart::no,
          const std::string& to = "+254712345678") {
  return under_way.add(attempt_of(id, lane, to, 2), std::make_unique<Channel::Outgoing>(), apart);
}
Ids ready(UnderWay& under_way) {
  Ids ids;
  for (const auto order : under_way.ready()) ids.push_back(under_way.at(order).id());
  return ids;
}
constexpr UnderWay::Lanes campaigns_held{false, false, false, true};

TEST(UnderWay, OneTimePasswordsGoFirstAndWhatMayBeAtFaultLast) {
  UnderWay under_way;
  const auto first = add(under_way, 1);
  add(under_way, 2, Lane::otp);
  const auto behind = add(under_way, 3, Lane::campaign, Apart::behind);
  add(under_way, 4, Lane::campaign);
  const auto alone = add(under_way, 5, Lane::otp, Apart::alone);
  EXPECT_EQ(ready(under_way), (Ids{2, 1, 4, 3, 5}));
  EXPECT_EQ(under_way.at(*under_way.first_apart()).id(), 3u);
  EXPECT_TRUE(under_way.at(alone).outgoing->alone);
  EXPECT_FALSE(under_way.at(behind).outgoing->alone);

  under_way.stand_back(first);
  EXPECT_EQ(ready(under_way), (Ids{2, 4, 3, 5, 1})) << "behind those that are there";
  EXPECT_EQ(under_way.find(first), nullptr);
  under_way.move_to_its_place(behind);
  EXPECT_EQ(ready(under_way), (Ids{2, 3, 4, 5, 1})) << "as it was claimed";
  under_way.move_to_its_place(alone);
  EXPECT_EQ(ready(under_way), (Ids{2, 5, 3, 4, 1})) << "among its own kind";
  under_way.move_to_its_place(*under_way.first_apart());
  EXPECT_EQ(ready(under_way), (Ids{2, 5, 1, 3, 4}));
  EXPECT_EQ(under_way.first_apart(), under_way.ready().end());
}

TEST(UnderWay, WhatIsMovedIsReadyAgainAtItsNewPlace) {
  UnderWay under_way;
  const auto first = add(under_way, 1);
  add(under_way, 2);
  under_way.no_longer_ready(first);
  EXPECT_EQ(ready(under_way), Ids{2});
  EXPECT_EQ(under_way.size(), 2u);
  under_way.stand_back(first);
  EXPECT_EQ(ready(under_way), (Ids{2, 1}));
  under_way.check();
}

TEST(UnderWay, WhatIsHeldIsCountedByTheLanesOfNow) {
  UnderWay under_way;
  add(under_way, 1, Lane::campaign);
  const auto second = add(under_way, 2, Lane::campaign, Apart::behind);
  add(under_way, 3, Lane::reminder);
  under_way.no_longer_ready(add(under_way, 4, Lane::campaign));
  EXPECT_EQ(under_way.ready_to_hold(), 0u);
  under_way.hold_lanes(campaigns_held);
  EXPECT_EQ(under_way.ready_to_hold(), 2u) << "one is not ready";
  under_way.remove(second);
  EXPECT_EQ(under_way.ready_to_hold(), 1u);
  under_way.hold_lanes({false, false, true, false});
  EXPECT_EQ(under_way.ready_to_hold(), 1u);
  under_way.hold_lanes({});
  EXPECT_EQ(under_way.ready_to_hold(), 0u);
  under_way.check();
}

TEST(UnderWay, AMessageIsUnderWayToAPhoneHoweverItsNumberIsWritten) {
  UnderWay under_way;
  EXPECT_FALSE(under_way.is_to(""));
  const auto first = add(under_way, 1), second = add(under_way, 2);
  for (const auto* phone : {"", "+254712345678", "0712345678", "712345678"})
    EXPECT_TRUE(under_way.is_to(phone)) << phone;
  EXPECT_FALSE(under_way.is_to("+254712345679"));
  under_way.remove(first);
  EXPECT_TRUE(under_way.is_to("0712345678")) << "the other is to the same phone";
  under_way.remove(second);
  EXPECT_FALSE(under_way.is_to("0712345678"));
  EXPECT_FALSE(under_way.is_to(""));
}

TEST(UnderWay, ItsCookieNamesAMessageAndAPart) {
  constexpr Order largest = (Order{1} << 56) - 1;
  for (const auto order : {Order{1}, Order{1} << 54, Order{1} << 55, largest})
    for (const std::size_t part : {0, 1, 255}) {
      const auto cookie = UnderWay::cookie_of(order, part);
      EXPECT_EQ(UnderWay::order_of(cookie), order);
      EXPECT_EQ(UnderWay::part_of(cookie), part);
    }
}

TEST(UnderWay, OnlyAPartThatIsInFlightIsAnswered) {
  UnderWay under_way;
  const auto order = add(under_way, 1);
  const auto first = UnderWay::cookie_of(order, 0), second = UnderWay::cookie_of(order, 1);
  EXPECT_EQ(under_way.in_flight(first), nullptr);
  under_way.at(order).attempt.submitted(0, Time{});
  EXPECT_EQ(under_way.in_flight(first), &under_way.at(order));
  EXPECT_EQ(under_way.in_flight(second), nullptr);
  EXPECT_EQ(under_way.in_flight(UnderWay::cookie_of(order + 1, 0)), nullptr);
  under_way.remove(order);
  EXPECT_EQ(under_way.in_flight(first), nullptr);
}

TEST(UnderWay, OverdueAnswersAreKnownOnceAndNotWithoutEnd) {
  UnderWay under_way;
  constexpr std::uint64_t most = 4096;
  for (std::uint64_t cookie = 1; cookie <= most; ++cookie) under_way.note_overdue(cookie, {.id = cookie, .attempt = 3});
  const auto overdue = under_way.take_overdue(1);
  ASSERT_TRUE(overdue);
  EXPECT_EQ(overdue->id, 1u);
  EXPECT_EQ(overdue->attempt, 3);
  EXPECT_FALSE(under_way.take_overdue(1)) << "it was taken";
  under_way.note_overdue(most + 1, {});
  EXPECT_TRUE(under_way.take_overdue(2));
  under_way.note_overdue(most + 2, {});
  under_way.note_overdue(most + 3, {});
  EXPECT_FALSE(under_way.take_overdue(3)) << "the oldest is forgotten";
  EXPECT_TRUE(under_way.take_overdue(4));
  EXPECT_TRUE(under_way.take_overdue(most + 3));
}

// The same by the plainest means: what is under way, and nothing summed up.
class Plain {
 public:
  struct Message {
    Order order = 0;
    Lane lane = Lane::otp;
    std::string to;
    bool apart = false, ready = true;
  };
  Plain(UnderWay& under_way, Random& random) : under_way_(under_way), random_(random) {}

  void anything() {
    if (messages_.empty() || random_.chance(0.3)) return added();
    const auto it = std::next(messages_.begin(), random_.between(0, static_cast<std::int64_t>(messages_.size()) - 1));
    auto& [id, message] = *it;
    switch (random_.between(0, 5)) {
      case 0:
        EXPECT_EQ(under_way_.remove(message.order).id(), id);
        messages_.erase(it);
        break;
      case 1:
        under_way_.make_ready(message.order);
        message.ready = true;
        break;
      case 2:
        under_way_.no_longer_ready(message.order);
        message.ready = false;
        break;
      case 3:
        under_way_.stand_back(message.order);
        moved(id, message, true);
        break;
      case 4:
        under_way_.move_to_its_place(message.order);
        moved(id, message, false);
        break;
      default:
        for (auto& held : held_) held = random_.chance(0.5);
        under_way_.hold_lanes(held_);
    }
  }
  void compare() const {
    under_way_.check();
    std::size_t apart = 0, others = 0, to_hold = 0;
    std::map<std::string, bool> phones;
    for (const auto* phone : phones_) phones[phone] = false;
    for (const auto& [id, message] : messages_) {
      phones[message.to] = true;
      EXPECT_EQ(UnderWay::goes_apart(message.order), message.apart) << id;
      if (!message.ready) continue;
      ++(message.apart ? apart : others);
      if (held_[static_cast<std::size_t>(message.lane)]) ++to_hold;
    }
    EXPECT_EQ(under_way_.size(), messages_.size());
    EXPECT_EQ(under_way_.ready_apart(), apart);
    EXPECT_EQ(under_way_.ready_others(), others);
    EXPECT_EQ(under_way_.ready_to_hold(), to_hold);
    for (const auto& [phone, is_to] : phones) EXPECT_EQ(under_way_.is_to(phone), is_to) << phone;
  }

 private:
  void added() {
    const auto apart = static_cast<Apart>(random_.between(0, 2));
    Message message{.lane = static_cast<Lane>(random_.between(0, 3)),
                    .to = phones_[static_cast<std::size_t>(random_.between(0, 2))],
                    .apart = apart != Apart::no};
    message.order = add(under_way_, ++last_, message.lane, apart, message.to);
    messages_.emplace(last_, message);
  }
  void moved(store::MessageId id, Message& message, bool apart) {
    message.apart = apart;
    for (const auto& [order, sending] : under_way_.all())
      if (sending.id() == id) message.order = order;
    message.ready = true;
  }
  static constexpr std::array<const char*, 3> phones_{"+254712345671", "+254712345672", "+254712345673"};
  UnderWay& under_way_;
  Random& random_;
  UnderWay::Lanes held_{};
  std::map<store::MessageId, Message> messages_;
  store::MessageId last_ = 0;
};

TEST(UnderWay, ItsSumsAreTrueAfterWhateverHappens) {
  for (std::uint64_t seed = 1; seed <= 20 && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    UnderWay under_way;
    Random random(seed);
    Plain plain(under_way, random);
    for (int i = 0; i < 300 && !HasFailure(); ++i) {
      plain.anything();
      plain.compare();
    }
  }
}

struct Broken {
  const char* words;
  std::function<void(UnderWay&, Order first, Order second)> breaks;
};
void run(const Broken& broken) {
  spdlog::set_default_logger(
      std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::stderr_sink_st>()));
  UnderWay under_way;
  under_way.hold_lanes(campaigns_held);
  const auto first = add(under_way, 1), second = add(under_way, 2);
  broken.breaks(under_way, first, second);
}

TEST(UnderWayDeathTest, ABrokenSumStopsTheProcessAndSaysWhich) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  const Broken cases[] = {
      {"a message is settled that is not under way",
       [](UnderWay& under_way, Order first, Order) {
         under_way.remove(first);
         under_way.remove(first);
       }},
      {"two messages have one place",
       [](UnderWay& under_way, Order first, Order second) {
         under_way.at(first).place = second;
         under_way.move_to_its_place(first);
       }},
      {"no phone is known of a message that is under way",
       [](UnderWay& under_way, Order first, Order) {
         under_way.at(first).attempt = attempt_of(1, Lane::transaction, "+254700000000");
         under_way.remove(first);
       }},
      {"fewer messages are ready in lanes that hold than there are",
       [](UnderWay& under_way, Order first, Order) {
         under_way.at(first).attempt = attempt_of(1, Lane::campaign, "+254712345678");
         under_way.remove(first);
       }},
      {"the count of ready messages in lanes that hold",
       [](UnderWay& under_way, Order first, Order) {
         under_way.at(first).attempt = attempt_of(1, Lane::campaign, "+254712345678");
         under_way.check();
       }},
  };
  for (const auto& each : cases) EXPECT_DEATH(run(each), each.words);
}

}  // namespace
}  // namespace smsbridge::bridge
