// SPDX-License-Identifier: MPL-2.0
// What runs of schedules did, line by line, in the journal of the tenant.
#pragma once
#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <vector>

#include "store/store.hpp"

namespace smsbridge::bridge {

// Under the name of the schedule: "started", "waits", "ended". Under run_lines() each slice of one run, with the rows
// that were refused.
inline const std::string schedule_runs_stream = "schedule-runs";
std::string run_lines(const std::string& schedule, store::WallMs started_at);

store::JournalLine run_line(const std::string& key, store::TenantId tenant, const boost::json::object& line);
// With `at`; of one that cannot be read `event` is empty.
boost::json::object read_run_line(const store::JournalEntry& entry);
// How the last run ended; nothing: none did yet.
std::optional<boost::json::object> last_run(const store::Store& store, store::TenantId tenant,
                                            const std::string& schedule);

// The last lines of runs that wait to be tried again. Each line says of which task it is.
std::vector<boost::json::object> waiting_runs(const store::Store& store, store::TenantId tenant,
                                              const std::string& schedule);
// That somebody stopped the run of this task while it waited, is the last that is known of it.
bool was_stopped(const store::Store& store, const store::TaskKey& task, const std::string& schedule);

}  // namespace smsbridge::bridge
