// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <stdexcept>
#include <string>

namespace smsbridge::store {

// What a call to the store can answer. Nothing else leaks out of this folder.
enum class Error {
  none,
  unavailable,  // certainly not applied: the store is closing
  unknown,      // perhaps applied: the caller repeats the same batch
  busy,         // certainly not applied: the inbox is full, try again shortly
  full,     // certainly not applied: no room on the disk or in the map; only what brings messages or tasks gets this
  invalid,  // certainly not applied: the caller broke a limit
  broken,  // certainly not applied: after a failed write, or where a sum does not hold, only the next process can write
           // again
};

std::string explain(Error error);

// The store cannot be opened, or a small commit of its own (tenants, objects) was not taken. The text says what, why
// and what to do.
class OpenError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace smsbridge::store
