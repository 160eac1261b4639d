// SPDX-License-Identifier: MPL-2.0
// Signing in and out of the console, and who somebody is.
#include <boost/json.hpp>
#include <charconv>

#include "bridge/doors/admission.hpp"
#include "bridge/doors/api/api.hpp"
#include "bridge/doors/api/values.hpp"
#include "bridge/env/log.hpp"
#include "bridge/http/reading.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

constexpr std::size_t sign_in_bytes_max = 4096;

json::array tenants_of(const Services& services, const Caller& caller) {
  json::array names;
  if (!caller.of_all_tenants) return {json::value(caller.tenant->config.name)};
  for (const auto& [name, tenant] : *services.tenants.all()) names.emplace_back(name);
  return names;
}

json::object me_json(const Services& services, const Caller& caller) {
  const auto* person = caller.person ? &*caller.person : nullptr;
  return {{"kind", person              ? "person"
                   : caller.everything ? "host"
                                       : "key"},
          {"name", caller.who},
          {"role", person ? json::value(person->role) : json::value(nullptr)},
          {"scopes", texts(caller.everything ? key_scopes() : caller.scopes)},
          {"all_tenants", caller.of_all_tenants},
          {"tenants", tenants_of(services, caller)},
          {"language", person ? text_or_null(person->language) : json::value(nullptr)},
          {"expires_at", time_or_null(caller.expires_at)}};
}

void who_am_i(Services& services, const HttpRequest& request, const Respond& respond) {
  const auto caller = services.tenants.by_key(request);
  if (!caller) return respond(to_response(caller.error()));
  respond({.body = json::serialize(me_json(services, *caller)), .headers = {{"Cache-Control", "no-store"}}});
}

void is_anybody_there(Services& services, const HttpRequest&, const Respond& respond) {
  const bool anybody = !console_people(services.store).empty();
  respond({.body = json::serialize(json::object{{"anybody", anybody}}), .headers = {}});
}

// Who has shown nothing yet sends no more than a name and a password.
std::optional<HttpResponse> is_short(const HttpRequest& request) {
  const auto length = request.header(http::field::content_length);
  std::size_t bytes = 0;
  const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), bytes);
  if (error == std::errc() && end == length.data() + length.size() && bytes <= sign_in_bytes_max) return std::nullopt;
  return to_response({.code = ProblemCode::payload_too_large,
                      .detail = "send a Content-Length of at most 4096 octets: a name and a password",
                      .errors = {}});
}

// The fields of the body, all of them texts; otherwise the answer has been given.
std::optional<std::vector<std::string>> read_fields(const HttpRequest& request, const Respond& respond,
                                                    const std::vector<std::string>& names) {
  if (auto problem = not_from_console(request)) return respond(to_response(*problem)), std::nullopt;
  const auto body = read_json(request);
  if (!body) return respond(to_response(body.error())), std::nullopt;
  std::vector<FieldError> errors;
  std::vector<std::string> values;
  const auto* fields = body->if_object();
  for (const auto& name : names) {
    const auto* value = fields ? fields->if_contains(name) : nullptr;
    if (value && value->is_string())
      values.emplace_back(std::string_view(value->get_string()));
    else
      errors.push_back({"/" + name, "missing", "'" + name + "' is a text, and has to be there"});
  }
  if (fields)
    for (const auto& [name, value] : *fields)
      if (std::ranges::find(names, name) == names.end())
        errors.push_back({"/" + std::string(name), "unknown-field", "there is no such field"});
  if (errors.empty()) return values;
  respond(to_response(invalid(std::move(errors))));
  return std::nullopt;
}

void welcome_in(Services& services, const HttpRequest& request, const Respond& respond, const ConsolePerson& person) {
  auto caller = services.tenants.of_person(person, 0, request);
  if (!caller) return respond(to_response(caller.error()));
  auto begun = services.tenants.sessions().begin(person, request);
  caller->expires_at = begun.ends_at;
  respond({.body = json::serialize(me_json(services, *caller)),
           .headers = {{"Set-Cookie", std::move(begun.set_cookie)}, {"Cache-Control", "no-store"}}});
}

void sign_in(Services& services, const HttpRequest& request, const Respond& respond) {
  const auto fields = read_fields(request, respond, {"name", "password"});
  if (!fields) return;
  const auto person = services.tenants.sessions().sign_in((*fields)[0], (*fields)[1], request.peer.address.to_string());
  if (!person) return respond(to_response(person.error()));
  welcome_in(services, request, respond, *person);
}

// The first password, or another one when the old one was forgotten: by the link that somebody made for it.
void set_password(Services& services, const HttpRequest& request, const Respond& respond) {
  const auto fields = read_fields(request, respond, {"token", "password"});
  if (!fields) return;
  const auto& password = (*fields)[1];
  if (password.size() < password_min || password.size() > password_max)
    return respond(to_response(
        invalid({{"/password", "bad-length", "a password has at least 10 characters, and at most 1024 octets"}})));
  auto person = welcomed(services.store, (*fields)[0], services.clock.wall());
  if (!person)
    return respond(to_response({.code = ProblemCode::unauthenticated,
                                .detail = "the link is not good any more: it works once, and for ten minutes; "
                                          "'smsbridge people invite' on the server makes another",
                                .errors = {}}));
  if (person->disabled)
    return respond(to_response(
        {.code = ProblemCode::forbidden, .detail = "this person is disabled: ask your owner", .errors = {}}));
  person->password = password_hash(password);
  person->welcome_hash.clear();
  person->welcome_expires_at = 0;
  person->sessions_from = services.clock.wall();
  if (!keep_person(services.store, *person))
    return respond(to_response(
        {.code = ProblemCode::state_conflict, .detail = "the person was changed just now: try again", .errors = {}}));
  log::info("access", "a password was set", "name", person->name);
  welcome_in(services, request, respond, *person);
}

void sign_out(Services& services, const HttpRequest& request, const Respond& respond) {
  const auto everywhere = flag(request, "everywhere");
  if (!everywhere) return respond(to_response(everywhere.error()));
  const auto caller = services.tenants.by_key(request);
  if (!caller) return respond(to_response(caller.error()));
  if (!caller->person)
    return respond(to_response({.code = ProblemCode::state_conflict,
                                .detail = "only somebody who signed in can sign out; a key is removed instead",
                                .errors = {}}));
  if (*everywhere && !services.tenants.sessions().end_all(*caller->person))
    return respond(to_response(
        {.code = ProblemCode::state_conflict, .detail = "the person was changed just now: try again", .errors = {}}));
  services.tenants.sessions().end(request);
  respond({.status = http::status::no_content,
           .body = {},
           .headers = {{"Set-Cookie", Sessions::cookie_of_nobody(request)}}});
}

}  // namespace

// Passwords are hashed, and sessions kept, where it may take a while.
std::vector<Endpoint> session_endpoints(Services& services) {
  using enum http::verb;
  const std::string session = "/api/v1/session";
  const auto handled = [&services](void (*work)(Services&, const HttpRequest&, const Respond&)) {
    return [&services, work](const HttpRequest& r, const Respond& a) { work(services, r, a); };
  };
  return {{get, "/api/v1/me", handled(who_am_i)},
          {get, session, handled(is_anybody_there)},
          on_aside(services, post, session, sign_in, is_short),
          on_aside(services, post, session + "/welcome", set_password, is_short),
          on_aside(services, delete_, session, sign_out)};
}

}  // namespace smsbridge::bridge
