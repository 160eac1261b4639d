// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "store/limits.hpp"
#include "store/records.hpp"

namespace smsbridge::store {

// Where a parked receipt stands among all of them.
struct ParkedPlace {
  WallMs at = 0;  // when it came
  std::uint64_t number = 0;
  friend auto operator<=>(const ParkedPlace&, const ParkedPlace&) = default;
};
std::string key_of(ParkedPlace place);           // in its table
ParkedPlace parked_place(std::string_view key);  // of keys::open_size octets

// Parked receipts: of messages that nobody knows yet, or whose outcome is not written. Each can be asked for by the
// names that keys::of_parked() gives it. What is parked stands in memory until the end of its transaction: most of it
// meets its message there, and is never written. Writer's thread.
class Parked {
 public:
  Parked(const Tables& tables, const LedgerLimits& limits, UnreadableRecords& unreadable, Records& records)
      : tables_(tables), limits_(limits), unreadable_(unreadable), records_(records) {}

  void load(const lmdb::Transaction& txn);
  bool empty() const { return places_.empty(); }
  std::vector<ParkedPlace> named(const std::string& name) const;
  std::optional<ParkedReceipt> read(const lmdb::Transaction& txn, ParkedPlace place) const;
  // Perhaps given up at once: that nobody's message can be meant is certain.
  Receipted park(ParkedReceipt parked, lmdb::Transaction& txn, WallMs now);
  void drop(lmdb::Transaction& txn, ParkedPlace place);
  // No message is expected to come for it, which has waited long. It stays, for one that is very late.
  void give_up(lmdb::Transaction& txn, ParkedPlace place, ParkedReceipt parked, Unmatched why);
  void drop_old(lmdb::Transaction& txn, WallMs now);
  // Those that have waited long and were not told of here before, some at a time.
  std::vector<ParkedPlace> waited_long(WallMs now);
  void write(lmdb::Transaction& txn);  // at its end
  void publish();                      // after the commit
  // How many there are, by the gateway that brought them; as committed. Any thread.
  std::map<GatewayId, std::size_t> counts() const;
  GivenUp take_given_up() { return std::exchange(given_up_, {}); }  // since it was last asked

 private:
  void drop_given_up(lmdb::Transaction& txn, ParkedPlace place, Unmatched why);
  void remember(const ReceiptRecorded& receipt, ParkedPlace place);

  const Tables& tables_;
  const LedgerLimits& limits_;
  UnreadableRecords& unreadable_;
  Records& records_;
  std::multimap<std::string, ParkedPlace> by_name_;
  std::map<ParkedPlace, ParkedReceipt> unwritten_;         // of the running transaction
  std::map<ParkedPlace, GatewayId> places_;                // oldest first, with the gateway that brought it
  std::map<GatewayId, std::set<ParkedPlace>> of_account_;  // the same, by the lowest gateway of the account
  std::map<GatewayId, std::size_t> counts_;                // with what the running transaction changes
  std::uint32_t number_ = 0;
  ParkedPlace told_until_;
  GivenUp given_up_;
  std::string record_;  // scratch for encoding
  mutable std::mutex mutex_;
  std::map<GatewayId, std::size_t> published_;  // guarded by it
};

struct ParkedQuery {
  std::optional<GatewayId> gateway;  // that brought them
  std::optional<ParkedPlace> before;
  std::size_t limit = 50;
};
struct ParkedPage {
  struct Entry {
    ParkedPlace place;
    ParkedReceipt parked;
  };
  std::vector<Entry> receipts;      // newest first
  std::optional<ParkedPlace> next;  // give it as `before`; nothing: the end. A page may be short and still go on
};

}  // namespace smsbridge::store
