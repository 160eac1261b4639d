// SPDX-License-Identifier: MPL-2.0
#include "bridge/http/reading.hpp"

#include <boost/beast/core/string.hpp>
#include <boost/json.hpp>

namespace smsbridge::bridge {

std::string_view without_byte_order_mark(std::string_view body) {
  constexpr std::string_view mark = "\xEF\xBB\xBF";
  return body.starts_with(mark) ? body.substr(mark.size()) : body;
}

tl::expected<boost::json::value, Problem> read_json(const HttpRequest& request) {
  auto type = request.header(http::field::content_type);
  type = type.substr(0, type.find_first_of("; "));
  if (!type.empty() && !boost::beast::iequals(type, "application/json") &&
      !(request.raw.method() == http::verb::patch && boost::beast::iequals(type, "application/merge-patch+json")))
    return tl::unexpected(Problem{
        .code = ProblemCode::unsupported_media_type, .detail = "send Content-Type: application/json", .errors = {}});
  boost::json::error_code ec;
  auto value = boost::json::parse(without_byte_order_mark(request.body()), ec);
  if (ec)
    return tl::unexpected(
        Problem{.code = ProblemCode::malformed_json, .detail = "the body is not JSON: " + ec.message(), .errors = {}});
  return value;
}

tl::expected<bool, Problem> flag(const HttpRequest& request, const std::string& name) {
  const auto it = request.query.find(name);
  if (it == request.query.end() || it->second == "false") return false;
  if (it->second == "true") return true;
  return tl::unexpected(invalid({{"?" + name, "bad-value", name + " is true or false"}}));
}

}  // namespace smsbridge::bridge
