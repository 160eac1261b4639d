// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/json/object.hpp>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bridge/config/fineract.hpp"
#include "bridge/config/lanes.hpp"
#include "bridge/config/problem.hpp"
#include "bridge/config/quiet_hours.hpp"
#include "bridge/text/money.hpp"
#include "store/message.hpp"

namespace smsbridge::bridge {

struct KeyInfo;

// What a tenant may spend in a month. Login codes and transactions are never refused.
struct Budget {
  std::string currency;
  std::optional<Micro> alert, refuse_campaigns, refuse_reminders;
  bool operator==(const Budget&) const = default;
};

// What of one tenant may come and wait, so that it is no burden to the others.
struct TenantLimits {
  std::optional<std::int64_t> queue;  // messages that wait to be sent; what is more is not taken
  double rate = 0;                    // messages a second that come in; 0: any
  bool operator==(const TenantLimits&) const = default;
};

struct TenantSettings {
  boost::json::object settings = {};  // as they were given, secrets hidden
  std::string name;
  store::RouteId id = 0;  // as every object has one; the store has another number for its messages
  std::string description = {};
  bool enabled = true;  // false: it sends nothing new
  std::string default_country;
  std::string sender;                          // when a message names none
  std::string default_gateway;                 // empty: the first gateway
  std::vector<std::string> gateways;           // that it may use, and no others; empty: see RoutingTable::may_use()
  std::vector<std::string> fineract_app_keys;  // several during rotation
  bool fineract_allow_empty_key = false;
  store::Lane fineract_lane = store::Lane::transaction;
  std::optional<Budget> budget;
  TenantLimits limits = {};
  TenantLanes lanes = {};
  bool check_number_length = true;         // refuse numbers with more or fewer digits than any mobile of their country
  std::vector<std::string> numbers;        // to which phones write to it: short codes, and numbers as 254700000001
  std::vector<store::Lane> opt_out_lanes;  // that STOP stops; empty: reminder and campaign
  std::uint32_t same_text_max = 3;         // to one number within a day; 0: any number. Login codes have no limit
  std::optional<QuietHours> quiet_hours;   // in which reminders and campaigns wait
  std::optional<FineractSettings> fineract;        // how its Fineract is asked; without it, it is not
  bool html_entities = true;                       // Fineract posts "O&#39;Brien"; the phone should show O'Brien
  bool transliterate = false;                      // texts that get into fewer parts by it, when a message does not say
  std::vector<std::string> languages;              // of its people, the best first: which text of a template is taken
  std::string time_zone = "UTC";                   // of its schedules, and of days in its messages
  std::string currency;                            // of amounts in templates that name none
  std::vector<std::string> allow_private_targets;  // that webhooks made at run time may reach: 10.0.0.0/8
  bool operator==(const TenantSettings&) const = default;
};

using TenantSettingsPtr = std::shared_ptr<const TenantSettings>;

class ConfigSection;
void read_tenant(ConfigSection& s, TenantSettings& tenant);
std::vector<KeyInfo> tenant_infos();
// As read_gateway().
TenantSettings read_tenant(const boost::json::object& settings, const std::filesystem::path& folder,
                           std::vector<ConfigProblem>& problems);

}  // namespace smsbridge::bridge
