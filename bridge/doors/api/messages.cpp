// SPDX-License-Identifier: MPL-2.0
// /api/v1/messages: the contract is openapi.yaml beside this file.
#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "bridge/config/reader.hpp"
#include "bridge/doors/admission.hpp"
#include "bridge/doors/api/api.hpp"
#include "bridge/doors/api/message_json.hpp"
#include "bridge/doors/api/waiting.hpp"
#include "bridge/http/reading.hpp"
#include "bridge/intake/accept.hpp"
#include "bridge/text/message_id.hpp"
#include "bridge/text/number.hpp"
#include "bridge/text/segments.hpp"
#include "bridge/text/time.hpp"
#include "bridge/text/ucs2.hpp"
#include "http_gateways/wire.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

constexpr std::size_t batch_max = 1000, page_default = 50, page_max = 500;
constexpr std::size_t idempotency_key_max = 200;
constexpr store::WallMs schedule_max_ms = 366ll * 24 * 3600 * 1000, validity_max_ms = 63ll * 7 * 24 * 3600 * 1000;

struct Limit {
  std::string_view name;
  std::size_t length;
};
constexpr std::array<Limit, 10> text_fields{{{"to", 50},
                                             {"text", 10000},
                                             {"from", 20},
                                             {"client_ref", 100},
                                             {"target_user", 100},
                                             {"triggered_by", 100},
                                             {"lane", 20},
                                             {"gateway", 64},
                                             {"country", 2},
                                             {"route", 64}}};

// A line break in one of these would begin a row of its own wherever messages are listed.
bool is_shown_in_lists(std::string_view name) {
  return name == "client_ref" || name == "target_user" || name == "triggered_by";
}
bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

Problem as_problem(const Refusal& refusal) {
  return {.code = refusal.code,
          .detail = refusal.detail,
          .errors = {{refusal.pointer, std::string(name(refusal.code)), refusal.detail}}};
}

// Times before 1970 are as long ago as any: the store knows none, and takes 0 for "not given".
store::WallMs read_time(const std::string& name, std::string_view text, const std::string& pointer,
                        std::vector<FieldError>& errors) {
  const auto at = text::parse_rfc3339(text);
  if (at) return std::max<store::WallMs>(*at, 1);
  errors.push_back({pointer, "bad-value",
                    name + " must be a time such as 2026-11-24T10:15:00Z: " + std::string(text::explain(at.error()))});
  return 0;
}

tl::expected<Submission, Problem> read_submission(const json::value& value, const Services& services,
                                                  store::WallMs now) {
  const auto* object = value.if_object();
  std::vector<FieldError> errors;
  if (!object) return tl::unexpected(invalid({{"", "bad-type", "a message is a JSON object"}}));
  Submission s;
  std::string lane, gateway, route;
  const std::array<std::string*, 10> targets{&s.to,           &s.text, &s.from,  &s.client_ref, &s.target_user,
                                             &s.triggered_by, &lane,   &gateway, &s.country,    &route};
  for (const auto& [key, field] : *object) {
    const std::string name(key);
    const std::string pointer = "/" + name;
    const auto known = std::ranges::find(text_fields, std::string_view(name), &Limit::name);
    if (known != text_fields.end()) {
      if (!field.is_string())
        errors.push_back({pointer, "bad-type", name + " must be a string"});
      else if (field.as_string().empty() && name != "to" && name != "text")
        errors.push_back({pointer, "bad-value", name + " must not be empty; leave it out"});
      else if (field.as_string().size() > known->length * (name == "text" || name == "to" ? 4 : 1))
        errors.push_back({pointer, "too-long", name + " is too long"});
      else if (is_shown_in_lists(name) && has_control(field.as_string()))
        errors.push_back({pointer, "bad-value", name + " must not hold line breaks or other control characters"});
      else
        *targets[static_cast<std::size_t>(known - text_fields.begin())] = std::string(field.as_string());
    } else if (key == "send_at") {
      const auto at =
          read_time("send_at", field.is_string() ? std::string_view(field.as_string()) : "", pointer, errors);
      if (at > now + schedule_max_ms)
        errors.push_back({pointer, "bad-value", "send_at is more than a year ahead"});
      else
        s.send_at = at;
    } else if (key == "validity") {
      std::optional<store::WallMs> validity;
      if (field.is_string())
        validity = parse_duration_ms(field.as_string());
      else if (field.is_int64() && field.as_int64() <= validity_max_ms / 1000)
        validity = std::max<std::int64_t>(field.as_int64(), 0) * 1000;
      if (!validity || *validity < 1000 || *validity > validity_max_ms)
        errors.push_back(
            {pointer, "bad-value",
             "validity must be a duration such as 2h or a number of seconds, at least 1 s and at most 63 weeks"});
      else
        s.validity_ms = *validity;
    } else {
      errors.push_back({pointer, "unknown-field", "there is no field " + name});
    }
  }
  for (const auto* required : {"to", "text"})
    if (!object->contains(required))
      errors.push_back({std::string("/") + required, "missing", std::string(required) + " is missing"});
  store::Lane parsed{};
  if (!lane.empty() && !store::parse(lane, parsed))
    errors.push_back({"/lane", "bad-value", "lane is one of otp, transaction, reminder, campaign"});
  else if (!lane.empty())
    s.lane = parsed;
  if (!gateway.empty() && !(s.gateway = services.directory.table()->gateway(gateway)))
    errors.push_back({"/gateway", "bad-value", "there is no gateway '" + gateway + "'"});
  if (!route.empty() && !(s.route = services.directory.table()->route(route)))
    errors.push_back({"/route", "bad-value", "there is no route '" + route + "'"});
  if (s.gateway && s.route) errors.push_back({"/route", "bad-value", "name a gateway or a route, not both"});
  if (!s.country.empty() && !text::is_known_country(s.country))
    errors.push_back({"/country", "bad-value", "country is an ISO 3166 code such as KE"});
  if (!errors.empty()) return tl::unexpected(invalid(std::move(errors)));
  return s;
}

store::Message as_accepted(const store::Content& content, const store::Enqueued& answer) {
  store::Message message{.id = answer.id, .content = content, .progress = {}};
  message.content.created_at = answer.created_at;
  message.content.due_at = std::max(message.content.due_at, answer.created_at);
  return message;
}

Problem mismatch() {
  return {.code = ProblemCode::idempotency_mismatch,
          .detail = "this Idempotency-Key or client_ref was used for a message with other content; use a new one",
          .errors = {}};
}

bool idempotency_key_fits(const HttpRequest& request, const Respond& respond) {
  if (request.header("Idempotency-Key").size() <= idempotency_key_max) return true;
  respond(to_response(
      invalid({{"", "too-long",
                "the Idempotency-Key is longer than " + std::to_string(idempotency_key_max) + " characters"}})));
  return false;
}

std::string idempotency_key(const HttpRequest& request, std::size_t index) {
  const auto given = request.header("Idempotency-Key");
  if (given.empty()) return {};
  return std::string(given) + "#" + std::to_string(index) + request.path.substr(std::string_view("/api/v1").size());
}

// What was accepted earlier is answered again, also when it would be refused now.
bool may_be_known(const Refusal& refusal, const store::Content& content) {
  return (refusal.code == ProblemCode::no_route || refusal.code == ProblemCode::budget_spent) &&
         !(content.client_ref.empty() && content.idempotency_key.empty());
}

// Answers once the message is on disk.
void accept(Services& services, const HttpRequest& request, const Caller& caller,
            tl::expected<Submission, Problem> submission, Respond respond) {
  const auto& tenant = *caller.tenant;
  const auto refuse = [&tenant, respond](const Problem& problem) {
    tenant.metrics.rejected[reject_reason(problem.code)]->Increment();
    respond(to_response(problem));
  };
  if (!submission) return refuse(submission.error());
  auto prepared = prepare(std::move(*submission), tenant, services.directory, services.clock.wall());
  auto content = prepared.enqueue.content;
  note_doubts(prepared, tenant, services.doubts, services.clock.now());
  if (prepared.refusal && !may_be_known(*prepared.refusal, content)) return refuse(as_problem(*prepared.refusal));
  prepared.enqueue.only_if_known = prepared.refusal.has_value();
  store::Batch batch;
  batch.enqueue.push_back(std::move(prepared.enqueue));
  services.store.commit(
      std::move(batch), request.executor,
      [&services, tenant = caller.tenant, shows_content = caller.may("content:read"), content = std::move(content),
       refusal = std::move(prepared.refusal), refuse, respond = std::move(respond)](store::BatchResult result) {
        if (result.error != store::Error::none) return refuse(problem_of(result.error));
        const auto& answer = result.enqueued.front();
        if (answer.kind == store::Enqueued::Kind::unknown) return refuse(as_problem(*refusal));
        if (answer.kind == store::Enqueued::Kind::conflict) return respond(to_response(mismatch()));
        const bool replay = answer.kind == store::Enqueued::Kind::known;
        (replay ? tenant->metrics.replayed : tenant->metrics.accepted[metrics::Source::api])->Increment();
        auto message = as_accepted(content, answer);
        // The content the first time was given, so that the answer is the same.
        if (replay)
          if (const auto first = services.store.reader().get(answer.id))
            message = {.id = first->id, .content = first->content, .progress = {}};
        HttpResponse response{.status = http::status::accepted,
                              .body = json::serialize(message_json(message, services.tenants, services.directory,
                                                                   shows_content, message.content.created_at)),
                              .headers = {{"Location", "/api/v1/messages/" + message_id_text(answer.id)}}};
        if (replay) response.headers.emplace_back("Idempotency-Replayed", "true");
        respond(std::move(response));
      });
}

void post_message(Services& services, const HttpRequest& request, Respond respond) {
  const auto caller = admit(services, request, "messages:send", respond, true);
  if (!caller || !idempotency_key_fits(request, respond)) return;
  const auto value = read_json(request);
  auto submission = value ? read_submission(*value, services, services.clock.wall()) : tl::unexpected(value.error());
  if (submission) {
    submission->source = request.local ? store::Source::cli : store::Source::api;
    submission->idempotency_key = idempotency_key(request, 0);
  }
  accept(services, request, *caller, std::move(submission), std::move(respond));
}

// A message by this gateway and no other, to see it work.
void test_send(Services& services, const HttpRequest& request, Respond respond) {
  const auto caller = admit(services, request, "messages:send", respond, true);
  if (!caller) return;
  const auto& name = request.captures.front();
  if (!services.directory.table()->gateway(name)) return respond(to_response(no_such("gateway", name)));
  auto value = read_json(request);
  if (!value) return respond(to_response(value.error()));
  if (auto* object = value->if_object()) {
    if (!object->contains("text"))
      (*object)["text"] = "Test of the gateway " + name + " at " + text::time_text(services.clock.wall());
    (*object)["gateway"] = name;
  }
  auto submission = read_submission(*value, services, services.clock.wall());
  if (submission) {
    submission->source = request.local ? store::Source::cli : store::Source::api;
    submission->any_gateway = speaks_for_all(services, *caller);
  }
  accept(services, request, *caller, std::move(submission), std::move(respond));
}

struct BatchItem {
  std::optional<Problem> problem;
  bool in_batch = false;  // and so has an answer of the store
  store::Content content;
};

json::object item_json(const Problem& problem) {
  return {{"status", static_cast<int>(status_of(problem.code))}, {"problem", json::parse(problem_body(problem))}};
}

void post_batch(Services& services, const HttpRequest& request, Respond respond) {
  const auto caller = admit(services, request, "messages:send", respond, true);
  if (!caller || !idempotency_key_fits(request, respond)) return;
  const auto& tenant = *caller->tenant;
  auto value = read_json(request);
  if (!value) return respond(to_response(value.error()));
  const auto* object = value->if_object();
  const auto* messages = object ? object->if_contains("messages") : nullptr;
  const auto* atomic_field = object ? object->if_contains("atomic") : nullptr;
  std::vector<FieldError> errors;
  if (!messages || !messages->is_array() || messages->as_array().empty() || messages->as_array().size() > batch_max)
    errors.push_back(
        {"/messages", "bad-value", "messages must be an array of 1 to " + std::to_string(batch_max) + " messages"});
  if (atomic_field && !atomic_field->is_bool())
    errors.push_back({"/atomic", "bad-type", "atomic must be true or false"});
  if (object)
    for (const auto& [key, field] : *object)
      if (key != "messages" && key != "atomic")
        errors.push_back({"/" + std::string(key), "unknown-field", "there is no field " + std::string(key)});
  if (!errors.empty()) return respond(to_response(invalid(std::move(errors))));
  const bool atomic = atomic_field && atomic_field->as_bool();
  const auto now = services.clock.wall();
  auto items = std::make_shared<std::vector<BatchItem>>();
  store::Batch batch;
  for (const auto& entry : messages->as_array()) {
    auto& item = items->emplace_back();
    auto submission = read_submission(entry, services, now);
    if (!submission) {
      item.problem = submission.error();
      continue;
    }
    submission->source = request.local ? store::Source::cli : store::Source::api;
    submission->idempotency_key = idempotency_key(request, items->size() - 1);
    auto prepared = prepare(std::move(*submission), tenant, services.directory, now);
    note_doubts(prepared, tenant, services.doubts, services.clock.now());
    if (prepared.refusal) item.problem = as_problem(*prepared.refusal);
    item.content = prepared.enqueue.content;
    item.in_batch = !prepared.refusal || (!atomic && may_be_known(*prepared.refusal, item.content));
    prepared.enqueue.only_if_known = prepared.refusal.has_value();
    if (item.in_batch) batch.enqueue.push_back(std::move(prepared.enqueue));
  }
  if (atomic && batch.enqueue.size() < items->size()) {
    for (std::size_t i = 0; i < items->size(); ++i)
      if (const auto& problem = (*items)[i].problem)
        for (const auto& error : problem->errors)
          errors.push_back({"/messages/" + std::to_string(i) + error.pointer, error.code, error.detail});
    return respond(to_response(invalid(std::move(errors))));
  }
  services.store.commit(
      std::move(batch), request.executor,
      [&services, tenant = caller->tenant, shows_content = caller->may("content:read"), items,
       respond = std::move(respond)](store::BatchResult result) {
        if (result.error != store::Error::none) return respond(to_response(problem_of(result.error)));
        json::array answers;
        int accepted = 0, rejected = 0, replayed = 0;
        std::size_t next = 0;
        for (const auto& item : *items) {
          using Kind = store::Enqueued::Kind;
          const auto* answer = item.in_batch ? &result.enqueued[next++] : nullptr;
          if (!answer || answer->kind == Kind::conflict || answer->kind == Kind::unknown) {
            const auto& problem = item.problem ? *item.problem : mismatch();
            tenant->metrics.rejected[reject_reason(problem.code)]->Increment();
            answers.push_back(item_json(problem));
            ++rejected;
            continue;
          }
          const bool known = answer->kind == Kind::known;
          (known ? tenant->metrics.replayed : tenant->metrics.accepted[metrics::Source::api])->Increment();
          replayed += known ? 1 : 0;
          const auto message = as_accepted(item.content, *answer);
          answers.push_back({{"status", 202},
                             {"id", message_id_text(answer->id)},
                             {"message", message_json(message, services.tenants, services.directory, shows_content,
                                                      message.content.created_at)}});
          ++accepted;
        }
        HttpResponse response{.status = http::status::accepted,
                              .body = json::serialize(json::object{
                                  {"items", std::move(answers)}, {"accepted", accepted}, {"rejected", rejected}}),
                              .headers = {}};
        if (accepted > 0 && replayed == accepted) response.headers.emplace_back("Idempotency-Replayed", "true");
        respond(std::move(response));
      });
}

void post_preview(Services& services, const HttpRequest& request, Respond respond) {
  const auto caller = admit(services, request, "messages:send", respond, true);
  if (!caller) return;
  auto value = read_json(request);
  if (!value) return respond(to_response(value.error()));
  std::vector<FieldError> errors;
  if (const auto* object = value->if_object())
    for (const auto& [key, field] : *object)
      if (key != "to" && key != "text" && key != "country" && key != "gateway" && key != "route" && key != "lane")
        errors.push_back({"/" + std::string(key), "unknown-field", "there is no field " + std::string(key)});
  if (!errors.empty()) return respond(to_response(invalid(std::move(errors))));
  const auto now = services.clock.wall();
  auto submission = read_submission(*value, services, now);
  if (!submission) return respond(to_response(submission.error()));
  const bool chosen = submission->gateway != nullptr;
  const bool asked = submission->route != nullptr;
  const auto country = submission->country.empty() ? caller->tenant->config.default_country : submission->country;
  const auto prepared = prepare(std::move(*submission), *caller->tenant, services.directory, now);
  if (prepared.refusal) return respond(to_response(as_problem(*prepared.refusal)));
  const auto& content = prepared.enqueue.content;
  const auto table = services.directory.table();
  const auto gateway = table->gateway(content.gateway);
  const auto cut = text::segment(content.text, {.charset = gateway->charset, .concat = gateway->concat});
  const auto number = text::normalise_number(content.to, country, text::Lengths::any);
  const auto warning = number_warning(content.to);
  const auto route = table->route(content.route);
  const auto* price = table->prices->find(content.gateway, content.to);
  respond({.body = json::serialize(json::object{
               {"to", content.to},
               {"country", number && !number->country.empty() ? json::value(number->country) : json::value(nullptr)},
               {"pattern_matched", !prepared.unlikely_number},
               {"warnings", warning.empty() ? json::array() : json::array{warning}},
               {"encoding", store::name(content.encoding)},
               {"parts", content.parts},
               {"units", cut ? cut->units : 0},
               {"units_per_part", cut ? cut->units_per_segment : 1},
               {"text", content.text},
               {"gateway", gateway->name},
               {"route", route ? json::value(route->name) : json::value(nullptr)},
               {"price", price ? json::value(money_text(price->part * content.parts)) : json::value(nullptr)},
               {"currency", price ? json::value(price->currency) : json::value(nullptr)},
               {"reason", chosen  ? "the gateway was named"
                          : asked ? "the route was named"
                          : route ? "the first route that fits"
                                  : "the tenant's default gateway"}}),
           .headers = {}});
}

// Filters from the query; mistakes are collected.
std::optional<store::Filter> read_filter(const HttpRequest& request, const Caller& caller, const Services& services,
                                         store::MessageId& before, std::size_t& limit,
                                         std::vector<FieldError>& errors) {
  store::Filter filter{.tenant = caller.tenant ? caller.tenant->id : 0};
  for (const auto& [key, value] : request.query) {
    if (key == "state") {
      for (std::size_t at = 0; at <= value.size();) {
        const auto end = std::min(value.find(',', at), value.size());
        store::State state{};
        const auto word = value.substr(at, end - at);
        if (word == "scheduled")
          filter.states.push_back(store::State::queued);
        else if (store::parse(word, state))
          filter.states.push_back(state);
        else
          errors.push_back({"?state", "bad-value", "there is no state '" + word + "'"});
        at = end + 1;
      }
    } else if (key == "gateway") {
      const auto gateway = services.directory.table()->gateway(value);
      if (gateway)
        filter.gateway = gateway->id;
      else
        errors.push_back({"?gateway", "bad-value", "there is no gateway '" + value + "'"});
    } else if (key == "to") {
      const auto number =
          text::normalise_number(value, caller.tenant ? caller.tenant->config.default_country : "", text::Lengths::any);
      filter.to = number ? number->e164 : value;
    } else if (key == "client_ref") {
      filter.client_ref = value;
    } else if (key == "q") {
      filter.text_contains = value;
    } else if (key == "source") {
      store::Source source{};
      if (store::parse(value, source))
        filter.source = source;
      else
        errors.push_back({"?source", "bad-value", "source is one of api, fineract, cli"});
    } else if (key == "lane") {
      store::Lane lane{};
      if (store::parse(value, lane))
        filter.lane = lane;
      else
        errors.push_back({"?lane", "bad-value", "lane is one of otp, transaction, reminder, campaign"});
    } else if (key == "from" || key == "until") {
      (key == "from" ? filter.from : filter.until) = read_time(key, value, "?" + key, errors);
    } else if (key == "limit") {
      const auto [end, ec] = std::from_chars(value.data(), value.data() + value.size(), limit);
      if (ec != std::errc() || end != value.data() + value.size() || limit < 1 || limit > page_max)
        errors.push_back({"?limit", "bad-value", "limit is a number from 1 to " + std::to_string(page_max)});
    } else if (key == "cursor") {
      const auto [end, ec] = std::from_chars(value.data(), value.data() + value.size(), before, 36);
      if (ec != std::errc() || end != value.data() + value.size() || !before)
        errors.push_back({"?cursor", "bad-value", "this is not a cursor of ours"});
    } else {
      errors.push_back({"?" + key, "unknown-field", "there is no filter " + key});
    }
  }
  if (!errors.empty()) return std::nullopt;
  return filter;
}

void list_messages(Services& services, const HttpRequest& request, Respond respond) {
  const auto caller = admit(services, request, "messages:read", respond, false);
  if (!caller) return;
  std::vector<FieldError> errors;
  store::MessageId before = 0;
  std::size_t limit = page_default;
  auto filter = read_filter(request, *caller, services, before, limit, errors);
  if (!filter) return respond(to_response(invalid(std::move(errors))));
  // It would tell, word by word and digit by digit, what is not shown.
  if (!(filter->text_contains.empty() && filter->to.empty()) && !caller->may("content:read"))
    return respond(to_response({.code = ProblemCode::forbidden,
                                .detail = "to search in texts or for numbers, the key needs the scope content:read",
                                .errors = {}}));
  store::Page page;
  bool any = true;
  if (!filter->client_ref.empty() && filter->tenant) {
    // The index knows the newest message of a reference. Only Fineract, restored from a backup, uses one again.
    const auto newest = services.store.reader().find(filter->tenant, {filter->client_ref}).front();
    any = newest.has_value();
    if (any && (!before || before > newest->id)) before = newest->id + 1;
    if (any && newest->content.source != store::Source::fineract)
      filter->from = std::max(filter->from, store::id_time(newest->id));
  }
  if (any) page = services.store.reader().page(*filter, before, limit);
  const auto now = services.clock.wall();
  // The store knows no `scheduled`: it is how a queued message is shown whose time has not come.
  const auto wanted = request.query.find("state");
  const auto is_wanted = [&](std::string_view state) {
    return (state != "scheduled" && state != "queued") || wanted == request.query.end() ||
           ("," + wanted->second + ",").find("," + std::string(state) + ",") != std::string::npos;
  };
  json::array items;
  for (const auto& message : page.messages)
    if (is_wanted(shown_state(message, now)))
      items.push_back(message_json(message, services.tenants, services.directory, caller->may("content:read"), now));
  std::array<char, 16> cursor{};
  const auto end = std::to_chars(cursor.data(), cursor.data() + cursor.size(), page.next, 36).ptr;
  const std::string next(cursor.data(), end);
  HttpResponse response{
      .body = json::serialize(json::object{{"items", std::move(items)},
                                           {"next_cursor", page.next ? json::value(next) : json::value(nullptr)}}),
      .headers = {}};
  if (page.next) {
    std::string link = "</api/v1/messages?cursor=" + next;
    for (const auto& [key, text] : request.query)
      if (key != "cursor") link += "&" + key + "=" + http_gateways::percent_encode(text);
    response.headers.emplace_back("Link", link + ">; rel=\"next\"");
  }
  respond(std::move(response));
}

// The message of the path, if the caller may see it; otherwise the answer has been given.
std::optional<store::Message> find_message(Services& services, const HttpRequest& request, const Caller& caller,
                                           const Respond& respond) {
  const auto id = parse_message_id(request.captures.front());
  auto message = id ? services.store.reader().get(*id) : std::nullopt;
  if (message && (!caller.tenant || message->content.tenant == caller.tenant->id)) return message;
  respond(to_response({.code = ProblemCode::not_found,
                       .detail = "there is no message " + std::string(text::cut_utf8(request.captures.front(), 60)),
                       .errors = {}}));
  return std::nullopt;
}

void get_message(Services& services, const HttpRequest& request, Respond respond, bool timeline) {
  const auto caller = admit(services, request, "messages:read", respond, false);
  if (!caller) return;
  const auto message = find_message(services, request, *caller, respond);
  if (!message) return;
  if (timeline) return respond({.body = json::serialize(timeline_json(*message, services.directory)), .headers = {}});
  auto body =
      message_json(*message, services.tenants, services.directory, caller->may("content:read"), services.clock.wall());
  const auto told = services.told.find(message->id);
  body["fineract"] =
      told ? json::value{{"status", told->status}, {"told_at", text::time_text(told->at)}} : json::value(nullptr);
  // Why it waits is known to its gateway.
  const auto gateway = services.directory.table()->gateway(store::gateway_of(message->content, message->progress));
  auto answer = [&services, gateway, message = *message, body = std::move(body),
                 respond = std::move(respond)](const GatewayStatus& status) mutable {
    body["waiting"] = waiting_json(message, gateway.get(), status, services.store.reader(), services.clock.wall());
    respond({.body = json::serialize(body), .headers = {}});
  };
  if (!gateway) return answer(GatewayStatus{});
  services.gateways.ask(gateway->name, GatewayControl::Action::show, request.executor, std::move(answer));
}

void control_message(Services& services, const HttpRequest& request, Respond respond, store::Control::Action action) {
  const auto caller = admit(services, request, "messages:manage", respond, false);
  if (!caller) return;
  const auto message = find_message(services, request, *caller, respond);
  if (!message) return;
  const auto* tenant = services.tenants.find(message->content.tenant);
  const auto way_out = action == store::Control::Action::retry && tenant
                           ? way_for(*message, *tenant, services.directory, services.clock.wall())
                           : 0;
  store::Batch batch;
  batch.controls.push_back({.action = action,
                            .tenant = message->content.tenant,
                            .id = message->id,
                            .validity_ms = services.directory.lane(message->content.lane).validity_ms,
                            .gateway = way_out});
  services.store.commit(
      std::move(batch), request.executor,
      [&services, id = message->id, action, shows_content = caller->may("content:read"),
       respond = std::move(respond)](store::BatchResult result) {
        if (result.error != store::Error::none) return respond(to_response(problem_of(result.error)));
        const auto now = services.store.reader().get(id);
        if (!now || result.controls.front() == store::Controlled::not_found)
          return respond(to_response({.code = ProblemCode::not_found, .detail = "the message is gone", .errors = {}}));
        if (result.controls.front() == store::Controlled::no_way)
          return respond(
              to_response({.code = ProblemCode::state_conflict,
                           .detail = "there is no way out for this message still: " + now->progress.status_message,
                           .errors = {}}));
        if (result.controls.front() == store::Controlled::too_late)
          return respond(to_response(
              {.code = ProblemCode::state_conflict,
               .detail = action == store::Control::Action::cancel
                             ? "only a message that still waits can be cancelled; this one is " +
                                   std::string(store::name(now->progress.state)) + " or on its way"
                             : "only a message that ended without delivery can be tried again; this one is " +
                                   std::string(store::name(now->progress.state)),
               .errors = {}}));
        respond({.body = json::serialize(
                     message_json(*now, services.tenants, services.directory, shows_content, services.clock.wall())),
                 .headers = {}});
      });
}

void count_messages(Services& services, const HttpRequest& request, Respond respond) {
  const auto caller = admit(services, request, "messages:read", respond, false);
  if (!caller) return;
  std::array<std::int64_t, store::state_count> total{};
  std::map<std::string, std::array<std::int64_t, 2>> gateways;
  const auto table = services.directory.table();
  for (const auto& gateway : table->gateways)
    if (may_see(services, *caller, *gateway)) gateways[gateway->name];
  for (const auto& [owner, counts] : services.store.counts()) {
    if (caller->tenant && caller->tenant->id != owner.first) continue;
    for (std::size_t i = 0; i < counts.size(); ++i) total[i] += counts[i];
    if (const auto gateway = table->gateway(owner.second)) {
      gateways[gateway->name][0] += counts[static_cast<std::size_t>(store::State::queued)];
      gateways[gateway->name][1] += counts[static_cast<std::size_t>(store::State::submitted)];
    }
  }
  json::object by_state, by_gateway;
  for (std::size_t i = 0; i < total.size(); ++i)
    by_state[store::name(static_cast<store::State>(i))] = std::max<std::int64_t>(0, total[i]);
  // What a gateway holds right now is told by its own shard.
  auto left = std::make_shared<std::size_t>(gateways.size());
  auto body = std::make_shared<json::object>();
  (*body)["by_state"] = std::move(by_state);
  (*body)["by_gateway"] = json::object();
  if (gateways.empty()) return respond({.body = json::serialize(*body), .headers = {}});
  for (const auto& [name, counts] : gateways)
    services.gateways.ask(
        name, GatewayControl::Action::show, request.executor,
        [name, counts, left, body, respond](const GatewayStatus& status) {
          const auto in_flight = std::min<std::int64_t>(counts[0], static_cast<std::int64_t>(status.in_flight));
          (*body)["by_gateway"].as_object()[name] = {{"queued", std::max<std::int64_t>(0, counts[0] - in_flight)},
                                                     {"in_flight", in_flight},
                                                     {"awaiting_receipt", std::max<std::int64_t>(0, counts[1])}};
          if (--*left == 0) respond({.body = json::serialize(*body), .headers = {}});
        });
}

}  // namespace

std::vector<Endpoint> message_endpoints(Services& services) {
  using enum http::verb;
  const std::string base = "/api/v1/messages";
  return {
      {post, base, [&services](const HttpRequest& r, Respond a) { post_message(services, r, std::move(a)); }},
      {get, base, [&services](const HttpRequest& r, Respond a) { list_messages(services, r, std::move(a)); }},
      {post, base + "/batch", [&services](const HttpRequest& r, Respond a) { post_batch(services, r, std::move(a)); }},
      {post, base + "/preview",
       [&services](const HttpRequest& r, Respond a) { post_preview(services, r, std::move(a)); }},
      {post, "/api/v1/gateways/{name}/test-send",
       [&services](const HttpRequest& r, Respond a) { test_send(services, r, std::move(a)); }},
      {get, base + "/counts",
       [&services](const HttpRequest& r, Respond a) { count_messages(services, r, std::move(a)); }},
      {get, base + "/{id}",
       [&services](const HttpRequest& r, Respond a) { get_message(services, r, std::move(a), false); }},
      {get, base + "/{id}/timeline",
       [&services](const HttpRequest& r, Respond a) { get_message(services, r, std::move(a), true); }},
      {post, base + "/{id}/cancel",
       [&services](const HttpRequest& r, Respond a) {
         control_message(services, r, std::move(a), store::Control::Action::cancel);
       }},
      {post, base + "/{id}/retry",
       [&services](const HttpRequest& r, Respond a) {
         control_message(services, r, std::move(a), store::Control::Action::retry);
       }},
  };
}

}  // namespace smsbridge::bridge
