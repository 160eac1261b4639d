// SPDX-License-Identifier: MPL-2.0
#include "bridge/policy/id_learning.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;
using Lesson = IdLearning::News;
using Base = smpp::IdRule::Base;

smpp::Dialect open_dialect() {
  smpp::Dialect dialect;
  dialect.response_id = dialect.receipt_id = smpp::IdNotation::automatic;
  return dialect;
}

std::string hexadecimal(std::uint64_t id) { return fmt::format("{:x}", id); }
std::string decimal(std::uint64_t id) { return fmt::format("{}", id); }

// A carrier that writes ids its way.
using Write = std::function<std::string(std::uint64_t)>;

class IdLearningTest : public testing::Test {
 protected:
  static std::string phone(std::uint64_t number) { return fmt::format("+2547000{:05}", number % 100'000); }
  // A message to a phone, and its receipt.
  Lesson pair(std::uint64_t id, const Write& response, const Write& receipt, std::uint64_t to) {
    now_ += 1s;
    learner_->answered(response(id), phone(to), now_);
    return learner_->received({receipt(id)}, phone(to).substr(1), "UMOJA", now_ + 500ms);
  }
  // The news of so many messages, each to another phone.
  std::vector<Lesson> pairs(std::size_t count, const Write& response, const Write& receipt) {
    std::vector<Lesson> news;
    for (std::size_t i = 0; i < count; ++i, id_ += 17)
      if (const auto told = pair(id_, response, receipt, id_); told != Lesson::none) news.push_back(told);
    return news;
  }
  void learns_anew_as(const smpp::Dialect& dialect) { learner_ = std::make_unique<IdLearning>(dialect); }

  Time now_{};
  std::uint64_t id_ = 0x1234567;
  std::unique_ptr<IdLearning> learner_ = std::make_unique<IdLearning>(open_dialect());
};

TEST_F(IdLearningTest, LearnsWhatCarriersDo) {
  struct Case {
    const char* name;
    Write response, receipt;
    smpp::IdRule want;
  };
  const auto padded = [](std::uint64_t id) { return fmt::format("{:010}", id); };
  const auto capitals = [](std::uint64_t id) { return fmt::format("{:08X}", id); };
  const auto large = [](std::uint64_t id) { return id | 0xF000000000000000; };
  const Case cases[] = {
      {"the same number", decimal, decimal, {}},
      {"an opaque text",
       [](auto id) { return fmt::format("{:x}-{}", id, id % 7); },
       [](auto id) { return fmt::format("{:X}-{}", id, id % 7); },
       {}},
      {"zeros in the receipt", decimal, padded, {}},
      {"zeros in the answer", padded, decimal, {}},
      {"hexadecimal in capitals, decimal", capitals, decimal, {.base = Base::decimal}},
      {"hexadecimal, decimal with zeros", hexadecimal, padded, {.base = Base::decimal}},
      {"decimal, hexadecimal", decimal, capitals, {.base = Base::hexadecimal}},
      {"ids above 2^63",
       [&](auto id) { return hexadecimal(large(id)); },
       [&](auto id) { return decimal(large(id)); },
       {.base = Base::decimal}},
      {"a prefix in the receipt",
       hexadecimal,
       [](auto id) { return "GW-" + hexadecimal(id); },
       {.receipt_prefix = "gw-"}},
      {"a prefix in the answer",
       [](auto id) { return "site2:" + hexadecimal(id); },
       decimal,
       {.base = Base::decimal, .response_prefix = "site2:"}},
  };
  for (const auto& c : cases) {
    learns_anew_as(open_dialect());
    EXPECT_EQ(pairs(19, c.response, c.receipt), std::vector<Lesson>{}) << c.name;
    EXPECT_EQ(learner_->state().pairs, 19u) << c.name;
    EXPECT_FALSE(learner_->rule()) << c.name;
    EXPECT_EQ(learner_->likely(), c.want) << c.name;
    EXPECT_EQ(pairs(1, c.response, c.receipt), std::vector{Lesson::learnt}) << c.name;
    EXPECT_EQ(learner_->rule(), c.want) << c.name;
    EXPECT_EQ(pairs(500, c.response, c.receipt), std::vector<Lesson>{}) << c.name;
    EXPECT_EQ(learner_->rule(), c.want) << c.name;
  }
}

TEST_F(IdLearningTest, AReceiptMayBeAheadOfItsAnswer) {
  for (int i = 0; i < 20; ++i, id_ += 17) {
    EXPECT_EQ(learner_->received({decimal(id_)}, phone(id_), "UMOJA", now_), Lesson::none);
    EXPECT_EQ(learner_->answered(hexadecimal(id_), phone(id_), now_ + 50ms), i == 19 ? Lesson::learnt : Lesson::none);
  }
  EXPECT_EQ(learner_->rule()->base, Base::decimal);
}

TEST_F(IdLearningTest, WhatProvesNothingDoesNotCount) {
  for (std::uint64_t id = 1; id < 10; ++id)
    for (int i = 0; i < 5; ++i) pair(id, decimal, decimal, 100 * id + static_cast<std::uint64_t>(i));
  EXPECT_EQ(learner_->state().pairs, 0u) << "a number below ten is written alike";
  // 0x23 is 35, and 23 is 0x17: both went to this phone.
  learner_->answered("23", phone(5), now_);
  learner_->answered("17", phone(5), now_);
  learner_->received({"23"}, phone(5), "", now_);
  EXPECT_EQ(learner_->state().pairs, 0u) << "one of two messages to the phone";
  learner_->received({"99999"}, phone(5), "", now_);
  learner_->received({"23"}, phone(6), "", now_);
  EXPECT_EQ(learner_->state().pairs, 0u) << "nobody's, and another phone's";
  pair(id_, hexadecimal, decimal, 7);
  learner_->received({decimal(id_)}, phone(7), "", now_);
  EXPECT_EQ(learner_->state().pairs, 1u) << "the same receipt again";
}

TEST_F(IdLearningTest, OnePhoneTeachesNothing) {
  for (int i = 0; i < 500; ++i, id_ += 17) pair(id_, hexadecimal, decimal, 7);
  EXPECT_FALSE(learner_->rule());
  EXPECT_EQ(learner_->state().pairs, 4u);
  pairs(16, hexadecimal, decimal);
  EXPECT_TRUE(learner_->rule()) << "but it is one of several";
}

TEST_F(IdLearningTest, AMessageToAPhoneWithTheSameLastSixDigitsExplainsNothing) {
  for (int n = 0; n < 40; ++n, id_ += 17) {
    now_ += 1s;
    EXPECT_EQ(learner_->answered(hexadecimal(id_), fmt::format("+2547000{:05}", n), now_), Lesson::none);
    EXPECT_EQ(learner_->received({decimal(id_)}, fmt::format("2547110{:05}", n), "UMOJA", now_), Lesson::none) << n;
  }
}

TEST_F(IdLearningTest, TheAddressesMayStandAsInTheSubmit) {
  for (int i = 0; i < 20; ++i, id_ += 17) {
    learner_->answered(hexadecimal(id_), phone(id_), now_);
    learner_->received({decimal(id_)}, "UMOJA", phone(id_), now_);
  }
  EXPECT_TRUE(learner_->rule());
}

// An account that was moved to another centre.
TEST_F(IdLearningTest, AChangeAtTheCarrierIsLearntAnewWithMoreProof) {
  pairs(20, hexadecimal, decimal);
  EXPECT_EQ(pairs(9, hexadecimal, hexadecimal), std::vector<Lesson>{});
  EXPECT_EQ(pairs(1, hexadecimal, hexadecimal), std::vector{Lesson::contradicted});
  EXPECT_FALSE(learner_->rule());
  EXPECT_EQ(learner_->state().wanted, 40u);
  EXPECT_EQ(pairs(40, hexadecimal, hexadecimal), std::vector{Lesson::learnt});
  EXPECT_EQ(learner_->rule(), smpp::IdRule{});
}

TEST_F(IdLearningTest, OfTwoSitesNeitherIsBelievedForLong) {
  std::size_t contradicted = 0, receipts_while_fixed_wrong = 0;
  for (int i = 0; i < 20'000; ++i, id_ += 17) {
    const bool second_site = i % 25 == 24;
    const bool fixed = learner_->rule().has_value();
    if (second_site && fixed && learner_->rule()->base == Base::decimal) ++receipts_while_fixed_wrong;
    contradicted +=
        pair(id_, hexadecimal, second_site ? Write(hexadecimal) : Write(decimal), id_) == Lesson::contradicted;
  }
  EXPECT_FALSE(learner_->rule());
  EXPECT_LE(contradicted, 1u);
  EXPECT_LE(receipts_while_fixed_wrong, 10u);
}

TEST_F(IdLearningTest, ADamagedReceiptNowAndThenIsForgiven) {
  pairs(20, hexadecimal, decimal);
  for (int i = 0; i < 15; ++i) {
    EXPECT_EQ(pairs(1, hexadecimal, hexadecimal), std::vector<Lesson>{}) << i;
    EXPECT_EQ(pairs(2'000, hexadecimal, decimal), std::vector<Lesson>{}) << i;
  }
  EXPECT_TRUE(learner_->rule());
}

// He writes receipts for his own phone, and knows the ids of its messages.
TEST_F(IdLearningTest, WhoSendsFalseReceiptsTeachesNothing) {
  const auto attack = [&](int times) {
    for (int i = 0; i < times; ++i, id_ += 17) {
      learner_->answered(hexadecimal(id_), phone(13), now_);
      learner_->received({hexadecimal(id_)}, phone(13), "", now_);
    }
  };
  attack(1'000);
  EXPECT_FALSE(learner_->rule());
  for (int i = 0; i < 20; ++i) {
    attack(1);
    EXPECT_NE(pairs(1, hexadecimal, decimal), std::vector{Lesson::contradicted});
  }
  EXPECT_FALSE(learner_->rule()) << "he can hold it up";
  pairs(20, hexadecimal, decimal);
  EXPECT_EQ(learner_->rule()->base, Base::decimal);
  attack(1'000);
  EXPECT_EQ(learner_->rule()->base, Base::decimal) << "one phone contradicts nothing";
}

TEST_F(IdLearningTest, WhatTheDialectSaysIsNotLearntOtherwise) {
  auto dialect = open_dialect();
  dialect.response_id = smpp::IdNotation::decimal;
  learns_anew_as(dialect);
  pairs(50, hexadecimal, decimal);
  EXPECT_FALSE(learner_->rule());
  pairs(20, decimal, hexadecimal);
  EXPECT_EQ(learner_->rule()->base, Base::hexadecimal);
}

// At thousands a second most messages leave before there is room for them, and receipts take minutes.
TEST_F(IdLearningTest, AHighRateAndLateReceiptsLeaveEnoughToLearnFrom) {
  std::vector<std::uint64_t> sent;
  for (int i = 0; i < 50'000; ++i, id_ += 17) {
    learner_->answered(hexadecimal(id_), phone(id_), now_);
    sent.push_back(id_);
  }
  now_ += 5min;
  for (const auto id : sent) learner_->received({decimal(id)}, phone(id), "", now_);
  EXPECT_EQ(learner_->rule()->base, Base::decimal);
}

}  // namespace
}  // namespace smsbridge::bridge
