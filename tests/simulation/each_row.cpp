// SPDX-License-Identifier: MPL-2.0
#include "tests/simulation/each_row.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <charconv>

namespace smsbridge::simulation {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

constexpr store::WallMs a_minute = 60'000;
constexpr std::size_t calm_times = 2;  // that have to come before a run of the world ends
constexpr std::size_t lines_looked_at = 60;
constexpr std::size_t lines_most = 5000;
constexpr std::size_t slice_shown_octets = 2000;
constexpr Duration on_its_way = 1s;  // a reading, when somebody says STOP

std::string word_at(const json::object& line, std::string_view key) {
  const auto* value = line.if_contains(key);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::int64_t count_at(const json::object& line, std::string_view key) {
  const auto* value = line.if_contains(key);
  return value && value->is_number() ? value->to_number<std::int64_t>() : 0;
}

}  // namespace

EachRow::EachRow(const RunOptions& options, const SimClock& clock, const Stopped& stopped)
    : options_(options), clock_(clock), stopped_(stopped) {}

store::TenantId EachRow::tenant_of(std::size_t schedule) const {
  const auto& tenants = options_.config.tenants;
  const auto found =
      std::ranges::find(tenants, options_.config.schedules[schedule].tenant, &bridge::TenantSettings::name);
  return static_cast<store::TenantId>(found - tenants.begin() + 1);
}

// Said in another way than the product does: all of them are some minutes of each hour of UTC.
bool EachRow::is_time_of(std::size_t schedule, store::WallMs at) const {
  const auto& fields = options_.config.schedules[schedule].cron_text;
  int minutes = 1;
  std::from_chars(fields.data() + 2, fields.data() + fields.size(), minutes);
  return at % a_minute == 0 && at / a_minute % 60 % minutes == 0;
}

bool EachRow::is_steady() const { return options_.wall_jumps == 0 && options_.mended_jumps == 0; }

// The newest first.
std::vector<EachRow::Line> EachRow::lines_of(const store::Store& store, std::size_t schedule, std::size_t most) const {
  const auto page = store.reader().journal({.tenant = tenant_of(schedule),
                                            .stream = "schedule-runs",
                                            .key = options_.config.schedules[schedule].name,
                                            .limit = most});
  std::vector<Line> lines;
  for (const auto& entry : page.entries) {
    const auto value = json::parse(entry.body);
    const auto& line = value.get_object();
    const auto count = [&](std::string_view key) { return static_cast<std::size_t>(count_at(line, key)); };
    lines.push_back({.at = entry.at,
                     .run = count_at(line, "run"),
                     .period = count_at(line, "period"),
                     .event = word_at(line, "event"),
                     .result = word_at(line, "result"),
                     .task = word_at(line, "task"),
                     .by = word_at(line, "by"),
                     .detail = word_at(line, "detail"),
                     .rows = count("rows"),
                     .sent = count("sent"),
                     .repeated = count("repeated"),
                     .refused = count("refused")});
  }
  return lines;
}

std::size_t EachRow::asked(const store::Store* store, std::size_t schedule) {
  auto& reading = readings_.emplace_back(Reading{.schedule = schedule, .answered_at = {}, .rows = {}});
  if (!store) return readings_.size() - 1;
  for (const auto& line : lines_of(*store, schedule, lines_looked_at)) {
    if (line.event != "started") continue;
    reading.run = line.run;
    reading.period = line.period;
    break;
  }
  return readings_.size() - 1;
}

void EachRow::answered(std::size_t number, std::vector<SimReports::Row> rows) {
  auto& reading = readings_[number];
  reading.answered_at = clock_.now();
  reading.rows = std::move(rows);
  for (std::size_t place = 0; place < reading.rows.size(); ++place)
    row_of_number_[reading.rows[place].number] = {number, place};
}

void EachRow::wants_anew(std::size_t schedule) { anew_.emplace(schedule, clock_.wall()); }

void EachRow::calm(bool healed) {
  healed_ = healed;
  calm_since_ = clock_.wall();
}

// ---- each message ----

std::optional<std::string> EachRow::see(const store::Message& message, std::optional<std::size_t> number) {
  const auto found = number ? row_of_number_.find(*number) : row_of_number_.end();
  if (found == row_of_number_.end()) return fmt::format("message {} is of no row", message.id);
  const auto& reading = readings_[found->second.first];
  const auto& row = reading.rows[found->second.second];
  const auto& schedule = options_.config.schedules[reading.schedule];
  const auto& content = message.content;
  const auto what =
      fmt::format("message {} of {}, period {}, client {}", message.id, schedule.name, reading.period, row.client);
  if (content.triggered_by != "schedule " + schedule.name || content.tenant != tenant_of(reading.schedule))
    return what + " is another schedule's";
  if (row.phone.empty() || row.opted_out) return what + " is of a row that can be none";
  if (content.to != row.phone) return what + " goes to " + content.to;
  const auto stopped = stopped_.find({content.tenant, content.to});
  if (stopped != stopped_.end() && stopped->second + on_its_way < *reading.answered_at)
    return what + " was made after its phone said STOP";
  if (!is_time_of(reading.schedule, reading.period) && !anew_.contains({reading.schedule, reading.period}))
    return what + " is of a period that never was";
  const auto [place, is_new] = messages_.emplace(RowOfPeriod(reading.schedule, reading.period, row.client), message.id);
  if (!is_new && place->second != message.id) return what + fmt::format(" got {} as well", place->second);
  return std::nullopt;
}

// ---- each time ----

void EachRow::look(const store::Store& store) {
  owes_.clear();
  for (std::size_t schedule = 0; schedule < options_.config.schedules.size() && owes_.empty(); ++schedule)
    owes_ = what_is_owed(lines_of(store, schedule, lines_looked_at), schedule);
}

// What waits to be tried again, and times in the calm.
std::string EachRow::what_is_owed(const std::vector<Line>& lines, std::size_t schedule) const {
  const auto& name = options_.config.schedules[schedule].name;
  std::set<std::string> tasks, by_hand;
  std::size_t times = 0;
  for (const auto& line : lines)
    if (!line.by.empty()) by_hand.insert(line.task);
  for (const auto& line : lines) {
    if (line.event == "ended" && line.result == "ok" && line.period > calm_since_ && is_time_of(schedule, line.period))
      ++times;
    // A schedule that was switched off has dropped what waited, but for what somebody asked for.
    if (tasks.insert(line.task).second && line.event == "waits" &&
        (options_.reports.switches == 0 || by_hand.contains(line.task)))
      return fmt::format("a run of {} waits", name);
  }
  return healed_ && times >= calm_times ? std::string() : "times of " + name + " are still to come";
}

// ---- the end ----

std::optional<std::string> EachRow::wrong_at_end(const store::Store& store) const {
  for (std::size_t schedule = 0; schedule < options_.config.schedules.size(); ++schedule) {
    const auto lines = lines_of(store, schedule, lines_most);
    std::set<std::string> ended;
    for (const auto& line : lines) {
      const auto what =
          fmt::format("the run {} of {}, period {}", line.run, options_.config.schedules[schedule].name, line.period);
      if (line.event == "ended") ended.insert(line.task);
      if (line.event == "ended" && line.result == "error") return what + " failed: " + line.detail;
      // A schedule that is switched off drops what waits.
      if (line.event == "started" && line.at + a_minute < clock_.wall() && !ended.contains(line.task) &&
          (options_.reports.switches == 0 || !line.by.empty()))
        return what + " began, and never ended";
      if (line.event == "ended" && line.result == "ok")
        if (auto wrong = wrong_end(line, schedule)) return what + " " + *wrong + slices_of(store, line, schedule);
    }
    if (auto missed = missed_time(lines, schedule)) return missed;
  }
  return std::nullopt;
}

// What the journal says of a run, slice by slice.
std::string EachRow::slices_of(const store::Store& store, const Line& run, std::size_t schedule) const {
  std::string text;
  const auto key = fmt::format("{}#{}", options_.config.schedules[schedule].name, run.run);
  for (const auto& entry :
       store.reader().journal({.tenant = tenant_of(schedule), .stream = "schedule-runs", .key = key}).entries)
    text += "\n  " + entry.body.substr(0, slice_shown_octets);
  return text;
}

// Of a run that came to its end: each row of what it read is a message, and only those that can be none are not.
std::optional<std::string> EachRow::wrong_end(const Line& line, std::size_t schedule) const {
  const auto reading = std::find_if(readings_.rbegin(), readings_.rend(), [&](const Reading& each) {
    return each.schedule == schedule && each.run == line.run && each.answered_at;
  });
  if (reading == readings_.rend()) return "ended, and had read nothing";
  if (reading->period != line.period) return fmt::format("ended as if it had been of period {}", reading->period);
  const bool dry = reading->rows.empty();
  const auto rows = reading->rows.size() + (dry ? 0 : options_.reports.others);
  if (line.rows != rows || line.sent + line.repeated + line.refused != rows)
    return fmt::format("had {} rows, and counted {}: {} sent, {} repeated, {} refused", rows, line.rows, line.sent,
                       line.repeated, line.refused);
  for (const auto& row : reading->rows) {
    const bool may_be =
        !row.phone.empty() && !row.opted_out && !may_have_stopped_.contains({tenant_of(schedule), row.phone});
    if (may_be && !messages_.contains({schedule, line.period, row.client}))
      return fmt::format("has no message for client {}", row.client);
  }
  return std::nullopt;
}

// From the first time in the calm that came to its end until the last one that did, all of them have to.
std::optional<std::string> EachRow::missed_time(const std::vector<Line>& lines, std::size_t schedule) const {
  if (!is_steady()) return std::nullopt;
  std::set<store::WallMs> done;
  for (const auto& line : lines)
    if (line.event == "ended" && line.result == "ok" && line.period > calm_since_) done.insert(line.period);
  if (done.empty()) return std::nullopt;
  for (auto at = *done.begin(); at < *done.rbegin(); at += a_minute)
    if (is_time_of(schedule, at) && !done.contains(at))
      return fmt::format("{} did not run at {}, when nothing was wrong", options_.config.schedules[schedule].name, at);
  return std::nullopt;
}

}  // namespace smsbridge::simulation
