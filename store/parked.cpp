// SPDX-License-Identifier: MPL-2.0
#include "store/parked.hpp"

#include "store/keys.hpp"

namespace smsbridge::store {
namespace {

constexpr WallMs waited_long_ms = 120'000;
constexpr std::size_t told_max = 1000;  // a second

}  // namespace

// Of one id and phone the best word is kept.
Receipted Parked::park(const ParkedReceipt& parked, lmdb::Transaction& txn, WallMs now) {
  const auto& change = parked.receipt;
  if (change.provider_ids.empty()) return Receipted::repeated;
  const auto [begin, end] = by_name_.equal_range(keys::of_parked(change.gateway, change.provider_ids.front()));
  std::string worse;
  for (auto it = begin; it != end; ++it) {
    const auto known = read(txn, it->second);
    if (!known || known->receipt.destination != change.destination) continue;
    if (is_final(known->receipt.state) || known->receipt.state >= change.state) return Receipted::repeated;
    worse = it->second;
  }
  if (!worse.empty()) drop(txn, worse);
  const auto key = keys::of_open(now, ++number_);
  encode(parked, record_);
  txn.put(tables_.parked, key, record_);
  remember(change, key);
  if (parked.given_up) ++given_up_[{change.gateway, *parked.given_up}];
  const auto make_room = [&](const std::set<std::string>& oldest_first, std::size_t max) {
    while (oldest_first.size() > max) drop_given_up(txn, std::string(*oldest_first.begin()), Unmatched::no_room);
  };
  make_room(of_gateway_[change.gateway], limits_.parked_of_gateway_max);
  make_room(keys_, limits_.parked_max);
  return Receipted::parked;
}

void Parked::give_up(lmdb::Transaction& txn, const std::string& key, ParkedReceipt parked, Unmatched why) {
  if (parked.given_up) return;
  parked.given_up = why;
  encode(parked, record_);
  txn.put(tables_.parked, key, record_);
  ++given_up_[{parked.receipt.gateway, why}];
}

void Parked::drop_given_up(lmdb::Transaction& txn, const std::string& key, Unmatched why) {
  if (const auto parked = read(txn, key); parked && !parked->given_up) ++given_up_[{parked->receipt.gateway, why}];
  drop(txn, key);
}

void Parked::remember(const ReceiptRecorded& receipt, const std::string& key) {
  for (const auto& name : keys::of_parked(receipt)) by_name_.emplace(name, key);
  keys_.insert(key);
  of_gateway_[receipt.gateway].insert(key);
}

std::optional<ParkedReceipt> Parked::read(const lmdb::Transaction& txn, std::string_view key) const {
  return decoded(unreadable_, "parked", key, txn.get(tables_.parked, key), decode_parked);
}

void Parked::drop(lmdb::Transaction& txn, const std::string& key) {
  if (const auto parked = read(txn, key)) {
    for (const auto& name : keys::of_parked(parked->receipt)) {
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
    drop_given_up(txn, std::string(*keys_.begin()), Unmatched::no_message);
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
  given_up_.clear();
  told_until_.clear();  // what a transaction tried that was rolled back is tried again
  lmdb::Cursor cursor(txn, tables_.parked);
  for (bool ok = cursor.first(); ok; ok = cursor.next()) {
    const auto parked = decoded(unreadable_, "parked", cursor.key(), cursor.value(), decode_parked);
    if (parked && cursor.key().size() == keys::open_size)
      remember(parked->receipt, std::string(cursor.key()));
    else
      unreadable_.note("parked", cursor.key(), "no key of this table");
  }
}

}  // namespace smsbridge::store
