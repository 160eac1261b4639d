// SPDX-License-Identifier: MPL-2.0
// /api/v1/inbound and /api/v1/inbound-rules: what phones said, and what follows when they say a keyword.
#include <boost/json.hpp>
#include <charconv>

#include "bridge/doors/admission.hpp"
#include "bridge/doors/api/api.hpp"
#include "bridge/doors/api/message_fields.hpp"
#include "bridge/doors/api/objects.hpp"
#include "bridge/doors/api/paging.hpp"
#include "bridge/doors/api/values.hpp"
#include "bridge/env/log.hpp"
#include "bridge/inbound/record.hpp"
#include "bridge/text/message_id.hpp"
#include "bridge/text/number.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

struct InboundFilter {
  store::JournalQuery query;
  std::string to, gateway;
};

InboundFilter read_inbound_filter(const HttpRequest& request, const Tenant& tenant, std::vector<FieldError>& errors) {
  InboundFilter filter{.query = {.tenant = tenant.id, .stream = inbound_stream, .limit = page_usual}};
  for (const auto& [key, value] : request.query) {
    if (key == "from") {
      const auto number = text::normalise_number(value, tenant.config.default_country, text::Lengths::any);
      filter.query.key = number ? number->e164 : value;
    } else if (key == "to") {
      filter.to = value;
    } else if (key == "gateway") {
      filter.gateway = value;
    } else if (key == "since" || key == "until") {
      (key == "since" ? filter.query.from : filter.query.until) = read_time(key, value, "?" + key, errors);
    } else if (key == "limit") {
      read_limit(value, filter.query.limit, errors);
    } else if (key == "cursor") {
      read_cursor(value, filter.query.cursor, errors);
    } else {
      errors.push_back({"?" + key, "unknown-field", "there is no filter " + key});
    }
  }
  return filter;
}

// Without the scope content:read a number is masked and the text absent, as with messages.
json::object inbound_json(const store::JournalEntry& entry, const InboundRecord& record, const std::string& tenant,
                          bool content) {
  json::object body{{"id", "in_" + ulid_text(entry.id)},
                    {"received_at", text::time_text(entry.at)},
                    {"tenant", tenant},
                    {"gateway", record.gateway},
                    {"from", text_or_null(content ? record.from : log::masked(record.from))},
                    {"to", text_or_null(record.to)}};
  if (content) body["text"] = record.text;
  body["parts"] = record.parts;
  body["missing_parts"] = json::array(record.missing.begin(), record.missing.end());
  body["carrier_id"] = text_or_null(record.carrier_id);
  body["keyword"] = text_or_null(record.keyword);
  body["rule"] = text_or_null(record.rule);
  body["action"] = text_or_null(record.action);
  body["answered"] = record.answered;
  body["unanswered_because"] = text_or_null(record.unanswered);
  return body;
}

void list_inbound(Services& services, const HttpRequest& request, const Respond& respond) {
  const auto caller = admit(services, request, "messages:read", respond, true);
  if (!caller) return;
  std::vector<FieldError> errors;
  const auto filter = read_inbound_filter(request, *caller->tenant, errors);
  if (!errors.empty()) return respond(to_response(invalid(std::move(errors))));
  const bool content = caller->may("content:read");
  if (!filter.query.key.empty() && !content)
    return respond(to_response({.code = ProblemCode::forbidden,
                                .detail = "to search for a number, the key needs the scope content:read",
                                .errors = {}}));
  const auto page = services.store.reader().journal(filter.query);
  json::array items;
  for (const auto& entry : page.entries) {
    const auto record = read_inbound(entry.body);
    if (!record || (!filter.to.empty() && text::digits_of(record->to) != text::digits_of(filter.to)) ||
        (!filter.gateway.empty() && record->gateway != filter.gateway))
      continue;
    items.push_back(inbound_json(entry, *record, caller->tenant->config.name, content));
  }
  respond(page_of(request, std::move(items), page.next ? cursor_text(page.next) : std::string()));
}

json::object rule_json(const InboundRuleSettings& rule, const std::optional<Objects::Object>& object, bool whole) {
  return {{"name", rule.name},
          {"id", rule.id},
          {"description", rule.description},
          {"position", rule.position},
          {"tenants", texts(rule.tenants)},
          {"keywords", texts(rule.keywords)},
          {"language", text_or_null(rule.language)},
          {"action", name(rule.action)},
          {"answer", text_or_null(rule.answer)},
          {"template", text_or_null(rule.by_template)},
          {"managed_by", managed_by(object)},
          {"settings", whole ? json::value(rule.settings) : json::value(nullptr)}};
}

bool may_see(const Services& services, const Caller& caller, const InboundRuleSettings& rule) {
  return speaks_for_all(services, caller) || rule.tenants.empty() ||
         std::ranges::find(rule.tenants, caller.tenant->config.name) != rule.tenants.end();
}

void list_rules(Services& services, const HttpRequest& request, const Respond& respond) {
  const auto caller = admit(services, request, "config:read", respond);
  if (!caller) return;
  json::array items;
  for (const auto& rule : services.directory.table()->inbound_rules)
    if (may_see(services, *caller, *rule))
      items.push_back(rule_json(*rule, services.objects.find(ObjectKind::inbound_rule, rule->name),
                                speaks_for_all(services, *caller)));
  respond(page_of(request, std::move(items), {}));
}

void get_rule(Services& services, const HttpRequest& request, const Respond& respond) {
  const auto caller = admit(services, request, "config:read", respond);
  if (!caller) return;
  const auto rule = services.directory.table()->inbound_rule(request.captures.front());
  if (!rule || !may_see(services, *caller, *rule))
    return respond(to_response(no_such("inbound rule", request.captures.front())));
  const auto object = services.objects.find(ObjectKind::inbound_rule, rule->name);
  respond({.body = json::serialize(rule_json(*rule, object, speaks_for_all(services, *caller))),
           .headers = etag_header(object)});
}

}  // namespace

std::vector<Endpoint> inbound_endpoints(Services& services) {
  using enum http::verb;
  const auto by = [&services](void (*work)(Services&, const HttpRequest&, const Respond&)) {
    return [&services, work](const HttpRequest& r, const Respond& a) { work(services, r, a); };
  };
  return {{get, "/api/v1/inbound", by(list_inbound)},
          {get, "/api/v1/inbound-rules", by(list_rules)},
          {get, "/api/v1/inbound-rules/{name}", by(get_rule)}};
}

}  // namespace smsbridge::bridge
