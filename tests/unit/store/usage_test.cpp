// SPDX-License-Identifier: MPL-2.0
#include "store/usage.hpp"

#include <gtest/gtest.h>

namespace smsbridge::store {
namespace {

TEST(Month, IsThatOfUtc) {
  EXPECT_EQ(month_of(1'790'812'799'999), 202609u);  // 2026-09-30 23:59:59.999
  EXPECT_EQ(month_of(1'790'812'800'000), 202610u);
  EXPECT_EQ(decode_usage_key(encode(UsageKey{202612, 7, 3, Lane::campaign})), (UsageKey{202612, 7, 3, Lane::campaign}));
}

}  // namespace
}  // namespace smsbridge::store
