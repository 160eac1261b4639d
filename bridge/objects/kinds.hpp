// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <array>
#include <boost/json/object.hpp>
#include <filesystem>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "bridge/routing/routing_table.hpp"

// Which kinds of objects there are, and in what they differ. Another kind is another row.
namespace smsbridge::bridge {

// What was made of an object's settings.
using Made = std::variant<GatewaySettingsPtr, RouteSettingsPtr, WebhookSettingsPtr, InboundRulePtr, TemplatePtr,
                          EventSettingsPtr, SchedulePtr, TenantSettingsPtr>;
const std::string& name_of(const Made& made);
store::GatewayId id_of(const Made& made);
const boost::json::object& settings_of(const Made& made);  // as they were given, without secrets

enum class ObjectKind : std::uint8_t { gateway, route, webhook, inbound_rule, text_template, event, schedule, tenant };
inline constexpr std::array object_kinds{ObjectKind::gateway,      ObjectKind::route,         ObjectKind::webhook,
                                         ObjectKind::inbound_rule, ObjectKind::text_template, ObjectKind::event,
                                         ObjectKind::schedule,     ObjectKind::tenant};

struct KindRow {
  std::string_view word;      // in addresses ("/api/v1/" word "s"), in the store's keys and in messages
  bool has_messages = false;  // some wait for it or await receipts by it, so it is emptied before it goes
  bool has_account = false;   // the store gives it a number, under which it keeps what is its own
  bool has_number = false;    // that no gateway, route or webhook may have: Fineract or the store names it by its id
  std::string_view when_too_large;
  // Problems of it alone; paths begin at the object.
  Made (*parse)(const boost::json::object& settings, const std::filesystem::path& folder,
                std::vector<ConfigProblem>& problems);
  // Those in a table, of the file or of both.
  std::vector<Made> (*of)(const RoutingTable& table);
  // Those that were made at run time take their places among the file's.
  void (*join)(RoutingTable& table, const std::vector<Made>& objects);
  // Why it cannot go while others name it; empty: it can.
  std::string (*needed_by)(const RoutingTable& table, std::string_view name);
  // It is for this tenant and no other, and goes when that is erased. nullptr: there are none such.
  bool (*is_only_for)(const Made& made, std::string_view tenant) = nullptr;
  // What is made, not defaulted, where the caller gave none. Perhaps empty.
  void (*complete)(boost::json::object& settings, const boost::json::object* before) = nullptr;
  // What a change of it must not change; empty: it does not.
  std::string (*stays)(const Made& before, const Made& after);
};

const KindRow& row_of(ObjectKind kind);

}  // namespace smsbridge::bridge
