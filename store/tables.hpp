// SPDX-License-Identifier: MPL-2.0
#pragma once
#include "store/lmdb.hpp"

// The schema. One environment holds all tenants, because one commit (one flush) then serves all of them.
//
// clang-format off
//   table      key                        value                written
//   message    id                         Content              once, at the end of the table
//   progress   id                         Progress             when an attempt ends, by receipts
//   due        gateway tenant lane due id expiry, flags        accepted -> claimed
//   leased     claim number               ids and attempts     claimed -> all have an outcome
//   open       deadline id                (empty)              submitted or held -> final
//   reference  tenant kind reference      id, digest           later, in key order (references.hpp)
//   parked     time number                receipt              a receipt nobody waits for yet
//   counts     tenant gateway             one count a state    with each change
//   usage      month gateway tenant lane  Usage                with each attempt and receipt
//   meta       name                       value                format version, watermarks, tenants
//   aside      table/key                  the record           what could not be read and stood in the way
//   object     kind/key                   value                configuration kept here, API keys
// clang-format on
//
// A message is in exactly one of: due (queued), leased (claimed), open (waits for a receipt), or it is final.
// Ids grow, so message, progress, leased and (nearly) due and open grow at their ends: pages fill up and are shared.
// The only random key is the reference, which is why it is kept in memory first and merged in key order.
namespace smsbridge::store {

constexpr std::uint32_t format_version = 1;

struct Tables {
  lmdb::Table message, progress, due, leased, open, reference, parked, counts, usage, meta, object, aside;
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
          .aside = txn.open_table("aside")};
}

}  // namespace smsbridge::store
