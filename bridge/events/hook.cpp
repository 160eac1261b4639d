// SPDX-License-Identifier: MPL-2.0
#include "bridge/events/hook.hpp"

#include <boost/json/parse.hpp>

#include "bridge/events/fineract_json.hpp"
#include "bridge/text/ucs2.hpp"
#include "http_gateways/form.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;
using Why = NotHeard::Why;

constexpr std::size_t kept_text_max = 100;

std::string kept(std::string text) {
  return std::string(text::cut_utf8(text::repaired_utf8(std::move(text)), kept_text_max));
}

// "{clientId=7.0, changes={a=b}, resourceId=45.0}", as Java prints a map: its members of one word. What stands in an
// inner map, or holds a comma itself, is passed over.
json::object printed_map(std::string_view text) {
  json::object members;
  if (!text.starts_with('{') || !text.ends_with('}')) return members;
  text = text.substr(1, text.size() - 2);
  while (!text.empty()) {
    std::size_t end = 0;
    for (int depth = 0; end < text.size() && (depth > 0 || !text.substr(end).starts_with(", ")); ++end)
      depth += text[end] == '{' || text[end] == '[' ? 1 : text[end] == '}' || text[end] == ']' ? -1 : 0;
    const auto member = text.substr(0, end);
    if (const auto sign = member.find('='); sign != std::string_view::npos)
      members[member.substr(0, sign)] = member.substr(sign + 1);
    text.remove_prefix(std::min(text.size(), end + 2));
  }
  return members;
}

json::object form_fields(std::string_view body) {
  json::object fields;
  for (const auto& [name, value] : http_gateways::parse_form(body)) {
    if (name == "response")
      fields[name] = printed_map(value);
    else if (name == "request")
      fields[name] = json::object();
    else
      fields[name] = value;
  }
  return fields;
}

tl::expected<json::object, NotHeard> fields_of(std::string_view content_type, std::string_view body) {
  if (content_type.starts_with("application/x-www-form-urlencoded")) return form_fields(body);
  boost::system::error_code error;
  auto value = json::parse(body, error);
  if (error) return tl::unexpected(NotHeard{.why = Why::unreadable, .detail = "the body is no JSON"});
  if (!value.is_object()) return tl::unexpected(NotHeard{.why = Why::unreadable, .detail = "the body is no object"});
  return std::move(value.get_object());
}

}  // namespace

std::int64_t subject_of(const Heard& heard, Subject subject) {
  const auto own = [&](std::string_view entity, std::int64_t id) {
    return id ? id : heard.entity == entity ? heard.resource : 0;
  };
  switch (subject) {
    case Subject::loan:
      return own("LOAN", heard.loan);
    case Subject::savings:
      return own("SAVINGSACCOUNT", heard.savings);
    case Subject::fixed_deposit:
      return own("FIXEDDEPOSITACCOUNT", heard.savings);
    case Subject::shares:
      return heard.resource;
    case Subject::client:
      return own("CLIENT", heard.client);
    case Subject::group:
      return own("GROUP", heard.group);
  }
  return 0;
}

tl::expected<Heard, NotHeard> hear(std::string_view entity, std::string_view action, std::string_view content_type,
                                   std::string_view body) {
  const auto read = fields_of(content_type, body);
  if (!read) return tl::unexpected(read.error());
  const auto& fields = *read;
  const bool is_flat = !fields.contains("request") && !fields.contains("response") && fields.contains("resourceId");
  const auto* result = is_flat ? &fields : object_at(fields, "response");
  if (fields.contains("status") || (result && result->contains("errorCode")))
    return tl::unexpected(NotHeard{.why = Why::refused, .detail = "Fineract did not carry out the command"});
  if (!result)
    return tl::unexpected(NotHeard{.why = Why::not_done,
                                   .detail = "the hook tells no result: refused, or it waits for somebody's approval"});
  Heard heard{.entity = std::string(entity), .action = std::string(action)};
  const auto id = [&](std::string_view key) {
    const auto own = id_at(*result, key);
    return own ? own : id_at(fields, key);
  };
  heard.loan = id("loanId");
  heard.savings = id("savingsId");
  heard.client = id("clientId");
  heard.group = id("groupId");
  heard.office = id("officeId");
  heard.resource = id_at(*result, "resourceId");
  heard.sub_resource = id_at(*result, "subResourceId");
  heard.by = kept(text_at(fields, "createdByFullName"));
  if (heard.by.empty()) heard.by = kept(text_at(fields, "createdByName"));
  if (const auto* changes = object_at(*result, "changes")) heard.receipt = kept(text_at(*changes, "receiptNumber"));
  if (!heard.resource && !heard.loan && !heard.savings && !heard.client)
    return tl::unexpected(NotHeard{.why = Why::unreadable, .detail = "the result names nothing"});
  return heard;
}

json::object json_of(const Heard& heard) {
  return {{"entity", heard.entity},   {"action", heard.action},     {"loan", heard.loan},
          {"savings", heard.savings}, {"client", heard.client},     {"group", heard.group},
          {"office", heard.office},   {"resource", heard.resource}, {"sub_resource", heard.sub_resource},
          {"by", heard.by},           {"receipt", heard.receipt}};
}

Heard heard_of(const json::object& object) {
  return {.entity = text_at(object, "entity"),
          .action = text_at(object, "action"),
          .loan = id_at(object, "loan"),
          .savings = id_at(object, "savings"),
          .client = id_at(object, "client"),
          .group = id_at(object, "group"),
          .office = id_at(object, "office"),
          .resource = id_at(object, "resource"),
          .sub_resource = id_at(object, "sub_resource"),
          .by = text_at(object, "by"),
          .receipt = text_at(object, "receipt")};
}

}  // namespace smsbridge::bridge
