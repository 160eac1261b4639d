// SPDX-License-Identifier: MPL-2.0
#include "bridge/delivery/incoming.hpp"

#include <utility>

#include "bridge/env/log.hpp"

namespace smsbridge::bridge {

store::ReceiptRecorded Incoming::receipt(store::ReceiptRecorded receipt, metrics::ReceiptState state) {
  context_.metrics.receipts[state]->Increment();
  return of_account(std::move(receipt));
}

// Changes only with the table.
const std::vector<store::GatewayId>& Incoming::account() {
  if (auto table = context_.router.table(); table != account_seen_in_) {
    account_ = table->sharing_account(context_.settings);
    account_seen_in_ = std::move(table);
  }
  return account_;
}

void Incoming::receipts_stored(const std::vector<store::Receipted>& receipts) {
  for (const auto receipt : receipts)
    if (receipt == store::Receipted::parked) context_.metrics.receipts_parked->Increment();
}

void Incoming::receipts_given_back(std::size_t receipts) const {
  log::error("gateway", "receipts could not be stored; the carrier is told to repeat them", "gateway",
             context_.settings.name, "receipts", receipts);
}

// A flood of them is one line a second.
void Incoming::from_phone(std::string_view phone) {
  context_.metrics.inbound_messages->Increment();
  if (const auto count = from_phones_.due("", context_.clock.now()))
    log::info("gateway", "inbound message received", "gateway", context_.settings.name, "from", log::phone(phone),
              "messages", count);
}

}  // namespace smsbridge::bridge
