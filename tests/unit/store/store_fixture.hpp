// SPDX-License-Identifier: MPL-2.0
// One message after the other, in virtual time, with the writer stepped by hand; a reopened store stands for a process
// that died.
#pragma once
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <random>

#include "store/store.hpp"

namespace smsbridge::store {

inline constexpr WallMs start_time = 1'790'000'000'000;
inline constexpr Queue queue{.gateway = 7, .tenant = 1, .lane = Lane::transaction};
inline constexpr Queue other_queue{.gateway = 8, .tenant = queue.tenant, .lane = queue.lane};

class StoreTest : public testing::Test {
 protected:
  void SetUp() override {
    path_ = std::filesystem::temp_directory_path() / ("smsbridge-store-" + std::to_string(std::random_device{}()));
    open();
  }
  void TearDown() override {
    store_.reset();
    std::filesystem::remove_all(path_);
  }

  void open() {
    Options options{
        .path = path_, .size_limit_bytes = size_limit_, .prewrite_bytes = 0, .sync = false, .limits = limits_};
    options.inbox_items_max = inbox_items_max_;
    options.wall_clock = [this] { return now_; };
    store_ = std::make_unique<Store>(std::move(options));
    Hooks hooks;
    hooks.finals = [this](const std::vector<Final>& finals) {
      finals_.insert(finals_.end(), finals.begin(), finals.end());
    };
    hooks.due_now = [this](const std::set<Queue>& queues) { due_.insert(queues.begin(), queues.end()); };
    hooks.given_up = [this](const GivenUp& receipts) {
      for (const auto& [whose, count] : receipts) given_up_[whose] += count;
    };
    store_->set_hooks(std::move(hooks));
    store_->open_queue();
  }
  // What was in flight stays in flight: nothing is told to the store.
  void die_and_open() {
    store_.reset();
    open();
  }

  BatchResult commit(Batch batch) {
    BatchResult result;
    store_->commit(std::move(batch), io_.get_executor(), [&](BatchResult r) { result = std::move(r); });
    store_->step();
    io_.restart();
    io_.poll();
    return result;
  }
  ClaimResult claim(std::uint32_t count, Queue from = queue) {
    ClaimResult result;
    store_->claim(std::vector<Want>{{.queue = from, .count = count}}, io_.get_executor(),
                  [&](ClaimResult r) { result = std::move(r); });
    store_->step();
    io_.restart();
    io_.poll();
    return result;
  }
  void pass(WallMs ms) {
    now_ += ms;
    store_->step();
  }

  static Enqueue message(const std::string& ref, const std::string& text = "hello", std::uint64_t digest = 1) {
    Enqueue change;
    auto& c = change.content;
    c.tenant = queue.tenant;
    c.gateway = queue.gateway;
    c.lane = queue.lane;
    c.client_ref = ref;
    c.to = "+254712345678";
    c.text = text;
    c.digest = digest;
    c.expires_at = start_time + 3600'000;
    return change;
  }
  Enqueued enqueue(Enqueue change) {
    Batch batch;
    batch.enqueue.push_back(std::move(change));
    return commit(std::move(batch)).enqueued.at(0);
  }
  static std::vector<Segment> parts(const std::vector<std::string>& provider_ids) {
    std::vector<Segment> segments;
    for (const auto& id : provider_ids) segments.push_back({.state = SegmentState::accepted, .provider_id = id});
    return segments;
  }
  Settled settle(Settlement settlement) {
    Batch batch;
    batch.settlements.push_back(std::move(settlement));
    return commit(std::move(batch)).settled.at(0);
  }
  Settled settle(MessageId id, std::uint16_t attempt, Ending how, std::vector<Segment> segments = {}) {
    return settle({.id = id, .attempt = attempt, .what = std::move(how), .segments = std::move(segments)});
  }
  Settled finish(MessageId id, std::uint16_t attempt, const std::string& provider_id, State state = State::submitted) {
    auto segments = parts(provider_id.empty() ? std::vector<std::string>{} : std::vector{provider_id});
    if (state == State::failed) return settle(id, attempt, Failed{}, std::move(segments));
    return settle(id, attempt, Taken{.awaits_receipt = state == State::submitted, .receipt_wait_ms = 60'000},
                  std::move(segments));
  }
  Receipted receipt(const std::string& provider_id, SegmentState state,
                    const std::string& destination = "254712345678") {
    Batch batch;
    batch.receipts.push_back({.gateway = queue.gateway,
                              .provider_ids = {provider_id},
                              .state = state,
                              .error = "000",
                              .destination = destination});
    return commit(std::move(batch)).receipts.at(0);
  }
  Controlled control(Control::Action action, MessageId id, TenantId tenant = queue.tenant) {
    Batch batch;
    batch.controls.push_back({.action = action, .tenant = tenant, .id = id, .validity_ms = 60'000});
    return commit(std::move(batch)).controls.at(0);
  }
  Progress progress(MessageId id) { return store_->reader().get(id).value().progress; }
  std::int64_t count(State state) {
    std::int64_t total = 0;
    for (const auto& [owner, counts] : store_->counts()) total += counts[static_cast<std::size_t>(state)];
    return total;
  }

  std::filesystem::path path_;
  std::uint64_t size_limit_ = 64u << 20;
  std::size_t inbox_items_max_ = 100;
  LedgerLimits limits_;
  WallMs now_ = start_time;
  boost::asio::io_context io_;
  std::vector<Final> finals_;
  std::set<Queue> due_;
  GivenUp given_up_;
  std::unique_ptr<Store> store_;
};

}  // namespace smsbridge::store
