// SPDX-License-Identifier: MPL-2.0
// /api/v1/messages: which there are, and how many.
#include <algorithm>
#include <boost/json.hpp>

#include "bridge/doors/admission.hpp"
#include "bridge/doors/api/api.hpp"
#include "bridge/doors/api/message_fields.hpp"
#include "bridge/doors/api/message_json.hpp"
#include "bridge/doors/api/paging.hpp"
#include "bridge/text/number.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

// Filters from the query; mistakes are collected.
std::optional<store::Filter> read_filter(const HttpRequest& request, const Caller& caller, const Services& services,
                                         store::MessageId& before, std::size_t& limit,
                                         std::vector<FieldError>& errors) {
  store::Filter filter{.tenant = caller.tenant ? caller.tenant->id : 0};
  for (const auto& [key, value] : request.query) {
    if (key == "state") {
      for (std::size_t at = 0; at <= value.size();) {
        const auto end = std::min(value.find(',', at), value.size());
        store::State state{};
        const auto word = value.substr(at, end - at);
        if (word == "scheduled")
          filter.states.push_back(store::State::queued);
        else if (store::parse(word, state))
          filter.states.push_back(state);
        else
          errors.push_back({"?state", "bad-value", "there is no state '" + word + "'"});
        at = end + 1;
      }
    } else if (key == "gateway") {
      const auto gateway = services.directory.table()->gateway(value);
      if (gateway)
        filter.gateway = gateway->id;
      else
        errors.push_back({"?gateway", "bad-value", "there is no gateway '" + value + "'"});
    } else if (key == "to") {
      const auto number =
          text::normalise_number(value, caller.tenant ? caller.tenant->config.default_country : "", text::Lengths::any);
      filter.to = number ? number->e164 : value;
    } else if (key == "client_ref") {
      filter.client_ref = value;
    } else if (key == "q") {
      filter.text_contains = value;
    } else if (key == "source") {
      store::Source source{};
      if (store::parse(value, source))
        filter.source = source;
      else
        errors.push_back({"?source", "bad-value", "source is one of api, fineract, cli"});
    } else if (key == "lane") {
      store::Lane lane{};
      if (store::parse(value, lane))
        filter.lane = lane;
      else
        errors.push_back({"?lane", "bad-value", "lane is one of otp, transaction, reminder, campaign"});
    } else if (key == "from" || key == "until") {
      (key == "from" ? filter.from : filter.until) = read_time(key, value, "?" + key, errors);
    } else if (key == "limit") {
      read_limit(value, limit, errors);
    } else if (key == "cursor") {
      read_cursor(value, before, errors);
    } else {
      errors.push_back({"?" + key, "unknown-field", "there is no filter " + key});
    }
  }
  if (!errors.empty()) return std::nullopt;
  return filter;
}

void list_messages(Services& services, const HttpRequest& request, Respond respond) {
  const auto caller = admit(services, request, "messages:read", respond, false);
  if (!caller) return;
  std::vector<FieldError> errors;
  store::MessageId before = 0;
  std::size_t limit = page_usual;
  auto filter = read_filter(request, *caller, services, before, limit, errors);
  if (!filter) return respond(to_response(invalid(std::move(errors))));
  // It would tell, word by word and digit by digit, what is not shown.
  if (!(filter->text_contains.empty() && filter->to.empty()) && !caller->may("content:read"))
    return respond(to_response({.code = ProblemCode::forbidden,
                                .detail = "to search in texts or for numbers, the key needs the scope content:read",
                                .errors = {}}));
  store::Page page;
  bool any = true;
  if (!filter->client_ref.empty() && filter->tenant) {
    // The index knows the newest message of a reference. Only Fineract, restored from a backup, uses one again.
    const auto newest = services.store.reader().find(filter->tenant, {filter->client_ref}).front();
    any = newest.has_value();
    if (any && (!before || before > newest->id)) before = newest->id + 1;
    if (any && newest->content.source != store::Source::fineract)
      filter->from = std::max(filter->from, store::id_time(newest->id));
  }
  if (any) page = services.store.reader().page(*filter, before, limit);
  const auto now = services.clock.wall();
  // The store knows no `scheduled`: it is how a queued message is shown whose time has not come.
  const auto wanted = request.query.find("state");
  const auto is_wanted = [&](std::string_view state) {
    return (state != "scheduled" && state != "queued") || wanted == request.query.end() ||
           ("," + wanted->second + ",").find("," + std::string(state) + ",") != std::string::npos;
  };
  json::array items;
  for (const auto& message : page.messages)
    if (is_wanted(shown_state(message, now)))
      items.push_back(message_json(message, services.tenants, services.directory, sees_content(*caller, message), now));
  respond(page_of(request, std::move(items), page.next ? cursor_text(page.next) : std::string()));
}

void count_messages(Services& services, const HttpRequest& request, Respond respond) {
  const auto caller = admit(services, request, "messages:read", respond, false);
  if (!caller) return;
  std::array<std::int64_t, store::state_count> total{};
  std::map<std::string, std::array<std::int64_t, 2>> gateways;
  const auto table = services.directory.table();
  for (const auto& gateway : table->gateways)
    if (may_see(services, *caller, *gateway)) gateways[gateway->name];
  for (const auto& [owner, counts] : services.store.counts()) {
    if (caller->tenant && caller->tenant->id != owner.first) continue;
    for (std::size_t i = 0; i < counts.size(); ++i) total[i] += counts[i];
    if (const auto gateway = table->gateway(owner.second)) {
      gateways[gateway->name][0] += counts[static_cast<std::size_t>(store::State::queued)];
      gateways[gateway->name][1] += counts[static_cast<std::size_t>(store::State::submitted)];
    }
  }
  json::object by_state, by_gateway;
  for (std::size_t i = 0; i < total.size(); ++i)
    by_state[store::name(static_cast<store::State>(i))] = std::max<std::int64_t>(0, total[i]);
  // What a gateway holds right now is told by its own shard.
  auto left = std::make_shared<std::size_t>(gateways.size());
  auto body = std::make_shared<json::object>();
  (*body)["by_state"] = std::move(by_state);
  (*body)["by_gateway"] = json::object();
  if (gateways.empty()) return respond({.body = json::serialize(*body), .headers = {}});
  for (const auto& [name, counts] : gateways)
    services.gateways.ask(
        name, GatewayControl::Action::show, request.executor,
        [name, counts, left, body, respond](const GatewayStatus& status) {
          const auto in_flight = std::min<std::int64_t>(counts[0], static_cast<std::int64_t>(status.in_flight));
          (*body)["by_gateway"].as_object()[name] = {{"queued", std::max<std::int64_t>(0, counts[0] - in_flight)},
                                                     {"in_flight", in_flight},
                                                     {"awaiting_receipt", std::max<std::int64_t>(0, counts[1])}};
          if (--*left == 0) respond({.body = json::serialize(*body), .headers = {}});
        });
}

}  // namespace

std::vector<Endpoint> list_endpoints(Services& services) {
  using enum http::verb;
  const std::string base = "/api/v1/messages";
  return {{get, base, [&services](const HttpRequest& r, Respond a) { list_messages(services, r, std::move(a)); }},
          {get, base + "/counts",
           [&services](const HttpRequest& r, Respond a) { count_messages(services, r, std::move(a)); }}};
}

}  // namespace smsbridge::bridge
