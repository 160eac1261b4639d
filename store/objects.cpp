// SPDX-License-Identifier: MPL-2.0
#include "store/objects.hpp"

#include "store/codec.hpp"
#include "store/numbers.hpp"

namespace smsbridge::store {
namespace {

// Nothing where the change may be made.
std::optional<ObjectChanged> refused(Revision found, std::optional<Revision> expected) {
  using Kind = ObjectChanged::Kind;
  if (!expected || *expected == found) return std::nullopt;
  return ObjectChanged{.kind = found ? Kind::conflict : Kind::not_found, .revision = found};
}

}  // namespace

Revision Objects::revision(const lmdb::Transaction& txn, const std::string& key) const {
  const auto record = txn.get(tables_.object, key);
  return record ? decode_object(*record).revision : 0;
}

ObjectChanged Objects::put(const PutObject& change, lmdb::Transaction& txn, WallMs now) {
  if (auto answer = refused(revision(txn, change.key), change.expected)) return *answer;
  const auto revision = numbers_.next(txn, now);
  encode(ObjectRecord{.revision = revision, .value = change.value}, record_);
  txn.put(tables_.object, change.key, record_);
  return {.kind = ObjectChanged::Kind::done, .revision = revision};
}

ObjectChanged Objects::erase(const EraseObject& change, lmdb::Transaction& txn) {
  const auto found = revision(txn, change.key);
  if (auto answer = refused(found, change.expected)) return *answer;
  if (!txn.erase(tables_.object, change.key)) return {.kind = ObjectChanged::Kind::not_found, .revision = 0};
  return {.kind = ObjectChanged::Kind::done, .revision = 0};
}

}  // namespace smsbridge::store
