// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http_gateways/provider.hpp"

// What a provider answered, beyond the status.
namespace smsbridge::http_gateways {

// The value of a header, compared without case; empty: not there.
std::string_view find_header(const Headers& headers, std::string_view name);
// Seconds since 1970 UTC of an HTTP date as it is written today (RFC 9110 section 5.6.7); nothing: it is none.
std::optional<std::int64_t> http_date(std::string_view text);
// Without parameters and in lower case: "multipart/form-data".
std::string media_type(const Headers& headers);
// Retry-After, in seconds or as an HTTP date, clamped to 1 s ... 1 h, in milliseconds.
std::optional<std::int64_t> retry_after_ms(const Headers& headers, std::int64_t now_s);
// A provider's own words about a failure, without numbers of 7 digits and more; empty if they repeat the message.
std::string detail_of(std::string_view words, const OutboundSms& sms);
// The words in lower case, to look for one of them, without what they repeat of the message: a text about a balance is
// no account without balance.
std::string own_words(std::string_view words, const OutboundSms& sms);
// A page for people, such as a captive portal or a proxy puts in the place of an answer. Plain words that only call
// themselves text/html are none: some providers send theirs so.
bool is_web_page(const Reply& reply);
// What went wrong with a question (balance, status): by HTTP status, and never `none`.
ErrorClass failure_of(const Reply& reply);

}  // namespace smsbridge::http_gateways
