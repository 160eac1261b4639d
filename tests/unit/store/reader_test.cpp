// SPDX-License-Identifier: MPL-2.0
#include "tests/unit/store/store_fixture.hpp"

namespace smsbridge::store {
namespace {

TEST_F(StoreTest, PagesGoNewestFirstAndEnd) {
  std::vector<MessageId> ids;
  for (int i = 0; i < 25; ++i) {
    auto change = message(std::to_string(i));
    change.content.tenant = i % 5 == 0 ? 2 : 1;
    ids.push_back(enqueue(change).id);
    now_ += 1000;
  }
  Filter filter{.tenant = 1};
  std::vector<MessageId> seen;
  MessageId before = 0;
  do {
    const auto page = store_->reader().page(filter, before, 7);
    for (const auto& m : page.messages) seen.push_back(m.id);
    before = page.next;
  } while (before);
  ASSERT_EQ(seen.size(), 20u);
  EXPECT_TRUE(std::ranges::is_sorted(seen, std::greater<>()));
  filter.from = start_time + 10'000;
  filter.until = start_time + 20'000;
  EXPECT_EQ(store_->reader().page(filter, 0, 100).messages.size(), 8u);
}

}  // namespace
}  // namespace smsbridge::store
