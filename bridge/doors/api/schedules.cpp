// SPDX-License-Identifier: MPL-2.0
// /api/v1/schedules: which there are, how their runs went, and what can be asked of one.
#include <boost/json.hpp>

#include "bridge/doors/admission.hpp"
#include "bridge/doors/api/api.hpp"
#include "bridge/doors/api/objects.hpp"
#include "bridge/doors/api/paging.hpp"
#include "bridge/doors/api/values.hpp"
#include "bridge/env/log.hpp"
#include "bridge/events/schedule_journal.hpp"
#include "bridge/events/schedule_rows.hpp"
#include "bridge/http/reading.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

constexpr int next_times = 5;

bool may_see_schedule(const Services& services, const Caller& caller, const ScheduleSettings& schedule) {
  return speaks_for_all(services, caller) || caller.tenant->config.name == schedule.tenant;
}

// Of the path, if there is one that the caller may see; otherwise the answer has been given.
SchedulePtr schedule_of(const Services& services, const HttpRequest& request, const Caller& caller,
                        const Respond& respond) {
  auto schedule = services.directory.table()->schedule(request.captures.front());
  if (schedule && may_see_schedule(services, caller, *schedule)) return schedule;
  respond(to_response(no_such("schedule", request.captures.front())));
  return nullptr;
}

json::object counts_of(const RowCounts& counts) {
  return {{"rows", counts.rows}, {"sent", counts.sent}, {"repeated", counts.repeated}, {"refused", counts.refused}};
}

json::value member(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value ? *value : json::value(nullptr);
}

std::int64_t time_in(const json::object& line, std::string_view key) {
  const auto* value = line.if_contains(key);
  return value && value->is_int64() ? value->get_int64() : 0;
}

std::string_view text_in(const json::object& line, std::string_view key) {
  const auto* value = line.if_contains(key);
  return value && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

// Of a slice `refused` are the rows themselves.
json::object run_json(const json::object& line) {
  const auto refused = member(line, "refused");
  const auto run = time_in(line, "run");
  return {{"at", time_or_null(time_in(line, "at"))},
          {"event", line.at("event")},
          {"run", run ? json::value(std::to_string(run)) : json::value(nullptr)},
          {"period", time_or_null(time_in(line, "period"))},
          {"result", member(line, "result")},
          {"by", text_or_null(text_in(line, "by"))},
          {"rows", line.at("rows")},
          {"sent", line.at("sent")},
          {"repeated", line.at("repeated")},
          {"refused", refused.is_array() ? json::value(refused.get_array().size()) : refused},
          {"refused_rows", refused.is_array() ? refused : json::value(json::array())},
          {"detail", text_or_null(text_in(line, "detail"))}};
}

json::object schedule_json(const Services& services, const ScheduleSettings& schedule, const Schedules::Shown& shown) {
  const auto* tenant = services.tenants.find(schedule.tenant);
  json::array next;
  auto due = services.clock.wall();
  for (int i = 0; tenant && schedule.enabled && i < next_times; ++i) {
    due = next_due(schedule, tenant->config, due);
    if (!due) break;
    next.push_back(time_or_null(due));
  }
  const auto last = tenant ? last_run(services.store, tenant->id, schedule.name) : std::nullopt;
  json::value running = nullptr;
  if (shown.running) {
    auto counts = counts_of(shown.counts);
    counts["started_at"] = time_or_null(shown.started_at);
    counts["period"] = time_or_null(shown.period);
    running = std::move(counts);
  }
  return {{"name", schedule.name},
          {"id", schedule.id},
          {"description", schedule.description},
          {"tenant", schedule.tenant},
          {"state", shown.running      ? "running"
                    : schedule.enabled ? "waiting"
                                       : "paused"},
          {"when", schedule.cron ? schedule.cron->in_words() : "once, at " + text::time_text(schedule.at)},
          {"cron", schedule.cron ? json::value(schedule.cron->fields()) : json::value(nullptr)},
          {"zone", tenant ? zone_of(schedule, tenant->config) : schedule.zone},
          {"next_runs", std::move(next)},
          {"source",
           schedule.list == ScheduleSettings::List::clients ? "all active clients" : "report " + schedule.report.name},
          {"template", schedule.by_template},
          {"running", std::move(running)},
          {"last_run", last ? json::value(run_json(*last)) : json::value(nullptr)},
          {"managed_by", managed_by(services.objects.find(ObjectKind::schedule, schedule.name))},
          {"settings", schedule.settings}};
}

void list_schedules(Services& services, const HttpRequest& request, const Respond& respond) {
  const auto caller = admit(services, request, "config:read", respond);
  if (!caller) return;
  std::vector<SchedulePtr> seen;
  for (const auto& schedule : services.directory.table()->schedules)
    if (may_see_schedule(services, *caller, *schedule)) seen.push_back(schedule);
  struct List {
    std::vector<json::object> items;
    std::size_t left;
  };
  const auto list = std::make_shared<List>(List{.items = {}, .left = seen.size()});
  list->items.resize(seen.size());
  const auto answer = [list, respond] {
    json::array items(list->items.begin(), list->items.end());
    respond(
        {.body = json::serialize(json::object{{"items", std::move(items)}, {"next_cursor", nullptr}}), .headers = {}});
  };
  if (seen.empty()) return answer();
  for (std::size_t place = 0; place < seen.size(); ++place)
    services.schedules.ask(seen[place]->name, request.executor,
                           [&services, schedule = seen[place], place, list, answer](const Schedules::Shown& shown) {
                             list->items[place] = schedule_json(services, *schedule, shown);
                             if (--list->left == 0) answer();
                           });
}

void show_schedule(Services& services, const HttpRequest& request, const Caller&, const SchedulePtr& schedule,
                   const Respond& respond) {
  services.schedules.ask(
      schedule->name, request.executor, [&services, schedule, respond](const Schedules::Shown& shown) {
        respond({.body = json::serialize(schedule_json(services, *schedule, shown)),
                 .headers = etag_header(services.objects.find(ObjectKind::schedule, schedule->name))});
      });
}

// {"anew": true}, or nothing.
tl::expected<bool, Problem> read_anew(const HttpRequest& request) {
  if (request.body().empty()) return false;
  const auto body = read_json(request);
  if (!body) return tl::unexpected(body.error());
  const auto* object = body->if_object();
  bool anew = false;
  if (!object) return tl::unexpected(invalid({{"", "bad-type", "send a JSON object, such as {\"anew\": false}"}}));
  for (const auto& [key, value] : *object) {
    if (key != "anew")
      return tl::unexpected(invalid({{"/" + std::string(key), "unknown-field", "the only field is anew"}}));
    if (!value.is_bool()) return tl::unexpected(invalid({{"/anew", "bad-type", "anew is true or false"}}));
    anew = value.get_bool();
  }
  return anew;
}

void run_schedule(Services& services, const HttpRequest& request, const Caller& caller, const SchedulePtr& schedule,
                  const Respond& respond) {
  const auto anew = read_anew(request);
  if (!anew) return respond(to_response(anew.error()));
  services.schedules.run_now(schedule, *anew, caller.who, request.executor, [respond](const std::string& why_not) {
    if (why_not.empty())
      return respond({.status = http::status::accepted, .body = R"({"accepted":true})", .headers = {}});
    respond(
        to_response({.code = ProblemCode::state_conflict, .detail = "it was not started: " + why_not, .errors = {}}));
  });
}

void stop_schedule(Services& services, const HttpRequest& request, const Caller& caller, const SchedulePtr& schedule,
                   const Respond& respond) {
  services.schedules.stop_run(schedule->name, caller.who, request.executor, [respond](bool found) {
    if (found) return respond({.status = http::status::accepted, .body = R"({"accepted":true})", .headers = {}});
    respond(to_response({.code = ProblemCode::state_conflict, .detail = "it is not running", .errors = {}}));
  });
}

// ---- a dry run ----

json::object dry_run_json(const Services& services, const DryRun& found, bool content) {
  json::array first, refused, gateways;
  json::object price;
  for (const auto& row : found.first) {
    json::object one{{"row", row.row},
                     {"to", content ? row.to : log::masked(row.to)},
                     {"language", text_or_null(row.language)},
                     {"parts", row.parts},
                     {"gateway", text_or_null(row.gateway)}};
    if (content) one["text"] = row.text;
    first.push_back(std::move(one));
  }
  for (const auto& row : found.refused) refused.push_back({{"row", row.row}, {"id", row.id}, {"why", row.why}});
  for (const auto& [currency, micro] : found.price) price[currency] = money_text(micro);
  const auto table = services.directory.table();
  double longest = 0;
  bool known = true;
  for (const auto& [id, parts] : found.parts) {
    const auto gateway = table->gateway(id);
    const double seconds = gateway && gateway->rate > 0 ? static_cast<double>(parts) / gateway->rate : 0;
    known = known && gateway && gateway->rate > 0;
    longest = std::max(longest, seconds);
    gateways.push_back({{"gateway", gateway ? gateway->name : "unknown"}, {"parts", parts}});
  }
  auto body = counts_of(found.counts);
  body["parts"] = found.counts.parts;
  body["price"] = std::move(price);
  body["unpriced"] = found.unpriced;
  body["seconds_to_send"] = known ? json::value(static_cast<std::int64_t>(longest + 0.999)) : json::value(nullptr);
  body["gateways"] = std::move(gateways);
  body["first"] = std::move(first);
  body["refused_rows"] = std::move(refused);
  return body;
}

void try_schedule(Services& services, const HttpRequest& request, const Caller& caller, const SchedulePtr& schedule,
                  const Respond& respond) {
  services.schedules.dry_run(
      schedule, request.executor,
      [&services, content = caller.may("content:read"), respond](const tl::expected<DryRun, std::string>& found) {
        if (found) return respond({.body = json::serialize(dry_run_json(services, *found, content)), .headers = {}});
        respond(to_response({.code = ProblemCode::state_conflict, .detail = found.error(), .errors = {}}));
      });
}

// ---- runs ----

void list_runs(Services& services, const HttpRequest& request, const Caller&, const SchedulePtr& schedule,
               const Respond& respond) {
  const auto* tenant = services.tenants.find(schedule->tenant);
  std::vector<FieldError> errors;
  store::JournalQuery query{
      .tenant = tenant ? tenant->id : 0, .stream = schedule_runs_stream, .key = schedule->name, .limit = page_usual};
  for (const auto& [key, value] : request.query) {
    if (key == "limit")
      read_limit(value, query.limit, errors);
    else if (key == "cursor")
      read_cursor(value, query.cursor, errors);
    else if (key == "run" && !value.empty() && value.size() < 19 &&
             value.find_first_not_of("0123456789") == std::string::npos)
      query.key = run_lines(schedule->name, std::stoll(value));
    else
      errors.push_back({"?" + key, "unknown-field", "the filters are run, limit and cursor"});
  }
  if (!errors.empty()) return respond(to_response(invalid(std::move(errors))));
  const auto page = services.store.reader().journal(query);
  json::array items;
  for (const auto& entry : page.entries) items.push_back(run_json(read_run_line(entry)));
  respond(page_of(request, std::move(items), page.next ? cursor_text(page.next) : std::string()));
}

// ---- on and off ----

void enable(Services& services, const HttpRequest& request, const Caller& caller, const SchedulePtr& schedule,
            bool enabled, const Respond& respond) {
  const auto changed = services.objects.change({.kind = ObjectKind::schedule,
                                                .name = schedule->name,
                                                .action = Objects::Change::Action::patch,
                                                .settings = {{"enabled", enabled}},
                                                .if_match = "*",
                                                .dry_run = false,
                                                .assumed = {},
                                                .force = false,
                                                .by = caller.who});
  if (!changed) return respond(to_response(problem_of(changed.error())));
  log::info("schedules", enabled ? "is resumed" : "is paused", "schedule", schedule->name, "by", caller.who);
  const auto now = services.directory.table()->schedule(schedule->name);
  show_schedule(services, request, caller, now ? now : schedule, respond);
}

void pause_schedule(Services& services, const HttpRequest& request, const Caller& caller, const SchedulePtr& schedule,
                    const Respond& respond) {
  enable(services, request, caller, schedule, false, respond);
}
void resume_schedule(Services& services, const HttpRequest& request, const Caller& caller, const SchedulePtr& schedule,
                     const Respond& respond) {
  enable(services, request, caller, schedule, true, respond);
}

}  // namespace

std::vector<Endpoint> schedule_endpoints(Services& services) {
  using enum http::verb;
  const std::string base = "/api/v1/schedules";
  using Work = void (*)(Services&, const HttpRequest&, const Caller&, const SchedulePtr&, const Respond&);
  const auto one = [&services](std::string_view scope, Work work, bool for_all = false) {
    return [&services, scope, work, for_all](const HttpRequest& r, const Respond& a) {
      const auto caller = for_all ? admit_for_all(services, r, scope, a) : admit(services, r, scope, a);
      if (!caller) return;
      if (const auto schedule = schedule_of(services, r, *caller, a)) work(services, r, *caller, schedule, a);
    };
  };
  return {{get, base, [&services](const HttpRequest& r, const Respond& a) { list_schedules(services, r, a); }},
          {get, base + "/{name}", one("config:read", show_schedule)},
          {get, base + "/{name}/runs", one("messages:read", list_runs)},
          {post, base + "/{name}/run", one("messages:manage", run_schedule)},
          {post, base + "/{name}/stop", one("messages:manage", stop_schedule)},
          {post, base + "/{name}/dry-run", one("messages:read", try_schedule)},
          {.method = post,
           .path = base + "/{name}/pause",
           .handler = one("config:write", pause_schedule, true),
           .aside = services.aside},
          {.method = post,
           .path = base + "/{name}/resume",
           .handler = one("config:write", resume_schedule, true),
           .aside = services.aside}};
}

}  // namespace smsbridge::bridge
