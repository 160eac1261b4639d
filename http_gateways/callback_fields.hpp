// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <string_view>

#include "http_gateways/form.hpp"
#include "http_gateways/provider.hpp"

// What a provider or a phone posted to us, as names and values.
namespace smsbridge::http_gateways {

bool starts_as_json(std::string_view body);  // like an object
// Without what cannot be part of it: a byte order mark, line ends behind it.
Fields form_fields(std::string_view body);
// What the body of a callback holds: a form, multipart/form-data or the members of a flat JSON object. Decided by the
// content type only where the octets leave it open.
Fields body_fields(const CallbackRequest& request);
// Parameters of a callback: those of the body, then those of the query.
Fields callback_fields(const CallbackRequest& request);
// The query parameter `tok` or `token` equals the setting; true if the setting is empty.
bool has_token(const CallbackRequest& request, std::string_view token);

}  // namespace smsbridge::http_gateways
