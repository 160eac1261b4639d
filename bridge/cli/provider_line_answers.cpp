// SPDX-License-Identifier: MPL-2.0
#include "bridge/cli/provider_line_answers.hpp"

#include <string>

#include "bridge/text/ucs2.hpp"

namespace smsbridge::bridge {

namespace json = boost::json;

json::string string_of(std::string_view text) {
  return text::is_valid_utf8(text) ? json::string(text) : json::string(text::utf8_from_latin1(text));
}

void put(json::object& object, std::string_view name, std::string_view text) {
  if (!text.empty()) object[name] = string_of(text);
}
void put(json::object& object, std::string_view name, http_gateways::ErrorClass error_class) {
  if (error_class != http_gateways::ErrorClass::none) object[name] = http_gateways::name(error_class);
}
namespace {

json::value ids_of(const std::vector<std::string>& ids) {
  if (ids.empty()) return nullptr;
  if (ids.size() == 1) return string_of(ids.front());
  json::array all;
  for (const auto& id : ids) all.emplace_back(string_of(id));
  return all;
}

json::object object_of(const http_gateways::StatusUpdate& update) {
  json::object object;
  put(object, "provider_message_id", update.provider_message_id);
  put(object, "ref", update.reference);
  object["status"] = name(update.status);
  object["state"] = name(update.status);  // the same under the name that our API gives it
  object["final"] = update.final_status;
  put(object, "error_code", update.error_code);
  put(object, "error_class", update.error_class);
  put(object, "parts", update.parts);
  put(object, "price", update.price);
  put(object, "currency", update.currency);
  return object;
}

json::object object_of(const http_gateways::InboundSms& sms) {
  json::object object;
  put(object, "provider_message_id", sms.provider_message_id);
  put(object, "from", sms.from);
  put(object, "to", sms.to);
  object["text"] = string_of(sms.text);
  object["opt_out"] = sms.opt_out;
  if (sms.part_total > 0)
    object["part"] = {{"ref", string_of(sms.part_reference)},
                      {"total", sms.part_total},
                      {"number", sms.part_number},
                      {"text", string_of(sms.text)}};
  return object;
}

}  // namespace

json::object object_of(const http_gateways::Verdict& verdict) {
  json::object object{{"outcome", name(verdict.outcome)}};
  if (verdict.outcome == http_gateways::Outcome::accepted) object["status"] = name(verdict.status);
  object["provider_message_id"] = ids_of(verdict.provider_message_ids);
  put(object, "error_class", verdict.error_class);
  object["retry"] = name(verdict.retry);
  put(object, "provider_code", verdict.provider_code);
  put(object, "parts", verdict.parts);
  put(object, "price", verdict.price);
  put(object, "currency", verdict.currency);
  put(object, "retry_after_ms", verdict.retry_after_ms);
  if (verdict.duplicate) object["duplicate"] = true;
  if (verdict.one_number) object["one_number"] = true;
  if (verdict.failed_parts > 0) {
    object["partial_failure"] = true;
    object["failed_parts"] = verdict.failed_parts;
  }
  put(object, "detail", verdict.detail);
  return object;
}

json::array array_of(const std::vector<http_gateways::StatusUpdate>& updates) {
  json::array all;
  for (const auto& update : updates) all.push_back(object_of(update));
  return all;
}

json::object object_of(const http_gateways::CallbackResult& result) {
  json::object object{{"authentic", result.authentic}};
  if (!result.authentic) object["refusal"] = string_of(result.refusal);
  const auto updates = array_of(result.updates);
  if (!updates.empty())
    for (const auto* each : {"state", "final", "provider_message_id", "ref", "error_code", "error_class"})
      if (const auto* value = updates.front().get_object().if_contains(each)) object[each] = *value;
  object["updates"] = updates;
  if (!result.inbound.empty()) {
    json::array messages;
    for (const auto& sms : result.inbound) messages.push_back(object_of(sms));
    auto first = messages.front().get_object();
    if (const auto* part = first.if_contains("part")) {
      object["part"] = *part;
      first.erase("part");
    }
    object["message"] = std::move(first);
    object["messages"] = std::move(messages);
  }
  if (result.unread)
    object["unread"] = {{"content_type", string_of(result.unread->content_type)},
                        {"octets", result.unread->size},
                        {"fields", string_of(result.unread->field_names)}};
  object["reply"] = {{"http_status", result.answer.status},
                     {"content_type", string_of(result.answer.content_type)},
                     {"body", string_of(result.answer.body)}};
  return object;
}

}  // namespace smsbridge::bridge
