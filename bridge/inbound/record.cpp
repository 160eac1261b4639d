// SPDX-License-Identifier: MPL-2.0
#include "bridge/inbound/record.hpp"

#include <boost/json.hpp>
#include <utility>

#include "bridge/inbound/fields.hpp"

namespace smsbridge::bridge {
namespace json = boost::json;

// What is usual is left out.
std::string body_of(const InboundRecord& record) {
  json::object body{{"gateway", record.gateway}, {"from", record.from}, {"to", record.to}, {"text", record.text}};
  if (record.parts != 1) body["parts"] = record.parts;
  if (!record.missing.empty()) body["missing"] = json::array(record.missing.begin(), record.missing.end());
  for (const auto& [key, value] : {std::pair<const char*, const std::string&>{"carrier_id", record.carrier_id},
                                   {"keyword", record.keyword},
                                   {"rule", record.rule},
                                   {"action", record.action},
                                   {"unanswered", record.unanswered}})
    if (!value.empty()) body[key] = value;
  if (record.answered) body["answered"] = true;
  return json::serialize(body);
}

std::optional<InboundRecord> read_inbound(std::string_view body) {
  json::error_code unreadable;
  const auto value = json::parse(body, unreadable);
  const auto* object = unreadable ? nullptr : value.if_object();
  if (!object) return std::nullopt;
  InboundRecord record{.gateway = text_in(*object, "gateway"),
                       .from = text_in(*object, "from"),
                       .to = text_in(*object, "to"),
                       .text = text_in(*object, "text"),
                       .carrier_id = text_in(*object, "carrier_id"),
                       .keyword = text_in(*object, "keyword"),
                       .rule = text_in(*object, "rule"),
                       .action = text_in(*object, "action"),
                       .unanswered = text_in(*object, "unanswered")};
  record.parts = static_cast<int>(number_in(*object, "parts", 1));
  if (const auto* missing = object->if_contains("missing"); missing && missing->is_array())
    for (const auto& part : missing->get_array())
      if (part.is_int64()) record.missing.push_back(static_cast<int>(part.get_int64()));
  record.answered = flag_in(*object, "answered");
  return record;
}

}  // namespace smsbridge::bridge
