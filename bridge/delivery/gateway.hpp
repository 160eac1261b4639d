// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/unordered/unordered_flat_map.hpp>
#include <functional>
#include <map>
#include <set>

#include "bridge/config.hpp"
#include "bridge/delivery/fair_share.hpp"
#include "bridge/delivery/outcome.hpp"
#include "bridge/delivery/rate.hpp"
#include "bridge/delivery/smpp_link.hpp"
#include "bridge/delivery/smpp_message.hpp"
#include "metrics/metrics.hpp"
#include "store/store.hpp"

namespace smsbridge::bridge {

// What a gateway needs of the world; everything outlives it.
struct GatewayContext {
  boost::asio::any_io_executor executor;  // of the shard it lives on
  Clock& clock;
  Connector& connector;
  Random& random;
  store::Store& store;
  metrics::GatewayMetrics& metrics;
  metrics::SmppMetrics& smpp_metrics;
  std::map<store::TenantId, metrics::QueueMetrics*> queue_metrics;
  const std::array<LaneConfig, store::lane_count>& lanes;
};

struct GatewayStatus {
  struct SessionStatus {
    int number = 0;
    std::string state, last_error;
  };
  std::string state;        // up, down, paused
  WallMs paused_since = 0;  // 0: it is not
  std::vector<SessionStatus> sessions;
  std::size_t window_in_use = 0, window_limit = 0, in_flight = 0;
  double rate_limit = 0;
};

// Takes messages out of the queue, submits them over its binds, and writes down what became of them.
//
// It holds no queue of its own: it claims from the store what its windows can take soon, so a million waiting messages
// are not a million objects. A claim and each outcome are durable before their effect shows outside. One shard; all
// calls and callbacks run there.
class SmppGateway : private SmppLink::Owner {
 public:
  SmppGateway(const GatewayConfig& config, GatewayContext context);
  ~SmppGateway() override;

  void start();
  // These queues got something; only those of this gateway are given.
  void due(const std::vector<store::Queue>& queues);
  // Submits nothing until resume(); binds stay. Whoever calls remembers it over a restart.
  void pause(WallMs since);
  void resume();
  // Claims nothing more, waits for open answers until `deadline`, gives back what was not sent, unbinds.
  void stop(Time deadline, std::function<void()> done);

  GatewayStatus status() const;
  const GatewayConfig& config() const { return config_; }

 private:
  struct Part {
    enum class State : std::uint8_t {
      waiting,
      in_flight,
      accepted,
      temporary,
      refused,
      unknown
    } state = State::waiting;
    bool submitted = false;  // by this attempt
    Time submitted_at{};
    std::string provider_id, error;
  };
  // A claimed message. Parts are sent in order, on one bind as far as possible.
  struct Sending {
    store::Claimed message;
    Outgoing outgoing;
    std::vector<Part> parts;
    std::size_t in_flight = 0;
    bool stopped = false;  // a part failed: the rest is not sent
    bool expired = false;  // its validity ended before all parts were sent
    SmppLink* link = nullptr;
  };
  struct OwedAnswer {
    std::weak_ptr<SmppLink> link;
    std::uint64_t generation = 0;
    std::uint32_t sequence = 0;
    smpp::Command command{};
  };
  // A batch on its way to the disk, and what the carrier is told once it is there.
  struct Writing {
    store::Batch batch;
    std::vector<OwedAnswer> owed;
    Time since{};
  };

  void on_bound(SmppLink& link) override;
  void on_answered(SmppLink& link, const smpp::Answered& answer) override;
  void on_late_answer(SmppLink& link, const smpp::LateAnswer& answer) override;
  void on_unanswered(SmppLink& link, const smpp::Unanswered& request) override;
  void on_delivered(SmppLink& link, const smpp::Delivered& delivery) override;
  void on_window_moved(SmppLink& link) override;
  void on_lost(SmppLink& link, smpp::LostReason reason, bool was_bound) override;
  void on_connect_result(SmppLink& link, ConnectStage stage, const std::string& detail) override;
  void on_bind_refused(SmppLink& link, std::uint32_t status) override;

  void claim();
  void claimed(store::ClaimResult result);
  void stand_by(std::size_t free, const std::array<std::size_t, store::lane_count>& lane_max);
  void withdraw();
  void handed_over(store::ClaimResult result);
  void take(store::Claimed message);
  void make_ready(std::uint64_t order);
  void no_longer_ready(std::uint64_t order);
  void pump();
  bool submit_next(std::uint64_t order, Sending& sending);
  void part_done(std::uint64_t order, std::size_t part, Part::State state, std::string error);
  void conclude(std::uint64_t order);
  void count_doubtful(store::TenantId tenant, metrics::DoubtPolicy how);
  void give_back_unsent();
  void write_outcome(store::Finished finished);
  void write_outcome(store::Again again);
  void schedule_flush();
  void flush();
  void commit(Writing writing);
  void repeat(Writing writing);
  static void answer(const std::vector<OwedAnswer>& owed, std::uint32_t status);
  void check_stopped();
  SmppLink* choose_link(const Sending& sending);
  std::size_t bound_senders() const;
  std::size_t windows() const;
  RetryPolicy policy(store::Lane lane) const;
  bool receipt_possible(std::string_view provider_id) const;
  bool paused() const { return paused_since_ != 0; }
  void update_gauges();
  void publish_metrics();
  void arm_idle_timer();

  const GatewayConfig& config_;
  GatewayContext context_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::vector<std::shared_ptr<SmppLink>> links_;
  FairShare share_;
  Rate rate_;
  std::unique_ptr<Timer> pump_timer_, due_timer_, give_back_timer_, stop_timer_, metrics_timer_;
  std::vector<std::pair<smpp::PduCounts, smpp::PduCounts>> published_;  // of each link: sent, received
  // One-time passwords first, then by the order of claiming: a throttled message goes back to its own place.
  std::map<std::uint64_t, Sending> sendings_;
  std::set<std::uint64_t> ready_;
  std::size_t ready_to_hold_ = 0;  // of these, in lanes whose messages are held when in doubt
  std::uint64_t claimed_count_ = 0;
  boost::unordered_flat_map<std::uint64_t, std::uint32_t> phones_;  // to which messages are under way
  // Which message a part belonged to whose answer came too late; see on_late_answer.
  std::map<std::uint64_t, std::pair<store::MessageId, std::uint16_t>> overdue_;
  std::size_t ahead_ = 16;  // claimed beyond the windows, so that they never run dry during a claim
  bool claiming_ = false, standing_by_ = false, stopping_ = false, abandoned_ = false;
  bool flush_posted_ = false, full_ask_ = false;
  WallMs paused_since_ = 0;
  store::Batch outcomes_;
  std::vector<OwedAnswer> owed_;
  std::size_t commits_running_ = 0;
  std::function<void()> stopped_;
};

}  // namespace smsbridge::bridge
