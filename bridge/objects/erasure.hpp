// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <array>
#include <functional>
#include <string>

#include "store/store.hpp"

// What a tenant that was removed leaves behind goes: its messages, journal, tasks and marks, and what of them lies in
// free places of the store's file. Its usage stays, numbers that a carrier's bill is compared with, and so do receipts
// that nobody waits for, which are no tenant's and go within a day.
namespace smsbridge::bridge {

struct Erased {
  std::size_t messages = 0, others = 0;  // of the one: references, lines of the journal, tasks and marks
  bool overwritten = false;              // false: why stands in the log, and it is tried again at the next start
};

// Of marks whose keys begin with the tenant's number and a slash: rows that a schedule sent, ids of its Fineract and
// the messages that have one, hooks that came, answers that phones got.
inline const std::array<std::string, 5> scopes_by_tenant = {"schedule", "fineract-id", "fineract-id-of", "hook-seen",
                                                            "answered"};

// That it has to be done, for a daemon that ends before it is.
void put_erasure(store::Batch& batch, const std::string& tenant);
// Of a tenant that is not in force any more. Waits for the disk, as long as that takes; no shard. Throws what the store
// throws.
Erased erase_tenant(store::Store& store, const std::string& tenant);
bool is_being_erased(const store::Store& store, const std::string& tenant);
// Goes on with those that a process did not bring to their end. One that is there again, by the configuration file,
// keeps what it has.
void go_on_erasing(store::Store& store, const std::function<bool(const std::string& tenant)>& is_there);

}  // namespace smsbridge::bridge
