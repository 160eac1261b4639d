// SPDX-License-Identifier: MPL-2.0
// The dates in a receipt's text: "YYMMDDhhmm" by the appendix of SMPP 3.4, in practice six other forms.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace smsbridge::smpp {

// RFC 3339 in UTC; empty when the date cannot be read, which is never an error. A date without a zone is local time
// that is `time_zone_offset` ahead of UTC.
std::string parse_receipt_date(std::string_view text, std::chrono::minutes time_zone_offset);

}  // namespace smsbridge::smpp
