// SPDX-License-Identifier: MPL-2.0
// /api/v1/receipts/parked: receipts without a message so far.
#include <boost/json.hpp>

#include "bridge/doors/admission.hpp"
#include "bridge/doors/api/api.hpp"
#include "bridge/doors/api/paging.hpp"
#include "bridge/doors/api/values.hpp"
#include "bridge/env/log.hpp"
#include "bridge/text/message_id.hpp"
#include "bridge/text/time.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

// "time.number", each as other cursors are written.
std::string place_text(const store::ParkedPlace& place) {
  return cursor_text(static_cast<std::uint64_t>(place.at)) + "." + cursor_text(place.number);
}

void read_place(const std::string& value, std::optional<store::ParkedPlace>& place, std::vector<FieldError>& errors) {
  const auto dot = value.find('.');
  std::uint64_t at = 0, number = 0;
  read_cursor(value.substr(0, dot), at, errors);
  if (errors.empty()) read_cursor(dot == std::string::npos ? std::string() : value.substr(dot + 1), number, errors);
  place = {.at = static_cast<store::WallMs>(at), .number = number};
}

store::ParkedQuery read_parked_query(const Services& services, const HttpRequest& request,
                                     std::vector<FieldError>& errors) {
  store::ParkedQuery query{.gateway = {}, .before = {}, .limit = page_usual};
  for (const auto& [key, value] : request.query) {
    if (key == "gateway") {
      if (const auto gateway = services.directory.table()->gateway(value))
        query.gateway = gateway->id;
      else
        errors.push_back({"?gateway", "bad-value", "there is no gateway '" + value + "'"});
    } else if (key == "limit") {
      read_limit(value, query.limit, errors);
    } else if (key == "cursor") {
      read_place(value, query.before, errors);
    } else {
      errors.push_back({"?" + key, "unknown-field", "there is no filter " + key});
    }
  }
  return query;
}

std::string_view why_parked(const std::optional<store::Unmatched>& given_up) {
  if (!given_up) return "early";
  switch (*given_up) {
    case store::Unmatched::another_phone:
      return "another-phone";
    case store::Unmatched::ambiguous:
      return "ambiguous";
    case store::Unmatched::no_message:
    case store::Unmatched::no_room:
      break;
  }
  return "no-message";
}

// Without the scope content:read a number is masked, as with messages.
json::object parked_json(const RoutingTable& table, const store::ParkedPage::Entry& entry, bool content) {
  const auto& [receipt, given_up] = entry.parked;
  const auto gateway = table.gateway(receipt.gateway);
  const auto& phone = receipt.destination;
  json::array ids;
  for (std::size_t i = 0; i < receipt.provider_ids.size() && i < receipt.as_given; ++i)
    ids.emplace_back(receipt.provider_ids[i]);
  return {{"parked_at", text::time_text(entry.place.at)},
          {"gateway", gateway ? json::value(gateway->name) : json::value(nullptr)},
          {"gateway_id", receipt.gateway},
          {"ids", std::move(ids)},
          {"state", store::name(receipt.state)},
          {"error", text_or_null(receipt.error)},
          {"phone", text_or_null(content || phone.empty() ? phone : log::masked(phone))},
          {"message", receipt.message ? json::value(message_id_text(receipt.message)) : json::value(nullptr)},
          {"why", why_parked(given_up)}};
}

// They belong to no tenant: the ids are an account's, which all of them use.
void list_parked(Services& services, const HttpRequest& request, const Respond& respond) {
  const auto caller = admit_for_all(services, request, "messages:read", respond);
  if (!caller) return;
  std::vector<FieldError> errors;
  const auto query = read_parked_query(services, request, errors);
  if (!errors.empty()) return respond(to_response(invalid(std::move(errors))));
  const auto page = services.store.reader().parked(query);
  const auto table = services.directory.table();
  json::array items;
  for (const auto& entry : page.receipts) items.push_back(parked_json(*table, entry, caller->may("content:read")));
  respond(page_of(request, std::move(items), page.next ? place_text(*page.next) : std::string()));
}

}  // namespace

std::vector<Endpoint> receipt_endpoints(Services& services) {
  return {{http::verb::get, "/api/v1/receipts/parked",
           [&services](const HttpRequest& r, const Respond& a) { list_parked(services, r, a); }}};
}

}  // namespace smsbridge::bridge
