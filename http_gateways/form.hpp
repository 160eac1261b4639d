// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Names and values: forms and the query of an address.
namespace smsbridge::http_gateways {

using Fields = std::vector<std::pair<std::string, std::string>>;

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

}  // namespace smsbridge::http_gateways
