// SPDX-License-Identifier: MPL-2.0
#include "store/parked.hpp"

#include <algorithm>

#include "store/keys.hpp"

namespace smsbridge::store {
namespace {

constexpr WallMs waited_long_ms = 120'000;
constexpr std::size_t told_max = 1000;  // a second

// However many gateways an account has, it has one share of the room.
GatewayId account_of(const ReceiptRecorded& receipt) { return std::ranges::min(keys::gateways_of(receipt)); }

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
  auto& own = of_account_[account_of(change)];
  while (own.size() > limits_.parked_of_account_max) drop_given_up(txn, std::string(*own.begin()), Unmatched::no_room);
  while (keys_.size() > limits_.parked_max) drop_given_up(txn, std::string(keys_.begin()->first), Unmatched::no_room);
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
  keys_.emplace(key, receipt.gateway);
  of_account_[account_of(receipt)].insert(key);
  ++counts_[receipt.gateway];
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
  if (const auto it = keys_.find(key); it != keys_.end()) {
    --counts_[it->second];
    keys_.erase(it);
  }
  for (auto& [account, own] : of_account_) own.erase(key);
}

void Parked::drop_old(lmdb::Transaction& txn, WallMs now) {
  while (!keys_.empty() && keys::read<WallMs>(keys_.begin()->first, 0) + limits_.parked_ms < now)
    drop_given_up(txn, std::string(keys_.begin()->first), Unmatched::no_message);
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
  for (auto it = keys_.upper_bound(told_until_); it != keys_.end() && it->first < until && keys.size() < told_max; ++it)
    keys.push_back(it->first);
  if (!keys.empty()) told_until_ = keys.back();
  return keys;
}

void Parked::publish() {
  const std::lock_guard lock(mutex_);
  if (published_ != counts_) published_ = counts_;
}

std::map<GatewayId, std::size_t> Parked::counts() const {
  const std::lock_guard lock(mutex_);
  return published_;
}

void Parked::load(const lmdb::Transaction& txn) {
  by_name_.clear();
  keys_.clear();
  of_account_.clear();
  counts_.clear();
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
