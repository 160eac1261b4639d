// SPDX-License-Identifier: MPL-2.0
// What happens to schedules in a run, and what phones ask their banks. All by a chance of its own: the rest is drawn as
// if there were none.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "bridge/routing/opt_outs.hpp"
#include "tests/simulation/world.hpp"

namespace smsbridge::simulation {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t a_minute_ms = 60'000;

}  // namespace

void World::make_reports() {
  bank_.reports().observe({.asked =
                               [this](std::size_t schedule) {
                                 trace("report asked for", schedule);
                                 return promises_.row_asked(schedule);
                               },
                           .answered =
                               [this](std::size_t reading, std::vector<SimReports::Row> rows) {
                                 trace("report read", reading, rows.size());
                                 promises_.rows().answered(reading, std::move(rows));
                                 report_read();
                               }});
}

// While its rows become messages, which takes some commits.
void World::report_read() {
  const auto& reports = options_.reports;
  if (healed_) return;
  if (reports_random_.chance(reports.dies))
    clock_.after(std::chrono::milliseconds(reports_random_.between(0, 1500)),
                 [this, after_commit = reports_random_.chance(0.5)] {
                   if (!healed_) crash(after_commit);
                 });
  if (reports_random_.chance(reports.fails) && daemon_)
    daemon_->store().fail_commits(reports_random_.chance(0.5) ? ENOSPC : EIO,
                                  static_cast<std::size_t>(reports_random_.between(1, 6)));
}

// Of one client of each report, by staff; before the daemon begins.
void World::opt_out_clients() {
  const auto& schedules = options_.config.schedules;
  for (std::size_t place = 0; place < schedules.size(); ++place) {
    store::Batch batch;
    bridge::OptOuts::set(batch, daemon_->store().tenant(schedules[place].tenant),
                         {.number = SimReports::opted_out_phone(place),
                          .since = clock_.wall(),
                          .how = "staff",
                          .reason = "asked at the counter",
                          .by = "somebody"});
    daemon_->store().commit(std::move(batch), io_.get_executor(), [](const store::BatchResult&) {});
    daemon_->step();
  }
}

void World::plan_reports() {
  const auto& reports = options_.reports;
  const auto& schedules = options_.config.schedules;
  if (schedules.empty()) return;
  auto& random = reports_random_;
  const auto some = [&] {
    return static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(schedules.size()) - 1));
  };
  const auto some_time = [&] { return clock_.now() + Duration(random.between(0, options_.safety.count())); };
  for (int i = 0; i < reports.by_hand; ++i) {
    auto at = some_time();
    // Now and then as its time comes.
    const auto to_minute = std::chrono::milliseconds(
        a_minute_ms - (wall_at_start + at.time_since_epoch() / std::chrono::milliseconds(1)) % a_minute_ms);
    if (random.chance(0.4)) at += to_minute + std::chrono::milliseconds(random.between(-300, 1000));
    const auto place = some();
    const bool anew = random.chance(reports.anew);
    clock_.at(at, [this, place, anew] { run_by_hand(place, anew); });
    if (random.chance(0.3))
      clock_.at(at + std::chrono::milliseconds(random.between(0, 3000)),
                [this, place, anew] { run_by_hand(place, anew); });
  }
  for (int i = 0; i < reports.stops; ++i)
    clock_.at(some_time(), [this, place = some()] {
      if (healed_ || !daemon_ || stopping_) return;
      daemon_->stop_schedule(schedule_name(place), [this, place](bool found) { trace("run stopped", place, found); });
    });
  for (int i = 0; i < reports.switches; ++i) {
    const auto from = some_time();
    const auto place = some();
    clock_.at(from, [this, place] {
      if (!healed_) switch_schedule(place, false);
    });
    clock_.at(from + std::chrono::milliseconds(random.between(0, 200'000)),
              [this, place] { switch_schedule(place, true); });
  }
  plan_stopping_clients();
}

// In some runs a client of each report wants no more, once some were sent.
void World::plan_stopping_clients() {
  const auto carrier = std::ranges::find_if(options_.config.gateways, [](const auto& each) { return each.is_smpp(); });
  if (carrier == options_.config.gateways.end() || !reports_random_.chance(0.5)) return;
  auto& centre = *centres_[static_cast<std::size_t>(carrier - options_.config.gateways.begin())];
  for (std::size_t place = 0; place < options_.config.schedules.size(); ++place)
    clock_.at(clock_.now() + Duration(reports_random_.between(0, options_.safety.count())), [this, &centre, place] {
      if (healed_) return;
      const auto& tenants = options_.config.tenants;
      const auto tenant =
          std::ranges::find(tenants, options_.config.schedules[place].tenant, &bridge::TenantSettings::name);
      const auto phone = SimReports::phone_of(place, SimReports::stopping_client);
      const auto id = static_cast<store::TenantId>(tenant - tenants.begin() + 1);
      const auto text = "STOP of report " + std::to_string(place);
      trace(text);
      promises_.phone_says(id, phone, text, true);
      promises_.rows().says_stop(id, phone);
      centre.from_phone(phone.substr(1), tenant->numbers.front(), text);
    });
}

void World::plan_questions() {
  bank_.accounts().observe([this](std::size_t number, const std::string& phone) {
    trace("accounts read", number);
    promises_.answers().read(number, phone);
  });
  bridge::Random random(options_.seed * 0x8CB92BA72F3D8DD7 + 67);
  const auto below = [&random](std::size_t count) {
    return static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(count) - 1));
  };
  std::vector<std::size_t> carriers;
  for (std::size_t place = 0; place < centres_.size(); ++place)
    if (options_.config.gateways[place].is_smpp()) carriers.push_back(place);
  for (int i = 0; i < options_.questions; ++i) {
    const auto tenant = below(options_.config.tenants.size()), asker = below(SimAccounts::askers);
    clock_.at(clock_.now() + Duration(random.between(0, options_.safety.count())),
              [this, &centre = *centres_[carriers[below(carriers.size())]], asker, text = fmt::format("BAL {}", i),
               to = options_.config.tenants[tenant].numbers.front(), id = static_cast<store::TenantId>(tenant + 1)] {
                if (healed_) return;
                const auto phone = SimAccounts::phone_of(asker);
                trace("phone asks " + text);
                promises_.phone_says(id, phone, text, false);
                promises_.answers().asks(id, phone, SimAccounts::is_known(asker));
                centre.from_phone(phone.substr(1), to, text);
              });
  }
}

const std::string& World::schedule_name(std::size_t place) const { return options_.config.schedules[place].name; }

void World::run_by_hand(std::size_t place, bool anew) {
  if (healed_ || !daemon_ || stopping_) return;
  if (anew) promises_.rows().wants_anew(place);
  daemon_->run_schedule(schedule_name(place), anew, [this, place, anew](const std::string& why_not) {
    trace("run by hand " + why_not, place, anew);
  });
}

void World::switch_schedule(std::size_t place, bool on) {
  auto& schedule = config_.schedules[place];
  if (schedule.enabled == on) return;
  trace(on ? "schedule switched on" : "schedule switched off", place);
  schedule.enabled = on;
  schedule.settings["enabled"] = on;
  if (daemon_ && !stopping_) daemon_->take_over(config_);
}

// Once enough times came in the calm, the reports are empty: else the world would never come to rest.
void World::watch_reports() {
  if (!healed_ || !daemon_ || stopping_ || options_.config.schedules.empty() || reports_dry_) return;
  promises_.look_at_rows();
  if (!promises_.rows().owes().empty()) return;
  trace("reports run dry");
  reports_dry_ = true;
  bank_.reports().run_dry();
}

void World::heal_reports() {
  bank_.heal();
  for (std::size_t place = 0; place < config_.schedules.size(); ++place) switch_schedule(place, true);
  promises_.rows().calm(true);
}

}  // namespace smsbridge::simulation
