// SPDX-License-Identifier: MPL-2.0
#include "http_gateways/callback_fields.hpp"

#include <algorithm>
#include <utility>

#include "http_gateways/coding.hpp"
#include "http_gateways/digest.hpp"
#include "http_gateways/json.hpp"
#include "http_gateways/readable.hpp"
#include "http_gateways/reply.hpp"

namespace smsbridge::http_gateways {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF", spaces = " \t\r\n";

// The value of `name=` in a header such as Content-Type or Content-Disposition; empty: not there.
std::string parameter_of(std::string_view header, std::string_view wanted) {
  while (!header.empty()) {
    const auto end = std::min(header.find(';'), header.size());
    const auto piece = trimmed(header.substr(0, end));
    header.remove_prefix(std::min(end + 1, header.size()));
    const auto equals = piece.find('=');
    if (equals == std::string_view::npos || lower(trimmed(piece.substr(0, equals))) != wanted) continue;
    auto value = trimmed(piece.substr(equals + 1));
    if (value.size() > 1 && value.starts_with('"') && value.ends_with('"')) value = value.substr(1, value.size() - 2);
    return std::string(value);
  }
  return {};
}

// The name in the headers of a part, and how many octets they have with the blank line behind them; 0: no such part.
std::pair<std::string, std::size_t> head_of_part(std::string_view part) {
  std::string name;
  for (std::size_t at = 0; at < part.size();) {
    const auto end = part.find('\n', at);
    if (end == std::string_view::npos) break;
    const auto line = trimmed(part.substr(at, end - at));
    at = end + 1;
    if (line.empty()) return {std::move(name), at};
    if (lower(line).starts_with("content-disposition:")) name = parameter_of(line, "name");
  }
  return {};
}

// RFC 7578. Line ends may be bare, and without a boundary in the content type the first line tells it.
Fields parse_multipart(std::string_view body, std::string boundary) {
  if (boundary.empty() && body.starts_with("--")) boundary = trimmed(body.substr(2, body.find('\n') - 2));
  if (boundary.empty()) return {};
  const auto delimiter = "--" + boundary;
  Fields fields;
  auto at = body.find(delimiter);
  while (at != std::string_view::npos) {
    const auto begin = std::min(body.find('\n', at), body.size() - 1) + 1;
    const auto next = body.find("\n" + delimiter, begin > 0 ? begin - 1 : 0);
    auto part = body.substr(begin, (next == std::string_view::npos ? body.size() : next) - std::min(begin, next));
    if (part.ends_with('\r')) part.remove_suffix(1);
    if (auto [name, size] = head_of_part(part); size > 0 && !name.empty())
      fields.emplace_back(std::move(name), part.substr(size));
    at = next == std::string_view::npos ? next : next + 1;
  }
  return fields;
}

}  // namespace

bool starts_as_json(std::string_view body) {
  if (body.starts_with("\xFF\xFE") || body.starts_with("\xFE\xFF")) return true;  // no form is UTF-16
  if (body.starts_with(byte_order_mark)) body.remove_prefix(byte_order_mark.size());
  const auto begin = body.find_first_not_of(spaces);
  return begin != std::string_view::npos && body[begin] == '{';
}

Fields form_fields(std::string_view body) {
  if (body.starts_with(byte_order_mark)) body.remove_prefix(byte_order_mark.size());
  while (body.ends_with('\n') || body.ends_with('\r')) body.remove_suffix(1);
  return parse_form(body);
}

Fields body_fields(const CallbackRequest& request) {
  if (starts_as_json(request.body)) {
    Fields fields;
    if (const auto json = parse_json(request.body); json && json->is_object())
      for (const auto& [name, value] : json->get_object()) fields.emplace_back(name, text_of(&value));
    return fields;
  }
  if (request.method == "GET") return {};
  if (media_type(request.headers) == "multipart/form-data")
    return parse_multipart(request.body, parameter_of(find_header(request.headers, "Content-Type"), "boundary"));
  return form_fields(request.body);
}

Fields callback_fields(const CallbackRequest& request) {
  auto fields = body_fields(request);
  for (auto& field : query_fields(request.url)) fields.push_back(std::move(field));
  return fields;
}

bool has_token(const CallbackRequest& request, std::string_view token) {
  if (token.empty()) return true;
  const auto query = query_fields(request.url);
  for (const auto* name : {"tok", "token"})
    if (const auto given = find_field(query, name); given && same_secret(*given, token)) return true;
  return false;
}

}  // namespace smsbridge::http_gateways
