// SPDX-License-Identifier: MPL-2.0
#include "bridge/doors/api/paging.hpp"

#include <array>
#include <boost/json.hpp>
#include <charconv>

#include "http_gateways/coding.hpp"

namespace smsbridge::bridge {
namespace {

constexpr int cursor_base = 36;

template <class Integer>
bool reads(const std::string& value, Integer& number, int base) {
  const auto [end, ec] = std::from_chars(value.data(), value.data() + value.size(), number, base);
  return ec == std::errc() && end == value.data() + value.size();
}

}  // namespace

void read_limit(const std::string& value, std::size_t& limit, std::vector<FieldError>& errors) {
  if (!reads(value, limit, 10) || limit < 1 || limit > page_most)
    errors.push_back({"?limit", "bad-value", "limit is a number from 1 to " + std::to_string(page_most)});
}

void read_cursor(const std::string& value, std::uint64_t& cursor, std::vector<FieldError>& errors) {
  if (!reads(value, cursor, cursor_base) || !cursor)
    errors.push_back({"?cursor", "bad-value", "this is not a cursor of ours"});
}

std::string cursor_text(std::uint64_t cursor) {
  std::array<char, 16> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), cursor, cursor_base).ptr};
}

HttpResponse page_of(const HttpRequest& request, boost::json::array items, const std::string& next) {
  HttpResponse response{.body = boost::json::serialize(boost::json::object{
                            {"items", std::move(items)},
                            {"next_cursor", next.empty() ? boost::json::value(nullptr) : boost::json::value(next)}}),
                        .headers = {}};
  if (next.empty()) return response;
  std::string link = "<" + request.path + "?cursor=" + http_gateways::percent_encode(next);
  for (const auto& [key, text] : request.query)
    if (key != "cursor") link += "&" + key + "=" + http_gateways::percent_encode(text);
  response.headers.emplace_back("Link", link + ">; rel=\"next\"");
  return response;
}

}  // namespace smsbridge::bridge
