// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/tenant.hpp"

#include "bridge/config/checks.hpp"
#include "bridge/config/reader.hpp"
#include "bridge/text/number.hpp"

namespace smsbridge::bridge {

void read_tenant(ConfigSection& s, TenantSettings& tenant) {
  s.require("name");
  s.read("name", tenant.name);
  s.read("default_country", tenant.default_country);
  if (!tenant.default_country.empty() && !text::is_known_country(tenant.default_country))
    s.problem("default_country", "'" + tenant.default_country + "' is not an ISO 3166 country such as KE", "bad-value");
  s.read("sender", tenant.sender);
  check_sender(s, tenant.sender, tenant.default_country);
  s.read("check_number_length", tenant.check_number_length);
  s.read("default_gateway", tenant.default_gateway);
  s.read_secrets("fineract_app_key", tenant.fineract_app_keys);
  s.read("fineract_allow_empty_key", tenant.fineract_allow_empty_key);
  // Without one every call of Fineract would be refused; [] says that none comes.
  if (s.is_file() && !s.has("fineract_app_key") && !tenant.fineract_allow_empty_key) s.require("fineract_app_key");
  std::string lane;
  s.read("fineract_lane", lane);
  if (!lane.empty() && !store::parse(lane, tenant.fineract_lane))
    s.problem("fineract_lane", "'" + lane + "' is not one of otp, transaction, reminder, campaign", "bad-value");
  s.read("html_entities", tenant.html_entities);
  s.section("budget", [&](ConfigSection& b) {
    auto& budget = tenant.budget.emplace();
    b.require("currency");
    b.read("currency", budget.currency);
    const auto money = [&](const std::string& key, std::optional<Micro>& value) {
      std::string text;
      b.read(key, text);
      if (!text.empty() && !(value = parse_money(text)))
        b.problem(key, "'" + text + "' is not an amount such as 5000.00", "bad-value");
    };
    money("alert", budget.alert);
    money("refuse_campaigns", budget.refuse_campaigns);
    money("refuse_reminders", budget.refuse_reminders);
  });
}

}  // namespace smsbridge::bridge
