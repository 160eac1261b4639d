// SPDX-License-Identifier: MPL-2.0
#include "bridge/doors/kept_inbound.hpp"

namespace smsbridge::bridge {

void tell_of_inbound(Services& services, const Tenant& tenant, const InboundRecord& record, store::Batch& batch) {
  services.webhooks.outbox().add_received(batch, {.tenant = tenant.id,
                                                  .gateway = record.gateway,
                                                  .from = record.from,
                                                  .to = record.to,
                                                  .text = record.text,
                                                  .keyword = record.keyword,
                                                  .rule = record.rule,
                                                  .action = record.action,
                                                  .at = services.clock.wall()});
  const auto rule = services.directory.table()->inbound_rule(record.rule);
  if (rule && asks_bank(rule->action))
    services.events.answers().ask(
        batch, tenant,
        {.phone = record.from, .to = record.to, .text = record.text, .keyword = record.keyword, .rule = record.rule});
}

}  // namespace smsbridge::bridge
