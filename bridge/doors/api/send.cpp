// SPDX-License-Identifier: MPL-2.0
// /api/v1/messages: what is to be sent, one or many, and how it would go.
#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <set>

#include "bridge/doors/admission.hpp"
#include "bridge/doors/api/api.hpp"
#include "bridge/doors/api/message_fields.hpp"
#include "bridge/doors/api/message_json.hpp"
#include "bridge/doors/api/people.hpp"
#include "bridge/doors/api/preview.hpp"
#include "bridge/http/reading.hpp"
#include "bridge/text/message_id.hpp"
#include "bridge/text/time.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

constexpr std::size_t batch_max = 1000;
constexpr std::size_t idempotency_key_max = 200;

store::Message as_accepted(const store::Content& content, const Acceptance& answer) {
  store::Message message{.id = answer.id, .content = content, .progress = {}};
  message.content.created_at = answer.created_at;
  message.content.due_at = std::max(message.content.due_at, answer.created_at);
  return message;
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

json::object shown(const Services& services, const Caller& caller, const store::Message& message) {
  return message_json(message, services.tenants, services.directory, sees_content(caller, message),
                      message.content.created_at);
}

// What is known of a message besides what it says.
struct Besides {
  bool any_gateway = false, opted_out = false;
};

tl::expected<Prepared, Problem> read_wish(const json::value& value, const Services& services,
                                          const HttpRequest& request, const Caller& caller, std::size_t index,
                                          Besides besides = {}) {
  auto submission = read_submission(value, services.directory, services.clock.wall());
  if (!submission) return tl::unexpected(std::move(submission.error()));
  submission->source = request.peer.local ? store::Source::cli : store::Source::api;
  submission->idempotency_key = idempotency_key(request, index);
  submission->any_gateway = besides.any_gateway;
  submission->opted_out = besides.opted_out;
  if (caller.person) submission->triggered_by = caller.person->name;  // whatever he says himself
  return services.intake.prepare_to_send(std::move(*submission), *caller.tenant);
}

// Answers once the message is on disk.
void accept(Services& services, const HttpRequest& request, const Caller& caller, tl::expected<Prepared, Problem> wish,
            Respond respond) {
  if (!wish) {
    caller.tenant->metrics.rejected[reject_reason(wish.error().code)]->Increment();
    return respond(to_response(wish.error()));
  }
  auto content = wish->enqueue.content;
  std::vector<Prepared> wishes;
  wishes.push_back(std::move(*wish));
  services.intake.accept(
      *caller.tenant, std::move(wishes), Intake::WhenBusy::refuse, request.executor,
      [&services, caller, content = std::move(content), respond = std::move(respond)](auto accepted) {
        if (!accepted) return respond(to_response(accepted.error()));
        const auto& result = accepted->front();
        if (result.kind == Acceptance::Kind::refused) return respond(to_response(*result.problem));
        const bool replayed = result.kind == Acceptance::Kind::replayed;
        auto message = as_accepted(content, result);
        // The content the first time was given, so that the answer is the same.
        if (replayed)
          if (const auto first = services.store.reader().get(result.id))
            message = {.id = first->id, .content = first->content, .progress = {}};
        HttpResponse response{.status = http::status::accepted,
                              .body = json::serialize(shown(services, caller, message)),
                              .headers = {{"Location", "/api/v1/messages/" + message_id_text(result.id)}}};
        if (replayed) response.headers.emplace_back("Idempotency-Replayed", "true");
        respond(std::move(response));
      });
}

// What is known of those that messages are for, by the places of these.
struct OfPeople {
  std::map<std::size_t, Problem> refused;  // who cannot get one
  std::set<std::size_t> opted_out;
};
void send_batch(Services& services, const HttpRequest& request, const Caller& caller, const json::array& messages,
                bool atomic, const OfPeople& people, Respond respond);

// A group's members get one each; who has no number is one of the answers.
void send_to(Services& services, const HttpRequest& request, const Caller& caller, Named named,
             const json::object& message, Respond respond) {
  find_people(services, *caller.tenant, named, request.executor,
              [&services, &request, caller, named, message, respond = std::move(respond)](const auto& people) {
                if (!people) return respond(to_response(people.error()));
                if (named.as != Audience::group) {
                  const auto& person = people->front();
                  const auto made = message_for(message, person);
                  auto wish = made ? read_wish(*made, services, request, caller, 0, {.opted_out = person.opted_out})
                                   : tl::unexpected(made.error());
                  return accept(services, request, caller, std::move(wish), respond);
                }
                json::array messages;
                OfPeople known;
                for (const auto& person : *people) {
                  auto made = message_for(message, person);
                  if (!made) known.refused.emplace(messages.size(), std::move(made.error()));
                  if (person.opted_out) known.opted_out.insert(messages.size());
                  messages.emplace_back(made ? std::move(*made) : json::object());
                }
                // Not one message is made, but several: each answer says what became of it.
                send_batch(services, request, caller, messages, false, known, [respond](HttpResponse answer) {
                  if (answer.status == http::status::accepted) answer.status = http::status::ok;
                  respond(std::move(answer));
                });
              });
}

void post_message(Services& services, const HttpRequest& request, Respond respond) {
  const auto caller = admit(services, request, "messages:send", respond, true);
  if (!caller || !idempotency_key_fits(request, respond)) return;
  auto value = read_json(request);
  auto* message = value ? value->if_object() : nullptr;
  const auto named = message ? take_named(*message) : std::optional<Named>();
  if (!named) return accept(services, request, *caller, tl::unexpected(named.error()), std::move(respond));
  if (*named) return send_to(services, request, *caller, **named, *message, std::move(respond));
  accept(services, request, *caller,
         value ? read_wish(*value, services, request, *caller, 0) : tl::unexpected(value.error()), std::move(respond));
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
    if (!object->contains("text") && !object->contains("template"))
      (*object)["text"] = "Test of the gateway " + name + " at " + text::time_text(services.clock.wall());
    (*object)["gateway"] = name;
  }
  accept(services, request, *caller,
         read_wish(*value, services, request, *caller, 0, {.any_gateway = speaks_for_all(services, *caller)}),
         std::move(respond));
}

// The messages of a batch, or what is wrong with its frame.
struct BatchRequest {
  const json::array* messages = nullptr;
  bool atomic = false;
};
tl::expected<BatchRequest, Problem> read_batch(const json::value& value) {
  const auto* object = value.if_object();
  const auto* messages = object ? object->if_contains("messages") : nullptr;
  const auto* atomic = object ? object->if_contains("atomic") : nullptr;
  std::vector<FieldError> errors;
  if (!messages || !messages->is_array() || messages->get_array().empty() || messages->get_array().size() > batch_max)
    errors.push_back(
        {"/messages", "bad-value", "messages must be an array of 1 to " + std::to_string(batch_max) + " messages"});
  if (atomic && !atomic->is_bool()) errors.push_back({"/atomic", "bad-type", "atomic must be true or false"});
  if (object)
    for (const auto& [key, field] : *object)
      if (key != "messages" && key != "atomic")
        errors.push_back({"/" + std::string(key), "unknown-field", "there is no field " + std::string(key)});
  if (!errors.empty()) return tl::unexpected(invalid(std::move(errors)));
  return BatchRequest{.messages = &messages->get_array(), .atomic = atomic && atomic->get_bool()};
}

// What the answer says of a message of a batch.
struct BatchItem {
  std::optional<Problem> problem;  // it could not even be read
  store::Content content;
};

HttpResponse batch_answer(const Services& services, const Caller& caller, const std::vector<BatchItem>& items,
                          const std::vector<Acceptance>& results) {
  json::array answers;
  int accepted = 0, rejected = 0, replayed = 0;
  std::size_t next = 0;
  for (const auto& item : items) {
    const auto* result = item.problem ? nullptr : &results[next++];
    if (!result || result->kind == Acceptance::Kind::refused) {
      const auto& problem = result ? *result->problem : *item.problem;
      answers.push_back(
          {{"status", static_cast<int>(status_of(problem.code))}, {"problem", json::parse(problem_body(problem))}});
      ++rejected;
      continue;
    }
    replayed += result->kind == Acceptance::Kind::replayed ? 1 : 0;
    answers.push_back({{"status", 202},
                       {"id", message_id_text(result->id)},
                       {"message", shown(services, caller, as_accepted(item.content, *result))}});
    ++accepted;
  }
  HttpResponse response{.status = http::status::accepted,
                        .body = json::serialize(json::object{
                            {"items", std::move(answers)}, {"accepted", accepted}, {"rejected", rejected}}),
                        .headers = {}};
  if (accepted > 0 && replayed == accepted) response.headers.emplace_back("Idempotency-Replayed", "true");
  return response;
}

// Of an atomic batch: what is wrong with any of its messages.
std::vector<FieldError> errors_of(const std::vector<BatchItem>& items, const std::vector<Prepared>& wishes) {
  std::vector<FieldError> errors;
  std::size_t next = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    auto problem = items[i].problem;
    if (!problem)
      if (const auto& refusal = wishes[next++].refusal) problem = problem_of(*refusal);
    if (!problem) continue;
    for (const auto& error : problem->errors)
      errors.push_back({"/messages/" + std::to_string(i) + error.pointer, error.code, error.detail});
  }
  return errors;
}

void post_batch(Services& services, const HttpRequest& request, Respond respond) {
  const auto caller = admit(services, request, "messages:send", respond, true);
  if (!caller || !idempotency_key_fits(request, respond)) return;
  const auto value = read_json(request);
  if (!value) return respond(to_response(value.error()));
  const auto batch = read_batch(*value);
  if (!batch) return respond(to_response(batch.error()));
  send_batch(services, request, *caller, *batch->messages, batch->atomic, {}, std::move(respond));
}

void send_batch(Services& services, const HttpRequest& request, const Caller& caller, const json::array& messages,
                bool atomic, const OfPeople& people, Respond respond) {
  const auto& tenant = *caller.tenant;
  std::vector<BatchItem> items;
  std::vector<Prepared> wishes;
  for (const auto& entry : messages) {
    const auto place = items.size();
    const auto refused = people.refused.find(place);
    auto wish = refused == people.refused.end() ? read_wish(entry, services, request, caller, place,
                                                            {.opted_out = people.opted_out.contains(place)})
                                                : tl::unexpected(refused->second);
    auto& item = items.emplace_back();
    if (!wish) {
      item.problem = std::move(wish.error());
      continue;
    }
    item.content = wish->enqueue.content;
    wishes.push_back(std::move(*wish));
  }
  if (atomic)
    if (auto errors = errors_of(items, wishes); !errors.empty())
      return respond(to_response(invalid(std::move(errors))));
  for (const auto& item : items)
    if (item.problem) tenant.metrics.rejected[reject_reason(item.problem->code)]->Increment();
  services.intake.accept(
      tenant, std::move(wishes), Intake::WhenBusy::refuse, request.executor,
      [&services, caller, items = std::move(items), respond = std::move(respond)](const auto& accepted) {
        if (!accepted) return respond(to_response(accepted.error()));
        respond(batch_answer(services, caller, items, *accepted));
      });
}

}  // namespace

std::vector<Endpoint> send_endpoints(Services& services) {
  using enum http::verb;
  const std::string base = "/api/v1/messages";
  return {
      {post, base, [&services](const HttpRequest& r, Respond a) { post_message(services, r, std::move(a)); }},
      {post, base + "/batch", [&services](const HttpRequest& r, Respond a) { post_batch(services, r, std::move(a)); }},
      {post, base + "/preview",
       [&services](const HttpRequest& r, Respond a) { post_preview(services, r, std::move(a)); }},
      {post, "/api/v1/gateways/{name}/test-send",
       [&services](const HttpRequest& r, Respond a) { test_send(services, r, std::move(a)); }},
  };
}

}  // namespace smsbridge::bridge
