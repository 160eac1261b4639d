// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "store/ledger.hpp"

namespace smsbridge::store {

// Which messages a page shows. Empty or unset fields do not filter.
struct Filter {
  TenantId tenant = 0;        // 0: all tenants, for the operator on the host
  std::vector<State> states;  // `doubtful` also finds what was perhaps sent twice
  std::optional<GatewayId> gateway;
  std::optional<Lane> lane;
  std::optional<Source> source;
  std::string to;  // whole number
  std::string client_ref;
  std::string text_contains;   // also looks into target_user
  WallMs from = 0, until = 0;  // accepted at or after, and before
};
struct Page {
  std::vector<Message> messages;  // newest first
  MessageId next = 0;             // give it as `before` to go on; 0: the end. A page may be short and still go on
};

// A message in a queue that was not perhaps sent.
struct Waiting {
  WallMs due_at = 0;
  Message message;
};

// A message whose receipt is waited for, and until when.
struct Awaited {
  WallMs until = 0;
  Message message;
};
struct AwaitedAt {
  WallMs until = 0;
  MessageId id = 0;
};
struct AwaitedPage {
  std::vector<Awaited> messages;
  std::optional<AwaitedAt> next;  // where the next page begins; nothing: the end
};

// Short read transactions, from any thread. Messages that cannot be read are left out; of one whose progress cannot,
// the state is unknown.
class Reader {
 public:
  Reader(const lmdb::Environment& environment, const Tables& tables, const References& references,
         UnreadableRecords& unreadable)
      : environment_(environment), tables_(tables), references_(references), unreadable_(unreadable) {}

  std::optional<Message> get(MessageId id) const;
  // The newest message of each reference, in the order asked.
  std::vector<std::optional<Message>> find(TenantId tenant, const std::vector<std::string>& client_refs) const;
  Page page(const Filter& filter, MessageId before, std::size_t limit) const;
  // Due time of the oldest message of a queue, 0 when it is empty.
  WallMs oldest_due(const Queue& queue) const;
  // What was due in a queue before this time, in its order, at most `limit`; with `after`, what stands behind that one.
  std::vector<Waiting> waiting(const Queue& queue, WallMs due_before, const Waiting* after, std::size_t limit) const;
  // Those of a gateway, submitted or held in doubt, whose wait ends before `until`: in this order, of at most
  // `looked_at_max` of all gateways.
  AwaitedPage awaited(GatewayId gateway, AwaitedAt from, WallMs until, std::size_t looked_at_max) const;
  // How many messages stand before this one in its queue, at most `limit`; nothing: it is in no queue.
  std::optional<std::size_t> ahead_of(const Queue& queue, WallMs due_at, MessageId id, std::size_t limit) const;
  std::optional<Object> object(const std::string& key) const;
  std::vector<Object> objects(const std::string& prefix) const;
  ParkedPage parked(const ParkedQuery& query) const;
  JournalPage journal(const JournalQuery& query) const;
  // The tasks of a kind that wait and are claimed by nobody: how many, at most `limit`, and when the first is due.
  struct WaitingTasks {
    std::size_t count = 0;
    WallMs first_due_at = 0;  // 0: there are none
  };
  WaitingTasks waiting_tasks(const std::string& kind, std::size_t limit) const;
  std::optional<std::string> mark(const std::string& scope, const std::string& key, WallMs now) const;
  std::vector<Mark> marks(const MarkQuery& query, WallMs now) const;

 private:
  std::optional<Message> read(const lmdb::Transaction& txn, MessageId id) const;
  Progress read_progress(const lmdb::Transaction& txn, std::string_view key) const;
  const lmdb::Environment& environment_;
  const Tables& tables_;
  const References& references_;
  UnreadableRecords& unreadable_;
};

}  // namespace smsbridge::store
