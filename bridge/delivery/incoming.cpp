// SPDX-License-Identifier: MPL-2.0
#include "bridge/delivery/incoming.hpp"

#include <utility>

#include "bridge/env/log.hpp"

namespace smsbridge::bridge {
namespace {

// nullptr: it is not for people. One that is parked may be ahead of its message.
const char* why_unmatched(store::Receipted receipt) {
  switch (receipt) {
    case store::Receipted::another_phone:
      return "the message with its id went to another phone: if this carrier changes addresses, set "
             "dialect.address_may_differ";
    case store::Receipted::ambiguous:
      return "several messages have its id, and nothing tells them apart";
    default:
      return nullptr;
  }
}

}  // namespace

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
  for (const auto receipt : receipts) {
    if (receipt == store::Receipted::matched || receipt == store::Receipted::repeated) continue;
    context_.metrics.receipts_unmatched->Increment();
    const auto* why = why_unmatched(receipt);
    if (!why) continue;
    if (const auto count = unmatched_.due(why, context_.clock.now()))
      log::warn("gateway", "a receipt matches no message", "gateway", context_.settings.name, "reason", why, "receipts",
                count);
  }
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
