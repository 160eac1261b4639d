// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bridge/config.hpp"
#include "bridge/delivery/prices.hpp"

namespace smsbridge::bridge {

// What a route is chosen by.
struct RouteQuery {
  std::string_view tenant, to, from;  // `to` in E.164
  store::Lane lane = store::Lane::transaction;
  int parts = 1;
  std::uint64_t seed = 0;                 // what weights are drawn with
  const RouteConfig* asked = nullptr;     // the caller named a route
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
  const RouteConfig* route = nullptr;      // nullptr: none fits
  std::vector<store::GatewayId> gateways;  // in the order to try; those that cannot send now come last
};

// Chooses gateways by the routes of the configuration, what they cost, and whether they can send now. Any thread:
// gateways tell their state, everybody asks.
class Router {
 public:
  Router(const Config& config, std::map<store::TenantId, std::string> tenants, const Clock& clock);

  Chosen choose(const RouteQuery& query, WallMs now, std::vector<RouteStep>* steps = nullptr) const;
  const RouteConfig* by_name(std::string_view name) const;
  const RouteConfig* by_id(store::GatewayId id) const;
  const Prices& prices() const { return config_.prices; }
  bool has_routes() const { return !config_.routes.empty(); }
  // The gateway for a new message, and the route that chose it. 0: the route has none that may send it.
  std::pair<const RouteConfig*, store::GatewayId> pick(const RouteQuery& query, WallMs now) const;

  // The next gateway of the message's route; 0: none.
  enum class Ask {
    by_probe,  // one that can send; of a gateway that is being probed it takes the place of this second's probe
    by_plan,   // the same, but it is not sent now
    anyway,    // also one that is being probed already, or else the first, where the message waits: it has no other way
  };
  store::GatewayId next(const store::Content& content, const std::vector<store::GatewayId>& left,
                        store::GatewayId now_at, WallMs now, Ask ask = Ask::by_probe) const;

  // A gateway can send, or cannot. When it comes back it gets one message a second until one is accepted.
  void can_send(store::GatewayId gateway, bool can);
  void accepted(store::GatewayId gateway);
  bool usable(store::GatewayId gateway) const;
  // Like usable(), and takes the place of this second's probe.
  bool admit(store::GatewayId gateway) const;
  std::string_view state_of(store::GatewayId gateway) const;  // up, probing, down

 private:
  struct Health {
    enum State : int { down, probing, up };
    std::atomic<int> state{down};
    std::atomic<Time::rep> probed_at{0};
  };
  bool fits(const RouteConfig& route, const RouteQuery& query, WallMs now, std::string& why) const;
  std::vector<const GatewayConfig*> ordered(const RouteConfig& route, const RouteQuery& query) const;

  const Config& config_;
  const std::map<store::TenantId, std::string> tenants_;
  const Clock& clock_;
  std::map<store::GatewayId, std::unique_ptr<Health>> health_;
};

}  // namespace smsbridge::bridge
