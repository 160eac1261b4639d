// SPDX-License-Identifier: MPL-2.0
// People of Fineract: whom a message is for, and whether he can get one.
#include "bridge/doors/api/people.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "bridge/doors/admission.hpp"
#include "bridge/doors/api/api.hpp"
#include "bridge/doors/api/values.hpp"
#include "bridge/env/log.hpp"
#include "bridge/events/fineract_json.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;
using End = FineractAnswer::End;

constexpr std::pair<const char*, Audience> kinds_of_people[] = {
    {"client", Audience::client}, {"staff", Audience::staff}, {"group", Audience::group}};

Problem problem_of(const FineractAnswer& answer, Named named) {
  if (answer.end == End::not_found)
    return {.code = ProblemCode::not_found,
            .detail = fmt::format("Fineract has no {} with the id {}", name(named.as), named.id),
            .errors = {}};
  return {.code = ProblemCode::fineract_unavailable,
          .detail = "Fineract cannot be asked: " + answer.detail + "; 'smsbridge fineract check' says more",
          .errors = {},
          .retry_after_seconds = 10};
}

Problem without_number() {
  return {.code = ProblemCode::invalid_number,
          .detail = std::string(no_phone_number),
          .errors = {{"", "invalid-number", std::string(no_phone_number)}}};
}

// ---- send-check ----

struct Check {
  std::optional<Named> named;
  std::string number;
  store::Lane lane = store::Lane::transaction;
};

Check read_check(const HttpRequest& request, std::vector<FieldError>& errors) {
  Check check;
  int asked = 0;
  for (const auto& [key, value] : request.query) {
    const auto* const kind = std::ranges::find(kinds_of_people, key, [](const auto& each) { return each.first; });
    if (kind != std::end(kinds_of_people)) {
      ++asked;
      check.named = Named{.as = kind->second, .id = id_of(value)};
      if (!check.named->id) errors.push_back({"?" + key, "bad-value", key + " is an id of Fineract, such as 7"});
    } else if (key == "number") {
      ++asked;
      check.number = value;
    } else if (key == "lane") {
      if (!store::parse(value, check.lane))
        errors.push_back({"?lane", "bad-value", "lane is one of otp, transaction, reminder, campaign"});
    } else {
      errors.push_back({"?" + key, "unknown-field", "there is no parameter " + key});
    }
  }
  if (asked != 1 && errors.empty()) errors.push_back({"", "missing", "give one of client, staff, group and number"});
  return check;
}

// By the rules that a message is accepted by; the text does not matter.
std::string why_not(const Services& services, const Tenant& tenant, const Person& person, store::Lane lane) {
  if (person.number.empty()) return std::string(no_phone_number);
  Submission submission;
  submission.to = person.number;
  submission.text = "x";
  submission.lane = lane;
  submission.opted_out = person.opted_out;
  const auto prepared = services.intake.prepare(std::move(submission), tenant);
  return prepared.refusal ? prepared.refusal->detail : std::string();
}

HttpResponse check_answer(const Services& services, const Caller& caller, const Check& check, const Person& person) {
  const bool content = caller.may("content:read");
  const auto reason = why_not(services, *caller.tenant, person, check.lane);
  return {.body = json::serialize(
              json::object{{"can_send", reason.empty()},
                           {"reason", text_or_null(reason)},
                           {"name", content ? text_or_null(person.name) : json::value(nullptr)},
                           {"number", text_or_null(content ? person.number : log::masked(person.number))},
                           {"language", text_or_null(person.language)}}),
          .headers = {}};
}

// A group gets a message when one of its members does.
HttpResponse group_answer(const Services& services, const Caller& caller, const Check& check,
                          const std::vector<Person>& members) {
  std::string reason = "the group has no active members";
  for (const auto& member : members)
    if (reason = why_not(services, *caller.tenant, member, check.lane); reason.empty()) break;
  return {.body = json::serialize(json::object{{"can_send", reason.empty()},
                                               {"reason", text_or_null(reason)},
                                               {"name", nullptr},
                                               {"number", nullptr},
                                               {"language", nullptr}}),
          .headers = {}};
}

void send_check(Services& services, const HttpRequest& request, const Respond& respond) {
  const auto caller = admit(services, request, "messages:send", respond, true);
  if (!caller) return;
  std::vector<FieldError> errors;
  const auto check = read_check(request, errors);
  if (!errors.empty()) return respond(to_response(invalid(std::move(errors))));
  if (!check.named) return respond(check_answer(services, *caller, check, {.number = check.number, .values = {}}));
  find_people(services, *caller->tenant, *check.named, request.executor,
              [&services, caller = *caller, check, respond](const auto& people) {
                if (!people) return respond(to_response(people.error()));
                if (check.named->as == Audience::group) return respond(group_answer(services, caller, check, *people));
                respond(check_answer(services, caller, check, people->front()));
              });
}

}  // namespace

tl::expected<std::optional<Named>, Problem> take_named(json::object& message) {
  std::optional<Named> named;
  for (const auto& [key, as] : kinds_of_people) {
    if (!message.contains(key)) continue;
    const auto wrong = [key = std::string(key)](std::string detail) {
      return tl::unexpected(invalid({{"/" + key, "bad-value", std::move(detail)}}));
    };
    if (named || message.contains("to")) return wrong("a message is for one: give 'to', or a client, staff or group");
    named = Named{.as = as, .id = id_at(message, key)};
    if (!named->id) return wrong(std::string(key) + " is an id of Fineract, such as 7");
    message.erase(key);
  }
  return named;
}

void find_people(Services& services, const Tenant& tenant, Named named, const boost::asio::any_io_executor& home,
                 FoundPeople done) {
  if (!tenant.config.fineract)
    return done(
        tl::unexpected(Problem{.code = ProblemCode::state_conflict,
                               .detail = "the tenant '" + tenant.config.name +
                                         "' has no 'fineract' in the configuration, where people could be looked up",
                               .errors = {}}));
  services.events.find(tenant, named.as, named.id, home,
                       [named, done = std::move(done)](tl::expected<std::vector<Person>, FineractAnswer> people) {
                         if (people) return done(std::move(*people));
                         done(tl::unexpected(problem_of(people.error(), named)));
                       });
}

tl::expected<json::object, Problem> message_for(const json::object& message, const Person& person) {
  if (person.number.empty()) return tl::unexpected(without_number());
  auto made = message;
  made["to"] = person.number;
  if (!person.name.empty() && !made.contains("target_user")) made["target_user"] = person.name;
  if (!made.contains("template")) return made;
  if (!person.language.empty() && !made.contains("language")) made["language"] = person.language;
  auto values = person.values;
  if (const auto* given = object_at(message, "variables"))
    for (const auto& [key, value] : *given) values[key] = value;
  if (!made.contains("variables") || made.at("variables").is_object()) made["variables"] = std::move(values);
  return made;
}

std::vector<Endpoint> people_endpoints(Services& services) {
  return {{http::verb::get, "/api/v1/send-check",
           [&services](const HttpRequest& r, const Respond& a) { send_check(services, r, a); }}};
}

}  // namespace smsbridge::bridge
