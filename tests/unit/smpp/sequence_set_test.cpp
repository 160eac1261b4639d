// SPDX-License-Identifier: MPL-2.0
#include "smpp/sequence_set.hpp"

#include <gtest/gtest.h>

namespace smsbridge::smpp {
namespace {

TEST(SequenceSet, FindsWhatIsInIt) {
  SequenceSet set;
  for (std::uint32_t i = 1; i <= 5000; ++i) EXPECT_TRUE(set.insert(i));
  for (std::uint32_t i = 1; i <= 5000; ++i) EXPECT_FALSE(set.insert(i));
  EXPECT_TRUE(set.insert(1 + 0x40000000));
  EXPECT_EQ(set.size(), 5001U);
  for (std::uint32_t i = 1; i <= 5000; ++i) set.erase(i);
  EXPECT_FALSE(set.contains(17));
}

}  // namespace
}  // namespace smsbridge::smpp
