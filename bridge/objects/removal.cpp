// SPDX-License-Identifier: MPL-2.0
// Removing objects: whether one can go, and what goes with it.
#include <fmt/format.h>

#include "bridge/access/keys.hpp"
#include "bridge/env/log.hpp"
#include "bridge/objects/fitting.hpp"
#include "bridge/objects/objects.hpp"

namespace smsbridge::bridge {

// Why it cannot go. Nothing new comes to it once this was asked, unless the answer is that it stays.
std::optional<ObjectError> Objects::still_needed(const Change& change, store::GatewayId id) {
  const auto& kind = row_of(change.kind);
  if (auto who = kind.needed_by(*state()->table, change.name); !who.empty())
    return refusal(ObjectError::Why::needed, std::move(who));
  if (!kind.has_messages) return std::nullopt;
  if (!change.dry_run) {
    store_.close_gateway(id, true);
    store_.wait_for_commit();
  }
  const auto [waiting, awaiting] = load_of(store_.counts(), id);
  if (change.force || (waiting <= 0 && awaiting <= 0)) return std::nullopt;
  store_.close_gateway(id, false);
  return refusal(ObjectError::Why::needed,
                 fmt::format("{} messages wait for the gateway {} and {} await a receipt by it: drain it "
                             "first, or force the removal, after which those that wait expire",
                             waiting, change.name, awaiting));
}

tl::expected<Objects::Changed, ObjectError> Objects::removed(const Change& change, const Kept& before) {
  const auto was = shown(before);
  if (auto needed = still_needed(change, was.id)) return tl::unexpected(std::move(*needed));
  const auto now = state();
  State after = *now;
  after.kept[change.kind].erase(change.name);
  after.table = table_of(after);
  Changed changed{was, now->table, after.table};
  if (change.dry_run) return changed;
  const auto& kind = row_of(change.kind);
  if (auto failed = records_.erase(kind, change.name, before.revision)) {
    if (kind.has_messages) store_.close_gateway(was.id, false);
    return tl::unexpected(std::move(*failed));
  }
  log::info("objects", "removed", kind.word, change.name, "by", change.by);
  put_in_force(std::move(after));
  return changed;
}

// Its keys go in any case: they would be good again for the next one of its name.
tl::expected<Objects::Changed, ObjectError> Objects::removed_tenant(const Change& change, const Kept& before) {
  const auto now = state();
  State after = *now;
  store::Batch along;
  for (auto& [kind, kept] : after.kept)
    if (const auto is_only_for = row_of(kind).is_only_for; change.erase && is_only_for)
      std::erase_if(kept, [&, &row = row_of(kind)](const auto& entry) {
        const bool goes = is_only_for(entry.second->made, change.name);
        if (goes)
          for (auto& key : ObjectRecords::keys_of(row, entry.first))
            along.erased_objects.push_back({.key = std::move(key), .expected = {}});
        return goes;
      });
  after.kept[change.kind].erase(change.name);
  after.table = table_of(after);
  if (auto who = row_of(change.kind).needed_by(*after.table, change.name); !who.empty())
    return tl::unexpected(refusal(ObjectError::Why::needed, std::move(who)));
  // A route of all may go by a gateway that was for this tenant only.
  if (const auto problems = new_problems(*now->table, *after.table); !problems.empty())
    return tl::unexpected(refusal(ObjectError::Why::needed, problems.front().text + "; change that first"));
  Changed changed{shown(before), now->table, after.table};
  if (change.dry_run) return changed;
  for (auto& key : keys_of_tenant(store_, change.name))
    along.erased_objects.push_back({.key = std::move(key), .expected = {}});
  if (change.erase) put_erasure(along, change.name);
  if (auto failed = records_.erase(row_of(change.kind), change.name, before.revision, std::move(along)))
    return tl::unexpected(std::move(*failed));
  log::info("objects", "removed", row_of(change.kind).word, change.name, "erased", change.erase, "by", change.by);
  put_in_force(std::move(after));
  if (!change.erase) return changed;
  try {
    changed.erased = erase_tenant(store_, change.name);
  } catch (const std::exception& error) {
    return tl::unexpected(refusal(ObjectError::Why::not_kept,
                                  "the tenant is gone, and what is left of it will be erased at the "
                                  "next start of the daemon: " +
                                      std::string(error.what())));
  }
  return changed;
}

}  // namespace smsbridge::bridge
