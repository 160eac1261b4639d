// SPDX-License-Identifier: MPL-2.0
#include "store/numbers.hpp"

#include <algorithm>

#include "store/keys.hpp"

namespace smsbridge::store {
namespace {
constexpr std::string_view last_key = "last number";
}

std::uint64_t Numbers::next(const lmdb::Transaction& txn, WallMs now) {
  if (!last_) {
    const auto kept = txn.get(tables_.meta, last_key);
    if (kept && kept->size() == sizeof(last_)) last_ = keys::id(*kept);
  }
  return last_ = std::max(last_ + 1, first_id_at(now));
}

void Numbers::write(lmdb::Transaction& txn) {
  if (last_) txn.put(tables_.meta, last_key, keys::of_id(last_));
  last_ = 0;
}

}  // namespace smsbridge::store
