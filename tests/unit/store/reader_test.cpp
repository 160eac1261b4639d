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

TEST_F(StoreTest, AMessageHasThoseAheadThatCameBefore) {
  for (std::size_t i = 0; i < 3; ++i) {
    const auto stored = enqueue(message(std::to_string(i)));
    EXPECT_EQ(store_->reader().ahead_of(queue, stored.created_at, stored.id, 100), i);
  }
}

TEST_F(StoreTest, WhatIsWaitedForIsFoundByTheEndOfItsWait) {
  std::vector<MessageId> ids;
  for (int i = 0; i < 4; ++i) {
    ids.push_back(enqueue(message(std::to_string(i))).id);
    claim(1);
  }
  const auto wait = [&](std::size_t i, WallMs ms) {
    settle(ids[i], 1, Taken{.receipt_wait_ms = ms}, parts({"id" + std::to_string(i)}));
  };
  wait(0, 60'000);
  wait(1, 20'000);
  settle(ids[2], 1, Held{.wait_ms = 40'000}, parts({"id2"}));
  settle(ids[3], 1, Taken{.awaits_receipt = false}, parts({"id3"}));
  const auto until = now_ + 60'000;
  const auto found = [&](AwaitedAt from, std::size_t most, GatewayId gateway = queue.gateway) {
    std::vector<MessageId> messages;
    for (const auto& each : store_->reader().awaited(gateway, from, until, most).messages)
      messages.push_back(each.message.id);
    return messages;
  };
  EXPECT_EQ(found({}, 10), (std::vector{ids[1], ids[2]})) << "the first ends just then";
  EXPECT_EQ(found({}, 10, queue.gateway + 1), std::vector<MessageId>());
  const auto page = store_->reader().awaited(queue.gateway, {}, until, 1);
  ASSERT_TRUE(page.next);
  EXPECT_EQ(page.messages.at(0).until, now_ + 20'000);
  EXPECT_EQ(found(*page.next, 10), std::vector{ids[2]});
}

TEST_F(StoreTest, AListKeepsToItsFilter) {
  auto change = message("ref", "Habari yako");
  change.content.target_user = "amina";
  enqueue(change);
  struct {
    const char* name;
    Filter fits, fits_not;
  } const rows[] = {
      {"tenant", {.tenant = queue.tenant}, {.tenant = 9}},
      {"gateway", {.gateway = queue.gateway}, {.gateway = 9}},
      {"state", {.states = {State::queued}}, {.states = {State::failed}}},
      {"lane", {.lane = queue.lane}, {.lane = Lane::otp}},
      {"source", {.source = Source::api}, {.source = Source::fineract}},
      {"to", {.to = "+254712345678"}, {.to = "+254712345679"}},
      {"client_ref", {.client_ref = "ref"}, {.client_ref = "re"}},
      {"text", {.text_contains = "yako"}, {.text_contains = "wao"}},
      {"user", {.text_contains = "amina"}, {.text_contains = "juma"}},
      {"from", {.from = start_time}, {.from = start_time + 1}},
      {"until", {.until = start_time + 1}, {.until = start_time}},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(store_->reader().page(row.fits, 0, 10).messages.size(), 1u) << row.name;
    EXPECT_EQ(store_->reader().page(row.fits_not, 0, 10).messages.size(), 0u) << row.name;
  }
}

}  // namespace
}  // namespace smsbridge::store
