// SPDX-License-Identifier: MPL-2.0
#include "bridge/objects/objects.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "bridge/config/secrets.hpp"
#include "bridge/env/log.hpp"
#include "bridge/objects/fitting.hpp"
#include "bridge/objects/secrets.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;
using Why = ObjectError::Why;
using Action = Objects::Change::Action;

constexpr std::size_t settings_octets_max = 64 * 1024;

// Puts the secrets that are kept where the caller left them hidden.
std::optional<ObjectError> reveal_hidden(json::object& settings, const json::object* before) {
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
  return error_of(problems);
}

std::optional<ObjectError> needs_secrets_again(const json::object& before, const json::object& after,
                                               const json::object& given) {
  std::vector<ConfigProblem> problems;
  for (const auto& place : secrets_sent_elsewhere(before, after, given))
    problems.push_back(
        {.file = {}, .path = place.substr(1), .text = "goes to another address now: give it again", .code = "missing"});
  return error_of(problems);
}

std::optional<ObjectError> why_too_large(const KindRow& kind, const json::object& settings) {
  const auto octets = json::serialize(settings).size();
  if (octets <= settings_octets_max) return std::nullopt;
  return refusal(Why::wrong,
                 fmt::format("the settings of the {} have {} octets, and at most {} are taken: nothing else "
                             "is served while they are read. {}",
                             kind.word, octets, settings_octets_max, kind.when_too_large));
}

bool has_id(const RoutingTable& table, store::GatewayId id) {
  return table.gateway(id) || table.route(id) || table.webhook(id);
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

Objects::Objects(const Config& file, store::Store& store) : file_(file), store_(store), records_(file, store) {
  auto state = loaded(taken_from(file));
  records_.remember_last_id(records_.last_id(*state.table));
  for (const auto& problem : problems_of(*state.table))
    log::warn("objects", "what the store keeps does not fit together", "list", problem.path, "problem", problem.text);
  state_ = std::make_shared<const State>(std::move(state));
}

// ---- what there is ----

Objects::StatePtr Objects::state() const {
  const std::lock_guard lock(state_mutex_);
  return state_;
}

std::shared_ptr<const RoutingTable> Objects::table() const { return state()->table; }

std::optional<Objects::Object> Objects::find_in(const RoutingTable& of_file, ObjectKind kind, std::string_view name) {
  for (const auto& made : row_of(kind).of(of_file))
    if (name_of(made) == name)
      return Object{.name = name_of(made),
                    .id = id_of(made),
                    .settings = settings_of(made),
                    .from_file = true,
                    .etag = ObjectRecords::etag_of(json::serialize(settings_of(made)))};
  return std::nullopt;
}

Objects::Object Objects::shown(const Kept& object) {
  return {.name = name_of(object.made),
          .id = id_of(object.made),
          .settings = settings_of(object.made),
          .from_file = false,
          .etag = object.etag};
}

std::optional<Objects::Object> Objects::find(ObjectKind kind, std::string_view name) const {
  const auto now = state();
  if (auto object = find_in(*now->of_file, kind, name)) return object;
  const auto& kept = now->kept.at(kind);
  const auto it = kept.find(name);
  if (it == kept.end()) return std::nullopt;
  return shown(*it->second);
}

Objects::TablePtr Objects::table_of(const State& state) {
  auto table = std::make_shared<RoutingTable>(*state.of_file);
  for (const auto& [kind, kept] : state.kept) {
    std::vector<Made> objects;
    for (const auto& [name, object] : kept) objects.push_back(object->made);
    row_of(kind).join(*table, objects);
  }
  return table;
}

// ---- the file, and what the store keeps ----

// What did not change stays the same object, and so the gateway that runs by it is left alone.
Objects::TablePtr Objects::taken_from(const Config& file) {
  auto table = std::make_shared<RoutingTable>(file);
  const auto known = state()->of_file;
  for (auto& gateway : table->gateways) {
    gateway = records_.with_callback_secret(gateway);
    if (auto before = known->gateway(gateway->name); before && same(*before, *gateway)) gateway = std::move(before);
  }
  for (auto& webhook : table->webhooks)
    if (auto before = known->webhook(webhook->name); before && same(*before, *webhook)) webhook = std::move(before);
  for (auto& tenant : table->tenants)
    if (auto before = known->tenant(tenant->name); before && *before == *tenant) tenant = std::move(before);
  return table;
}

Objects::State Objects::loaded(TablePtr of_file) {
  State state{.of_file = std::move(of_file), .kept = {}, .table = {}};
  for (const auto kind : object_kinds) {
    auto& kept = state.kept[kind];
    for (auto& record : records_.read(row_of(kind))) {
      auto name = record.name;
      if (auto object = kept_of(kind, std::move(record), *state.of_file))
        kept.emplace(std::move(name), std::move(object));
    }
  }
  state.table = table_of(state);
  return state;
}

// nullptr: it is not in force, and the log says why. What is the same as before stays the same object.
Objects::KeptPtr Objects::kept_of(ObjectKind kind, ObjectRecords::Record record, const RoutingTable& of_file) {
  const auto ignored = [&](const std::string& why) {
    log::error("objects", "is kept in the store but not in force", row_of(kind).word, record.name, "why", why);
    return nullptr;
  };
  if (find_in(of_file, kind, record.name)) return ignored("the configuration file has one of this name, which is used");
  if (row_of(kind).has_number && has_id(of_file, record.settings.at("id").to_number<store::GatewayId>()))
    return ignored("the configuration file has a gateway, route or webhook of its id, which is used");
  const auto before = state();
  if (const auto known = before->kept.find(kind); known != before->kept.end())
    if (const auto it = known->second.find(record.name); it != known->second.end() && it->second->etag == record.etag)
      return it->second;
  auto made = parsed(kind, record.settings);
  if (!made) return ignored(made.error().mistakes.front().pointer + ": " + made.error().mistakes.front().text);
  return std::make_shared<const Kept>(Kept{.settings = std::move(record.settings),
                                           .etag = std::move(record.etag),
                                           .revision = record.revision,
                                           .made = completed(std::move(*made))});
}

tl::expected<Made, ObjectError> Objects::parsed(ObjectKind kind, const json::object& settings) const {
  std::vector<ConfigProblem> problems;
  auto made = row_of(kind).parse(settings, file_.folder, problems);
  if (auto error = error_of(problems)) return tl::unexpected(std::move(*error));
  return made;
}

Made Objects::completed(Made made) {
  if (const auto* gateway = std::get_if<GatewaySettingsPtr>(&made)) return records_.with_callback_secret(*gateway);
  return made;
}

tl::expected<Objects::Taken, std::string> Objects::take_over(const Config& file, bool dry_run) {
  const std::lock_guard lock(mutex_);
  const auto before = state();
  auto of_file = taken_from(file);
  for (const auto& [kind, kept] : before->kept)
    for (const auto& [name, object] : kept)
      if (const auto id = id_of(object->made);
          row_of(kind).has_number && !find_in(*of_file, kind, name) && has_id(*of_file, id))
        return tl::unexpected(
            fmt::format("two of the objects have the id {}: '{}', which was made at run time, has it too", id, name));
  // What stands in the file now is no longer in force here, and what stood in it may be again.
  auto after = loaded(std::move(of_file));
  if (const auto problems = new_problems(*before->table, *after.table); !problems.empty())
    return tl::unexpected(problems.front().path + ": " + problems.front().text);
  const Taken taken{before->table, after.table};
  if (dry_run) return taken;
  // Whatever can fail is done before it is in force.
  for (const auto& tenant : after.table->tenants)
    if (!before->table->tenant(tenant->name)) store_.tenant(tenant->name);
  records_.remember_last_id(records_.last_id(*after.table));
  put_in_force(std::move(after));
  return taken;
}

void Objects::put_in_force(State state) {
  const auto table = state.table;
  {
    auto next = std::make_shared<const State>(std::move(state));
    const std::lock_guard lock(state_mutex_);
    state_.swap(next);
  }
  for (const auto& gateway : table->gateways) store_.close_gateway(gateway->id, false);
  told_(table);
}

// ---- changes ----

tl::expected<Objects::Changed, ObjectError> Objects::change(const Change& change) {
  const std::lock_guard lock(mutex_);
  const auto now = state();
  const auto& kept = now->kept.at(change.kind);
  const auto it = kept.find(change.name);
  const auto* before = it == kept.end() ? nullptr : it->second.get();
  if (auto error = why_not_at_all(change, before)) return tl::unexpected(std::move(*error));
  if (change.action != Action::remove) return written(change, before);
  return row_of(change.kind).has_account ? removed_tenant(change, *before) : removed(change, *before);
}

std::optional<ObjectError> Objects::why_not_at_all(const Change& change, const Kept* before) const {
  const auto word = row_of(change.kind).word;
  if (find_in(*state()->of_file, change.kind, change.name))
    return refusal(Why::managed_by_file,
                   fmt::format("the {} {} stands in the configuration file: change it there", word, change.name));
  if (change.action == Action::create) {
    if (before) return refusal(Why::is_there, fmt::format("there is a {} {} already", word, change.name));
    if (row_of(change.kind).has_account && is_being_erased(store_, change.name))
      return refusal(Why::needed, fmt::format("what an earlier {} {} left is not erased yet: the log says why; it is "
                                              "tried again at the next start of the daemon",
                                              word, change.name));
    return std::nullopt;
  }
  if (!before) return refusal(Why::is_not_there, fmt::format("there is no {} {}", word, change.name));
  if (change.if_match.empty())
    return refusal(Why::revision_needed,
                   "send the ETag that you saw in the header If-Match, so that nobody's change is lost");
  if (change.if_match != "*" && change.if_match != before->etag)
    return refusal(Why::changed_since, "it was changed since: read it again");
  return std::nullopt;
}

// The settings as they are to be, with their secrets.
tl::expected<json::object, ObjectError> Objects::wanted(const Change& change, const Kept* before) const {
  auto settings = change.settings;
  if (change.action == Action::patch) {
    settings = before->settings;
    merge_patch(settings, change.settings);
  }
  if (auto missing = reveal_hidden(settings, before ? &before->settings : nullptr))
    return tl::unexpected(std::move(*missing));
  if (!settings.contains("name")) settings["name"] = change.name;
  if (!settings.contains("id")) settings["id"] = before ? id_of(before->made) : records_.last_id(*state()->table) + 1;
  if (const auto complete = row_of(change.kind).complete) complete(settings, before ? &before->settings : nullptr);
  if (auto wrong = why_too_large(row_of(change.kind), settings)) return tl::unexpected(std::move(*wrong));
  return settings;
}

tl::expected<Objects::Changed, ObjectError> Objects::written(const Change& change, const Kept* before) {
  auto settings = wanted(change, before);
  if (!settings) return tl::unexpected(std::move(settings.error()));
  auto made = parsed(change.kind, *settings);
  if (!made) return tl::unexpected(std::move(made.error()));
  if (before && before->settings == *settings) return Changed{shown(*before), table(), table()};
  if (before)
    if (auto wrong = needs_secrets_again(before->settings, *settings, change.settings))
      return tl::unexpected(std::move(*wrong));
  if (name_of(*made) != change.name || (before && id_of(*made) != id_of(before->made)))
    return tl::unexpected(refusal(Why::stays, "name and id stay as they are: messages are kept under them"));
  if (before)
    if (auto what = row_of(change.kind).stays(before->made, *made); !what.empty())
      return tl::unexpected(refusal(Why::stays, std::move(what)));
  return tried(change, before,
               {.settings = std::move(*settings),
                .etag = {},
                .revision = before ? before->revision : 0,
                .made = std::move(*made)});
}

// It is right by itself: does it fit to the others? Then it is kept, and in force.
tl::expected<Objects::Changed, ObjectError> Objects::tried(const Change& change, const Kept* before, Kept object) {
  const auto now = state();
  State after = *now;
  const auto put = [&] {
    after.kept[change.kind].insert_or_assign(change.name, std::make_shared<const Kept>(object));
    after.table = table_of(after);
  };
  const auto& kind = row_of(change.kind);
  const auto sealed = records_.seal(kind, change.name, object.settings);
  object.etag = sealed.etag;
  put();
  if (auto wrong = error_of(new_problems(*now->table, *after.table, change.assumed))) {
    for (auto& mistake : wrong->mistakes) mistake.pointer.clear();
    wrong->detail = wrong->mistakes.front().text;
    return tl::unexpected(std::move(*wrong));
  }
  if (change.dry_run) return Changed{shown(object), now->table, after.table};
  std::optional<store::GatewayId> last_id;
  if (!before) last_id = std::max(records_.last_id(*now->table), id_of(object.made));
  try {
    object.made = completed(object.made);
    if (kind.has_account) store_.tenant(change.name);
  } catch (const std::exception& error) {
    return tl::unexpected(refusal(Why::not_kept, std::string("the change could not be kept: ") + error.what()));
  }
  const auto revision = records_.put(kind, change.name, sealed, object.revision, last_id);
  if (!revision) return tl::unexpected(revision.error());
  object.revision = *revision;
  put();
  log::info("objects", before ? "changed" : "made", kind.word, change.name, "by", change.by);
  const auto table = after.table;
  put_in_force(std::move(after));
  return Changed{shown(object), now->table, table};
}

}  // namespace smsbridge::bridge
