// SPDX-License-Identifier: MPL-2.0
#pragma once
#include "store/lmdb.hpp"

// The schema. One environment holds all tenants, because one commit (one flush) then serves all of them.
//
// clang-format off
//   table        key                        record             meaning
//   message      id                         Content            once, at the end of the table
//   progress     id                         Progress           when an attempt ends, by receipts
//   due          gateway tenant lane due id expiry, flags      accepted -> claimed
//   leased       claim number               ids and attempts   claimed -> all have an outcome
//   open         deadline id                (empty)            submitted or held -> final
//   reference    tenant kind reference      id, digest         later, in key order (references.hpp)
//   parked       time number                receipt            a receipt nobody waits for yet
//   counts       tenant gateway             one count a state  with each change
//   usage        month gateway tenant lane  Usage              with each attempt and receipt
//   meta         name                       value              format version, watermarks, tenants, last number
//   aside        table/key                  the record         what could not be read and stood in the way
//   object       kind/key                   revision, value    made and changed at run time; API keys
//   task         tenant kind key            due, tries, body   put -> done; written anew only when it is due again
//   task_due     kind due task              (empty)            put, or again -> claimed
//   task_leased  task                       lease, attempt     claimed -> done, or again, or the next start
//   journal      tenant stream id           key, body          a line of the journal -> it is old
//   journal_key  tenant stream key id       (empty)            the same line, found by what it is about
//   mark         scope key                  expiry, value      put -> expired
//   mark_expiry  expiry scope key           (empty)            marks that expire, the next one first
// clang-format on
//
// Five ideas are made of these: message (message to usage), object, task, journal and mark. `task` stands for the key
// of the table task. Revisions, leases and ids of the journal are numbers that grow for ever (numbers.hpp). A message
// is in exactly one of: due (queued), leased (claimed), open (waits for a receipt), or it is final. A task is in
// exactly one of: task_due, task_leased. Ids grow, so message, progress, leased and (nearly) due and open grow at their
// ends: pages fill up and are shared. The only random key is the reference, which is why it is kept in memory first and
// merged in key order.
namespace smsbridge::store {

constexpr std::uint32_t format_version = 1;

struct Tables {
  lmdb::Table message, progress, due, leased, open, reference, parked, counts, usage, meta, object, aside;
  lmdb::Table task, task_due, task_leased, journal, journal_key, mark, mark_expiry;
};

inline Tables open_tables(lmdb::Transaction& txn) {
  return {.message = txn.open_table("message"),
          .progress = txn.open_table("progress"),
          .due = txn.open_table("due"),
          .leased = txn.open_table("leased"),
          .open = txn.open_table("open"),
          .reference = txn.open_table("reference"),
          .parked = txn.open_table("parked"),
          .counts = txn.open_table("counts"),
          .usage = txn.open_table("usage"),
          .meta = txn.open_table("meta"),
          .object = txn.open_table("object"),
          .aside = txn.open_table("aside"),
          .task = txn.open_table("task"),
          .task_due = txn.open_table("task_due"),
          .task_leased = txn.open_table("task_leased"),
          .journal = txn.open_table("journal"),
          .journal_key = txn.open_table("journal_key"),
          .mark = txn.open_table("mark"),
          .mark_expiry = txn.open_table("mark_expiry")};
}

}  // namespace smsbridge::store
