// SPDX-License-Identifier: MPL-2.0
#include "bridge/events/fineract_json.hpp"

#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <charconv>
#include <cmath>

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

// Above it a double names several numbers: Fineract's ids that went through one are not to be believed.
constexpr double exact_max = 9'007'199'254'740'992.0;

std::int64_t id_in(double number) {
  const bool is_id = number > 0 && number < exact_max && std::floor(number) == number;
  return is_id ? static_cast<std::int64_t>(number) : 0;
}

}  // namespace

const json::object* object_at(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value ? value->if_object() : nullptr;
}

const json::array& list_at(const json::object& object, std::string_view key) {
  static const json::array none;
  const auto* value = object.if_contains(key);
  const auto* list = value ? value->if_array() : nullptr;
  return list ? *list : none;
}

std::string text_at(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  if (!value || value->is_null()) return {};
  if (value->is_string()) return std::string(value->get_string());
  return json::serialize(*value);
}

bool is_true_at(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value && value->is_bool() && value->get_bool();
}

std::int64_t id_of(std::string_view text) {
  double number = 0;
  const auto* const end = text.data() + text.size();
  const auto [read, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && read == end ? id_in(number) : 0;
}

std::int64_t id_at(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  if (!value) return 0;
  if (value->is_int64()) return std::max<std::int64_t>(0, value->get_int64());
  if (value->is_double()) return id_in(value->get_double());
  if (value->is_string()) return id_of(value->get_string());
  return 0;
}

std::string day_at(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  if (!value) return {};
  if (value->is_string()) return std::string(value->get_string());
  const auto* parts = value->if_array();
  if (!parts || parts->size() < 3) return {};
  for (const auto& part : *parts)
    if (!part.is_int64()) return {};
  return fmt::format("{:04}-{:02}-{:02}", (*parts)[0].get_int64(), (*parts)[1].get_int64(), (*parts)[2].get_int64());
}

std::int64_t status_at(const json::object& object) {
  const auto* status = object_at(object, "status");
  return status ? id_at(*status, "id") : 0;
}

bool is_reversed(const json::object& transaction) {
  return is_true_at(transaction, "manuallyReversed") || is_true_at(transaction, "reversed");
}

const json::object* next_period(const json::object& loan) {
  const auto* schedule = object_at(loan, "repaymentSchedule");
  if (!schedule) return nullptr;
  for (const auto& each : list_at(*schedule, "periods"))
    if (const auto* period = each.if_object(); period && period->contains("period") && !is_true_at(*period, "complete"))
      return period;
  return nullptr;
}

}  // namespace smsbridge::bridge
