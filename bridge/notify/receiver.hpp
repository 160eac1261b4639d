// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bridge/config/webhook.hpp"
#include "bridge/env/http_transport.hpp"
#include "bridge/env/log_throttle.hpp"
#include "bridge/env/random.hpp"
#include "bridge/notify/attempt.hpp"
#include "bridge/notify/lines.hpp"
#include "bridge/policy/webhook.hpp"
#include "metrics/metrics.hpp"
#include "store/store.hpp"

namespace smsbridge::bridge {

// How a receiver is, for people.
struct HookStatus {
  bool failing = false;
  WallMs next_try_at = 0, last_delivered_at = 0, last_failed_at = 0;  // 0: none
  std::string last_error;
  std::size_t held = 0;  // events that it has claimed
  WallMs oldest_at = 0;
};

// What a receiver has claimed, for whoever looks from another thread.
struct HeldEvents {
  std::atomic<std::size_t> count{0};
  std::atomic<WallMs> oldest_at{0};  // 0: there is none
};

// Delivers the events of one webhook: those of a message in their order, and as long as the receiver does not answer
// one request at a time, by the schedule. What it has claimed is bounded; the rest waits in the store. One shard.
class Receiver {
 public:
  struct Context {
    boost::asio::any_io_executor executor;
    Clock& clock;
    Random& random;
    store::Store& store;
    metrics::WebhookMetrics& metrics;
    HeldEvents& held;
    std::unique_ptr<HttpTransport> transport;
  };
  // `gone`: it answered 410. It sends nothing more, and is to be stopped.
  Receiver(WebhookSettingsPtr settings, Context context, std::function<void()> gone);
  ~Receiver() { *alive_ = false; }

  void start() { claim(); }
  void due() { claim(); }
  // Requests end at once, and what is left goes back into the store. `ended` is called once, from the executor.
  void stop(std::function<void()> ended);
  HookStatus status() const;
  const WebhookSettings& settings() const { return *settings_; }

 private:
  enum class End : std::uint8_t { delivered, given_up };
  struct Sent {
    std::vector<Delivery*> group;
    std::uint64_t round = 0;
    Time at{};
  };
  void claim();
  void claimed(store::TaskClaimResult result);
  void work();
  std::vector<Delivery*> next_group();
  void send(std::vector<Delivery*> group);
  void answered(std::uint64_t number, const HttpTransport::Result& result);
  void taken(const std::vector<Delivery*>& group, const HookAttempt& attempt);
  void refused(const Sent& sent, const HookAttempt& attempt);
  void unreachable(const Sent& sent, const HookAttempt& attempt);
  void back_off(std::uint64_t round, const HookAttempt& attempt);
  void give_up_old(const HookAttempt& attempt);
  void end(Delivery& delivery, End how, const HookAttempt& attempt);
  void note(store::Batch& batch, const Delivery& delivery, const HookAttempt& attempt, std::string_view how) const;
  void write(store::Batch batch);
  void give_back();
  void arm();

  const WebhookSettingsPtr settings_;
  const Context context_;
  const std::function<void()> gone_;
  const std::string kind_;  // of its tasks
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::unique_ptr<Timer> timer_;
  Lines lines_;
  HookBackoff backoff_;
  std::size_t refused_in_a_row_ = 0;
  std::map<std::uint64_t, Sent> sent_;
  std::uint64_t last_sent_ = 0;
  std::size_t writing_ = 0;
  bool claiming_ = false, claim_again_ = false, is_gone_ = false;
  WallMs next_due_ = 0;          // of what waits in the store for a later time; 0: nothing does
  std::function<void()> ended_;  // it is being stopped
  HookStatus told_;
  log::Throttle throttle_;
};

}  // namespace smsbridge::bridge
