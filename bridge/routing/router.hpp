// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "bridge/policy/trust.hpp"
#include "bridge/routing/routing_table.hpp"

namespace smsbridge::bridge {

// What a route is chosen by.
struct RouteQuery {
  std::string_view tenant, to, from;  // `to` in E.164
  store::Lane lane = store::Lane::transaction;
  int parts = 1;
  std::uint64_t seed = 0;                 // what weights are drawn with
  store::RouteId asked = 0;               // the id of a route that the caller named
  bool texts_do = true;                   // it is a text, which every gateway takes
  bool has_tlvs = false;                  // of its own
  bool may_wait_drained = false;          // at a gateway that is being drained, where all of the route are
  bool on_its_way = false;                // it was accepted for that route, whose conditions are not asked again
  std::vector<store::GatewayId> without;  // gateways that the message left
};

// How the choice came about, for people.
struct RouteStep {
  std::string subject;  // "route kenya", "gateway twilio"
  bool taken = false;
  std::string why;
};

struct Chosen {
  RouteSettingsPtr route;                  // nullptr: none fits
  std::vector<store::GatewayId> gateways;  // in the order to try; those that cannot send now come last
};

// Chooses gateways by the routes there are, what they cost, and whether they can send now. Any thread: gateways tell
// their state, everybody asks.
class Router {
 public:
  Router(std::shared_ptr<const RoutingTable> table, std::map<store::TenantId, std::string> tenants, const Clock& clock);

  // What a gateway of the new table was known to be stays known. One caller at a time, as know().
  void replace(std::shared_ptr<const RoutingTable> table);
  void know(const std::map<store::TenantId, std::string>& tenants);
  std::shared_ptr<const RoutingTable> table() const { return ways_.load()->table; }
  std::string tenant_name(store::TenantId tenant) const;  // empty: nobody's

  Chosen choose(const RouteQuery& query, WallMs now, std::vector<RouteStep>* steps = nullptr) const;
  // The gateway for a new message, and the route that chose it. 0: the route has none that may send it.
  std::pair<RouteSettingsPtr, store::GatewayId> pick(const RouteQuery& query, WallMs now) const;

  // The next gateway of the message's route; 0: none.
  enum class Ask {
    by_probe,  // one that can send; of a gateway that is being probed it takes the place of this second's probe
    by_plan,   // the same, but it is not sent now
    anyway,    // also one that is being probed already, or else the first, where the message waits: it has no other way
  };
  store::GatewayId next(const store::Content& content, const std::vector<store::GatewayId>& left,
                        store::GatewayId now_at, WallMs now, Ask ask = Ask::by_probe) const;

  // How far a gateway is trusted, as itself says; down before it says anything.
  void trust(store::GatewayId gateway, Trust::State state);
  Trust::State trust_in(store::GatewayId gateway) const;
  // A gateway that is being drained is chosen for nothing new.
  void drain(store::GatewayId gateway, bool draining);
  bool is_draining(store::GatewayId gateway) const;
  std::set<store::GatewayId> draining() const;
  bool usable(store::GatewayId gateway) const;
  // Like usable(), and takes the place of this second's probe.
  bool admit(store::GatewayId gateway) const;
  std::string_view state_of(store::GatewayId gateway) const;  // up, probing, down

 private:
  struct Known {
    std::atomic<Trust::State> state{Trust::State::down};
    std::atomic<Time::rep> probed_at{0};
    std::atomic<bool> draining{false};
  };
  struct Ways {
    std::shared_ptr<const RoutingTable> table;
    std::map<store::GatewayId, std::shared_ptr<Known>> known;
    std::map<store::TenantId, std::string> tenants;
  };
  std::shared_ptr<Known> known(store::GatewayId gateway) const;
  bool fits(const RoutingTable& table, const RouteSettings& route, const RouteQuery& query, WallMs now,
            std::string& why) const;
  const Clock& clock_;
  std::atomic<std::shared_ptr<const Ways>> ways_;
};

}  // namespace smsbridge::bridge
