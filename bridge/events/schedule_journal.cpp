// SPDX-License-Identifier: MPL-2.0
#include "bridge/events/schedule_journal.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <string_view>

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

std::optional<json::object> last_run(const store::Store& store, store::TenantId tenant, const std::string& schedule) {
  const auto page =
      store.reader().journal({.tenant = tenant, .stream = schedule_runs_stream, .key = schedule, .limit = 50});
  for (const auto& entry : page.entries)
    if (auto line = read_run_line(entry); line.at("event") == "ended") return line;
  return std::nullopt;
}

}  // namespace smsbridge::bridge
