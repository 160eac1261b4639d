// SPDX-License-Identifier: MPL-2.0
#include "http_gateways/form.hpp"

#include <algorithm>
#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>

#include "http_gateways/coding.hpp"
#include "http_gateways/readable.hpp"

namespace smsbridge::http_gateways {

std::string encode_form(const Fields& fields) {
  boost::urls::encoding_opts as_form;
  as_form.space_as_plus = true;
  const auto encoded = [&](std::string_view text) {
    return boost::urls::encode(text, boost::urls::unreserved_chars, as_form);
  };
  std::string out;
  for (const auto& [name, value] : fields) {
    if (!out.empty()) out += '&';
    out += encoded(name) + "=" + encoded(value);
  }
  return out;
}

Fields parse_form(std::string_view text) {
  Fields fields;
  while (!text.empty()) {
    const auto end = std::min(text.find('&'), text.size());
    const auto pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty()) continue;
    const auto equals = std::min(pair.find('='), pair.size());
    fields.emplace_back(percent_decode(pair.substr(0, equals)),
                        equals < pair.size() ? percent_decode(pair.substr(equals + 1)) : std::string());
  }
  return fields;
}

std::string with_query(std::string url, const Fields& fields) {
  const auto fragment = std::min(url.find('#'), url.size());
  bool begun = url.find('?') < fragment;
  std::string more;
  for (const auto& [name, value] : fields) {
    more += (begun ? '&' : '?') + percent_encode(name) + "=" + percent_encode(value);
    begun = true;
  }
  url.insert(fragment, more);
  return url;
}

std::string with_query(std::string url, std::string_view name, std::string_view value) {
  return with_query(std::move(url), {{std::string(name), std::string(value)}});
}

std::string_view query_of(std::string_view url) {
  url = url.substr(0, url.find('#'));
  const auto begin = url.find('?');
  return begin == std::string_view::npos ? std::string_view() : url.substr(begin + 1);
}

Fields query_fields(std::string_view url) {
  const auto query = query_of(url);
  const auto second = query.find('?');
  if (second == std::string_view::npos) return parse_form(query);
  // Behind our own address, or in somebody's text: our values are percent-encoded, and a name follows theirs.
  const auto before = query.substr(0, second), behind = query.substr(second + 1);
  const auto name = behind.substr(0, std::min(behind.find_first_of("=&?"), behind.size()));
  const bool begins_again = name.size() < behind.size() && behind[name.size()] == '=' && !name.empty() &&
                            std::ranges::all_of(name, is_unreserved) &&
                            before.find_first_of("+ ") == std::string_view::npos;
  if (!begins_again) return parse_form(query);
  return parse_form(std::string(before) + "&" + std::string(behind));
}

std::optional<std::string> find_field(const Fields& fields, std::string_view name) {
  const auto it = std::ranges::find(fields, name, &std::pair<std::string, std::string>::first);
  if (it == fields.end()) return std::nullopt;
  return it->second;
}

std::string word_of(const Fields& fields, std::string_view name) {
  return std::string(trimmed(find_field(fields, name).value_or(std::string())));
}

}  // namespace smsbridge::http_gateways
