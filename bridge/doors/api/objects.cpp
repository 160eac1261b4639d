// SPDX-License-Identifier: MPL-2.0
// Making, changing and removing gateways, routes, webhooks and what else can be made at run time.
#include "bridge/doors/api/objects.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <map>
#include <sstream>

#include "bridge/doors/admission.hpp"
#include "bridge/doors/api/api.hpp"
#include "bridge/doors/api/values.hpp"
#include "bridge/env/log.hpp"
#include "bridge/http/reading.hpp"
#include "http_gateways/coding.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;
using Action = Objects::Change::Action;

std::string base_of(ObjectKind kind) { return fmt::format("/api/v1/{}s", row_of(kind).word); }

void change_object(Services& services, const HttpRequest& request, const Respond& respond, ObjectKind kind,
                   Action action) {
  const auto caller = kind == ObjectKind::tenant ? admit_owner(services, request, "config:write", respond)
                                                 : admit_for_all(services, request, "config:write", respond);
  if (!caller) return;
  const auto dry_run = flag(request, "dry_run"), force = flag(request, "force"), erase = flag(request, "erase");
  for (const auto* given : {&dry_run, &force, &erase})
    if (!*given) return respond(to_response(given->error()));
  Objects::Change change{.kind = kind,
                         .name = request.captures.empty() ? std::string() : request.captures.front(),
                         .action = action,
                         .settings = {},
                         .if_match = std::string(request.header(http::field::if_match)),
                         .dry_run = *dry_run,
                         .assumed = {},
                         .force = *force,
                         .erase = *erase,
                         .by = caller->who};
  if (const auto it = request.query.find("assuming"); it != request.query.end() && *dry_run) {
    std::stringstream names(it->second);
    for (std::string name; std::getline(names, name, ',');) change.assumed.insert(name);
  }
  if (action != Action::remove) {
    auto body = read_json(request);
    if (!body) return respond(to_response(body.error()));
    if (!body->is_object()) return respond(to_response(invalid({{"", "bad-type", "send a JSON object of settings"}})));
    change.settings = std::move(body->as_object());
    const auto* name = change.settings.if_contains("name");
    if (name && !name->is_string()) return respond(to_response(invalid({{"/name", "bad-type", "must be a text"}})));
    if (action == Action::create) {
      if (!name) return respond(to_response(invalid({{"/name", "missing", "the key 'name' is missing"}})));
      change.name = std::string(name->get_string());
    }
  }
  const auto draining = services.directory.router().draining();
  const auto changed = services.objects.change(change);
  if (!changed) return respond(to_response(problem_of(changed.error())));
  const auto cut_off = cut_off_between({*changed->before, draining}, {*changed->after, draining});
  if (!*dry_run) say_cut_off(cut_off, caller->who);
  const auto& object = changed->object;
  const bool made = action == Action::create && !*dry_run;
  json::object body{{"name", object.name},
                    {"id", object.id},
                    {"managed_by", managed_by(object)},
                    {"settings", object.settings},
                    {"cut_off", cut_off_json(cut_off)}};
  // Made here, so this is the only time that anybody is told.
  if (const auto webhook = changed->after->webhook(object.name);
      made && kind == ObjectKind::webhook && webhook && !change.settings.contains("secret"))
    body["secret"] = webhook->secret;
  if (changed->erased)
    body["erased"] = json::object{{"messages", changed->erased->messages},
                                  {"others", changed->erased->others},
                                  {"overwritten", changed->erased->overwritten}};
  HttpResponse response{.status = made ? http::status::created : http::status::ok,
                        .body = json::serialize(body),
                        .headers = etag_header(object)};
  if (made) response.headers.emplace_back("Location", base_of(kind) + "/" + http_gateways::percent_encode(object.name));
  respond(std::move(response));
}

json::object reloaded_json(const Reloaded& reloaded) {
  const auto names = [](const TableChanges::Names& n) {
    return json::object{{"new", texts(n.added)}, {"changed", texts(n.changed)}, {"removed", texts(n.removed)}};
  };
  const auto& changes = reloaded.changes;
  return {{"tenants", names(changes.tenants)},
          {"gateways", names(changes.gateways)},
          {"routes", names(changes.routes)},
          {"webhooks", names(changes.webhooks)},
          {"inbound_rules", names(changes.inbound_rules)},
          {"templates", names(changes.templates)},
          {"events", names(changes.events)},
          {"schedules", names(changes.schedules)},
          {"lanes", texts(changes.lanes)},
          {"prices", changes.prices},
          {"takes_restart", texts(reloaded.takes_restart)},
          {"cut_off", cut_off_json(reloaded.cut_off)}};
}

void reload(Services& services, const HttpRequest& request, const Respond& respond) {
  const auto caller = admit_for_all(services, request, "system:manage", respond);
  if (!caller) return;
  const auto dry_run = flag(request, "dry_run");
  if (!dry_run) return respond(to_response(dry_run.error()));
  if (!*dry_run) log::info("config", "a reload was asked for", "by", caller->who);
  const auto done = services.reload(*dry_run);
  if (done) return respond({.body = json::serialize(reloaded_json(*done)), .headers = {}});
  std::vector<FieldError> errors;
  for (const auto& error : done.error()) errors.push_back({"", "bad-configuration", error});
  respond(to_response(invalid(std::move(errors))));
}

}  // namespace

Problem problem_of(const ObjectError& error) {
  using Why = ObjectError::Why;
  static const std::map<Why, ProblemCode> codes = {{Why::managed_by_file, ProblemCode::managed_by_file},
                                                   {Why::is_there, ProblemCode::state_conflict},
                                                   {Why::is_not_there, ProblemCode::not_found},
                                                   {Why::revision_needed, ProblemCode::precondition_required},
                                                   {Why::changed_since, ProblemCode::precondition_failed},
                                                   {Why::wrong, ProblemCode::invalid_request},
                                                   {Why::stays, ProblemCode::state_conflict},
                                                   {Why::needed, ProblemCode::state_conflict},
                                                   {Why::not_kept, ProblemCode::store_full}};
  Problem problem{.code = codes.at(error.why), .detail = error.detail, .errors = {}};
  for (const auto& mistake : error.mistakes) problem.errors.push_back({mistake.pointer, mistake.code, mistake.text});
  return problem;
}

json::object cut_off_json(const CutOff& cut_off) {
  json::array destinations, providers;
  for (const auto& place : cut_off.destinations)
    destinations.push_back({{"name", place.name}, {"tenants", texts(place.tenants)}});
  for (const auto& place : cut_off.providers)
    providers.push_back({{"id", place.id}, {"name", place.name}, {"tenants", texts(place.tenants)}});
  return {{"tenants", texts(cut_off.tenants)},
          {"destinations", std::move(destinations)},
          {"providers", std::move(providers)}};
}

void say_cut_off(const CutOff& cut_off, const std::string& by) {
  if (!cut_off.empty())
    log::warn("objects", "a change cut somebody off", "by", by, "what", json::serialize(cut_off_json(cut_off)));
}

std::string_view managed_by(const std::optional<Objects::Object>& object) {
  return object && object->from_file ? "file" : "api";
}

std::vector<std::pair<std::string, std::string>> etag_header(const std::optional<Objects::Object>& object) {
  if (!object || object->etag.empty()) return {};
  return {{"ETag", object->etag}};
}

// A change is answered once it is on disk.
std::vector<Endpoint> object_endpoints(Services& services) {
  using enum http::verb;
  std::vector<Endpoint> endpoints;
  for (const auto kind : object_kinds) {
    const auto add = [&](http::verb method, const std::string& path, Action action) {
      endpoints.push_back(
          {.method = method,
           .path = path,
           .handler = [&services, kind, action](const HttpRequest& r,
                                                const Respond& a) { change_object(services, r, a, kind, action); },
           .aside = services.aside});
    };
    add(post, base_of(kind), Action::create);
    add(put, base_of(kind) + "/{name}", Action::replace);
    add(patch, base_of(kind) + "/{name}", Action::patch);
    add(delete_, base_of(kind) + "/{name}", Action::remove);
  }
  endpoints.push_back({.method = post,
                       .path = "/api/v1/config/reload",
                       .handler = [&services](const HttpRequest& r, const Respond& a) { reload(services, r, a); },
                       .aside = services.aside});
  return endpoints;
}

void say_reloaded(const Reloaded& reloaded, const std::filesystem::path& file) {
  const auto joined = [](const std::vector<std::string>& words) { return fmt::format("{}", fmt::join(words, ", ")); };
  log::info("config", "reloaded", "file", file.string());
  const auto say = [&](const char* what, const TableChanges::Names& names) {
    if (names == TableChanges::Names()) return;
    log::info("config", "reloaded", "what", what, "new", joined(names.added), "changed", joined(names.changed),
              "removed", joined(names.removed));
  };
  say("tenants", reloaded.changes.tenants);
  say("gateways", reloaded.changes.gateways);
  say("routes", reloaded.changes.routes);
  say("webhooks", reloaded.changes.webhooks);
  say("inbound rules", reloaded.changes.inbound_rules);
  say("templates", reloaded.changes.templates);
  say("events", reloaded.changes.events);
  say("schedules", reloaded.changes.schedules);
  if (!reloaded.changes.lanes.empty())
    log::info("config", "reloaded", "what", "lanes", "changed", joined(reloaded.changes.lanes));
  if (reloaded.changes.prices) log::info("config", "reloaded", "what", "prices");
  say_cut_off(reloaded.cut_off, "a reload");
  if (!reloaded.takes_restart.empty())
    log::warn("config", "other settings changed too: they take a restart", "keys", joined(reloaded.takes_restart));
}

}  // namespace smsbridge::bridge
