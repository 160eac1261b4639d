// SPDX-License-Identifier: MPL-2.0
#pragma once
#include "bridge/policy/id_learning.hpp"
#include "smpp/receipt.hpp"
#include "store/changes.hpp"

namespace smsbridge::bridge {

// The ids by which the message of a receipt is looked for, in the order to try: as the dialect says that this carrier
// writes them, or as was learnt; and where neither is known as they stand, and then in the other number base, which is
// a guess (`as_given`). Without `learning` nothing was learnt.
void add_ids(const smpp::Receipt& receipt, const smpp::Dialect& dialect, const IdLearning* learning,
             store::ReceiptRecorded& change);

}  // namespace smsbridge::bridge
