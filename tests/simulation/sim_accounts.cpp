// SPDX-License-Identifier: MPL-2.0
#include "tests/simulation/sim_accounts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <stdexcept>

#include "bridge/env/random.hpp"
#include "tests/simulation/sim_bank.hpp"

namespace smsbridge::simulation {
namespace {

namespace json = boost::json;

constexpr std::string_view search_path = "search?query=", clients_path = "clients/", accounts_path = "/accounts";
constexpr std::size_t first_asker = 40'000, first_abroad = 41'000, first_left = 42'000;  // ids of clients
constexpr std::int64_t active_client = 300, closed_client = 600, saving = 300;           // Fineract's states

json::object state_of(std::int64_t id, bool is_active) { return {{"id", id}, {"active", is_active}}; }

}  // namespace

std::string SimAccounts::phone_of(std::size_t asker) { return fmt::format("+4917{:08}", 40'000'000 + asker); }

SimAccounts::SimAccounts(const RunOptions& options) {
  if (options.questions == 0) return;
  for (std::size_t asker = 0; asker < askers; ++asker) {
    const auto phone = phone_of(asker);
    if (is_known(asker))
      clients_[first_asker + asker] = {.phone = phone, .shown = asker % 2 ? phone : "0" + phone.substr(3)};
    // Whoever asks is neither of these.
    clients_[first_abroad + asker] = {.phone = "+43" + phone.substr(3), .shown = "+43" + phone.substr(3)};
    clients_[first_left + asker] = {.phone = phone, .shown = phone, .is_active = false};
  }
}

std::optional<std::string> SimAccounts::answer(std::string_view path) {
  if (path.starts_with(search_path)) {
    const auto query = path.substr(search_path.size());
    return found(query.substr(0, query.find('&')));
  }
  if (!path.starts_with(clients_path)) return std::nullopt;
  std::size_t id = 0;
  const auto* end = std::from_chars(path.data() + clients_path.size(), path.data() + path.size(), id).ptr;
  const auto client = clients_.find(id);
  if (client == clients_.end()) return std::nullopt;
  if (std::string_view(end, static_cast<std::size_t>(path.data() + path.size() - end)) == accounts_path)
    return accounts_of(client->second);
  const auto name = fmt::format("Client {}", id);
  return json::serialize(json::object{{"id", id},
                                      {"active", client->second.is_active},
                                      {"firstname", name},
                                      {"displayName", name},
                                      {"mobileNo", client->second.shown}});
}

std::string SimAccounts::found(std::string_view query) const {
  json::array list;
  for (const auto& [id, client] : clients_)
    if (client.shown.find(query) != std::string::npos)
      list.push_back(
          json::object{{"entityId", id},
                       {"entityType", "CLIENT"},
                       {"entityMobileNo", client.shown},
                       {"entityStatus", state_of(client.is_active ? active_client : closed_client, client.is_active)}});
  return json::serialize(list);
}

// One account, with so short a number that it is shown whole.
std::string SimAccounts::accounts_of(const Client& client) {
  if (next_number_ > last_number) throw std::logic_error("the phones of a run ask too often");
  const auto number = next_number_++;
  read_(number, client.is_active ? client.phone : std::string());
  json::array accounts{json::object{{"id", number},
                                    {"accountNo", std::to_string(number)},
                                    {"productName", "Savings"},
                                    {"status", state_of(saving, true)},
                                    {"accountBalance", 100}}};
  return json::serialize(json::object{{"savingsAccounts", std::move(accounts)}});
}

void SimAccounts::draw(RunOptions& options) {
  bridge::Random random(options.seed * 0xA3B195354A39B70D + 61);
  auto& config = options.config;
  const bool any = std::ranges::any_of(config.gateways, [](const auto& each) { return each.is_smpp(); });
  if (options.calm || options.store_limit_bytes < RunOptions().store_limit_bytes || !any || !random.chance(0.3)) return;
  if (options.events == 0 && config.schedules.empty()) {
    SimBank::configure(config);
    options.bank_outages = random.chance(0.6) ? static_cast<int>(random.between(1, 4)) : 0;
    SimBank::draw_faults(random, options);
  }
  options.questions = static_cast<int>(random.between(1, 30));
  bridge::TemplateSettings text;
  text.name = "balance";
  text.id = 620;
  const std::string words = "{{#accounts}}#{{account}}.{{/accounts}}";
  text.texts.push_back({.language = "en", .text = words, .made = *bridge::text::Template::parse(words)});
  config.templates.push_back(std::move(text));
  bridge::InboundRuleSettings rule;
  rule.name = "balance";
  rule.id = 900;
  rule.keywords = {"BAL"};
  rule.action = bridge::InboundRuleSettings::Action::balance;
  rule.by_template = "balance";
  rule.daily_limit = static_cast<int>(random.between(2, 6));
  config.inbound_rules.push_back(std::move(rule));
}

}  // namespace smsbridge::simulation
