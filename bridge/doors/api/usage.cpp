// SPDX-License-Identifier: MPL-2.0
// What was sent and what it cost, for the comparison with a carrier's bill.
#include <fmt/format.h>

#include <boost/json.hpp>

#include "bridge/doors/admission.hpp"
#include "bridge/doors/api/api.hpp"
#include "bridge/text/csv.hpp"
#include "bridge/text/ucs2.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

// "2026-11" -> 202611; 0: not a month.
std::uint32_t parse_month(std::string_view text) {
  if (text.size() != 7 || text[4] != '-') return 0;
  std::uint32_t value = 0;
  for (const char c : text) {
    if (c == '-') continue;
    if (c < '0' || c > '9') return 0;
    value = value * 10 + static_cast<std::uint32_t>(c - '0');
  }
  return value % 100 >= 1 && value % 100 <= 12 ? value : 0;
}

struct Row {
  std::string month, gateway, tenant, lane, currency;
  std::optional<std::string> price;  // none: of nothing that was taken is it known
  store::Usage usage;
};

std::string as_csv(const std::vector<Row>& rows) {
  std::string out = "month,gateway,tenant,lane,submitted,accepted,parts,delivered,failed,price,currency,unpriced\n";
  for (const auto& r : rows)
    out += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{}\n", r.month, text::csv_cell(r.gateway),
                       text::csv_cell(r.tenant), r.lane, r.usage.submitted, r.usage.accepted, r.usage.parts,
                       r.usage.delivered, r.usage.failed, r.price.value_or(""), text::csv_cell(r.currency),
                       r.usage.unpriced);
  return out;
}

std::string as_json(const std::vector<Row>& rows) {
  json::array items;
  for (const auto& r : rows)
    items.push_back({{"month", r.month},
                     {"gateway", r.gateway},
                     {"tenant", r.tenant},
                     {"lane", r.lane},
                     {"submitted", r.usage.submitted},
                     {"accepted", r.usage.accepted},
                     {"parts", r.usage.parts},
                     {"delivered", r.usage.delivered},
                     {"failed", r.usage.failed},
                     {"price", r.price ? json::value(*r.price) : json::value(nullptr)},
                     {"currency", r.currency.empty() ? json::value(nullptr) : json::value(r.currency)},
                     {"unpriced", r.usage.unpriced}});
  return json::serialize(json::object{{"items", std::move(items)}, {"next_cursor", nullptr}});
}

void get_usage(Services& services, const HttpRequest& request, const Caller& caller, const Respond& respond) {
  std::vector<FieldError> errors;
  std::uint32_t from = 0, until = 999912;
  std::string gateway, format = "json";
  for (const auto& [key, value] : request.query) {
    if (key == "month" || key == "from" || key == "until") {
      const auto month = parse_month(value);
      if (!month)
        errors.push_back(
            {key, "bad-value", "'" + std::string(text::cut_utf8(value, 20)) + "' is not a month such as 2026-11"});
      if (key != "until") from = month;
      if (key != "from") until = month;
    } else if (key == "gateway") {
      gateway = value;
    } else if (key == "format" && (value == "csv" || value == "json")) {
      format = value;
    } else {
      errors.push_back({key, "bad-value", "the parameters are month, from, until, gateway, and format (json or csv)"});
    }
  }
  if (!errors.empty()) {
    const auto detail = errors.front().detail;
    return respond(to_response({.code = ProblemCode::invalid_request, .detail = detail, .errors = std::move(errors)}));
  }
  const auto table = services.directory.table();
  std::vector<Row> rows;
  for (const auto& [key, usage] : services.store.usage()) {
    if (key.month < from || key.month > until) continue;
    const auto way = table->gateway(key.gateway);
    const auto* tenant = services.tenants.find(key.tenant);
    // What the configuration no longer has goes by its number: it was sent all the same.
    Row row{.month = fmt::format("{:04}-{:02}", key.month / 100, key.month % 100),
            .gateway = way ? way->name : fmt::format("#{}", key.gateway),
            .tenant = tenant ? tenant->config.name : fmt::format("#{}", key.tenant),
            .lane = std::string(store::name(key.lane)),
            .currency = table->prices->currency_of(key.gateway),
            .price = {},
            .usage = usage};
    if (usage.unpriced == 0 || usage.unpriced < usage.accepted) row.price = money_text(usage.price);
    if (caller.tenant && caller.tenant->id != key.tenant) continue;
    if (!gateway.empty() && row.gateway != gateway) continue;
    rows.push_back(std::move(row));
  }
  if (format == "csv") return respond({.content_type = "text/csv; charset=utf-8", .body = as_csv(rows), .headers = {}});
  respond({.body = as_json(rows), .headers = {}});
}

}  // namespace

std::vector<Endpoint> usage_endpoints(Services& services) {
  return {{http::verb::get, "/api/v1/usage", [&services](const HttpRequest& r, Respond a) {
             if (const auto caller = admit(services, r, "messages:read", a)) get_usage(services, r, *caller, a);
           }}};
}

}  // namespace smsbridge::bridge
