// SPDX-License-Identifier: MPL-2.0
#include "bridge/delivery/receipt_ids.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smsbridge::bridge {
namespace {

using smpp::IdNotation;
using testing::ElementsAreArray;
using Ids = std::vector<std::string>;
using Write = std::string (*)(std::uint64_t id);

std::string hexadecimal(std::uint64_t id) { return fmt::format("{:x}", id); }
std::string decimal(std::uint64_t id) { return fmt::format("{}", id); }

// After so many messages, each to its phone, whose ids were written this way.
void teach(IdLearning& learning, std::uint64_t messages, Write response, Write receipt) {
  for (std::uint64_t i = 0; i < messages; ++i) {
    const auto id = 0x1234567 + i, phone = 254'700'000'000 + i;
    learning.answered(response(id), decimal(phone), {});
    learning.received({receipt(id)}, decimal(phone), "", {});
  }
}

struct Case {
  const char* name;
  IdNotation response, receipt;
  Ids ids;  // of the receipt
  std::uint64_t messages;
  Write as_response, as_receipt;
  Ids want;
  std::size_t as_given;
};

TEST(ReceiptIds, ByTheDialectByWhatWasLearntOrByGuesses) {
  constexpr auto automatic = IdNotation::automatic, string = IdNotation::string;
  const Case cases[] = {
      {"nothing is known", automatic, automatic, {"23"}, 0, hexadecimal, decimal, {"23", "17", "35"}, 1},
      {"nothing is known of two ids",
       automatic,
       automatic,
       {"23", "z"},
       0,
       hexadecimal,
       decimal,
       {"23", "z", "17", "35"},
       2},
      {"being learnt", automatic, automatic, {"23"}, 19, hexadecimal, decimal, {"23", "17", "35"}, 1},
      {"a prefix is being learnt",
       automatic,
       automatic,
       {"A:23"},
       1,
       decimal,
       [](auto id) { return "a:" + decimal(id); },
       {"A:23", "23"},
       1},
      {"learnt", automatic, automatic, {"23"}, 20, hexadecimal, decimal, {"17"}, 1},
      {"learnt the other way round", automatic, automatic, {"23"}, 20, decimal, hexadecimal, {"35"}, 1},
      {"learnt to be the same", automatic, automatic, {"0023"}, 20, decimal, decimal, {"23"}, 1},
      {"learnt, and written otherwise", automatic, automatic, {"2f"}, 20, hexadecimal, decimal, {"2f"}, 1},
      {"learnt, of two ids", automatic, automatic, {"x", "23"}, 20, hexadecimal, decimal, {"17"}, 1},
      {"said by the dialect", IdNotation::hexadecimal, IdNotation::decimal, {"23"}, 0, hexadecimal, decimal, {"17"}, 1},
      {"said by the dialect, learnt otherwise",
       IdNotation::hexadecimal,
       IdNotation::decimal,
       {"23"},
       20,
       decimal,
       decimal,
       {"17"},
       1},
      {"texts, whatever was learnt", string, string, {"23"}, 20, hexadecimal, decimal, {"23"}, 1},
  };
  for (const auto& c : cases) {
    smpp::Dialect open, dialect;
    open.response_id = open.receipt_id = automatic;
    dialect.response_id = c.response;
    dialect.receipt_id = c.receipt;
    IdLearning learning(open);
    teach(learning, c.messages, c.as_response, c.as_receipt);
    smpp::Receipt receipt;
    receipt.id_candidates = c.ids;
    store::ReceiptRecorded change;
    add_ids(receipt, dialect, &learning, change);
    EXPECT_THAT(change.provider_ids, ElementsAreArray(c.want)) << c.name;
    EXPECT_EQ(change.as_given, c.as_given) << c.name;
  }
}

TEST(ReceiptIds, WithoutAnythingThatLearns) {
  smpp::Dialect dialect;
  dialect.response_id = dialect.receipt_id = IdNotation::automatic;
  smpp::Receipt receipt;
  receipt.id_candidates = {"23"};
  store::ReceiptRecorded change;
  add_ids(receipt, dialect, nullptr, change);
  EXPECT_THAT(change.provider_ids, ElementsAreArray({"23", "17", "35"}));
}

}  // namespace
}  // namespace smsbridge::bridge
