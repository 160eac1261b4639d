// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/tenant.hpp"

#include <algorithm>

#include "bridge/config/checks.hpp"
#include "bridge/config/keys.hpp"
#include "bridge/config/lanes.hpp"
#include "bridge/config/secrets.hpp"
#include "bridge/config/template.hpp"

namespace smsbridge::bridge {
namespace {

using T = TenantSettings;

const Keys<Budget>& budget_keys() {
  using K = Keys<Budget>;
  static const K keys{
      K::text("currency", &Budget::currency, "That of the prices which are added up").needed(),
      K::money("alert", &Budget::alert, "Logged once a month when so much is spent"),
      K::money("refuse_campaigns", &Budget::refuse_campaigns, "From here on campaigns are refused"),
      K::money("refuse_reminders", &Budget::refuse_reminders, "From here on reminders are refused"),
  };
  return keys;
}

const Keys<TenantLimits>& limit_keys() {
  using L = TenantLimits;
  using K = Keys<L>;
  static const K keys{
      K::integer("queue", &L::queue, 1, 1'000'000'000, "Most messages that wait to be sent; what is more is not taken"),
      K::rate("rate", &L::rate, 0.1, 1'000'000, "Most messages a second that come in; what can wait is held back"),
  };
  return keys;
}

// Without one every call of Fineract would be refused; [] says that none comes.
void require_app_key(ConfigSection& s, T& tenant) {
  if (s.is_file() && !s.has("fineract_app_key") && !tenant.fineract_allow_empty_key) s.require("fineract_app_key");
}

// Of the file any name goes, as ever; one made at run time stands in addresses.
void check_tenant_name(ConfigSection& s, T& tenant) {
  if (!s.is_file()) check_name(s, tenant.name);
}

// Digits, with a plus in front perhaps, or a name as phones show it.
void check_numbers(ConfigSection& s, T& tenant) {
  for (const auto& number : tenant.numbers)
    if (number.empty() || number.find_first_of(" \t-()") != std::string::npos)
      s.problem("numbers", "'" + number + "' is not a short code such as 22384, or a number such as +254700000001",
                "bad-value");
}

void check_languages(ConfigSection& s, T& tenant) {
  for (const auto& language : tenant.languages)
    if (!is_language(language))
      s.problem("languages", "'" + language + "' is not a language such as en, fr or sw", "bad-value");
}

void check_currency(ConfigSection& s, T& tenant) {
  const bool good =
      tenant.currency.size() == 3 && std::ranges::all_of(tenant.currency, [](char c) { return c >= 'A' && c <= 'Z'; });
  if (!tenant.currency.empty() && !good)
    s.problem("currency", "'" + tenant.currency + "' is not a currency such as KES", "bad-value");
}

const Keys<T>& tenant_keys() {
  using K = Keys<T>;
  static const K keys{
      K::text("name", &T::name, "Fineract's tenant identifier").needed().checked(check_tenant_name),
      K::integer("id", &T::id, 1, 1'000'000'000, "Its number; one that is made at run time gets one").usually(nullptr),
      K::text("description", &T::description, "For people").checked([](ConfigSection& s, T& t) {
        check_no_control(s, "description", t.description);
      }),
      K::boolean("enabled", &T::enabled, "false: it is suspended, and sends nothing new"),
      K::text("default_country", &T::default_country, "ISO country of numbers in national notation, such as KE")
          .checked([](ConfigSection& s, T& t) { check_country(s, "default_country", t.default_country); }),
      K::text("sender", &T::sender, "Sender of messages that name none").checked([](ConfigSection& s, T& t) {
        check_sender(s, t.sender, t.default_country);
      }),
      K::boolean("check_number_length", &T::check_number_length,
                 "Refuses numbers with more or fewer digits than any mobile of their country has"),
      K::text("default_gateway", &T::default_gateway, "Gateway of messages that name none and fit no route"),
      K::texts("gateways", &T::gateways,
               "Gateways that it may use; none: those that are for it by themselves or by routes"),
      K::secrets("fineract_app_key", &T::fineract_app_keys,
                 "Secret that Fineract sends as Fineract-Tenant-App-Key; several while it is changed"),
      K::boolean("fineract_allow_empty_key", &T::fineract_allow_empty_key,
                 "Takes requests without a key; for a closed network only")
          .checked(require_app_key),
      K::choice("fineract_lane", &T::fineract_lane, lane_choices(), "Lane of what comes from Fineract"),
      K::boolean("html_entities", &T::html_entities, "Makes characters of HTML entities, which Fineract posts"),
      K::boolean("transliterate", &T::transliterate,
                 "Replaces what the GSM alphabet lacks by what is close, where that saves parts"),
      K::texts("languages", &T::languages, "Languages of its people, the best first; templates fall back in this order")
          .checked(check_languages),
      K::text("currency", &T::currency, "Currency of amounts in templates whose values name none, such as KES")
          .checked(check_currency),
      K::text("time_zone", &T::time_zone, "Its time zone, such as Africa/Nairobi").checked([](ConfigSection& s, T& t) {
        check_zone(s, "time_zone", t.time_zone);
      }),
      K::texts("allow_private_targets", &T::allow_private_targets,
               "Addresses and blocks that its webhooks made at run time may reach besides public ones")
          .checked([](ConfigSection& s, T& t) { check_networks(s, "allow_private_targets", t.allow_private_targets); }),
      K::texts("numbers", &T::numbers, "Short codes and numbers to which phones write to this tenant")
          .checked(check_numbers),
      K::several("opt_out_lanes", &T::opt_out_lanes, lane_choices(),
                 "Lanes whose messages a phone stops with STOP; none: reminder and campaign"),
      K::integer("same_text_max", &T::same_text_max, 0, 1'000'000,
                 "How often the same text goes to the same number within a day; 0: always. Login codes always go"),
      K::section<QuietHours>(
          "quiet_hours", [](T& t) -> QuietHours& { return t.quiet_hours.emplace(); }, quiet_hours_keys(),
          "When reminders and campaigns wait, because people sleep"),
      K::section<FineractSettings>(
          "fineract", [](T& t) -> FineractSettings& { return t.fineract.emplace(); }, fineract_keys(),
          "Its Fineract, where we are to read there"),
      K::section<Budget>(
          "budget", [](T& t) -> Budget& { return t.budget.emplace(); }, budget_keys(), "What may be spent in a month"),
      K::section<TenantLimits>("limits", &T::limits, limit_keys(), "How much of it may wait and come"),
      K::section<TenantLanes>("lanes", &T::lanes, tenant_lanes_keys(),
                              "What its lanes have of their own; what is left out is that of the file's lanes"),
  };
  return keys;
}

}  // namespace

void read_tenant(ConfigSection& s, TenantSettings& tenant) {
  if (s.node().IsMap()) tenant.settings = to_json(s.node()).as_object();
  for_each_secret(tenant.settings, [](boost::json::value& secret, const std::string&) { secret = hidden_secret(); });
  tenant_keys().read(s, tenant);
}

std::vector<KeyInfo> tenant_infos() { return tenant_keys().infos(); }

TenantSettings read_tenant(const boost::json::object& settings, const std::filesystem::path& folder,
                           std::vector<ConfigProblem>& problems) {
  return read_object<TenantSettings>(settings, folder, problems, read_tenant);
}

}  // namespace smsbridge::bridge
