// SPDX-License-Identifier: MPL-2.0
#include "store/keys.hpp"
#include "store/ledger.hpp"

namespace smsbridge::store {

// Of one id and phone the best word is kept.
Receipted Ledger::park(const ReceiptRecorded& change, lmdb::Transaction& txn, WallMs now) {
  if (change.provider_ids.empty()) return Receipted::repeated;
  const auto [begin, end] = parked_.equal_range(keys::of_parked(change.gateway, change.provider_ids.front()));
  std::string worse;
  for (auto it = begin; it != end; ++it) {
    const auto known = read_parked(txn, it->second);
    if (!known || known->destination != change.destination) continue;
    if (is_final(known->state) || known->state >= change.state) return Receipted::repeated;
    worse = it->second;
  }
  if (!worse.empty()) drop_parked(txn, worse);
  const auto key = keys::of_open(now, ++parked_number_);
  encode(change, record_);
  txn.put(tables_.parked, key, record_);
  remember_parked(change, key);
  auto& of_gateway = parked_of_[change.gateway];
  while (of_gateway.size() > limits_.parked_of_gateway_max) drop_parked(txn, std::string(*of_gateway.begin()));
  while (parked_keys_.size() > limits_.parked_max) drop_parked(txn, std::string(*parked_keys_.begin()));
  return Receipted::parked;
}

void Ledger::remember_parked(const ReceiptRecorded& receipt, const std::string& key) {
  for (const auto& name : keys::of_parked(receipt)) parked_.emplace(name, key);
  parked_keys_.insert(key);
  parked_of_[receipt.gateway].insert(key);
}

std::optional<ReceiptRecorded> Ledger::read_parked(const lmdb::Transaction& txn, std::string_view key) const {
  return decoded(unreadable_, "parked", key, txn.get(tables_.parked, key), decode_receipt);
}

void Ledger::drop_parked(lmdb::Transaction& txn, const std::string& key) {
  if (const auto receipt = read_parked(txn, key)) {
    for (const auto& name : keys::of_parked(*receipt)) {
      const auto [begin, end] = parked_.equal_range(name);
      for (auto it = begin; it != end;) it = it->second == key ? parked_.erase(it) : std::next(it);
    }
    txn.erase(tables_.parked, key);
  } else {
    std::erase_if(parked_, [&](const auto& entry) { return entry.second == key; });
    set_aside(txn, "parked", tables_.parked, key, true);
  }
  parked_keys_.erase(key);
  for (auto& [gateway, own] : parked_of_) own.erase(key);
}

void Ledger::load_parked(const lmdb::Transaction& txn) {
  lmdb::Cursor cursor(txn, tables_.parked);
  for (bool ok = cursor.first(); ok; ok = cursor.next()) {
    const auto receipt = decoded(unreadable_, "parked", cursor.key(), cursor.value(), decode_receipt);
    if (receipt && cursor.key().size() == keys::open_size)
      remember_parked(*receipt, std::string(cursor.key()));
    else
      unreadable_.note("parked", cursor.key(), "no key of this table");
  }
}

}  // namespace smsbridge::store
