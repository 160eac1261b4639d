// SPDX-License-Identifier: MPL-2.0
#include "bridge/inbound/keywords.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "bridge/text/keyword.hpp"

namespace smsbridge::bridge {
namespace {

using enum Decision::OptOutChange;

struct Shipped {
  std::string_view word;  // as words_of() writes it
  std::string_view language;
  Decision::OptOutChange change = none;
  bool alone = false;  // begins other sentences, too: only where nothing else is said
};

constexpr auto shipped = std::to_array<Shipped>({
    {"stop", "en", out},
    {"stopall", "en", out},
    {"unsubscribe", "en", out},
    {"optout", "en", out},
    {"cancel", "en", out, true},
    {"end", "en", out, true},
    {"quit", "en", out, true},
    {"start", "en", in},
    {"unstop", "en", in},
    {"subscribe", "en", in},
    {"optin", "en", in},
    {"arret", "fr", out},
    {"arreter", "fr", out},
    {"arretez", "fr", out},
    {"desabonner", "fr", out},
    {"desinscrire", "fr", out},
    {"abonner", "fr", in},
    {"reprendre", "fr", in, true},
    {"parar", "es", out},
    {"baja", "es", out},
    {"alto", "es", out, true},
    {"detener", "es", out},
    {"cancelar", "es", out, true},
    {"alta", "es", in, true},
    {"iniciar", "es", in, true},
    {"reanudar", "es", in},
    {"acha", "sw", out},
    {"simamisha", "sw", out},
    {"sitisha", "sw", out},
    {"ondoa", "sw", out, true},
    {"anza", "sw", in},
    {"jiunge", "sw", in},
    {"endelea", "sw", in, true},
    {"रोकें", "hi", out},
    {"रोको", "hi", out},
    {"बंद", "hi", out},
    {"roko", "hi", out},
    {"roken", "hi", out},
    {"band", "hi", out, true},
    {"शुरू", "hi", in},
    {"चालू", "hi", in},
    {"shuru", "hi", in},
    {"chalu", "hi", in},
});

Decision::OptOutChange change_of(InboundRuleSettings::Action action) {
  if (action == InboundRuleSettings::Action::opt_out) return out;
  return action == InboundRuleSettings::Action::opt_in ? in : none;
}

bool has(const InboundRuleSettings& rule, std::string_view tenant, std::string_view word) {
  if (!rule.tenants.empty() && std::ranges::find(rule.tenants, tenant) == rule.tenants.end()) return false;
  return std::ranges::any_of(rule.keywords, [&](const auto& keyword) {
    const auto words = text::words_of(keyword);
    return words.size() == 1 && words.front() == word;
  });
}

}  // namespace

Decision decide(std::string_view text, std::string_view tenant, const RoutingTable& table) {
  const auto words = text::words_of(text, 2);
  if (words.empty()) return {};
  const auto& word = words.front();
  for (const auto& rule : table.inbound_rules)
    if (has(*rule, tenant, word)) return {.change = change_of(rule->action), .keyword = word, .rule = rule};
  for (const auto& each : shipped)
    if (each.word == word && (!each.alone || words.size() == 1)) return {.change = each.change, .keyword = word};
  return {};
}

}  // namespace smsbridge::bridge
