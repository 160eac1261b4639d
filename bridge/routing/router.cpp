// SPDX-License-Identifier: MPL-2.0
#include "bridge/routing/router.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "bridge/text/number.hpp"
#include "bridge/text/zone.hpp"

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;

constexpr auto probe_every_ticks = std::chrono::duration_cast<Duration>(1s).count();

bool is_chosen_freely(Trust::State state) { return state == Trust::State::trusted || state == Trust::State::tried; }

template <class Value, class List>
bool holds(const List& list, const Value& value) {
  return list.empty() || std::ranges::find(list, value) != list.end();
}

std::string clock_text(int minute) { return fmt::format("{:02}:{:02}", minute / 60, minute % 60); }

// SplitMix64: close seeds give far numbers.
std::uint64_t mixed(std::uint64_t seed) {
  seed += 0x9E3779B97F4A7C15;
  seed = (seed ^ (seed >> 30)) * 0xBF58476D1CE4E5B9;
  seed = (seed ^ (seed >> 27)) * 0x94D049BB133111EB;
  return seed ^ (seed >> 31);
}

std::vector<GatewaySettingsPtr> ordered(const RoutingTable& table, const RouteSettings& route,
                                        const RouteQuery& query) {
  struct Candidate {
    GatewaySettingsPtr gateway;
    std::uint32_t weight;
    Micro price;
  };
  std::vector<Candidate> left;
  for (const auto& via : route.via) {
    auto gateway = table.gateway(via.gateway);
    if (!gateway) continue;
    const auto* price = table.prices->find(gateway->id, query.to);
    left.push_back({std::move(gateway), via.weight, price ? price->part : std::numeric_limits<Micro>::max()});
  }
  if (route.order == RouteSettings::Order::cheapest) std::ranges::stable_sort(left, {}, &Candidate::price);
  std::vector<GatewaySettingsPtr> order;
  if (route.order == RouteSettings::Order::weighted) {
    for (auto seed = query.seed; !left.empty(); ++seed) {
      std::uint64_t total = 0;
      for (const auto& candidate : left) total += candidate.weight;
      auto drawn = total ? mixed(seed) % total : 0;
      auto it = left.begin();
      while (drawn >= it->weight && std::next(it) != left.end()) drawn -= (it++)->weight;
      order.push_back(it->gateway);
      left.erase(it);
    }
    return order;
  }
  for (const auto& candidate : left) order.push_back(candidate.gateway);
  return order;
}

}  // namespace

Router::Router(std::shared_ptr<const RoutingTable> table, std::map<store::TenantId, std::string> tenants,
               const Clock& clock)
    : clock_(clock), ways_(std::make_shared<Ways>(Ways{.table = {}, .known = {}, .tenants = std::move(tenants)})) {
  replace(std::move(table));
}

void Router::know(const std::map<store::TenantId, std::string>& tenants) {
  auto ways = std::make_shared<Ways>(*ways_.load());
  ways->tenants = tenants;
  ways_ = std::move(ways);
}

std::string Router::tenant_name(store::TenantId tenant) const {
  const auto ways = ways_.load();
  const auto it = ways->tenants.find(tenant);
  return it == ways->tenants.end() ? std::string() : it->second;
}

void Router::replace(std::shared_ptr<const RoutingTable> table) {
  auto ways = std::make_shared<Ways>();
  ways->tenants = ways_.load()->tenants;
  for (const auto& gateway : table->gateways) {
    auto before = known(gateway->id);
    ways->known[gateway->id] = before ? std::move(before) : std::make_shared<Known>();
  }
  ways->table = std::move(table);
  ways_ = std::move(ways);
}

std::shared_ptr<Router::Known> Router::known(store::GatewayId gateway) const {
  const auto ways = ways_.load();
  const auto it = ways->known.find(gateway);
  return it == ways->known.end() ? nullptr : it->second;
}

bool Router::fits(const RoutingTable& table, const RouteSettings& route, const RouteQuery& query, WallMs now,
                  std::string& why) const {
  if (!holds(route.tenants, query.tenant)) return why = "not for this tenant", false;
  if (!table.may_use(query.tenant, route)) return why = "none of its gateways is for this tenant", false;
  if (!holds(route.lanes, query.lane)) return why = fmt::format("not for the lane {}", store::name(query.lane)), false;
  if (!holds(route.senders, query.from)) return why = "not for this sender", false;
  const auto begins = [&](const std::string& prefix) { return query.to.starts_with(prefix); };
  if (!route.prefixes.empty() && std::ranges::none_of(route.prefixes, begins))
    return why = "no prefix fits the number", false;
  if (!route.countries.empty()) {
    const auto number = text::normalise_number(query.to, {}, text::Lengths::any);
    const auto country = number ? number->country : std::string();
    if (!holds(route.countries, country))
      return why = country.empty() ? "the number's country is not known" : "not for the country " + country, false;
  }
  if (route.from_minute != 0 || route.until_minute != 24 * 60) {
    const auto minute = text::local_time(now, route.zone).minute_of_day();
    const bool over_midnight = route.until_minute < route.from_minute;
    const bool within = over_midnight ? minute >= route.from_minute || minute < route.until_minute
                                      : minute >= route.from_minute && minute < route.until_minute;
    if (!within)
      return why = fmt::format("only from {} to {}, and it is {} in {}", clock_text(route.from_minute),
                               clock_text(route.until_minute), clock_text(minute), route.zone),
             false;
  }
  why = query.asked ? "asked for by name" : "the first that fits";
  return true;
}

Chosen Router::choose(const RouteQuery& query, WallMs now, std::vector<RouteStep>* steps) const {
  const auto tell = [&](std::string subject, bool taken, std::string why) {
    if (steps) steps->push_back({std::move(subject), taken, std::move(why)});
  };
  const auto table = this->table();
  Chosen chosen;
  for (const auto& route : table->routes) {
    if (query.asked && query.asked != route->id) continue;
    std::string why;
    const bool taken = query.on_its_way || fits(*table, *route, query, now, why);
    tell("route " + route->name, taken, why);
    if (!taken) continue;
    chosen.route = route;
    break;
  }
  if (!chosen.route) return chosen;
  std::vector<store::GatewayId> later, drained;
  for (const auto& gateway : ordered(*table, *chosen.route, query)) {
    const auto subject = "gateway " + gateway->name;
    if (std::ranges::find(query.without, gateway->id) != query.without.end()) {
      tell(subject, false, "the message left it before");
      continue;
    }
    if (!table->may_use(query.tenant, *gateway)) {
      tell(subject, false, "is not for this tenant");
      continue;
    }
    if (!query.texts_do && !gateway->takes_more_than_texts()) {
      tell(subject, false, "takes texts only");
      continue;
    }
    if (query.has_tlvs && !gateway->takes_tlvs()) {
      tell(subject, false, "speaks SMPP 3.3, which has no TLVs");
      continue;
    }
    const auto* price = table->prices->find(gateway->id, query.to);
    const auto cost = price ? price->part * query.parts : 0;
    const auto costs = price ? fmt::format("costs {} {}", money_text(cost), price->currency) : "its price is not known";
    if (chosen.route->price_max && (!price || cost > *chosen.route->price_max)) {
      tell(subject, false, fmt::format("{}, and the route allows {}", costs, money_text(*chosen.route->price_max)));
      continue;
    }
    if (is_draining(gateway->id)) {
      tell(subject, false, "is being drained");
      drained.push_back(gateway->id);
      continue;
    }
    if (!usable(gateway->id)) {
      tell(subject, false, "cannot send now; " + costs);
      later.push_back(gateway->id);
      continue;
    }
    tell(subject, chosen.gateways.empty(), costs);
    chosen.gateways.push_back(gateway->id);
  }
  chosen.gateways.insert(chosen.gateways.end(), later.begin(), later.end());
  if (chosen.gateways.empty() && query.may_wait_drained) chosen.gateways = std::move(drained);
  if (chosen.gateways.empty()) tell("route " + chosen.route->name, false, "none of its gateways is left");
  return chosen;
}

std::pair<RouteSettingsPtr, store::GatewayId> Router::pick(const RouteQuery& query, WallMs now) const {
  const auto chosen = choose(query, now);
  for (const auto gateway : chosen.gateways)
    if (admit(gateway)) return {chosen.route, gateway};
  return {chosen.route, chosen.gateways.empty() ? 0 : chosen.gateways.front()};
}

store::GatewayId Router::next(const store::Content& content, const std::vector<store::GatewayId>& left,
                              store::GatewayId now_at, WallMs now, Ask ask) const {
  if (!table()->route(content.route)) return 0;
  const auto ways = ways_.load();
  const auto tenant = ways->tenants.find(content.tenant);
  RouteQuery query{.tenant = tenant == ways->tenants.end() ? std::string_view() : std::string_view(tenant->second),
                   .to = content.to,
                   .from = content.from,
                   .lane = content.lane,
                   .parts = content.parts,
                   .seed = content.digest,
                   .asked = content.route,
                   .texts_do = !content.flash && content.encoding != store::Encoding::binary,
                   .has_tlvs = !content.tlvs.empty(),
                   .on_its_way = true,
                   .without = left};
  query.without.push_back(now_at);
  const auto gateways = choose(query, now).gateways;
  for (const auto gateway : gateways)
    if (ask == Ask::by_probe ? admit(gateway) : ask == Ask::by_plan ? usable(gateway) : state_of(gateway) != "down")
      return gateway;
  return ask == Ask::anyway && !gateways.empty() ? gateways.front() : 0;
}

void Router::trust(store::GatewayId gateway, Trust::State state) {
  if (const auto known = this->known(gateway)) known->state = state;
}

Trust::State Router::trust_in(store::GatewayId gateway) const {
  const auto known = this->known(gateway);
  return known ? known->state.load() : Trust::State::down;
}

void Router::drain(store::GatewayId gateway, bool draining) {
  if (const auto known = this->known(gateway)) known->draining = draining;
}

bool Router::is_draining(store::GatewayId gateway) const {
  const auto known = this->known(gateway);
  return known && known->draining;
}

std::set<store::GatewayId> Router::draining() const {
  std::set<store::GatewayId> ids;
  for (const auto& [id, known] : ways_.load()->known)
    if (known->draining) ids.insert(id);
  return ids;
}

bool Router::usable(store::GatewayId gateway) const {
  const auto known = this->known(gateway);
  if (!known) return false;
  const auto state = known->state.load();
  return is_chosen_freely(state) || (state == Trust::State::probing &&
                                     clock_.now().time_since_epoch().count() - known->probed_at >= probe_every_ticks);
}

bool Router::admit(store::GatewayId gateway) const {
  const auto known = this->known(gateway);
  if (!known) return false;
  const auto state = known->state.load();
  if (state != Trust::State::probing) return is_chosen_freely(state);
  auto last = known->probed_at.load();
  const auto now = clock_.now().time_since_epoch().count();
  return now - last >= probe_every_ticks && known->probed_at.compare_exchange_strong(last, now);
}

std::string_view Router::state_of(store::GatewayId gateway) const {
  const auto state = trust_in(gateway);
  return state == Trust::State::down ? "down" : state == Trust::State::probing ? "probing" : "up";
}

}  // namespace smsbridge::bridge
