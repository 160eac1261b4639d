// SPDX-License-Identifier: MPL-2.0
#include "tests/simulation/sim_reports.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <stdexcept>

#include "tests/simulation/sim_bank.hpp"

namespace smsbridge::simulation {
namespace {

namespace json = boost::json;

constexpr std::string_view report_prefix = "report-";
constexpr std::size_t clients_a_schedule = 1000;
constexpr std::size_t first_other = 500;  // of the clients of a schedule: from there on they have no phone

// As people wrote it down.
json::value cell_of(const SimReports::Row& row) {
  if (row.phone.empty()) return row.client % 2 ? json::value("12") : json::value();
  return json::value(row.client % 2 ? row.phone : "0" + row.phone.substr(3));
}

bridge::TemplateSettings report_text() {
  bridge::TemplateSettings text;
  text.name = "reminded";
  text.id = 610;
  const std::string words = "#{{mark}}.";
  text.texts.push_back({.language = "en", .text = words, .made = *bridge::text::Template::parse(words)});
  return text;
}

bridge::ScheduleSettings draw_schedule(bridge::Random& random, const RunOptions& options, std::size_t place) {
  using bridge::ScheduleSettings;
  ScheduleSettings schedule;
  schedule.name = fmt::format("reminders-{}", place + 1);
  schedule.id = static_cast<store::RouteId>(800 + place);
  const auto last = static_cast<std::int64_t>(options.config.tenants.size()) - 1;
  schedule.tenant = options.config.tenants[static_cast<std::size_t>(random.between(0, last))].name;
  schedule.cron_text = fmt::format("*/{} * * * *", random.between(1, 5));
  schedule.cron = *bridge::text::Cron::parse(schedule.cron_text);
  schedule.zone = "UTC";
  schedule.missed = random.chance(0.5) ? ScheduleSettings::Missed::skip : ScheduleSettings::Missed::once;
  schedule.report.name = fmt::format("{}{}", report_prefix, place + 1);
  schedule.by_template = "reminded";
  if (random.chance(0.5)) schedule.key = {"clientId"};
  schedule.lane = random.chance(0.5) ? store::Lane::reminder : store::Lane::campaign;
  schedule.settings = {{"name", schedule.name}, {"enabled", true}};
  return schedule;
}

}  // namespace

SimReports::SimReports(const RunOptions& options)
    : options_(options), random_(options.seed * 0xF1357AEA2E62A9C5 + 47) {}

std::string SimReports::phone_of(std::size_t schedule, std::size_t client) {
  return fmt::format("+4917{:08}", 30'000'000 + clients_a_schedule * schedule + client);
}

SimReports::Reading SimReports::ask(std::string_view name) {
  Reading reading;
  if (!name.starts_with(report_prefix)) throw std::logic_error("no bank has a report " + std::string(name));
  std::from_chars(name.data() + report_prefix.size(), name.data() + name.size(), reading.schedule);
  reading.number = observer_.asked(--reading.schedule);
  return reading;
}

std::string SimReports::answer(const Reading& reading) {
  auto rows = rows_now(reading.schedule);
  const auto others = dry_ ? 0 : options_.reports.others;
  // The second schedule's report is shown as newer releases show all of them.
  auto text = reading.schedule == 0 ? as_table(rows, others) : as_list(rows, others);
  observer_.answered(reading.number, std::move(rows));
  return text;
}

// The first client wants none, the next two cannot be reached; of the others every third is there now and then, and
// every fourth stands there twice.
std::vector<SimReports::Row> SimReports::rows_now(std::size_t schedule) {
  std::vector<Row> rows;
  if (dry_) return rows;
  for (std::size_t client = 0; client < options_.reports.clients; ++client) {
    if (client % 3 == 2 && random_.chance(0.4)) continue;
    for (auto times = client % 4 == 3 ? 2 : 1; times > 0; --times) {
      if (next_number_ > last_number) throw std::logic_error("the reports of a run have too many rows");
      rows.push_back({.client = clients_a_schedule * (schedule + 1) + client,
                      .number = next_number_++,
                      .phone = client == 1 || client == 2 ? std::string() : phone_of(schedule, client),
                      .opted_out = client == 0});
    }
  }
  std::ranges::rotate(rows, rows.begin() + random_.between(0, static_cast<std::int64_t>(rows.size()) - 1));
  return rows;
}

// {columnHeaders, data}; what has no phone stands in front, so that the others are in a later slice.
std::string SimReports::as_table(const std::vector<Row>& rows, std::size_t others) {
  json::array headers, data;
  for (const auto* name : {"clientId", "mobileNo", "mark", "amount"})
    headers.push_back(json::object{{"columnName", name}});
  const auto add = [&](std::size_t client, json::value phone, json::value mark) {
    data.push_back(
        json::object{{"row", json::array{client, std::move(phone), std::move(mark), random_.between(1, 1'000'000)}}});
  };
  for (std::size_t i = 0; i < others; ++i) add(clients_a_schedule + first_other + i, nullptr, nullptr);
  for (const auto& row : rows) add(row.client, cell_of(row), json::value(std::to_string(row.number)));
  return json::serialize(json::object{{"columnHeaders", std::move(headers)}, {"data", std::move(data)}});
}

std::string SimReports::as_list(const std::vector<Row>& rows, std::size_t others) {
  json::array list;
  for (const auto& row : rows) {
    json::object shown{{"clientId", row.client}, {"mark", std::to_string(row.number)}};
    shown["mobileNo"] = cell_of(row);
    shown["amount"] = random_.between(1, 1'000'000);
    list.push_back(std::move(shown));
  }
  for (std::size_t i = 0; i < others; ++i)
    list.push_back(json::object{{"clientId", 2 * clients_a_schedule + first_other + i}, {"mobileNo", ""}});
  return json::serialize(list);
}

void SimReports::draw(RunOptions& options) {
  bridge::Random random(options.seed * 0xD6E8FEB86659FD93 + 53);
  if (options.calm || options.store_limit_bytes < RunOptions().store_limit_bytes || !random.chance(0.35)) return;
  auto& config = options.config;
  if (options.events == 0) {
    SimBank::configure(config);
    options.bank_outages = random.chance(0.6) ? static_cast<int>(random.between(1, 4)) : 0;
  }
  config.templates.push_back(report_text());
  for (auto left = random.between(1, 2); left > 0; --left)
    config.schedules.push_back(draw_schedule(random, options, config.schedules.size()));
  auto& reports = options.reports;
  reports.clients = static_cast<std::size_t>(random.between(4, 12));
  // Rows behind those of the first slice.
  reports.others = random.chance(0.3) ? static_cast<std::size_t>(random.between(180, 450)) : 0;
  reports.by_hand = random.chance(0.6) ? static_cast<int>(random.between(1, 6)) : 0;
  reports.anew = random.chance(0.5) ? 0.4 : 0;
  reports.stops = random.chance(0.3) ? static_cast<int>(random.between(1, 3)) : 0;
  reports.switches = random.chance(0.3) ? static_cast<int>(random.between(1, 3)) : 0;
  reports.dies = options.crashes > 0 && random.chance(0.7) ? 0.3 : 0;
  reports.fails = options.failing_commits > 0 && random.chance(0.7) ? 0.3 : 0;
  SimBank::draw_faults(random, options);
}

}  // namespace smsbridge::simulation
