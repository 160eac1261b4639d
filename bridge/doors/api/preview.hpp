// SPDX-License-Identifier: MPL-2.0
#pragma once
#include "bridge/doors/api/api.hpp"

namespace smsbridge::bridge {

// POST /api/v1/messages/preview: how a message would go, and what would make it cheaper. Stores and sends nothing.
void post_preview(Services& services, const HttpRequest& request, Respond respond);

}  // namespace smsbridge::bridge
