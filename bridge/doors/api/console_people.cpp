// SPDX-License-Identifier: MPL-2.0
// People who sign in to the console: who there are, and what they may.
#include "bridge/access/console_people.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "bridge/doors/admission.hpp"
#include "bridge/doors/api/api.hpp"
#include "bridge/doors/api/paging.hpp"
#include "bridge/doors/api/values.hpp"
#include "bridge/env/log.hpp"
#include "bridge/http/reading.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

constexpr std::size_t language_max = 20;

json::object console_person_json(const Services& services, const ConsolePerson& person) {
  return {{"name", person.name},
          {"role", person.role},
          {"tenant", text_or_null(person.tenant)},
          {"language", text_or_null(person.language)},
          {"sees_content", std::ranges::count(scopes_of(person), "content:read") > 0},
          {"disabled", person.disabled},
          {"has_password", !person.password.empty()},
          {"last_seen_at", time_or_null(services.tenants.uses().at(object_of(person)))},
          {"created_at", time_or_null(person.created_at)},
          {"made_by", text_or_null(person.made_by)}};
}

json::object invited_json(const Services& services, const ConsolePerson& person, const std::string& token) {
  auto body = console_person_json(services, person);
  body["welcome_path"] = "/console/welcome#" + token;
  body["welcome_expires_at"] = time_or_null(person.welcome_expires_at);
  return body;
}

bool manages(const Caller& caller, const ConsolePerson& person) {
  return caller.of_all_tenants || person.tenant == caller.tenant->config.name;
}

struct Found {
  Caller caller;
  ConsolePerson person;
};
// The person of the path; otherwise the answer has been given.
std::optional<Found> managed_person(Services& services, const HttpRequest& request, const Respond& respond) {
  auto caller = admit(services, request, "keys:manage", respond, false);
  if (!caller) return std::nullopt;
  const auto& name = request.captures.front();
  if (auto person = find_person(services.store, name); person && manages(*caller, *person))
    return Found{std::move(*caller), std::move(*person)};
  respond(to_response(no_such("person", name)));
  return std::nullopt;
}

void list_people(Services& services, const HttpRequest& request, const Respond& respond) {
  const auto caller = admit(services, request, "keys:manage", respond, false);
  if (!caller) return;
  json::array items;
  for (const auto& person : console_people(services.store))
    if (manages(*caller, person)) items.push_back(console_person_json(services, person));
  respond(page_of(request, std::move(items), {}));
}

// What a body says of a person; `name` only of a new one.
void read_field(ConsolePerson& person, std::string_view field, const json::value& value, bool is_new,
                std::vector<FieldError>& errors) {
  const auto pointer = "/" + std::string(field);
  const auto wrong = [&](std::string why) { errors.push_back({pointer, "bad-value", std::move(why)}); };
  const auto* text = value.if_string();
  if (field == "name" && is_new) {
    person.name = text ? std::string(*text) : std::string();
    if (const auto why = name_fault(person.name)) wrong(*why);
  } else if (field == "role") {
    person.role = text ? std::string(*text) : std::string();
    if (!find_role(person.role)) wrong("a role is viewer, sender, operator or owner");
  } else if (field == "tenant") {
    if (!text && !value.is_null()) return wrong("tenant is the name of one, or null: all of them");
    person.tenant = text ? std::string(*text) : std::string();
  } else if (field == "language") {
    if ((!text && !value.is_null()) || (text && text->size() > language_max))
      return wrong("language is a tag such as sw, or null: the browser's");
    person.language = text ? std::string(*text) : std::string();
  } else if (field == "sees_content" || field == "disabled") {
    if (!value.is_bool()) return wrong(std::string(field) + " is true or false");
    (field == "disabled" ? person.disabled : person.sees_content) = value.get_bool();
  } else {
    errors.push_back({pointer, "unknown-field",
                      is_new ? "the fields are name, role, tenant, language, sees_content and disabled"
                             : "what can be changed is role, tenant, language, sees_content and disabled"});
  }
}

// Nobody makes somebody who may more than himself.
void check_person_rights(const Services& services, const ConsolePerson& person, const Caller& caller,
                         std::vector<FieldError>& errors) {
  if (person.tenant.empty() && !caller.of_all_tenants)
    errors.push_back({"/tenant", "missing", "you speak for one tenant, so name it"});
  else if (!person.tenant.empty() && (!services.tenants.find(person.tenant) || !manages(caller, person)))
    errors.push_back({"/tenant", "bad-value", "there is no tenant '" + person.tenant + "'"});
  for (const auto& scope : scopes_of(person))
    if (!caller.may(scope))
      return errors.push_back({"/role", "bad-value", "you lack the scope " + scope + ", so you give it to nobody"});
}

// False: the answer has been given.
bool read_person_fields(Services& services, const HttpRequest& request, const Respond& respond, const Caller& caller,
                        ConsolePerson& person, bool is_new) {
  const auto body = read_json(request);
  if (!body) return respond(to_response(body.error())), false;
  std::vector<FieldError> errors;
  const auto* fields = body->if_object();
  if (!fields) errors.push_back({"", "bad-type", "send a JSON object"});
  if (fields)
    for (const auto& [name, value] : *fields) read_field(person, name, value, is_new, errors);
  if (is_new && fields)
    for (const auto* name : {"name", "role"})
      if (!fields->contains(name)) errors.push_back({std::string("/") + name, "missing", "has to be there"});
  if (errors.empty()) check_person_rights(services, person, caller, errors);
  if (!errors.empty()) return respond(to_response(invalid(std::move(errors)))), false;
  return true;
}

Problem changed_meanwhile() {
  return {.code = ProblemCode::state_conflict,
          .detail = "somebody changed this person just now: read it again",
          .errors = {}};
}

void make_person(Services& services, const HttpRequest& request, const Respond& respond) {
  const auto caller = admit(services, request, "keys:manage", respond, false);
  if (!caller) return;
  const auto now = services.clock.wall();
  ConsolePerson person{.tenant = caller->of_all_tenants ? std::string() : caller->tenant->config.name,
                       .created_at = now,
                       .made_by = caller->who};
  if (!read_person_fields(services, request, respond, *caller, person, true)) return;
  const auto token = invite(person, now + welcome_ms);
  if (!add_person(services.store, person))
    return respond(to_response(
        {.code = ProblemCode::state_conflict, .detail = "there is somebody of this name already", .errors = {}}));
  log::info("access", "a person was made", "name", person.name, "role", person.role, "tenant", person.tenant, "by",
            caller->who);
  respond({.status = http::status::created,
           .body = json::serialize(invited_json(services, person, token)),
           .headers = {{"Cache-Control", "no-store"}}});
}

void change_person(Services& services, const HttpRequest& request, const Respond& respond) {
  auto found = managed_person(services, request, respond);
  if (!found) return;
  auto& [caller, person] = *found;
  const auto before = scopes_of(person);
  if (!read_person_fields(services, request, respond, caller, person, false)) return;
  // Who may something else from now on signs in again.
  if (scopes_of(person) != before || person.disabled) person.sessions_from = services.clock.wall() + 1;
  if (!keep_person(services.store, person)) return respond(to_response(changed_meanwhile()));
  log::info("access", "a person was changed", "name", person.name, "role", person.role, "disabled", person.disabled,
            "by", caller.who);
  respond({.body = json::serialize(console_person_json(services, person)), .headers = {}});
}

void invite_person(Services& services, const HttpRequest& request, const Respond& respond) {
  auto found = managed_person(services, request, respond);
  if (!found) return;
  auto& [caller, person] = *found;
  std::vector<FieldError> errors;
  check_person_rights(services, person, caller, errors);
  if (!errors.empty()) return respond(to_response(invalid(std::move(errors))));
  const auto token = invite(person, services.clock.wall() + welcome_ms);
  if (!keep_person(services.store, person)) return respond(to_response(changed_meanwhile()));
  log::info("access", "a person was invited again", "name", person.name, "by", caller.who);
  respond({.body = json::serialize(invited_json(services, person, token)), .headers = {{"Cache-Control", "no-store"}}});
}

void delete_person(Services& services, const HttpRequest& request, const Respond& respond) {
  const auto found = managed_person(services, request, respond);
  if (!found) return;
  if (!remove_person(services.store, found->person.name))
    return respond(to_response(no_such("person", found->person.name)));
  log::info("access", "a person was removed", "name", found->person.name, "by", found->caller.who);
  respond({.status = http::status::no_content, .body = {}, .headers = {}});
}

}  // namespace

std::vector<Endpoint> console_people_endpoints(Services& services) {
  using enum http::verb;
  const std::string base = "/api/v1/people";
  return {on_aside(services, get, base, list_people), on_aside(services, post, base, make_person),
          on_aside(services, patch, base + "/{name}", change_person),
          on_aside(services, delete_, base + "/{name}", delete_person),
          on_aside(services, post, base + "/{name}/invite", invite_person)};
}

}  // namespace smsbridge::bridge
