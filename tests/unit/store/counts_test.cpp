// SPDX-License-Identifier: MPL-2.0
#include "tests/unit/store/store_fixture.hpp"

namespace smsbridge::store {
namespace {

TEST_F(StoreTest, AccountsHoldWhatTheCarrierWillBill) {
  const UsageKey key{.month = 202609, .gateway = queue.gateway, .tenant = queue.tenant, .lane = queue.lane};
  ASSERT_EQ(month_of(now_), key.month);
  const auto took = [&](const std::string& ref, SegmentState state) {
    const auto id = enqueue(message(ref)).id;
    claim(1);
    const Settlement taken{.id = id,
                           .attempt = 1,
                           .what = Taken{.receipt_wait_ms = 60'000, .price = 800'000, .parts = 2},
                           .segments = parts({"id-" + ref})};
    settle(taken);
    settle(taken);  // repeated after a lost answer
    receipt("id-" + ref, state);
    receipt("id-" + ref, state);
  };
  took("1", SegmentState::delivered);
  took("2", SegmentState::undeliverable);
  const auto of_no_price = enqueue(message("6")).id;
  claim(1);
  finish(of_no_price, 1, "id-6");
  const auto refused = enqueue(message("3")).id;
  claim(1);
  settle(refused, 1, RetryLater{});
  pass(1);
  claim(1);
  finish(refused, 2, "", State::failed);
  const auto never_left = enqueue(message("4")).id;
  claim(1);
  settle(never_left, 1, GivenBack{});
  store_->fail_commits(EIO, 1);
  commit({.receipts = {}, .settlements = {}, .enqueue = {message("5")}, .controls = {}});
  for (int life = 0; life < 2; ++life) {
    SCOPED_TRACE(life);
    const auto all = store_->usage();
    ASSERT_EQ(all.size(), 1u);
    const auto& usage = all.at(key);
    EXPECT_EQ(usage.submitted, 5) << "three taken, two refused";
    EXPECT_EQ(usage.accepted, 3);
    EXPECT_EQ(usage.parts, 5);
    EXPECT_EQ(usage.delivered, 1);
    EXPECT_EQ(usage.failed, 1);
    EXPECT_EQ(usage.price, 1'600'000);
    EXPECT_EQ(usage.unpriced, 1) << "its price is not known, which is not nothing";
    die_and_open();
  }
}

}  // namespace
}  // namespace smsbridge::store
