// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "http_gateways/provider.hpp"
#include "http_gateways/readable.hpp"

// What several providers need to write requests and read replies.
namespace smsbridge::http_gateways {

using Fields = std::vector<std::pair<std::string, std::string>>;

// The value of a header, compared without case; empty: not there.
std::string_view find_header(const Headers& headers, std::string_view name);

// RFC 3986: everything but unreserved characters as %XX; a space is %20.
std::string percent_encode(std::string_view text);
// Bad escapes stay as they are. `plus_is_space`: as in query strings and forms.
std::string percent_decode(std::string_view text, bool plus_is_space = true);

// application/x-www-form-urlencoded. A space is written '+'.
std::string encode_form(const Fields& fields);
Fields parse_form(std::string_view text);
// Appends each as `name=value` with the right separator, before a fragment.
std::string with_query(std::string url, const Fields& fields);
std::string with_query(std::string url, std::string_view name, std::string_view value);
std::string_view query_of(std::string_view url);  // without '?' and fragment
// Its parameters. Who adds his own to an address of ours may begin them with a second '?'.
Fields query_fields(std::string_view url);
// The first value of this name; nothing: not there.
std::optional<std::string> find_field(const Fields& fields, std::string_view name);
// The same for words and ids: trimmed, and empty if it is not there.
std::string word_of(const Fields& fields, std::string_view name);
// Without parameters and in lower case: "multipart/form-data".
std::string media_type(const Headers& headers);
bool starts_as_json(std::string_view body);  // like an object
// Without what cannot be part of it: a byte order mark, line ends behind it.
Fields form_fields(std::string_view body);
// What the body of a callback holds: a form, multipart/form-data or the members of a flat JSON object. Decided by the
// content type only where the octets leave it open.
Fields body_fields(const CallbackRequest& request);
// Parameters of a callback: those of the body, then those of the query.
Fields callback_fields(const CallbackRequest& request);

std::string basic_auth(std::string_view user, std::string_view password);  // "Basic ..."
std::string base64(std::string_view bytes);
std::string base64url(std::string_view bytes);  // without padding
std::optional<std::string> from_base64url(std::string_view text);
std::string hex(std::string_view bytes);  // lower case

enum class Hash : std::uint8_t { md5, sha1, sha256, sha512 };
std::string digest(Hash hash, std::string_view bytes);  // raw octets
std::string hmac(Hash hash, std::string_view key, std::string_view bytes);
// In constant time; different lengths are unequal at once.
bool same_secret(std::string_view a, std::string_view b);
std::string lower(std::string_view text);  // ASCII

// Lenient: what readable() and repaired_json() can mend is mended. Nothing: not JSON all the same. Integers with more
// digits than 64 bits hold become strings, so that ids keep all their digits.
std::optional<boost::json::value> parse_json(std::string_view body);
// By RFC 6901 pointer; null: not there, or JSON null.
const boost::json::value* at(const boost::json::value& value, std::string_view pointer);
// A string as it is; numbers and booleans in their JSON form; anything else empty.
std::string text_of(const boost::json::value* value);
std::string text_at(const boost::json::value& value, std::string_view pointer);
std::string word_at(const boost::json::value& value, std::string_view pointer);  // trimmed
std::optional<std::int64_t> integer_of(const boost::json::value* value);         // 3 and "3"
std::optional<bool> boolean_of(const boost::json::value* value);                 // true and "true"

// Decimal text without exponent, sign and trailing zeros: "-0.00750" -> "0.0075". Empty: not a number.
std::string plain_decimal(std::string_view text);
std::string add_decimals(std::string_view a, std::string_view b);
std::string multiply_decimal(std::string_view a, std::int64_t factor);

// Retry-After, in seconds or as an HTTP date, clamped to 1 s ... 1 h, in milliseconds.
std::optional<std::int64_t> retry_after_ms(const Headers& headers, std::int64_t now_s);

std::string digits_of(std::string_view e164);  // without '+'
// "+254..." of 7 to 15 bare digits; short codes and names stay as they are.
std::string with_plus(std::string_view number);
// A count of parts or messages; nothing: not there, or out of any reason.
std::optional<int> parts_of(const boost::json::value* value);
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
// The query parameter `tok` or `token` equals the setting; true if the setting is empty.
bool has_token(const CallbackRequest& request, std::string_view token);

// ---- settings of an account ----

std::string text_setting(const boost::json::object& settings, std::string_view name, std::string_view otherwise = {});
bool flag_setting(const boost::json::object& settings, std::string_view name, bool otherwise);

}  // namespace smsbridge::http_gateways
