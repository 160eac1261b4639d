// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <cstddef>

#include "store/message.hpp"

namespace smsbridge::store {

struct LedgerLimits {
  WallMs retention_ms = 90ll * 24 * 3600 * 1000;  // a finished message is kept so long
  WallMs parked_ms = 24ll * 3600 * 1000;          // and a receipt nobody waits for
  WallMs held_ms = 72ll * 3600 * 1000;            // a message in doubt whose validity ended waits so long for a receipt
  WallMs late_receipt_ms = 7ll * 24 * 3600 * 1000;  // an end that only we assumed can be corrected for so long
  WallMs idempotency_ms = 24ll * 3600 * 1000;       // and an Idempotency-Key
  WallMs journal_ms = 90ll * 24 * 3600 * 1000;      // and a line of the journal
  std::size_t parked_max = 100000;
  std::size_t parked_of_account_max = 20000;  // one account's ids of nobody push out no other's receipts
};

}  // namespace smsbridge::store
