// SPDX-License-Identifier: MPL-2.0
#include "store/correlation.hpp"

#include <gtest/gtest.h>

namespace smsbridge::store {
namespace {

TEST(CorrelationKey, GatewaysDoNotShareIds) {
  Correlation correlation;
  correlation.add(1, "4a", {.id = 10});
  correlation.add(2, "7a", {.id = 20});
  EXPECT_EQ(correlation.find(1, "4a").at(0).id, 10u);
  EXPECT_EQ(correlation.find(2, "7a").at(0).id, 20u);
}

TEST(CorrelationKey, AnIdThatIsUsedAgainHidesNobody) {
  Correlation correlation;
  correlation.add(1, "4a", {.id = 10});
  correlation.add(1, "4A", {.id = 30});
  const auto places = correlation.find(1, "04a");
  ASSERT_EQ(places.size(), 2u);
  EXPECT_EQ(places[0].id, 30u) << "the newest first";
  EXPECT_EQ(places[1].id, 10u);
}

TEST(CorrelationKey, TheEndOfAnOldMessageLeavesTheNewOneItsId) {
  Correlation correlation;
  correlation.add(1, "35", {.id = 10});
  correlation.add(1, "35", {.id = 20});
  correlation.retire(1, "35", 10);
  for (MessageId id = 100; id < 70'000; ++id) correlation.retire(1, "x", id);  // the first is forgotten for good
  ASSERT_EQ(correlation.find(1, "35").size(), 1u);
  EXPECT_EQ(correlation.find(1, "35").front().id, 20u);
}

}  // namespace
}  // namespace smsbridge::store
