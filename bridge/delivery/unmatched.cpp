// SPDX-License-Identifier: MPL-2.0
#include "bridge/delivery/unmatched.hpp"

#include "bridge/env/log.hpp"

namespace smsbridge::bridge {
namespace {

const char* why(store::Unmatched receipt, bool is_smpp) {
  switch (receipt) {
    case store::Unmatched::no_message:
      return is_smpp
                 ? "no message has its id: perhaps another program sends by this account, or dialect.id_in_response "
                   "and dialect.id_in_receipt do not say how the carrier writes ids"
                 : "no message has its id: perhaps another program sends by this account";
    case store::Unmatched::another_phone:
      return "the message with its id went to another phone: if this carrier changes addresses, set "
             "dialect.address_may_differ";
    case store::Unmatched::ambiguous:
      return "several messages have its id, and nothing tells them apart";
    case store::Unmatched::no_room:
      break;
  }
  return "so many waited for their messages that the oldest gave way";
}

}  // namespace

void UnmatchedReceipts::show(const std::map<store::GatewayId, std::size_t>& parked) const {
  for (const auto& gateway : context_.router.table()->gateways) {
    const auto own = parked.find(gateway->id);
    context_.metrics.gateway(gateway->name, gateway->kind)
        .parked_receipts->Set(own == parked.end() ? 0 : static_cast<double>(own->second));
  }
}

void UnmatchedReceipts::given_up(const store::GivenUp& receipts) {
  const auto table = context_.router.table();
  for (const auto& [whose, count] : receipts) {
    const auto& [id, reason] = whose;
    // One that is gone has no numbers any more.
    const auto gateway = table->gateway(id);
    if (gateway)
      context_.metrics.gateway(gateway->name, gateway->kind).receipts_unmatched->Increment(static_cast<double>(count));
    const auto name = gateway ? gateway->name : "number " + std::to_string(id) + ", which is gone";
    const std::string because = why(reason, gateway && gateway->is_smpp());
    if (const auto so_far = said_.due(name + because, context_.clock.now(), count))
      log::warn("gateway", "a receipt matches no message", "gateway", name, "reason", because, "receipts", so_far);
  }
}

}  // namespace smsbridge::bridge
