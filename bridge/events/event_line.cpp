// SPDX-License-Identifier: MPL-2.0
#include "bridge/events/event_line.hpp"

#include <array>
#include <boost/json.hpp>
#include <utility>

#include "bridge/events/fineract_json.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;
using Field = std::pair<const char*, std::string EventLine::*>;

constexpr std::array<Field, 10> fields{{{"occurrence", &EventLine::occurrence},
                                        {"event", &EventLine::event},
                                        {"notice", &EventLine::notice},
                                        {"detail", &EventLine::detail},
                                        {"subject", &EventLine::subject},
                                        {"audience", &EventLine::audience},
                                        {"person", &EventLine::person},
                                        {"number", &EventLine::number},
                                        {"client_ref", &EventLine::client_ref},
                                        {"by", &EventLine::by}}};

}  // namespace

store::JournalLine journal_line(store::TenantId tenant, const EventLine& line) {
  json::object body{{"result", metrics::label_value(line.result)}};
  for (const auto& [key, member] : fields)
    if (const auto& text = line.*member; !text.empty()) body[key] = text;
  return {.tenant = tenant, .stream = event_stream, .key = line.occurrence, .body = json::serialize(body)};
}

std::optional<EventLine> read_event_line(std::string_view body) {
  json::error_code error;
  const auto value = json::parse(body, error);
  const auto* object = error ? nullptr : value.if_object();
  if (!object) return std::nullopt;
  EventLine line;
  for (const auto& [key, member] : fields) line.*member = text_at(*object, key);
  const auto result = text_at(*object, "result");
  for (std::size_t at = 0; at < metrics::label_count<metrics::EventResult>; ++at)
    if (result == metrics::label_values<metrics::EventResult>[at]) line.result = static_cast<metrics::EventResult>(at);
  return line;
}

}  // namespace smsbridge::bridge
