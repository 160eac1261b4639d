// SPDX-License-Identifier: MPL-2.0
#pragma once
#include "bridge/doors/services.hpp"
#include "bridge/inbound/record.hpp"

namespace smsbridge::bridge {

// Who is told of a message of a phone, in the batch that keeps it: webhooks, and the bank where it is asked something.
void tell_of_inbound(Services& services, const Tenant& tenant, const InboundRecord& record, store::Batch& batch);

}  // namespace smsbridge::bridge
