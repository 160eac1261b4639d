// SPDX-License-Identifier: MPL-2.0
#include "bridge/events/schedule_tasks.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace smsbridge::bridge {

namespace json = boost::json;

ScheduleDue read_schedule_due(const std::string& body) {
  boost::system::error_code error;
  const auto value = json::parse(body, error);
  const auto* object = error ? nullptr : value.if_object();
  const auto number = [&](const char* key) {
    const auto* each = object ? object->if_contains(key) : nullptr;
    return each && each->is_int64() ? each->get_int64() : 0;
  };
  const auto* by = object ? object->if_contains("by") : nullptr;
  return {.due = number("due"),
          .period = number("period"),
          .by = by && by->is_string() ? std::string(by->get_string()) : std::string()};
}

// "repayment-due/1764468000000".
store::PutTask asked_task(const ScheduleSettings& schedule, const Tenant& tenant, const ScheduleDue& due) {
  return {
      .task = {.tenant = tenant.id, .kind = schedule_task_kind, .key = schedule.name + "/" + std::to_string(due.due)},
      .due_at = due.due,
      .body = json::serialize(json::object{{"due", due.due}, {"period", due.period}, {"by", due.by}})};
}

store::PutTask due_task(const ScheduleSettings& schedule, const Tenant& tenant, WallMs due) {
  return asked_task(schedule, tenant, {.due = due, .period = due, .by = {}});
}

std::string schedule_in(const store::TaskKey& task) { return task.key.substr(0, task.key.rfind('/')); }

}  // namespace smsbridge::bridge
