// SPDX-License-Identifier: MPL-2.0
#include "bridge/events/schedule_tasks.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "bridge/events/fineract_json.hpp"
#include "bridge/events/schedule_rows.hpp"

namespace smsbridge::bridge {

namespace json = boost::json;

namespace {

constexpr WallMs late_after = 10 * 60'000;  // from then on its time was missed

}  // namespace

ScheduleDue read_schedule_due(const std::string& body) {
  boost::system::error_code error;
  const auto value = json::parse(body, error);
  const auto* object = error ? nullptr : value.if_object();
  if (!object) return {};
  return {.due = id_at(*object, "due"), .period = id_at(*object, "period"), .by = text_at(*object, "by")};
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

DueNow due_now(const ScheduleSettings& schedule, const TenantSettings& tenant, WallMs due, WallMs now) {
  if (const auto latest = period_at(schedule, tenant, now); latest > due)
    return {.instead = latest, .skipped_because = {}};
  if (now - due <= late_after) return {};
  if (schedule.missed == ScheduleSettings::Missed::skip)
    return {.instead = 0, .skipped_because = "its time was missed"};
  // Each is a period of its own: the same people would be told twice, one soon after the other.
  if (const auto next = next_due(schedule, tenant, now); next && next - now < now - due)
    return {.instead = 0, .skipped_because = "its time was missed, and the next one is nearer"};
  return {};
}

std::string schedule_in(const store::TaskKey& task) { return task.key.substr(0, task.key.rfind('/')); }

}  // namespace smsbridge::bridge
