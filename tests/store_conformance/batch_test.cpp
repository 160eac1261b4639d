// SPDX-License-Identifier: MPL-2.0
#include "tests/store_conformance/subject.hpp"

// One batch over all five ideas: all of it, or nothing.
namespace smsbridge::store {
namespace {

// What there is of the outcome of an event.
struct Seen {
  std::size_t messages = 0, lines = 0, webhooks = 0;
  bool marked = false, object = false;
  friend bool operator==(const Seen&, const Seen&) = default;
};

class BatchConformance : public Conformance {
 protected:
  const TaskKey event{.tenant = 1, .kind = "event", .key = "77"};

  void SetUp() override {
    Batch batch;
    batch.tasks.push_back({.task = event, .due_at = 0, .body = "loan approved"});
    store.commit(std::move(batch));
    task = store.claim_tasks("event", 1).tasks.at(0);
  }
  // What becomes of an event: its task is done, its message is enqueued, all of it is known.
  Batch outcome() const {
    Batch batch;
    batch.only_if = {TaskHeld{.task = event, .lease = task.lease}, MarkAbsent{.scope = "event", .key = "77"},
                     ObjectAt{.key = "template/approved", .revision = 0}};
    batch.ended_tasks.push_back({.task = event, .lease = task.lease});
    batch.tasks.push_back({.task = {.tenant = 1, .kind = "webhook", .key = "77"}, .due_at = 0, .body = "told"});
    batch.enqueue.push_back(message("loan 77"));
    batch.journal.push_back({.tenant = 1, .stream = "events", .key = "77", .body = "a message was made"});
    batch.marks.push_back({.scope = "event", .key = "77", .value = "done", .expires_at = 0});
    batch.objects.push_back({.key = "template/approved", .value = "Dear", .expected = {}});
    return batch;
  }
  Seen seen() {
    const auto webhooks = store.claim_tasks("webhook", 10).tasks;
    for (const auto& each : webhooks) {
      Batch back;
      back.ended_tasks.push_back({.task = each.task, .lease = each.lease, .again_at = store.now});
      store.commit(std::move(back));
    }
    return {.messages = store.reader().page({}, 0, 10).messages.size(),
            .lines = store.reader().journal({.tenant = 1, .stream = "events"}).entries.size(),
            .webhooks = webhooks.size(),
            .marked = store.reader().mark("event", "77", store.now).has_value(),
            .object = store.reader().object("template/approved").has_value()};
  }
  static constexpr Seen nothing{};
  static constexpr Seen everything{.messages = 1, .lines = 1, .webhooks = 1, .marked = true, .object = true};
  ClaimedTask task;
};

TEST_F(BatchConformance, IsAppliedAsOne) {
  const auto result = store.commit(outcome());
  EXPECT_EQ(result.error, Error::none);
  EXPECT_FALSE(result.unmet);
  EXPECT_EQ(result.ended_tasks.at(0), TaskEnded::ok);
  EXPECT_TRUE(result.marks.at(0).is_new);
  EXPECT_EQ(seen(), everything);
  store.reopen();
  EXPECT_EQ(seen(), everything);
  EXPECT_TRUE(store.claim_tasks("event", 1).tasks.empty());
}

TEST_F(BatchConformance, ARepetitionChangesNothing) {
  store.commit(outcome());
  EXPECT_EQ(store.commit(outcome()).unmet, 0u) << "the task is no longer held";
  EXPECT_EQ(seen(), everything);
}

TEST_F(BatchConformance, OfAFailedCommitNothingIsThereAndItMayBeRepeated) {
  store.fail_next_commit();
  const auto failed = store.commit(outcome());
  EXPECT_EQ(failed.error, Error::unknown);
  EXPECT_EQ(failed.unapplied.size(), outcome().size()) << "given back for the caller to repeat";
  EXPECT_EQ(seen(), nothing);
  EXPECT_EQ(store.commit(failed.unapplied).error, Error::none);
  EXPECT_EQ(seen(), everything);
}

TEST_F(BatchConformance, OfACrashBeforeItsCommitNothingIsThere) {
  store.fail_next_commit();
  store.commit(outcome());
  store.reopen();
  EXPECT_EQ(seen(), nothing);
  const auto again = store.claim_tasks("event", 1).tasks;
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].attempt, 2);
  EXPECT_EQ(store.commit(outcome()).unmet, 0u) << "the worker of before does not count any more";
  EXPECT_EQ(seen(), nothing);
}

TEST_F(BatchConformance, AMarkThatIsThereStopsAllOfIt) {
  Batch mark;
  mark.marks.push_back({.scope = "event", .key = "77", .value = "by another", .expires_at = store.now + 1000});
  store.commit(std::move(mark));
  EXPECT_EQ(store.commit(outcome()).unmet, 1u);
  EXPECT_EQ(seen(), (Seen{.marked = true}));
  store.now += 1000;
  EXPECT_FALSE(store.commit(outcome()).unmet) << "it has expired";
  EXPECT_EQ(seen(), everything);
}

TEST_F(BatchConformance, AnObjectThatChangedStopsAllOfIt) {
  Batch object;
  object.objects.push_back({.key = "template/approved", .value = "Dear", .expected = {}});
  const auto revision = store.commit(std::move(object)).objects.at(0).revision;
  EXPECT_EQ(store.commit(outcome()).unmet, 2u);
  EXPECT_EQ(seen(), (Seen{.object = true}));
  auto as_it_is = outcome();
  as_it_is.only_if[2] = ObjectAt{.key = "template/approved", .revision = revision};
  EXPECT_FALSE(store.commit(std::move(as_it_is)).unmet);
  EXPECT_EQ(seen(), everything);
}

TEST_F(BatchConformance, WhatIsDoneMayBePutAgainInTheSameBatch) {
  Batch next;
  next.ended_tasks.push_back({.task = event, .lease = task.lease});
  next.tasks.push_back({.task = event, .due_at = 0, .body = "the next page"});
  EXPECT_EQ(store.commit(std::move(next)).tasks.at(0), TaskPut::stored);
  const auto claimed = store.claim_tasks("event", 1).tasks.at(0);
  EXPECT_EQ(claimed.body, "the next page");
  EXPECT_EQ(claimed.attempt, 1);
}

TEST_F(BatchConformance, OneThatCannotBeKeptChangesNothing) {
  auto batch = outcome();
  batch.marks.push_back({.scope = "event", .key = std::string(mark_key_max + 1, 'x'), .value = "", .expires_at = 0});
  EXPECT_EQ(store.commit(std::move(batch)).error, Error::invalid);
  EXPECT_EQ(seen(), nothing);
}

// What tells others of an outcome is in its commit.
class AlongsideConformance : public Conformance {
 protected:
  void SetUp() override {
    store.alongside = [this](const std::vector<News>& news, const ReadMessage& read, bool kept) {
      Batch more;
      kept_.push_back(kept);
      for (const auto& [id, tenant, state] : news) {
        const auto found = read(id);
        told_.emplace_back(found ? found->content.client_ref : "?", state, found ? found->progress.state : state);
        more.tasks.push_back(
            {.task = {.tenant = tenant, .kind = "hook", .key = std::string(name(state))}, .body = "x"});
        more.journal.push_back({.tenant = tenant, .stream = "hook", .key = {}, .body = "x"});
      }
      return more;
    };
    store.reopen();
    Batch batch;
    batch.enqueue.push_back(message("1"));
    store.commit(std::move(batch));
    claimed_ = store.claim(1).messages.at(0);
  }
  Batch taken() const {
    Batch batch;
    batch.settlements.push_back({.id = claimed_.id,
                                 .attempt = claimed_.attempt,
                                 .what = Taken{.receipt_wait_ms = 60'000},
                                 .segments = {{.state = SegmentState::accepted, .provider_id = "A"}}});
    return batch;
  }
  std::size_t tasks() { return store.claim_tasks("hook", 10).tasks.size(); }
  Claimed claimed_;
  std::vector<std::tuple<std::string, State, State>> told_;  // reference, what is told, how the message is by then
  std::vector<bool> kept_;
};

TEST_F(AlongsideConformance, IsAskedForWhatHappenedToMessages) {
  EXPECT_TRUE(told_.empty()) << "to be accepted and claimed is nothing";
  auto batch = taken();
  store.commit(batch);
  batch = {};
  batch.receipts.push_back({.gateway = queue.gateway, .provider_ids = {"A"}, .state = SegmentState::delivered});
  store.commit(std::move(batch));
  const std::vector<std::tuple<std::string, State, State>> wanted = {{"1", State::submitted, State::submitted},
                                                                     {"1", State::delivered, State::delivered}};
  EXPECT_EQ(told_, wanted);
  EXPECT_TRUE(store.told_tasks().contains("hook"));
  EXPECT_EQ(tasks(), 2u);
  EXPECT_EQ(store.reader().journal({.tenant = 1, .stream = "hook"}).entries.size(), 2u);
  EXPECT_EQ(store.commit(taken()).settled.at(0), Settled::repeated);
  EXPECT_EQ(told_.size(), 2u) << "a repetition is no news";
}

TEST_F(AlongsideConformance, IsThereOrNotWithTheOutcome) {
  store.fail_next_commit();
  EXPECT_EQ(store.commit(taken()).error, Error::unknown);
  EXPECT_EQ(tasks(), 0u);
  store.commit(taken());
  EXPECT_EQ(tasks(), 1u);
}

TEST_F(AlongsideConformance, GivesWayToTheOutcomeWhereThereIsNoRoom) {
  store.fill_up(2);
  EXPECT_EQ(store.commit(taken()).error, Error::none);
  EXPECT_EQ(kept_, (std::vector<bool>{true, true, false}));
  EXPECT_EQ(store.reader().get(claimed_.id)->progress.state, State::submitted);
  EXPECT_EQ(tasks(), 0u);
}

TEST_F(AlongsideConformance, WaitingTasksAreCounted) {
  store.commit(taken());
  EXPECT_EQ(store.reader().waiting_tasks("hook", 10).count, 1u);
  EXPECT_EQ(store.reader().waiting_tasks("hook", 10).first_due_at, store.now);
  EXPECT_EQ(store.reader().waiting_tasks("hoo", 10).count, 0u);
  tasks();
  EXPECT_EQ(store.reader().waiting_tasks("hook", 10).count, 0u) << "it is claimed";
}

}  // namespace
}  // namespace smsbridge::store
