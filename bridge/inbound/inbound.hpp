// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "bridge/config/gateway.hpp"
#include "bridge/env/clock.hpp"
#include "bridge/env/log_throttle.hpp"
#include "bridge/inbound/keywords.hpp"
#include "bridge/inbound/parts.hpp"
#include "bridge/inbound/record.hpp"
#include "bridge/intake/accept.hpp"
#include "bridge/routing/opt_outs.hpp"
#include "bridge/routing/router.hpp"

namespace smsbridge::bridge {

// Marks: that a message or a part was kept, and parts that wait for the others.
inline const std::string inbound_seen_scope = "inbound-seen", inbound_part_scope = "inbound-part";

// Keeps what phones say, and does what follows from it.
//
// One batch holds all of it: the line of the journal, the opt-out, the answer, the end of the parts that it was joined
// of, and the mark that tells its repetition; its condition is that this mark is not there. So a message is kept once,
// whatever is repeated and wherever the process dies, and its carrier is answered after the commit. Parts wait as
// marks: what is there is read again at the start, which tasks, that are only claimed, do not give.
//
// All gateways give to one object on one shard, so that parts that come by two binds, or two gateways of one account,
// meet. take() may be called from any thread.
class Inbound {
 public:
  // They outlive it.
  struct Context {
    boost::asio::any_io_executor executor;
    Clock& clock;
    store::Store& store;
    metrics::Metrics& metrics;
    const Router& router;
    const Tenants& tenants;
    const Intake& intake;
    InboundSettings settings;
  };
  // A message that is about to be kept: whoever tells others of it puts what he owes them into its batch.
  using Told = std::function<void(const Tenant& tenant, const InboundRecord& record, store::Batch& batch)>;

  explicit Inbound(Context context);
  ~Inbound() { *alive_ = false; }

  void on_kept(Told told) { told_ = std::move(told); }  // before the first message
  // Parts of before. Once, before the first message.
  void load();
  void take(const GatewaySettings& gateway, FromPhone message, boost::asio::any_io_executor home,
            std::function<void(bool kept)> kept);
  std::size_t parts_waiting() const { return parts_waiting_; }

 private:
  struct Arrival {
    std::string gateway;  // its name
    std::string account;  // common to the gateways by which the parts of one message may come
    const Tenant* tenant = nullptr;
    metrics::GatewayMetrics* metrics = nullptr;
    FromPhone message;
    std::string seen;  // see seen_key()
    Time since{};
    boost::asio::any_io_executor home;
    std::function<void(bool kept)> kept;
  };
  using ArrivalPtr = std::shared_ptr<Arrival>;
  struct Group {
    PartsSoFar so_far;
    std::string account;
    Time due{};
    bool busy = false;  // something of it is on its way to the disk
    std::deque<ArrivalPtr> waiting;
  };
  using Groups = std::map<std::string, Group>;
  // A whole message, or what there is of one, on its way to the disk.
  struct Keeping {
    PartsSoFar message;
    std::string account;
    ArrivalPtr last;    // that made it whole; nullptr: its time was up
    std::string group;  // empty: it came in one
  };

  const Tenant* tenant_of(const GatewaySettings& gateway, const FromPhone& message, metrics::GatewayMetrics& metrics);
  static std::string phone_of(const FromPhone& message, const Tenant& tenant);
  void arrived(const ArrivalPtr& arrival);
  void take_part(const ArrivalPtr& arrival);
  void keep_part(const ArrivalPtr& arrival, const std::string& key);
  void keep(Keeping keeping);
  void written(const Keeping& keeping, const InboundRecord& record, const Decision& decision,
               const store::BatchResult& result, bool again);
  store::PutMark seen_mark(const std::string& seen, const FromPhone& message) const;
  store::Batch batch_of(const Keeping& keeping, InboundRecord& record, Decision& decision, bool with_answer);
  void put_opt_out(store::Batch& batch, const Keeping& keeping, const InboundRecord& record,
                   const Decision& decision) const;
  void put_answer(store::Batch& batch, const Tenant& tenant, const Decision& decision, InboundRecord& record);
  bool may_answer(const Tenant& tenant, const std::string& phone);
  void kept(const Keeping& keeping, const InboundRecord& record, const Decision& decision);
  void say_opt_out(const Tenant& tenant, const Keeping& keeping, const InboundRecord& record, const Decision& decision);
  void stop_all_the_same(const Keeping& keeping, const InboundRecord& record, const Decision& decision);
  void ended(const Keeping& keeping, bool written);
  void go_on(const std::string& key);
  void answer(const ArrivalPtr& arrival, bool kept);

  // `again`: it was perhaps written before, so that its own mark may be what did not let it.
  using Written = std::function<void(const store::BatchResult& result, bool again)>;
  // What cannot be written is tried again while the carrier may still wait for its answer.
  void commit(store::Batch batch, Time since, Written done);
  void commit(const std::shared_ptr<store::Batch>& batch, Time since, bool again, Written done);
  void say_failed(store::Error error);

  void arm(Time due);
  void time_is_up();
  void make_room();

  const Context context_;
  Told told_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  Groups groups_;
  std::size_t parts_waiting_ = 0;
  std::unique_ptr<Timer> timer_;
  std::optional<Time> armed_;                                                    // what the timer is set to
  std::map<std::pair<store::TenantId, std::string>, std::deque<Time>> answers_;  // of the last hour
  log::Throttle said_;
};

}  // namespace smsbridge::bridge
