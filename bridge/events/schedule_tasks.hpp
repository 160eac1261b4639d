// SPDX-License-Identifier: MPL-2.0
// The tasks by which schedules wait for their times.
#pragma once
#include <string>

#include "bridge/access/tenants.hpp"
#include "bridge/config/schedule.hpp"
#include "store/store.hpp"

namespace smsbridge::bridge {

inline const std::string schedule_task_kind = "schedule";

// What a task says of itself.
struct ScheduleDue {
  WallMs due = 0, period = 0;
  std::string by;  // who asked; empty: its time came
};
ScheduleDue read_schedule_due(const std::string& body);

// Of a time that is a period of its own. A second put of one time changes nothing.
store::PutTask due_task(const ScheduleSettings& schedule, const Tenant& tenant, WallMs due);
store::PutTask asked_task(const ScheduleSettings& schedule, const Tenant& tenant, const ScheduleDue& due);

// What becomes of a time when it comes, or when somebody is there again after it came.
struct DueNow {
  // A later time came since: one run makes up for both, in the period that a run by hand is in, too. 0: none did.
  WallMs instead = 0;
  std::string skipped_because;
};
DueNow due_now(const ScheduleSettings& schedule, const TenantSettings& tenant, WallMs due, WallMs now);

// The name of the schedule.
std::string schedule_in(const store::TaskKey& task);

}  // namespace smsbridge::bridge
