// SPDX-License-Identifier: MPL-2.0
// /api/v1/events: who is told of what happens at the bank, what can happen there, and what became of it.
#include <algorithm>
#include <boost/json.hpp>

#include "bridge/doors/admission.hpp"
#include "bridge/doors/api/api.hpp"
#include "bridge/doors/api/message_fields.hpp"
#include "bridge/doors/api/objects.hpp"
#include "bridge/doors/api/paging.hpp"
#include "bridge/doors/api/values.hpp"
#include "bridge/env/log.hpp"
#include "bridge/events/event_line.hpp"
#include "bridge/http/reading.hpp"
#include "bridge/text/message_id.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

json::value money_or_null(const std::optional<Micro>& amount) {
  return amount ? json::value(money_text(*amount)) : json::value(nullptr);
}

json::object event_json(const EventSettings& event, const std::optional<Objects::Object>& object, bool whole) {
  json::array recipients;
  for (const auto& recipient : event.recipients)
    recipients.push_back({{"to", name(recipient.to)},
                          {"template", recipient.by_template},
                          {"language", text_or_null(recipient.language)}});
  return {{"name", event.name},
          {"id", event.id},
          {"event", event.event},
          {"description", event.description},
          {"tenants", texts(event.tenants)},
          {"enabled", event.enabled},
          {"recipients", std::move(recipients)},
          {"products", texts(event.products)},
          {"offices", texts(event.offices)},
          {"amount_min", money_or_null(event.amount_min)},
          {"amount_max", money_or_null(event.amount_max)},
          {"delay_seconds", static_cast<double>(event.delay_ms) / 1000},
          {"lane", event.lane ? json::value(store::name(*event.lane)) : json::value(nullptr)},
          {"sender", text_or_null(event.sender)},
          {"managed_by", managed_by(object)},
          {"settings", whole ? json::value(event.settings) : json::value(nullptr)}};
}

bool may_see_event(const Services& services, const Caller& caller, const EventSettings& event) {
  return speaks_for_all(services, caller) || event.tenants.empty() ||
         std::ranges::find(event.tenants, caller.tenant->config.name) != event.tenants.end();
}

void list_events(Services& services, const HttpRequest& request, const Respond& respond) {
  const auto caller = admit(services, request, "config:read", respond);
  if (!caller) return;
  json::array items;
  for (const auto& event : services.directory.table()->events)
    if (may_see_event(services, *caller, *event))
      items.push_back(
          event_json(*event, services.objects.find(ObjectKind::event, event->name), speaks_for_all(services, *caller)));
  respond(page_of(request, std::move(items), {}));
}

void get_event(Services& services, const HttpRequest& request, const Respond& respond) {
  const auto caller = admit(services, request, "config:read", respond);
  if (!caller) return;
  const auto event = services.directory.table()->event(request.captures.front());
  if (!event || !may_see_event(services, *caller, *event))
    return respond(to_response(no_such("event", request.captures.front())));
  const auto object = services.objects.find(ObjectKind::event, event->name);
  respond({.body = json::serialize(event_json(*event, object, speaks_for_all(services, *caller))),
           .headers = etag_header(object)});
}

void list_catalogue(Services& services, const HttpRequest& request, const Respond& respond) {
  const auto caller = admit(services, request, "config:read", respond);
  if (!caller) return;
  json::array items;
  for (const auto& row : event_catalogue()) {
    json::array hooks, told_by;
    for (const auto& hook : hook_table())
      if (hook.event == row.name) hooks.push_back({{"entity", hook.entity}, {"action", hook.action}});
    for (const auto& event : services.directory.table()->events)
      if (event->event == row.name && event->enabled && may_see_event(services, *caller, *event))
        told_by.emplace_back(event->name);
    items.push_back({{"event", row.name},
                     {"meaning", row.meaning},
                     {"subject", name(row.subject)},
                     {"hooks", std::move(hooks)},
                     {"told_by", std::move(told_by)}});
  }
  respond(page_of(request, std::move(items), {}));
}

// ---- what became of it ----

// Without the scope content:read names are absent and numbers masked, as with messages.
json::object line_json(const EventLine& line, bool content) {
  return {{"occurrence", line.occurrence},
          {"event", line.event},
          {"notice", text_or_null(line.notice)},
          {"result", metrics::label_value(line.result)},
          {"detail", text_or_null(line.detail)},
          {"subject", text_or_null(line.subject)},
          {"audience", text_or_null(line.audience)},
          {"person", content ? text_or_null(line.person) : json::value(nullptr)},
          {"number", text_or_null(content ? line.number : log::masked(line.number))},
          {"client_ref", text_or_null(line.client_ref)},
          {"by", content ? text_or_null(line.by) : json::value(nullptr)}};
}

struct LogFilter {
  store::JournalQuery query;
  std::string event, result;
};

LogFilter read_log_filter(const HttpRequest& request, const Tenant& tenant, std::vector<FieldError>& errors) {
  LogFilter filter{.query = {.tenant = tenant.id, .stream = event_stream, .limit = page_usual}};
  for (const auto& [key, value] : request.query) {
    if (key == "occurrence")
      filter.query.key = value;
    else if (key == "event" || key == "result")
      (key == "event" ? filter.event : filter.result) = value;
    else if (key == "since" || key == "until")
      (key == "since" ? filter.query.from : filter.query.until) = read_time(key, value, "?" + key, errors);
    else if (key == "limit")
      read_limit(value, filter.query.limit, errors);
    else if (key == "cursor")
      read_cursor(value, filter.query.cursor, errors);
    else
      errors.push_back({"?" + key, "unknown-field", "there is no filter " + key});
  }
  return filter;
}

void list_log(Services& services, const HttpRequest& request, const Respond& respond) {
  const auto caller = admit(services, request, "messages:read", respond, true);
  if (!caller) return;
  std::vector<FieldError> errors;
  const auto filter = read_log_filter(request, *caller->tenant, errors);
  if (!errors.empty()) return respond(to_response(invalid(std::move(errors))));
  const auto page = services.store.reader().journal(filter.query);
  json::array items;
  for (const auto& entry : page.entries) {
    const auto line = read_event_line(entry.body);
    if (!line || (!filter.event.empty() && line->event != filter.event && line->notice != filter.event) ||
        (!filter.result.empty() && filter.result != metrics::label_value(line->result)))
      continue;
    json::object item{{"id", "evt_" + ulid_text(entry.id)}, {"at", text::time_text(entry.at)}};
    for (auto& [key, value] : line_json(*line, caller->may("content:read"))) item[key] = std::move(value);
    items.push_back(std::move(item));
  }
  respond(page_of(request, std::move(items), page.next ? cursor_text(page.next) : std::string()));
}

// {entity, action, body}: a hook, as Fineract would post it.
void simulate(Services& services, const HttpRequest& request, const Respond& respond) {
  const auto caller = admit(services, request, "config:read", respond, true);
  if (!caller) return;
  const auto read = read_json(request);
  if (!read) return respond(to_response(read.error()));
  const auto* asked = read->if_object();
  std::vector<FieldError> errors;
  Hook hook{.content_type = "application/json", .body = {}};
  std::string body;
  for (const auto& [key, value] : asked ? *asked : json::object()) {
    const auto* word = value.if_string();
    if (key == "body" && value.is_object())
      body = json::serialize(value);
    else if ((key == "entity" || key == "action") && word)
      (key == "entity" ? hook.entity : hook.action) = std::string_view(*word);
    else
      errors.push_back(
          {"/" + std::string(key), "bad-value", "the fields are entity and action, texts, and body, an object"});
  }
  if (errors.empty() && (hook.entity.empty() || hook.action.empty() || body.empty()))
    errors.push_back({"", "missing", "entity, action and body are needed, as Fineract posts them"});
  if (!errors.empty()) return respond(to_response(invalid(std::move(errors))));
  hook.body = body;
  services.events.simulate(
      *caller->tenant, hook, request.executor,
      [respond, content = caller->may("content:read")](const std::vector<Events::Step>& steps) {
        json::array items;
        for (const auto& step : steps) {
          auto item = line_json(step.line, content);
          item["text"] = content ? text_or_null(step.text) : json::value(nullptr);
          item["parts"] = step.parts;
          items.push_back(std::move(item));
        }
        respond({.body = json::serialize(json::object{{"items", std::move(items)}}), .headers = {}});
      });
}

}  // namespace

std::vector<Endpoint> event_endpoints(Services& services) {
  using enum http::verb;
  const auto by = [&services](void (*work)(Services&, const HttpRequest&, const Respond&)) {
    return [&services, work](const HttpRequest& r, const Respond& a) { work(services, r, a); };
  };
  return {{get, "/api/v1/events", by(list_events)},
          {get, "/api/v1/events/catalogue", by(list_catalogue)},
          {get, "/api/v1/events/log", by(list_log)},
          {post, "/api/v1/events/simulate", by(simulate)},
          {get, "/api/v1/events/{name}", by(get_event)}};
}

}  // namespace smsbridge::bridge
