// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/json/object.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tl/expected.hpp>

#include "bridge/access/tenants.hpp"
#include "bridge/events/schedule_run.hpp"
#include "bridge/routing/router.hpp"
#include "store/store.hpp"

namespace smsbridge::bridge {

// Runs schedules when they are due: each waits as a task for its next time, which a restart does not lose and a change
// of its settings makes void. A run that a crash cut short begins anew, and sends what is not sent yet. Few run at a
// time, of one schedule one. All functions may be called from any thread; answers come at `home`.
class Schedules {
 public:
  // They outlive it.
  struct Context {
    boost::asio::any_io_executor executor;
    Clock& clock;
    store::Store& store;
    const Router& router;
    const Tenants& tenants;
    Intake& intake;
    MakeHttpTransport make_transport;
  };
  explicit Schedules(Context context);
  ~Schedules() { *alive_ = false; }

  // Makes tasks for the next times of what the table has. At the start, and when it changes.
  void run(std::shared_ptr<const RoutingTable> table);
  void due(const store::Tasks::DueByKind& kinds);  // see store::Hooks
  void stop(std::function<void()> ended);          // once, when nothing runs any more

  // How it goes.
  struct Shown {
    bool running = false;
    WallMs started_at = 0, period = 0;
    RowCounts counts;
  };
  void ask(const std::string& name, boost::asio::any_io_executor home, std::function<void(Shown)> done);

  // Runs it now, for the period that goes on, in which nobody gets a second message; `anew`: for one of its own, so
  // that everybody gets one. An answer is why not; empty: it runs.
  void run_now(const SchedulePtr& schedule, bool anew, const std::string& by, boost::asio::any_io_executor home,
               std::function<void(std::string why_not)> done);
  // Also one that waits to be tried again. False: there is none.
  void stop_run(const std::string& name, const std::string& by, boost::asio::any_io_executor home,
                std::function<void(bool)> done);
  // Reads all of it, and sends nothing.
  void dry_run(const SchedulePtr& schedule, boost::asio::any_io_executor home,
               std::function<void(tl::expected<DryRun, std::string>)> done);

 private:
  using RunPtr = std::shared_ptr<ScheduleRun>;
  void plan(const RoutingTable& table);
  void put(store::Batch batch, std::function<void(const store::BatchResult&)> done = {});
  void claim();
  void claimed(store::TaskClaimResult result);
  void begin(const store::ClaimedTask& task);
  void begin_run(const SchedulePtr& schedule, const Tenant& tenant, const store::ClaimedTask& task);
  void ended(const RunPtr& run, const ScheduleRun::Ended& how);
  void finish(const SchedulePtr& schedule, const Tenant& tenant, const store::ClaimedTask& task,
              metrics::ScheduleEnd result, const boost::json::object& line);
  void put_instead(const store::ClaimedTask& task, store::PutTask other);
  bool stop_waiting(const std::string& name);
  void end_task(const store::ClaimedTask& task, WallMs again_at = 0);
  ScheduleRun::Context run_context() const;
  void arm();

  const Context context_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::unique_ptr<Timer> timer_;
  std::map<std::string, RunPtr> running_;
  std::map<const ScheduleRun*, RunPtr> dry_runs_;
  bool claiming_ = false, claim_again_ = false, started_ = false, stopping_ = false;
  WallMs next_due_ = 0;  // of what waits in the store; 0: nothing does
  log::Throttle said_;
};

}  // namespace smsbridge::bridge
