// SPDX-License-Identifier: MPL-2.0
#include "bridge/objects/objects.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <boost/json.hpp>

#include "bridge/access/tenants.hpp"
#include "bridge/config/secrets.hpp"
#include "bridge/env/log.hpp"
#include "bridge/objects/secrets.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

constexpr const char* key_file = "master.key";
constexpr std::size_t settings_octets_max = 64 * 1024;
const std::string callback_secret_prefix = "callback-secret/", last_id_key = "last-id";

std::string_view word(Objects::Kind kind) { return kind == Objects::Kind::gateway ? "gateway" : "route"; }

std::string key_of(Objects::Kind kind, std::string_view name) { return fmt::format("{}/{}", word(kind), name); }

// Strong: no two records have the same, since sealing takes a new nonce each time.
std::string etag_of(std::string_view record) {
  std::array<unsigned char, crypto_generichash_BYTES_MIN> hash{};
  std::array<char, 2 * crypto_generichash_BYTES_MIN + 1> text{};
  ::crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(record.data()), record.size(),
                       nullptr, 0);
  ::sodium_bin2hex(text.data(), text.size(), hash.data(), hash.size());
  return fmt::format("\"{}\"", text.data());
}

// retry.first -> /retry/first, via[0].weight -> /via/0/weight
std::string pointer_of(std::string_view path) {
  std::string pointer = path.empty() ? "" : "/";
  for (const char c : path)
    if (c == '.' || c == '[')
      pointer += '/';
    else if (c != ']')
      pointer += c;
  return pointer;
}

std::optional<Problem> as_problem(const std::vector<ConfigProblem>& problems) {
  Problem problem{.code = ProblemCode::invalid_request, .detail = {}, .errors = {}};
  for (const auto& each : problems)
    if (!each.warning) problem.errors.push_back({pointer_of(each.path), each.code, each.text});
  if (problem.errors.empty()) return std::nullopt;
  const auto& first = problem.errors.front();
  problem.detail = problem.errors.size() > 1 ? fmt::format("{} settings are wrong", problem.errors.size())
                   : first.pointer.empty()   ? first.detail
                                             : first.pointer + ": " + first.detail;
  return problem;
}

tl::unexpected<Problem> refuse(ProblemCode code, std::string detail) {
  return tl::unexpected(Problem{.code = code, .detail = std::move(detail), .errors = {}});
}

std::optional<Problem> needs_secrets_again(const json::object& before, const json::object& after,
                                           const json::object& given) {
  std::vector<ConfigProblem> problems;
  for (const auto& place : secrets_sent_elsewhere(before, after, given))
    problems.push_back(
        {.file = {}, .path = place.substr(1), .text = "goes to another address now: give it again", .code = "missing"});
  return as_problem(problems);
}

std::optional<Problem> why_too_large(Objects::Kind kind, const json::object& settings) {
  const auto octets = json::serialize(settings).size();
  if (octets <= settings_octets_max) return std::nullopt;
  return Problem{.code = ProblemCode::invalid_request,
                 .detail = fmt::format(
                     "the settings of the {} have {} octets, and at most {} are taken: nothing else is "
                     "served while they are read. {}",
                     word(kind), octets, settings_octets_max,
                     kind == Objects::Kind::gateway ? "Leave out what is not used" : "Make several routes of it"),
                 .errors = {}};
}

std::optional<Problem> write(const std::function<void()>& work) {
  try {
    work();
    return std::nullopt;
  } catch (const std::exception& error) {
    return Problem{.code = ProblemCode::store_full,
                   .detail = std::string("the change could not be kept: ") + error.what(),
                   .errors = {}};
  }
}

template <class Config>
Objects::Object object_of(const Config& config, bool from_file, std::string etag) {
  return {.name = config.name,
          .id = config.id,
          .settings = config.settings,
          .from_file = from_file,
          .etag = std::move(etag)};
}

}  // namespace

GatewayLoad load_of(const store::CountsByQueueOwner& counts, store::GatewayId gateway) {
  GatewayLoad load;
  for (const auto& [owner, states] : counts) {
    if (owner.second != gateway) continue;
    load.waiting += states[static_cast<std::size_t>(store::State::queued)];
    load.awaiting += states[static_cast<std::size_t>(store::State::submitted)] +
                     states[static_cast<std::size_t>(store::State::doubtful)];
  }
  return load;
}

Objects::Objects(const Config& file, store::Store& store)
    : file_(file), store_(store), seal_(file.master_key, file.store_path / key_file) {
  use_file(file);
  load(Kind::gateway);
  load(Kind::route);
  remember_ids();
  show();
  for (const auto& problem : problems())
    log::warn("objects", "what the store keeps does not fit together", "list", problem.path, "problem", problem.text);
}

// What did not change stays the same object, and so the gateway that runs by it is left alone.
void Objects::use_file(const Config& file) {
  RoutingTable table(file);
  for (auto& gateway : table.gateways) {
    gateway = with_callback_secret(gateway);
    if (auto known = of_file_.gateway(gateway->name); known && same(*known, *gateway)) gateway = std::move(known);
  }
  for (auto& tenant : table.tenants)
    if (auto known = of_file_.tenant(tenant->name); known && *known == *tenant) tenant = std::move(known);
  of_file_ = std::move(table);
}

bool Objects::id_in_file(store::GatewayId id) const { return of_file_.gateway(id) || of_file_.route(id); }

tl::expected<Objects::Taken, std::string> Objects::take_over(const Config& file, bool dry_run) {
  const std::lock_guard lock(mutex_);
  const auto table_before = table_;
  const auto file_before = of_file_;
  const auto gateways_before = gateways_, routes_before = routes_;
  const auto restore = [&] {
    of_file_ = file_before;
    gateways_ = gateways_before;
    routes_ = routes_before;
  };
  try {
    if (auto problem = take(file)) {
      restore();
      return tl::unexpected(std::move(*problem));
    }
    if (dry_run) {
      Taken would{table_before, make_table()};
      restore();
      return would;
    }
    remember_ids();
  } catch (...) {
    restore();
    throw;
  }
  publish();
  return Taken{table_before, table_};
}

// Why it does not fit; what was taken by then has to be given back.
std::optional<std::string> Objects::take(const Config& file) {
  const auto known = problems();
  use_file(file);
  for (const auto* objects : {&gateways_, &routes_})
    for (const auto& [name, object] : *objects) {
      const auto id = object.gateway ? object.gateway->id : object.route->id;
      const auto kind = object.gateway ? Kind::gateway : Kind::route;
      if (find_in_file(of_file_, kind, name) || !id_in_file(id)) continue;
      return fmt::format("two of the gateways and routes have the id {}: '{}', which was made at run time, has it too",
                         id, name);
    }
  // What stands in the file now is no longer in force here, and what stood in it may be again.
  for (const auto kind : {Kind::gateway, Kind::route}) load(kind);
  for (const auto& problem : problems()) {
    if (std::ranges::find(known, problem.text, &ConfigProblem::text) != known.end()) continue;
    return problem.path + ": " + problem.text;
  }
  return std::nullopt;
}

std::string Objects::opened(std::string_view sealed, const std::string& place, const std::string& what) const {
  if (auto secret = seal_.open(sealed, place)) return std::move(*secret);
  throw SealError(
      fmt::format("the master key does not open {}: give the key under which it was sealed "
                  "(store.master_key, or the file {} in the store's folder)",
                  what, key_file));
}

// What is the same as before stays the same object.
void Objects::load(Kind kind) {
  const auto before = std::exchange(kept(kind), {});
  const auto prefix = key_of(kind, "");
  for (const auto& [key, text, revision] : store_.reader().objects(prefix)) {
    const auto name = key.substr(prefix.size());
    json::error_code unreadable;
    auto settings = json::parse(text, unreadable);
    if (unreadable || !settings.is_object() || !settings.as_object().contains("id") ||
        !settings.as_object().at("id").is_number()) {
      log::error("objects", "its record in the store is damaged: it is left out, make it again", word(kind), name);
      continue;
    }
    Kept object{.settings = std::move(settings.as_object()), .etag = etag_of(text), .gateway = {}, .route = {}};
    for_each_secret(object.settings, [&](json::value& value, const std::string& place) {
      const auto sealed = value.as_object().at("sealed").as_string();
      value = json::parse(opened(sealed, key + place, fmt::format("the secrets of the {} '{}'", word(kind), name)));
    });
    const auto ignore = [&](const std::string& why) {
      log::error("objects", "is kept in the store but not in force", word(kind), name, "why", why);
    };
    const auto same = before.find(name);
    if (find_in_file(of_file_, kind, name)) {
      ignore("the configuration file has one of this name, which is used");
    } else if (id_in_file(object.settings.at("id").to_number<store::GatewayId>())) {
      ignore("the configuration file has a gateway or route of its id, which is used");
    } else if (same != before.end() && same->second.etag == object.etag) {
      kept(kind).emplace(name, same->second);
    } else if (const auto wrong = parse(kind, object)) {
      ignore(wrong->errors.front().pointer + ": " + wrong->errors.front().detail);
    } else {
      if (object.gateway) object.gateway = with_callback_secret(object.gateway);
      kept(kind).emplace(name, std::move(object));
    }
  }
}

// Makes of the settings what is used.
std::optional<Problem> Objects::parse(Kind kind, Kept& object) const {
  std::vector<ConfigProblem> problems;
  if (kind == Kind::gateway) {
    object.gateway = std::make_shared<GatewaySettings>(read_gateway(object.settings, file_.folder, problems));
  } else {
    object.route = std::make_shared<RouteSettings>(read_route(object.settings, file_.folder, problems));
  }
  return as_problem(problems);
}

std::string Objects::record(Kind kind, const std::string& name, json::object settings) const {
  const auto key = key_of(kind, name);
  for_each_secret(settings, [&](json::value& value, const std::string& place) {
    value = json::object{{"sealed", seal_.close(json::serialize(value), key + place)}};
  });
  return json::serialize(settings);
}

void Objects::publish() {
  table_ = make_table();
  show();
  for (const auto& gateway : table_->gateways) store_.close_gateway(gateway->id, false);
  told_(table_);
}

std::shared_ptr<const RoutingTable> Objects::make_table() const {
  auto table = std::make_shared<RoutingTable>(of_file_);
  // The first one is the way out of tenants that have no other: a new one does not take its place.
  const auto of_file = static_cast<std::ptrdiff_t>(table->gateways.size());
  for (const auto& [name, object] : gateways_) table->gateways.push_back(object.gateway);
  std::sort(table->gateways.begin() + of_file, table->gateways.end(),
            [](const GatewaySettingsPtr& a, const GatewaySettingsPtr& b) { return a->id < b->id; });
  for (const auto& [name, object] : routes_) table->routes.push_back(object.route);
  table->sort_routes();
  return table;
}

std::vector<ConfigProblem> Objects::problems(const std::set<std::string>& assumed) const {
  std::vector<const GatewaySettings*> gateways;
  std::vector<const RouteSettings*> routes;
  const auto table = make_table();
  for (const auto& gateway : table->gateways) gateways.push_back(gateway.get());
  for (const auto& route : table->routes) routes.push_back(route.get());
  std::vector<const TenantSettings*> tenants;
  for (const auto& tenant : table->tenants) tenants.push_back(tenant.get());
  return check_references(gateways, routes, tenants, assumed);
}

// A secret in a provider's address for callbacks that nobody chose is made once and stays, also when the gateway goes
// and comes again, since it stands in the provider's settings.
GatewaySettingsPtr Objects::with_callback_secret(const GatewaySettingsPtr& gateway) {
  if (gateway->is_smpp() || !gateway->provider().callback_secret.empty()) return gateway;
  auto complete = std::make_shared<GatewaySettings>(*gateway);
  auto& secret = complete->provider().callback_secret;
  const auto key = callback_secret_prefix + gateway->name;
  const auto kept = store_.reader().object(key);
  if (kept) {
    secret = opened(kept->value, key, "the callback address of the gateway '" + gateway->name + "'");
  } else {
    secret = random_hex(16);
    put(key, seal_.close(secret, key));
  }
  return complete;
}

void Objects::put(const std::string& key, std::string value) {
  store::Batch batch;
  batch.objects.push_back({.key = key, .value = std::move(value), .expected = {}});
  store_.commit_and_wait(std::move(batch));
}

void Objects::show() {
  auto shown = std::make_shared<const Shown>(Shown{of_file_, gateways_, routes_, table_});
  const std::lock_guard lock(shown_mutex_);
  shown_ = std::move(shown);
}

std::shared_ptr<const Objects::Shown> Objects::in_force() const {
  const std::lock_guard lock(shown_mutex_);
  return shown_;
}

std::shared_ptr<const RoutingTable> Objects::table() const { return in_force()->table; }

std::optional<Objects::Object> Objects::find_in_file(const RoutingTable& of_file, Kind kind, std::string_view name) {
  const auto found = [](const auto& config) {
    return object_of(*config, true, etag_of(json::serialize(config->settings)));
  };
  if (kind == Kind::gateway) {
    if (const auto gateway = of_file.gateway(name)) return found(gateway);
  } else if (const auto route = of_file.route(name)) {
    return found(route);
  }
  return std::nullopt;
}

std::optional<Objects::Object> Objects::find(Kind kind, std::string_view name) const {
  const auto now = in_force();
  if (auto object = find_in_file(now->of_file, kind, name)) return object;
  const auto& kept = kind == Kind::gateway ? now->gateways : now->routes;
  const auto it = kept.find(name);
  if (it == kept.end()) return std::nullopt;
  return shown(it->second);
}

Objects::Object Objects::shown(const Kept& object) {
  return object.gateway ? object_of(*object.gateway, false, object.etag) : object_of(*object.route, false, object.etag);
}

// Ids of what is gone stay in the records of messages and in the accounts: they are not given again.
store::GatewayId Objects::last_id() const {
  const auto kept = store_.reader().object(last_id_key);
  store::GatewayId last = kept ? static_cast<store::GatewayId>(std::strtoul(kept->value.c_str(), nullptr, 10)) : 0;
  for (const auto& gateway : table_->gateways) last = std::max(last, gateway->id);
  for (const auto& route : table_->routes) last = std::max(last, route->id);
  for (const auto& [owner, counts] : store_.counts()) last = std::max(last, owner.second);
  for (const auto& [key, usage] : store_.usage()) last = std::max(last, key.gateway);
  return last;
}

void Objects::remember_ids() {
  table_ = make_table();
  const auto last = std::to_string(last_id());
  if (const auto kept = store_.reader().object(last_id_key); !kept || kept->value != last) put(last_id_key, last);
}

// Puts the secrets that are kept where the caller left them hidden.
std::optional<Problem> Objects::reveal_hidden(json::object& settings, const json::object* before) const {
  const auto known = before ? secrets_of(*before) : std::map<std::string, json::value>();
  std::vector<ConfigProblem> problems;
  for_each_secret(settings, [&](json::value& value, const std::string& place) {
    if (!is_hidden_secret(value)) return;
    if (const auto it = known.find(place); it != known.end())
      value = it->second;
    else
      problems.push_back({.file = {},
                          .path = place.substr(1),
                          .text = "no secret is kept here that could stay: give it",
                          .code = "missing"});
  });
  return as_problem(problems);
}

// Why it cannot go. Nothing new comes to it once this was asked, unless the answer is that it stays.
std::optional<Problem> Objects::still_needed(const Change& change, store::GatewayId id) {
  if (change.kind == Kind::route) return std::nullopt;
  std::string users;
  for (const auto& route : table_->routes)
    if (std::ranges::find(route->via, change.name, &RouteSettings::Via::gateway) != route->via.end())
      users += (users.empty() ? "" : ", ") + route->name;
  if (!users.empty())
    return Problem{.code = ProblemCode::state_conflict,
                   .detail = "these routes go by the gateway " + change.name + ": " + users + "; change them first",
                   .errors = {}};
  if (!change.dry_run) {
    store_.close_gateway(id, true);
    store_.wait_for_commit();
  }
  const auto [waiting, awaiting] = load_of(store_.counts(), id);
  if (change.force || (waiting <= 0 && awaiting <= 0)) return std::nullopt;
  store_.close_gateway(id, false);
  return Problem{.code = ProblemCode::state_conflict,
                 .detail = fmt::format("{} messages wait for the gateway {} and {} await a receipt by it: drain it "
                                       "first, or force the removal, after which those that wait expire",
                                       waiting, change.name, awaiting),
                 .errors = {}};
}

tl::expected<Objects::Changed, Problem> Objects::change(Change change) {
  using Action = Change::Action;
  const std::lock_guard lock(mutex_);
  const auto table_before = table_;
  const auto as_it_was = [&](Object object) { return Changed{std::move(object), table_before, table_before}; };
  const auto kind = change.kind;
  const auto& name = change.name;
  if (find_in_file(of_file_, kind, name))
    return refuse(ProblemCode::managed_by_file,
                  fmt::format("the {} {} stands in the configuration file: change it there", word(kind), name));
  auto& objects = kept(kind);
  const auto existing = objects.find(name);
  const bool exists = existing != objects.end();
  if (change.action == Action::create) {
    if (exists) return refuse(ProblemCode::state_conflict, fmt::format("there is a {} {} already", word(kind), name));
  } else {
    if (!exists) return refuse(ProblemCode::not_found, fmt::format("there is no {} {}", word(kind), name));
    if (change.if_match.empty())
      return refuse(ProblemCode::precondition_required,
                    "send the ETag that you saw in the header If-Match, so that nobody's change is lost");
    if (change.if_match != "*" && change.if_match != existing->second.etag)
      return refuse(ProblemCode::precondition_failed, "it was changed since: read it again");
  }
  const auto key = key_of(kind, name);
  if (change.action == Action::remove) {
    const auto before = shown(existing->second);
    if (auto needed = still_needed(change, before.id)) return tl::unexpected(std::move(*needed));
    if (change.dry_run) {
      auto taken_out = objects.extract(existing);
      auto table_after = make_table();
      objects.insert(std::move(taken_out));
      return Changed{before, table_before, std::move(table_after)};
    }
    if (auto failed = write([&] {
          store::Batch batch;
          batch.erased_objects.push_back({.key = key, .expected = {}});
          store_.commit_and_wait(std::move(batch));
        })) {
      store_.close_gateway(before.id, false);
      return tl::unexpected(std::move(*failed));
    }
    objects.erase(existing);
    log::info("objects", "removed", word(kind), name, "by", change.by);
    publish();
    return Changed{before, table_before, table_};
  }

  auto settings = change.settings;
  if (change.action == Action::patch) {
    settings = existing->second.settings;
    merge_patch(settings, change.settings);
  }
  Kept object{.settings = std::move(settings), .etag = {}, .gateway = {}, .route = {}};
  if (auto missing = reveal_hidden(object.settings, exists ? &existing->second.settings : nullptr))
    return tl::unexpected(std::move(*missing));
  if (!object.settings.contains("name")) object.settings["name"] = name;
  if (!object.settings.contains("id")) object.settings["id"] = exists ? shown(existing->second).id : last_id() + 1;
  if (auto wrong = why_too_large(kind, object.settings)) return tl::unexpected(std::move(*wrong));
  if (auto wrong = parse(kind, object)) return tl::unexpected(std::move(*wrong));
  if (exists && existing->second.settings == object.settings) return as_it_was(shown(existing->second));
  if (exists && kind == Kind::gateway)
    if (auto wrong = needs_secrets_again(existing->second.settings, object.settings, change.settings))
      return tl::unexpected(std::move(*wrong));
  const auto now = shown(object);
  if (now.name != name || (exists && now.id != shown(existing->second).id))
    return refuse(ProblemCode::state_conflict, "name and id stay as they are: messages are kept under them");
  if (exists && kind == Kind::gateway && existing->second.gateway->kind != object.gateway->kind)
    return refuse(ProblemCode::state_conflict, "a gateway stays of its kind: make another one, and remove this");

  // What did not fit before is not this change's fault.
  const auto before = problems(change.assumed);
  const auto text = record(kind, name, object.settings);
  object.etag = etag_of(text);
  const auto previous = exists ? std::optional(existing->second) : std::nullopt;
  objects[name] = object;
  auto after = problems(change.assumed);
  std::erase_if(after, [&](const ConfigProblem& problem) {
    return std::ranges::find(before, problem.text, &ConfigProblem::text) != before.end();
  });
  const auto undo = [&] {
    if (previous)
      objects[name] = *previous;
    else
      objects.erase(name);
  };
  auto table_after = make_table();
  if (!after.empty() || change.dry_run) undo();
  if (auto wrong = as_problem(after)) {
    for (auto& error : wrong->errors) error.pointer.clear();
    wrong->detail = wrong->errors.front().detail;
    return tl::unexpected(std::move(*wrong));
  }
  if (change.dry_run) return Changed{shown(object), table_before, std::move(table_after)};
  if (auto failed = write([&] {
        if (object.gateway) objects[name].gateway = with_callback_secret(object.gateway);
        store::Batch batch;
        if (!exists)
          batch.objects.push_back(
              {.key = last_id_key, .value = std::to_string(std::max(last_id(), now.id)), .expected = {}});
        batch.objects.push_back({.key = key, .value = text, .expected = {}});
        store_.commit_and_wait(std::move(batch));
      })) {
    undo();
    return tl::unexpected(std::move(*failed));
  }
  log::info("objects", exists ? "changed" : "made", word(kind), name, "by", change.by);
  publish();
  return Changed{shown(object), table_before, table_};
}

}  // namespace smsbridge::bridge
