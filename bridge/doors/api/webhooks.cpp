// SPDX-License-Identifier: MPL-2.0
// How webhooks are, what was delivered to them, and what can be asked of them.
#include <boost/json.hpp>
#include <charconv>

#include "bridge/doors/admission.hpp"
#include "bridge/doors/api/api.hpp"
#include "bridge/doors/api/objects.hpp"
#include "bridge/doors/api/values.hpp"
#include "bridge/env/log.hpp"
#include "bridge/http/reading.hpp"
#include "bridge/notify/replay.hpp"
#include "bridge/text/message_id.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

constexpr std::size_t deliveries_default = 50, deliveries_most = 500;

bool may_see_webhook(const Services& services, const Caller& caller, const WebhookSettings& webhook) {
  return speaks_for_all(services, caller) || caller.tenant->config.name == webhook.tenant;
}

// Of the path, if there is one that the caller may see; otherwise the answer has been given.
WebhookSettingsPtr webhook_of(const Services& services, const HttpRequest& request, const Caller& caller,
                              const Respond& respond) {
  const auto webhook = services.directory.table()->webhook(request.captures.front());
  if (webhook && may_see_webhook(services, caller, *webhook)) return webhook;
  respond(to_response(no_such("webhook", request.captures.front())));
  return nullptr;
}

std::string_view state_word(const WebhookSettings& webhook, const Webhooks::Shown& shown) {
  if (!webhook.enabled) return "disabled";
  if (shown.gone_at) return "gone";
  return shown.status.failing ? "failing" : "active";
}

json::object webhook_json(const Services& services, const WebhookSettings& webhook, const Webhooks::Shown& shown) {
  json::array events;
  for (std::size_t i = 0; i < webhook_event_count; ++i) {
    const auto event = static_cast<WebhookEvent>(i);
    if (webhook.events.empty() || std::ranges::find(webhook.events, event) != webhook.events.end())
      events.push_back(json::value(name(event)));
  }
  const auto object = services.objects.find(ObjectKind::webhook, webhook.name);
  const auto* url = webhook.settings.if_contains("url");
  const auto& status = shown.status;
  return {{"name", webhook.name},
          {"id", webhook.id},
          {"tenant", webhook.tenant},
          {"url", url && url->is_string() ? *url : json::value(nullptr)},
          {"events", std::move(events)},
          {"batch", webhook.batch},
          {"state", state_word(webhook, shown)},
          {"gone_at", time_or_null(shown.gone_at)},
          {"waiting", shown.waiting},
          {"oldest_waiting_at", time_or_null(shown.waiting ? shown.oldest_at : 0)},
          {"last_delivered_at", time_or_null(status.last_delivered_at)},
          {"last_failed_at", time_or_null(status.last_failed_at)},
          {"last_error", text_or_null(status.last_error)},
          {"next_try_at", time_or_null(status.next_try_at)},
          {"managed_by", managed_by(object)},
          {"settings", webhook.settings}};
}

void list_webhooks(Services& services, const HttpRequest& request, const Caller& caller, const Respond& respond) {
  std::vector<WebhookSettingsPtr> seen;
  for (const auto& webhook : services.directory.table()->webhooks)
    if (may_see_webhook(services, caller, *webhook)) seen.push_back(webhook);
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
    services.webhooks.ask(*seen[place], request.executor,
                          [&services, webhook = seen[place], place, list, answer](const Webhooks::Shown& shown) {
                            list->items[place] = webhook_json(services, *webhook, shown);
                            if (--list->left == 0) answer();
                          });
}

void show_webhook(Services& services, const HttpRequest& request, const WebhookSettingsPtr& webhook,
                  const Respond& respond) {
  services.webhooks.ask(*webhook, request.executor, [&services, webhook, respond](const Webhooks::Shown& shown) {
    const auto object = services.objects.find(ObjectKind::webhook, webhook->name);
    respond({.body = json::serialize(webhook_json(services, *webhook, shown)), .headers = etag_header(object)});
  });
}

void test_webhook(Services& services, const HttpRequest& request, const WebhookSettingsPtr& webhook,
                  const Respond& respond) {
  services.webhooks.test(webhook, request.executor, [respond](const HookAttempt& attempt) {
    respond({.body = json::serialize(json::object{{"result", metrics::label_value(attempt.result)},
                                                  {"status", attempt.status ? json::value(attempt.status) : nullptr},
                                                  {"duration_ms", attempt.duration_ms},
                                                  {"detail", text_or_null(attempt.detail)}}),
             .headers = {}});
  });
}

void resume_webhook(Services& services, const HttpRequest& request, const WebhookSettingsPtr& webhook,
                    const Respond& respond) {
  services.webhooks.resume(*webhook, request.executor, [&services, request, webhook, respond](bool kept) {
    if (kept) return show_webhook(services, request, webhook, respond);
    respond(to_response(
        {.code = ProblemCode::storage_failed, .detail = "the store did not take it: try again", .errors = {}}));
  });
}

// Its old secret signs along, until it is taken out: `old_secret` set to null.
void rotate_secret(Services& services, const Caller& caller, const WebhookSettingsPtr& webhook,
                   const Respond& respond) {
  const auto made = new_webhook_secret();
  const auto changed = services.objects.change({.kind = ObjectKind::webhook,
                                                .name = webhook->name,
                                                .action = Objects::Change::Action::patch,
                                                .settings = {{"secret", made}, {"old_secret", webhook->secret}},
                                                .if_match = "*",
                                                .dry_run = false,
                                                .assumed = {},
                                                .force = false,
                                                .by = caller.who});
  if (!changed) return respond(to_response(problem_of(changed.error())));
  respond({.body = json::serialize(json::object{{"name", webhook->name}, {"secret", made}}),
           .headers = etag_header(changed->object)});
}

// ---- deliveries ----

struct DeliveriesAsked {
  store::JournalQuery query;
  std::string end;
};

std::optional<DeliveriesAsked> read_deliveries(const HttpRequest& request, std::vector<FieldError>& errors) {
  DeliveriesAsked asked{.query = {.limit = deliveries_default}, .end = {}};
  const auto number = [&](const std::string& key, const std::string& text, auto& value, auto low, auto high, int base) {
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (ec != std::errc() || end != text.data() + text.size() || value < low || value > high)
      errors.push_back({"?" + key, "bad-value",
                        key == "cursor" ? "this is not a cursor of ours" : "limit is a number from 1 to 500"});
  };
  for (const auto& [key, value] : request.query) {
    if (key == "message") {
      if (const auto id = parse_message_id(value))
        asked.query.key = ulid_text(*id);
      else
        errors.push_back({"?message", "bad-value", "this is not the id of a message"});
    } else if (key == "end") {
      asked.end = value;
      if (value != "delivered" && value != "given_up")
        errors.push_back({"?end", "bad-value", "end is delivered or given_up"});
    } else if (key == "limit") {
      number(key, value, asked.query.limit, std::size_t{1}, deliveries_most, 10);
    } else if (key == "cursor") {
      number(key, value, asked.query.cursor, std::uint64_t{1}, ~std::uint64_t{0}, 36);
    } else {
      errors.push_back({"?" + key, "unknown-field", "there is no filter " + key});
    }
  }
  if (!errors.empty()) return std::nullopt;
  return asked;
}

json::object delivery_json(const KeptAttempt& attempt, bool content) {
  json::value event = nullptr;
  if (content && !attempt.body.empty()) {
    boost::system::error_code unreadable;
    event = json::parse(attempt.body, unreadable);
    if (unreadable) event = nullptr;
  }
  return {{"at", text::time_text(attempt.at)},
          {"event_id", attempt.event},
          {"type", attempt.type},
          {"attempt", attempt.number},
          {"result", attempt.result},
          {"status", attempt.status ? json::value(attempt.status) : nullptr},
          {"duration_ms", attempt.duration_ms},
          {"detail", text_or_null(attempt.detail)},
          {"end", text_or_null(attempt.end)},
          {"event", std::move(event)}};
}

void list_deliveries(Services& services, const HttpRequest& request, const Caller& caller,
                     const WebhookSettingsPtr& webhook, const Respond& respond) {
  std::vector<FieldError> errors;
  auto asked = read_deliveries(request, errors);
  if (!asked) return respond(to_response(invalid(std::move(errors))));
  const auto* tenant = services.tenants.find(webhook->tenant);
  asked->query.tenant = tenant ? tenant->id : 0;
  asked->query.stream = hook_tasks(webhook->id);
  const auto page = services.store.reader().journal(asked->query);
  json::array items;
  for (const auto& entry : page.entries)
    if (const auto attempt = read_attempt(entry); attempt && (asked->end.empty() || asked->end == attempt->end))
      items.push_back(delivery_json(*attempt, caller.may("content:read")));
  std::array<char, 16> cursor{};
  const auto end = std::to_chars(cursor.data(), cursor.data() + cursor.size(), page.next, 36).ptr;
  respond({.body = json::serialize(json::object{
               {"items", std::move(items)},
               {"next_cursor", page.next ? json::value(std::string(cursor.data(), end)) : json::value(nullptr)}}),
           .headers = {}});
}

// ---- replay ----

std::optional<Replay> read_replay(const HttpRequest& request, std::vector<FieldError>& errors) {
  const auto body = read_json(request);
  const auto* object = body ? body->if_object() : nullptr;
  if (!object) {
    errors.push_back({"", "bad-type", "send a JSON object with at least \"from\" or \"message\""});
    return std::nullopt;
  }
  Replay replay;
  for (const auto& [key, value] : *object) {
    const std::string at = "/" + std::string(key);
    const auto text = value.is_string() ? std::string(value.get_string()) : std::string();
    if (key == "from" || key == "until") {
      if (const auto time = text::parse_rfc3339(text))
        (key == "from" ? replay.from : replay.until) = *time;
      else
        errors.push_back({at, "bad-value", "must be a time such as 2026-11-24T10:15:30Z"});
    } else if (key == "message") {
      if (const auto id = parse_message_id(text))
        replay.about = ulid_text(*id);
      else
        errors.push_back({at, "bad-value", "this is not the id of a message"});
    } else if (key == "only_given_up" && value.is_bool()) {
      replay.only_given_up = value.get_bool();
    } else {
      errors.push_back({at, "unknown-field", "the fields are from, until, message and only_given_up (true or false)"});
    }
  }
  if (errors.empty() && !replay.from && replay.about.empty())
    errors.push_back({"/from", "missing", "say from when on, or which message"});
  if (!errors.empty()) return std::nullopt;
  return replay;
}

void replay_events(Services& services, const HttpRequest& request, const Caller& caller,
                   const WebhookSettingsPtr& webhook, const Respond& respond) {
  std::vector<FieldError> errors;
  const auto replay = read_replay(request, errors);
  if (!replay) return respond(to_response(invalid(std::move(errors))));
  const auto* tenant = services.tenants.find(webhook->tenant);
  try {
    const auto done =
        replay_journal(services.store, tenant ? tenant->id : 0, webhook->id, *replay, services.clock.wall());
    log::info("webhook", "events are sent once more", "webhook", webhook->name, "events", done.events, "by",
              caller.who);
    respond(
        {.body = json::serialize(json::object{{"events", done.events}, {"next_from", time_or_null(done.next_from)}}),
         .headers = {}});
  } catch (const store::OpenError& error) {
    respond(to_response({.code = ProblemCode::store_full, .detail = error.what(), .errors = {}}));
  }
}

}  // namespace

std::vector<Endpoint> webhook_endpoints(Services& services) {
  using enum http::verb;
  const std::string base = "/api/v1/webhooks";
  using Work = void (*)(Services&, const HttpRequest&, const Caller&, const WebhookSettingsPtr&, const Respond&);
  const auto one = [&services](std::string_view scope, Work work, bool for_all) {
    return [&services, scope, work, for_all](const HttpRequest& r, const Respond& a) {
      const auto caller = for_all ? admit_for_all(services, r, scope, a) : admit(services, r, scope, a);
      if (!caller) return;
      if (const auto webhook = webhook_of(services, r, *caller, a)) work(services, r, *caller, webhook, a);
    };
  };
  return {
      {get, base,
       [&services](const HttpRequest& r, const Respond& a) {
         if (const auto caller = admit(services, r, "config:read", a)) list_webhooks(services, r, *caller, a);
       }},
      {get, base + "/{name}",
       one(
           "config:read",
           [](Services& s, const HttpRequest& r, const Caller&, const WebhookSettingsPtr& w, const Respond& a) {
             show_webhook(s, r, w, a);
           },
           false)},
      {get, base + "/{name}/deliveries", one("messages:read", list_deliveries, false)},
      {post, base + "/{name}/test",
       one(
           "system:manage",
           [](Services& s, const HttpRequest& r, const Caller&, const WebhookSettingsPtr& w, const Respond& a) {
             test_webhook(s, r, w, a);
           },
           true)},
      {post, base + "/{name}/resume",
       one(
           "system:manage",
           [](Services& s, const HttpRequest& r, const Caller&, const WebhookSettingsPtr& w, const Respond& a) {
             resume_webhook(s, r, w, a);
           },
           true)},
      {.method = post,
       .path = base + "/{name}/rotate-secret",
       .handler = one(
           "config:write",
           [](Services& s, const HttpRequest&, const Caller& c, const WebhookSettingsPtr& w, const Respond& a) {
             rotate_secret(s, c, w, a);
           },
           true),
       .aside = services.aside},
      {.method = post,
       .path = base + "/{name}/replay",
       .handler = one("system:manage", replay_events, true),
       .aside = services.aside},
  };
}

}  // namespace smsbridge::bridge
