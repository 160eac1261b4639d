// SPDX-License-Identifier: MPL-2.0
#include "store/rules.hpp"

#include <gtest/gtest.h>

namespace smsbridge::store {
namespace {

TEST(Rules, AnOutcomeKeepsWhatReceiptsSaid) {
  const auto segment = [](SegmentState state, const char* id) {
    return Segment{.state = state, .provider_id = id, .error = {}};
  };
  const auto merged = [&](const Segment& now, const Segment& known) { return with_receipts({now}, {known}).front(); };
  const auto accepted = segment(SegmentState::accepted, "two");
  EXPECT_EQ(merged(accepted, segment(SegmentState::undeliverable, "two")).state, SegmentState::undeliverable);
  EXPECT_EQ(merged(accepted, segment(SegmentState::undeliverable, "one")).state, SegmentState::accepted)
      << "the other copy may still arrive";
  EXPECT_EQ(merged(accepted, segment(SegmentState::delivered, "one")).state, SegmentState::delivered)
      << "the phone has it";
}

TEST(Phones, NationalAndInternationalFormsAreTheSame) {
  EXPECT_TRUE(same_phone("+254712345678", "0712345678"));
  EXPECT_TRUE(same_phone("+2207001234", "7001234")) << "a country with seven digits";
  EXPECT_FALSE(same_phone("+254712345678", "254712345679"));
  EXPECT_FALSE(same_phone("+254712345678", "5678")) << "too few to say";
}

}  // namespace
}  // namespace smsbridge::store
