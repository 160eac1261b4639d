// SPDX-License-Identifier: MPL-2.0
// Who a message says it is from.
#pragma once

#include <string>
#include <string_view>

namespace smsbridge::bridge::text {

// Why no carrier can be given this sender; empty: it can, or there is none. A sender is a name, a short code or an
// international number, and nothing that would go out as another one of these than was meant. `country` is that of
// numbers in national notation, and only makes the advice better.
std::string why_not_a_sender(std::string_view sender, std::string_view country = {});

}  // namespace smsbridge::bridge::text
