// SPDX-License-Identifier: MPL-2.0
#include "bridge/events/schedules.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "bridge/env/log.hpp"
#include "bridge/events/schedule_journal.hpp"
#include "bridge/events/schedule_rows.hpp"
#include "bridge/events/schedule_tasks.hpp"
#include "bridge/text/time.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using How = ScheduleRun::Ended::How;
using metrics::ScheduleEnd;

constexpr std::size_t runs_most = 2, dry_runs_most = 2;  // at a time: each holds what Fineract answered
constexpr Duration write_again = 1s;
constexpr WallMs minute = 60'000;
constexpr WallMs busy_again = 30'000;  // a run of the same schedule goes on
constexpr WallMs try_again_first = minute, try_again_longest = 15 * minute;
constexpr int tries_most = 28;  // some six hours
constexpr WallMs marks_kept_after = 2 * 24 * 60 * minute, marks_kept_least = 7 * 24 * 60 * minute;

json::object counts_json(const RowCounts& counts) {
  return {{"rows", counts.rows},
          {"sent", counts.sent},
          {"repeated", counts.repeated},
          {"refused", counts.refused},
          {"parts", counts.parts}};
}

// 1, 2, 4, 8 and then 15 minutes.
WallMs try_again_in(int attempt) {
  return std::min(try_again_longest, try_again_first << std::clamp(attempt - 1, 0, 10));
}

}  // namespace

Schedules::Schedules(Context context) : context_(std::move(context)), timer_(context_.clock.timer(context_.executor)) {}

ScheduleRun::Context Schedules::run_context() const {
  return {.executor = context_.executor,
          .clock = context_.clock,
          .store = context_.store,
          .router = context_.router,
          .tenants = context_.tenants,
          .intake = context_.intake,
          .make_transport = context_.make_transport};
}

// ---- what is due when ----

void Schedules::run(std::shared_ptr<const RoutingTable> table) {
  boost::asio::post(context_.executor, [this, alive = alive_, table = std::move(table)] {
    if (!*alive || stopping_) return;
    plan(*table);
    if (!std::exchange(started_, true)) claim();
  });
}

// A time that waits already stays as it is; one that is none any more finds that out when it is due.
void Schedules::plan(const RoutingTable& table) {
  store::Batch batch;
  for (const auto& schedule : table.schedules) {
    const auto* tenant = context_.tenants.find(schedule->tenant);
    if (!tenant || !schedule->enabled) continue;
    if (const auto due = next_due(*schedule, tenant->config, context_.clock.wall()))
      batch.tasks.push_back(due_task(*schedule, *tenant, due));
  }
  if (!batch.tasks.empty()) put(std::move(batch));
}

// For as long as it takes: what is not written here would not be due, or would be done twice.
void Schedules::put(store::Batch batch, std::function<void(const store::BatchResult&)> done) {
  context_.store.commit(std::move(batch), context_.executor,
                        [this, alive = alive_, done = std::move(done)](store::BatchResult result) mutable {
                          if (!*alive || stopping_) return;
                          using store::Error;
                          if (result.error == Error::none || result.error == Error::invalid ||
                              result.error == Error::unavailable || result.error == Error::broken) {
                            if (done) done(result);
                            return;
                          }
                          if (const auto times = said_.due("not kept", context_.clock.now()))
                            log::error("schedules", "what is due could not be stored: it is tried again", "why",
                                       store::explain(result.error), "times", times);
                          const auto timer = std::shared_ptr<Timer>(context_.clock.timer(context_.executor));
                          timer->at(context_.clock.now() + write_again,
                                    [this, alive, timer, done = std::move(done),
                                     again = std::make_shared<store::Batch>(std::move(result.unapplied))] {
                                      if (*alive) put(std::move(*again), done);
                                    });
                        });
}

void Schedules::due(const store::Tasks::DueByKind& kinds) {
  if (!kinds.contains(schedule_task_kind)) return;
  boost::asio::post(context_.executor, [this, alive = alive_] {
    if (*alive && started_) claim();
  });
}

void Schedules::claim() {
  if (stopping_) return;
  claim_again_ = claiming_ || running_.size() >= runs_most;
  if (claim_again_) return;
  claiming_ = true;
  context_.store.claim({{.kind = schedule_task_kind, .count = static_cast<std::uint32_t>(runs_most - running_.size())}},
                       context_.executor, [this, alive = alive_](store::TaskClaimResult result) {
                         if (*alive) claimed(std::move(result));
                       });
}

void Schedules::claimed(store::TaskClaimResult result) {
  claiming_ = false;
  if (stopping_) return;
  if (result.error != store::Error::none) {
    next_due_ = context_.clock.wall() + 1000;
    return arm();
  }
  next_due_ = result.ends.front().next_due;
  claim_again_ = claim_again_ || result.ends.front().more_due;
  for (const auto& task : result.tasks) begin(task);
  if (claim_again_) claim();
  arm();
}

void Schedules::arm() {
  if (!next_due_) return timer_->cancel();
  // In steps: the clock may be set meanwhile.
  const auto wait = std::clamp<WallMs>(next_due_ - context_.clock.wall(), 1, minute);
  timer_->at(context_.clock.now() + std::chrono::milliseconds(wait), [this] { claim(); });
}

void Schedules::end_task(const store::ClaimedTask& task, WallMs again_at) {
  store::Batch batch;
  batch.ended_tasks.push_back({.task = task.task, .lease = task.lease, .again_at = again_at});
  put(std::move(batch));
}

void Schedules::put_instead(const store::ClaimedTask& task, store::PutTask other) {
  store::Batch batch;
  batch.ended_tasks.push_back({.task = task.task, .lease = task.lease});
  batch.tasks.push_back(std::move(other));
  put(std::move(batch));
}

// ---- a run ----

void Schedules::begin(const store::ClaimedTask& task) {
  const auto name = schedule_in(task.task);
  const auto schedule = context_.router.table()->schedule(name);
  const auto* tenant = schedule ? context_.tenants.find(schedule->tenant) : nullptr;
  if (!tenant || tenant->id != task.task.tenant) return end_task(task);
  const auto due = read_schedule_due(task.body);
  const bool is_asked = !due.by.empty();
  if (!is_asked && (!schedule->enabled || !is_due_at(*schedule, tenant->config, due.due))) return end_task(task);
  if (task.attempt > 1 && was_stopped(context_.store, task.task, name)) return end_task(task);
  if (running_.contains(name)) return end_task(task, context_.clock.wall() + busy_again);
  const auto last = is_asked ? std::nullopt : last_run(context_.store, tenant->id, name);
  if (last && last->at("period").as_int64() > due.due) {
    log::warn("schedules", "a run is given up: the one of a later time was done meanwhile", "schedule", name, "period",
              text::time_text(due.due));
    return finish(schedule, *tenant, task, ScheduleEnd::skipped, {{"detail", "a later one was done meanwhile"}});
  }
  const auto is_first = !is_asked && task.attempt == 1;  // else it has begun, in this period
  const auto now = is_first ? due_now(*schedule, tenant->config, due.due, context_.clock.wall()) : DueNow();
  if (now.instead) return put_instead(task, due_task(*schedule, *tenant, now.instead));
  if (!now.skipped_because.empty()) {
    log::warn("schedules", "a time was missed, and is skipped", "schedule", name, "due", text::time_text(due.due),
              "why", now.skipped_because);
    return finish(schedule, *tenant, task, ScheduleEnd::skipped, {{"detail", now.skipped_because}});
  }
  begin_run(schedule, *tenant, task);
}

void Schedules::begin_run(const SchedulePtr& schedule, const Tenant& tenant, const store::ClaimedTask& task) {
  const auto now = context_.clock.wall();
  const auto due = read_schedule_due(task.body);
  const auto after = next_due(*schedule, tenant.config, std::max(now, due.period));
  const ScheduleRun::Order order{.schedule = schedule,
                                 .tenant = &tenant,
                                 .task = task,
                                 .period = due.period,
                                 .started_at = now,
                                 .keep_marks_until = std::max(now + marks_kept_least, after + marks_kept_after)};
  const auto slot = std::make_shared<std::weak_ptr<ScheduleRun>>();
  const auto run =
      std::make_shared<ScheduleRun>(run_context(), order, [this, alive = alive_, slot](const ScheduleRun::Ended& how) {
        if (const auto kept = slot->lock(); kept && *alive) ended(kept, how);
      });
  *slot = run;
  running_[schedule->name] = run;
  store::Batch batch;
  batch.journal.push_back(run_line(schedule->name, tenant.id,
                                   {{"event", "started"},
                                    {"run", now},
                                    {"period", due.period},
                                    {"attempt", task.attempt},
                                    {"by", due.by},
                                    {"task", task.task.key}}));
  log::info("schedules", "runs", "schedule", schedule->name, "period", text::time_text(due.period), "attempt",
            task.attempt, "by", due.by.empty() ? "its time" : due.by);
  put(std::move(batch), [run](const store::BatchResult&) { run->start(); });
}

void Schedules::ended(const RunPtr& run, const ScheduleRun::Ended& how) {
  const auto& order = run->order();
  const auto& schedule = order.schedule;
  const auto& task = *order.task;
  running_.erase(schedule->name);
  auto line = counts_json(run->counts());
  line["run"] = order.started_at;
  line["period"] = order.period;
  line["detail"] = how.detail;
  const auto now = context_.clock.wall();
  if (how.how == How::lost) {
    log::warn("schedules", "a run ended, since its task is another's by now", "schedule", schedule->name);
  } else if (how.how == How::later && task.attempt < tries_most) {
    const auto again = now + try_again_in(task.attempt);
    if (const auto times = said_.due("later " + schedule->name, context_.clock.now()))
      log::warn("schedules", "Fineract does not answer: the run is tried again", "schedule", schedule->name, "why",
                how.detail, "again", text::time_text(again), "times", times);
    line["event"] = "waits";
    line["task"] = task.task.key;
    store::Batch batch;
    batch.ended_tasks.push_back({.task = task.task, .lease = task.lease, .again_at = again});
    batch.journal.push_back(run_line(schedule->name, order.tenant->id, line));
    put(std::move(batch));
  } else {
    const auto result = how.how == How::done      ? ScheduleEnd::ok
                        : how.how == How::holiday ? ScheduleEnd::skipped
                        : how.how == How::stopped ? ScheduleEnd::stopped
                                                  : ScheduleEnd::error;
    if (how.how == How::holiday) line["detail"] = "it is a holiday: " + how.detail;
    finish(schedule, *order.tenant, task, result, line);
  }
  if (claim_again_) claim();
}

// The end of its task, its line in the journal and the task of its next time are one commit.
void Schedules::finish(const SchedulePtr& schedule, const Tenant& tenant, const store::ClaimedTask& task,
                       ScheduleEnd result, const json::object& line) {
  tenant.metrics.schedule_runs[result]->Increment();
  json::object whole{
      {"event", "ended"}, {"result", metrics::label_value(result)}, {"period", read_schedule_due(task.body).period}};
  whole["task"] = task.task.key;
  for (const auto& [key, value] : line) whole[key] = value;
  if (result == ScheduleEnd::error)
    log::error("schedules", "a run failed; 'smsbridge schedules run' does it again once what is wrong is mended",
               "schedule", schedule->name, "why", json::serialize(whole.at("detail")));
  else
    log::info("schedules", "a run ended", "schedule", schedule->name, "how", json::serialize(whole));
  store::Batch batch;
  batch.ended_tasks.push_back({.task = task.task, .lease = task.lease});
  batch.journal.push_back(run_line(schedule->name, tenant.id, whole));
  const auto now = context_.router.table()->schedule(schedule->name);
  if (now && now->enabled)
    if (const auto due = next_due(*now, tenant.config, context_.clock.wall()))
      batch.tasks.push_back(due_task(*now, tenant, due));
  put(std::move(batch));
}

// ---- what people ask ----

void Schedules::ask(const std::string& name, boost::asio::any_io_executor home, std::function<void(Shown)> done) {
  boost::asio::post(context_.executor, [this, alive = alive_, name, home, done = std::move(done)] {
    Shown shown;
    if (const auto it = *alive ? running_.find(name) : running_.end(); it != running_.end())
      shown = {.running = true,
               .started_at = it->second->order().started_at,
               .period = it->second->order().period,
               .counts = it->second->counts()};
    boost::asio::post(home, [done, shown] { done(shown); });
  });
}

void Schedules::run_now(const SchedulePtr& schedule, bool anew, const std::string& by,
                        boost::asio::any_io_executor home, std::function<void(std::string)> done) {
  boost::asio::post(context_.executor, [this, alive = alive_, schedule, anew, by, home, done = std::move(done)] {
    const auto answer = [home, done](std::string why) {
      boost::asio::post(home, [done, why = std::move(why)] { done(why); });
    };
    const auto* tenant = context_.tenants.find(schedule->tenant);
    if (!*alive || stopping_ || !tenant) return answer("the daemon is stopping");
    if (running_.contains(schedule->name)) return answer("it is running");
    const auto now = context_.clock.wall();
    const ScheduleDue due{.due = now,
                          .period = anew ? now : period_at(*schedule, tenant->config, now),
                          .by = by.empty() ? "somebody" : by};
    store::Batch batch;
    batch.tasks.push_back(asked_task(*schedule, *tenant, due));
    context_.store.commit(std::move(batch), context_.executor, [answer](const store::BatchResult& result) {
      answer(result.error == store::Error::none ? std::string() : store::explain(result.error));
    });
  });
}

void Schedules::stop_run(const std::string& name, const std::string& by, boost::asio::any_io_executor home,
                         std::function<void(bool)> done) {
  boost::asio::post(context_.executor, [this, alive = alive_, name, by, home, done = std::move(done)] {
    const auto it = *alive ? running_.find(name) : running_.end();
    if (*alive && it != running_.end()) it->second->stop();
    const bool found = *alive && (it != running_.end() || stop_waiting(name));
    if (found) log::warn("schedules", "a run is being stopped", "schedule", name, "by", by);
    boost::asio::post(home, [done, found] { done(found); });
  });
}

// Nothing takes a task away before it is due: its run finds then that it ended. What comes next waits from now on.
bool Schedules::stop_waiting(const std::string& name) {
  const auto schedule = context_.router.table()->schedule(name);
  const auto* tenant = schedule ? context_.tenants.find(schedule->tenant) : nullptr;
  if (!tenant) return false;
  store::Batch batch;
  for (auto& line : waiting_runs(context_.store, tenant->id, name)) {
    line["event"] = "ended";
    line["result"] = metrics::label_value(ScheduleEnd::stopped);
    batch.journal.push_back(run_line(name, tenant->id, line));
  }
  if (batch.journal.empty()) return false;
  tenant->metrics.schedule_runs[ScheduleEnd::stopped]->Increment(static_cast<double>(batch.journal.size()));
  const auto due = schedule->enabled ? next_due(*schedule, tenant->config, context_.clock.wall()) : 0;
  if (due) batch.tasks.push_back(due_task(*schedule, *tenant, due));
  put(std::move(batch));
  return true;
}

void Schedules::dry_run(const SchedulePtr& schedule, boost::asio::any_io_executor home,
                        std::function<void(tl::expected<DryRun, std::string>)> done) {
  boost::asio::post(context_.executor, [this, alive = alive_, schedule, home, done = std::move(done)] {
    const auto answer = [home, done](tl::expected<DryRun, std::string> found) {
      boost::asio::post(home, [done, found = std::move(found)] { done(found); });
    };
    const auto* tenant = context_.tenants.find(schedule->tenant);
    if (!*alive || stopping_ || !tenant) return answer(tl::unexpected<std::string>("the daemon is stopping"));
    if (dry_runs_.size() >= dry_runs_most)
      return answer(tl::unexpected<std::string>("other dry runs go on: try again when they are done"));
    const auto now = context_.clock.wall();
    const ScheduleRun::Order order{.schedule = schedule,
                                   .tenant = tenant,
                                   .task = {},
                                   .period = period_at(*schedule, tenant->config, now),
                                   .started_at = now};
    const auto key = std::make_shared<const ScheduleRun*>();
    const auto run =
        std::make_shared<ScheduleRun>(run_context(), order, [this, alive, key, answer](const ScheduleRun::Ended& how) {
          if (!*alive) return;
          const auto node = dry_runs_.extract(*key);
          if (node.empty()) return;
          if (how.how == How::done) return answer(node.mapped()->found());
          answer(tl::unexpected(how.how == How::holiday ? "it is a holiday: " + how.detail : how.detail));
        });
    *key = run.get();
    dry_runs_.emplace(run.get(), run);
    run->start();
  });
}

void Schedules::stop(std::function<void()> ended) {
  boost::asio::post(context_.executor, [this, ended = std::move(ended)] {
    stopping_ = true;
    timer_->cancel();
    for (const auto& [name, run] : running_) run->abandon();
    for (const auto& [key, run] : dry_runs_) run->cut_short();
    running_.clear();
    ended();
  });
}

}  // namespace smsbridge::bridge
