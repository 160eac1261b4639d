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

std::string key_of(ParkedPlace place) { return keys::of_open(place.at, place.number); }

ParkedPlace parked_place(std::string_view key) {
  return {.at = keys::read<WallMs>(key, 0), .number = keys::read<std::uint64_t>(key, 8)};
}

// Of one id and phone the best word is kept.
Receipted Parked::park(ParkedReceipt parked, lmdb::Transaction& txn, WallMs now) {
  const auto& change = parked.receipt;
  if (change.provider_ids.empty()) return Receipted::repeated;
  const auto [begin, end] = by_name_.equal_range(keys::of_parked(change.gateway, change.provider_ids.front()));
  std::optional<ParkedPlace> worse;
  for (auto it = begin; it != end; ++it) {
    const auto known = read(txn, it->second);
    if (!known || known->receipt.destination != change.destination) continue;
    if (is_final(known->receipt.state) || known->receipt.state >= change.state) return Receipted::repeated;
    worse = it->second;
  }
  if (worse) drop(txn, *worse);
  const ParkedPlace place{.at = now, .number = ++number_};
  remember(change, place);
  if (parked.given_up) ++given_up_[{change.gateway, *parked.given_up}];
  auto& own = of_account_[account_of(change)];
  unwritten_.emplace(place, std::move(parked));
  while (own.size() > limits_.parked_of_account_max) drop_given_up(txn, *own.begin(), Unmatched::no_room);
  while (places_.size() > limits_.parked_max) drop_given_up(txn, places_.begin()->first, Unmatched::no_room);
  return Receipted::parked;
}

void Parked::give_up(lmdb::Transaction& txn, ParkedPlace place, ParkedReceipt parked, Unmatched why) {
  if (parked.given_up) return;
  parked.given_up = why;
  encode(parked, record_);
  txn.put(tables_.parked, key_of(place), record_);
  ++given_up_[{parked.receipt.gateway, why}];
}

void Parked::write(lmdb::Transaction& txn) {
  for (const auto& [place, parked] : unwritten_) {
    encode(parked, record_);
    txn.put(tables_.parked, key_of(place), record_);
  }
  unwritten_.clear();
}

void Parked::drop_given_up(lmdb::Transaction& txn, ParkedPlace place, Unmatched why) {
  if (const auto parked = read(txn, place); parked && !parked->given_up) ++given_up_[{parked->receipt.gateway, why}];
  drop(txn, place);
}

void Parked::remember(const ReceiptRecorded& receipt, ParkedPlace place) {
  for (auto& name : keys::of_parked(receipt)) by_name_.emplace(std::move(name), place);
  places_.emplace(place, receipt.gateway);
  of_account_[account_of(receipt)].insert(place);
  ++counts_[receipt.gateway];
}

std::optional<ParkedReceipt> Parked::read(const lmdb::Transaction& txn, ParkedPlace place) const {
  if (const auto it = unwritten_.find(place); it != unwritten_.end()) return it->second;
  const auto key = key_of(place);
  return decoded(unreadable_, "parked", key, txn.get(tables_.parked, key), decode_parked);
}

void Parked::drop(lmdb::Transaction& txn, ParkedPlace place) {
  if (const auto parked = read(txn, place)) {
    for (const auto& name : keys::of_parked(parked->receipt)) {
      const auto [begin, end] = by_name_.equal_range(name);
      for (auto it = begin; it != end;) it = it->second == place ? by_name_.erase(it) : std::next(it);
    }
    if (unwritten_.erase(place) == 0) txn.erase(tables_.parked, key_of(place));
  } else {
    std::erase_if(by_name_, [&](const auto& entry) { return entry.second == place; });
    records_.set_aside(txn, "parked", tables_.parked, key_of(place), true);
  }
  if (const auto it = places_.find(place); it != places_.end()) {
    --counts_[it->second];
    places_.erase(it);
  }
  for (auto& [account, own] : of_account_) own.erase(place);
}

void Parked::drop_old(lmdb::Transaction& txn, WallMs now) {
  while (!places_.empty() && places_.begin()->first.at + limits_.parked_ms < now)
    drop_given_up(txn, places_.begin()->first, Unmatched::no_message);
}

std::vector<ParkedPlace> Parked::named(const std::string& name) const {
  std::vector<ParkedPlace> places;
  const auto [begin, end] = by_name_.equal_range(name);
  for (auto it = begin; it != end; ++it) places.push_back(it->second);
  return places;
}

std::vector<ParkedPlace> Parked::waited_long(WallMs now) {
  const ParkedPlace until{.at = now - waited_long_ms, .number = 0};
  std::vector<ParkedPlace> places;
  for (auto it = places_.upper_bound(told_until_); it != places_.end() && it->first < until && places.size() < told_max;
       ++it)
    places.push_back(it->first);
  if (!places.empty()) told_until_ = places.back();
  return places;
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
  places_.clear();
  of_account_.clear();
  counts_.clear();
  given_up_.clear();
  unwritten_.clear();
  told_until_ = {};  // what a transaction tried that was rolled back is tried again
  lmdb::Cursor cursor(txn, tables_.parked);
  for (bool ok = cursor.first(); ok; ok = cursor.next()) {
    const auto parked = decoded(unreadable_, "parked", cursor.key(), cursor.value(), decode_parked);
    if (parked && cursor.key().size() == keys::open_size)
      remember(parked->receipt, parked_place(cursor.key()));
    else
      unreadable_.note("parked", cursor.key(), "no key of this table");
  }
}

}  // namespace smsbridge::store
