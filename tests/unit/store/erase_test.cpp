// SPDX-License-Identifier: MPL-2.0
// What is left of a tenant that is gone, in every state that a message can be in, and in the file.
#include <fstream>
#include <sstream>

#include "store/verify.hpp"
#include "tests/unit/store/store_fixture.hpp"

namespace smsbridge::store {
namespace {

class EraseTest : public StoreTest {
 protected:
  static constexpr TenantId gone = 2;
  static constexpr Queue its_queue{.gateway = queue.gateway, .tenant = gone, .lane = queue.lane};

  MessageId put(const std::string& ref, TenantId tenant, const std::string& text = "asante sana") {
    auto change = message(ref, text);
    change.content.tenant = tenant;
    return enqueue(std::move(change)).id;
  }
  TenantErased erase_all() {
    TenantErased all;
    std::optional<MessageId> from = MessageId{0};
    for (int steps = 0; from && steps < 100; ++steps) {
      Batch batch;
      batch.erased_tenants.push_back(
          {.tenant = gone,
           .from = *from,
           .marks = {{.scope = "opt-out/2", .prefix = {}}, {.scope = "rows", .prefix = "2/"}}});
      const auto done = commit(std::move(batch)).erased_tenants.at(0);
      all.messages += done.messages;
      all.others += done.others;
      from = done.from;
    }
    EXPECT_FALSE(from) << "it comes to an end";
    return all;
  }
  std::string file() const {
    std::ifstream in(path_ / "data.mdb", std::ios::binary);
    std::stringstream whole;
    whole << in.rdbuf();
    return whole.str();
  }
  std::int64_t count_of(TenantId tenant) {
    std::int64_t total = 0;
    for (const auto& [owner, counts] : store_->counts())
      if (owner.first == tenant)
        for (const auto each : counts) total += each;
    return total;
  }
};

TEST_F(EraseTest, TakesMessagesInEveryStateAndLeavesTheNeighbours) {
  const auto waiting = put("waiting", gone), sent = put("sent", gone), ended = put("ended", gone);
  const auto neighbour = put("neighbour", queue.tenant);
  auto claimed = claim(3, its_queue).messages;
  ASSERT_EQ(claimed.size(), 3u);
  EXPECT_EQ(finish(sent, 1, "carrier-1"), Settled::ok);
  EXPECT_EQ(finish(ended, 1, {}, State::failed), Settled::ok);
  EXPECT_EQ(settle(waiting, 1, GivenBack{}), Settled::ok);
  const auto doubtful = put("doubtful", gone), leased = put("leased", gone), revived = put("revived", gone);
  claim(10, its_queue);
  EXPECT_EQ(settle(waiting, 1, GivenBack{}), Settled::ok);
  EXPECT_EQ(settle(doubtful, 1, Held{.wait_ms = 60'000, .doubtful = true}), Settled::ok);
  EXPECT_EQ(settle(revived, 1, RetryLater{.delay_ms = 5000}), Settled::ok);
  Batch more;
  for (const auto tenant : {queue.tenant, gone}) {
    more.journal.push_back({.tenant = tenant, .stream = "inbound", .key = "254712345678", .body = "asante sana"});
    more.tasks.push_back({.task = {.tenant = tenant, .kind = "hook/9", .key = "1"}, .due_at = 0, .body = "asante"});
    more.marks.push_back({.scope = "opt-out/" + std::to_string(tenant), .key = "254712345678", .value = "x"});
    more.marks.push_back({.scope = "rows", .key = std::to_string(tenant) + "/due/1", .value = {}, .expires_at = 0});
  }
  more.marks.push_back({.scope = "rows", .key = "21/due/1", .value = {}, .expires_at = 0});
  commit(std::move(more));

  const auto erased = erase_all();
  EXPECT_EQ(erased.messages, 6u);
  for (const auto id : {waiting, sent, ended, doubtful, leased, revived}) EXPECT_FALSE(store_->reader().get(id)) << id;
  EXPECT_EQ(count_of(gone), 0);
  EXPECT_TRUE(claim(10, its_queue).messages.empty());
  EXPECT_FALSE(store_->reader().find(gone, {"sent"}).front());
  EXPECT_EQ(finish(leased, 1, "carrier-2"), Settled::superseded) << "whoever has it is told that it is not his";
  EXPECT_NE(receipt("carrier-1", SegmentState::delivered), Receipted::matched);
  EXPECT_TRUE(store_->reader().journal({.tenant = gone, .stream = "inbound"}).entries.empty());
  EXPECT_FALSE(store_->reader().mark("opt-out/2", "254712345678", now_));
  EXPECT_FALSE(store_->reader().mark("rows", "2/due/1", now_));

  EXPECT_TRUE(store_->reader().get(neighbour));
  EXPECT_EQ(claim(10).messages.size(), 1u);
  EXPECT_EQ(store_->reader().journal({.tenant = queue.tenant, .stream = "inbound"}).entries.size(), 1u);
  EXPECT_TRUE(store_->reader().mark("opt-out/1", "254712345678", now_));
  for (const auto* others : {"1/due/1", "21/due/1"}) EXPECT_TRUE(store_->reader().mark("rows", others, now_)) << others;
  EXPECT_EQ(store_->reader().waiting_tasks("hook/9", 10).count, 1u);
  Batch late;
  late.journal.push_back({.tenant = gone, .stream = "hook/9", .key = "1", .body = "asante sana"});
  late.tasks.push_back({.task = {.tenant = gone, .kind = "hook/9", .key = "2"}, .due_at = 0, .body = "asante"});
  commit(std::move(late));
  EXPECT_NE(put("late", gone), neighbour) << "it is not kept";
  EXPECT_TRUE(store_->reader().journal({.tenant = gone, .stream = "hook/9"}).entries.empty());
  EXPECT_EQ(store_->reader().waiting_tasks("hook/9", 10).count, 1u) << "the neighbour's";
  EXPECT_EQ(count_of(gone), 0);
  // Nothing of it comes again with the next start, and the same reference is a new message.
  die_and_open();
  pass(100'000);
  EXPECT_FALSE(store_->reader().get(leased));
  EXPECT_TRUE(store_->take_unreadable().empty());
  EXPECT_EQ(enqueue([&] {
              auto change = message("sent", "another", 2);
              change.content.tenant = gone;
              return change;
            }())
                .kind,
            Enqueued::Kind::stored);
}

TEST_F(EraseTest, LeavesNoRecordThatPointsNowhere) {
  put("waiting", gone);
  put("neighbour", queue.tenant);
  erase_all();
  store_.reset();
  const auto found = verify(path_);
  EXPECT_TRUE(found.ok()) << (found.findings.empty() ? "" : found.findings.front().why);
  EXPECT_EQ(found.messages, 1u);
}

TEST_F(EraseTest, WhatWasErasedIsNowhereInTheFile) {
  // Of all sizes: in pages with others, and in pages of their own.
  for (int n = 0; n < 200; ++n) {
    put("its-" + std::to_string(n), gone, "kwaheri " + std::string(static_cast<std::size_t>(n * n), 'k'));
    put("other-" + std::to_string(n), queue.tenant, "karibu " + std::to_string(n));
  }
  const std::string its = "kwaheri", reference = "its-";
  ASSERT_NE(file().find(its), std::string::npos);
  EXPECT_EQ(erase_all().messages, 200u);
  EXPECT_NE(file().find(its), std::string::npos) << "free places keep what stood there: the next line is needed";
  store_->overwrite_erased();
  EXPECT_EQ(file().find(its), std::string::npos);
  EXPECT_EQ(file().find(reference), std::string::npos);
  // Nor does it come back from the memory in which the next commits are made.
  for (int n = 0; n < 50; ++n) put("more-" + std::to_string(n), queue.tenant);
  EXPECT_EQ(file().find(its), std::string::npos);
  EXPECT_EQ(file().find(reference), std::string::npos);
  EXPECT_NE(file().find("karibu 199"), std::string::npos);
  // The store goes on with what it was written over.
  EXPECT_EQ(claim(250).messages.size(), 250u);
  die_and_open();
  EXPECT_EQ(count(State::queued), 250);
  EXPECT_TRUE(store_->take_unreadable().empty());
}

}  // namespace
}  // namespace smsbridge::store
