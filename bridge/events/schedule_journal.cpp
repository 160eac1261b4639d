// SPDX-License-Identifier: MPL-2.0
#include "bridge/events/schedule_journal.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <set>
#include <string_view>
#include <utility>

namespace smsbridge::bridge {

namespace json = boost::json;

std::string run_lines(const std::string& schedule, store::WallMs started_at) {
  return schedule + "#" + std::to_string(started_at);
}

store::JournalLine run_line(const std::string& key, store::TenantId tenant, const json::object& line) {
  return {.tenant = tenant, .stream = schedule_runs_stream, .key = key, .body = json::serialize(line)};
}

json::object read_run_line(const store::JournalEntry& entry) {
  boost::system::error_code error;
  auto value = json::parse(entry.body, error);
  auto line = !error && value.is_object() ? std::move(value.get_object()) : json::object();
  line["at"] = entry.at;
  for (const auto* key : {"event", "period", "rows", "sent", "repeated"})
    if (!line.contains(key)) line[key] = key == std::string_view("event") ? json::value("") : json::value(0);
  return line;
}

namespace {

// The newest first.
std::vector<json::object> latest_lines(const store::Store& store, store::TenantId tenant, const std::string& schedule) {
  const auto page =
      store.reader().journal({.tenant = tenant, .stream = schedule_runs_stream, .key = schedule, .limit = 50});
  std::vector<json::object> lines;
  for (const auto& entry : page.entries) lines.push_back(read_run_line(entry));
  return lines;
}

}  // namespace

std::optional<json::object> last_run(const store::Store& store, store::TenantId tenant, const std::string& schedule) {
  for (auto& line : latest_lines(store, tenant, schedule))
    if (line.at("event") == "ended") return std::move(line);
  return std::nullopt;
}

std::vector<json::object> waiting_runs(const store::Store& store, store::TenantId tenant, const std::string& schedule) {
  std::vector<json::object> waiting;
  std::set<std::string> tasks;
  for (auto& line : latest_lines(store, tenant, schedule)) {
    const auto* task = line.if_contains("task");
    const bool is_last = task && task->is_string() && tasks.emplace(task->get_string()).second;
    if (is_last && line.at("event") == "waits") waiting.push_back(std::move(line));
  }
  return waiting;
}

bool was_stopped(const store::Store& store, const store::TaskKey& task, const std::string& schedule) {
  for (const auto& line : latest_lines(store, task.tenant, schedule)) {
    const auto *of = line.if_contains("task"), *result = line.if_contains("result");
    if (!of || *of != json::value(task.key)) continue;
    return line.at("event") == "ended" && result && *result == "stopped";
  }
  return false;
}

}  // namespace smsbridge::bridge
