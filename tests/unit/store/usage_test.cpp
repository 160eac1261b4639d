// SPDX-License-Identifier: MPL-2.0
#include "store/usage.hpp"

#include <gtest/gtest.h>

namespace smsbridge::store {
namespace {

TEST(Usage, IsReadAsItWasWrittenBeforeUnknownPricesWereCounted) {
  const auto before = [](const Usage& usage) { return decode_usage(encode(usage).substr(0, 48)).value(); };
  EXPECT_EQ(before({.accepted = 3, .price = 0}).unpriced, 3);
  EXPECT_EQ(before({.accepted = 3, .price = 5}).unpriced, 0);
  EXPECT_EQ(before({.accepted = 3, .price = 5}).price, 5);
  EXPECT_EQ(decode_usage(encode(Usage{.accepted = 3, .unpriced = 2})).value().unpriced, 2);
  for (const std::size_t size : {0, 8, 47, 49, 64}) EXPECT_FALSE(decode_usage(std::string(size, 'x'))) << size;
}

TEST(Month, IsThatOfUtc) {
  EXPECT_EQ(month_of(1'790'812'799'999), 202609u);  // 2026-09-30 23:59:59.999
  EXPECT_EQ(month_of(1'790'812'800'000), 202610u);
  EXPECT_EQ(decode_usage_key(encode(UsageKey{202612, 7, 3, Lane::campaign})), (UsageKey{202612, 7, 3, Lane::campaign}));
}

}  // namespace
}  // namespace smsbridge::store
