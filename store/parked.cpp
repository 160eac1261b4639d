// SPDX-License-Identifier: MPL-2.0
#include "store/parked.hpp"

#include "store/keys.hpp"

namespace smsbridge::store {
namespace {

constexpr WallMs waited_long_ms = 120'000;
constexpr std::size_t told_max = 1000;  // a second

}  // namespace

// Of one id and phone the best word is kept.
Receipted Parked::park(const ReceiptRecorded& change, lmdb::Transaction& txn, WallMs now) {
  if (change.provider_ids.empty()) return Receipted::repeated;
  const auto [begin, end] = by_name_.equal_range(keys::of_parked(change.gateway, change.provider_ids.front()));
  std::string worse;
  for (auto it = begin; it != end; ++it) {
    const auto known = read(txn, it->second);
    if (!known || known->destination != change.destination) continue;
    if (is_final(known->state) || known->state >= change.state) return Receipted::repeated;
    worse = it->second;
  }
  if (!worse.empty()) drop(txn, worse);
  const auto key = keys::of_open(now, ++number_);
  encode(change, record_);
  txn.put(tables_.parked, key, record_);
  remember(change, key);
  auto& own = of_gateway_[change.gateway];
  while (own.size() > limits_.parked_of_gateway_max) drop(txn, std::string(*own.begin()));
  while (keys_.size() > limits_.parked_max) drop(txn, std::string(*keys_.begin()));
  return Receipted::parked;
}

void Parked::remember(const ReceiptRecorded& receipt, const std::string& key) {
  for (const auto& name : keys::of_parked(receipt)) by_name_.emplace(name, key);
  keys_.insert(key);
  of_gateway_[receipt.gateway].insert(key);
}

std::optional<ReceiptRecorded> Parked::read(const lmdb::Transaction& txn, std::string_view key) const {
  return decoded(unreadable_, "parked", key, txn.get(tables_.parked, key), decode_receipt);
}

void Parked::drop(lmdb::Transaction& txn, const std::string& key) {
  if (const auto receipt = read(txn, key)) {
    for (const auto& name : keys::of_parked(*receipt)) {
      const auto [begin, end] = by_name_.equal_range(name);
      for (auto it = begin; it != end;) it = it->second == key ? by_name_.erase(it) : std::next(it);
    }
    txn.erase(tables_.parked, key);
  } else {
    std::erase_if(by_name_, [&](const auto& entry) { return entry.second == key; });
    records_.set_aside(txn, "parked", tables_.parked, key, true);
  }
  keys_.erase(key);
  for (auto& [gateway, own] : of_gateway_) own.erase(key);
}

void Parked::drop_old(lmdb::Transaction& txn, WallMs now) {
  while (!keys_.empty() && keys::read<WallMs>(*keys_.begin(), 0) + limits_.parked_ms < now)
    drop(txn, std::string(*keys_.begin()));
}

std::vector<std::string> Parked::named(const std::string& name) const {
  std::vector<std::string> keys;
  const auto [begin, end] = by_name_.equal_range(name);
  for (auto it = begin; it != end; ++it) keys.push_back(it->second);
  return keys;
}

std::vector<std::string> Parked::waited_long(WallMs now) {
  const auto until = keys::of_open(now - waited_long_ms, 0);
  std::vector<std::string> keys;
  for (auto it = keys_.upper_bound(told_until_); it != keys_.end() && *it < until && keys.size() < told_max; ++it)
    keys.push_back(*it);
  if (!keys.empty()) told_until_ = keys.back();
  return keys;
}

void Parked::load(const lmdb::Transaction& txn) {
  by_name_.clear();
  keys_.clear();
  of_gateway_.clear();
  told_until_.clear();  // what a transaction tried that was rolled back is tried again
  lmdb::Cursor cursor(txn, tables_.parked);
  for (bool ok = cursor.first(); ok; ok = cursor.next()) {
    const auto receipt = decoded(unreadable_, "parked", cursor.key(), cursor.value(), decode_receipt);
    if (receipt && cursor.key().size() == keys::open_size)
      remember(*receipt, std::string(cursor.key()));
    else
      unreadable_.note("parked", cursor.key(), "no key of this table");
  }
}

}  // namespace smsbridge::store
