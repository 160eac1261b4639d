// SPDX-License-Identifier: MPL-2.0
#pragma once

#include <string_view>

namespace smsbridge::smpp {

// What the error code of a receipt ("001", "27") often means, for people. Many centres pass on the numbers of MAP's
// errors (3GPP TS 29.002 section 17.6); others have lists of their own, so this decides nothing. Empty: no such number.
std::string_view often_meant_by(std::string_view code);

}  // namespace smsbridge::smpp
