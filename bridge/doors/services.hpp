// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "bridge/access/tenants.hpp"
#include "bridge/config/config.hpp"
#include "bridge/delivery/gateway_control.hpp"
#include "bridge/doors/told.hpp"
#include "bridge/env/clock.hpp"
#include "bridge/env/http_transport.hpp"
#include "bridge/events/events.hpp"
#include "bridge/events/schedules.hpp"
#include "bridge/intake/accept.hpp"
#include "bridge/notify/webhooks.hpp"
#include "bridge/objects/objects.hpp"
#include "bridge/routing/cut_off.hpp"
#include "bridge/routing/directory.hpp"
#include "metrics/metrics.hpp"
#include "store/store.hpp"

namespace smsbridge::bridge {

// What a reload of the configuration file did.
struct Reloaded {
  TableChanges changes;
  CutOff cut_off;
  std::vector<std::string> takes_restart;  // keys that differ from those the daemon runs by
};

// What handlers work with. Everything in it may be used from any shard.
struct Services {
  const Config& config;
  store::Store& store;
  Clock& clock;
  const Directory& directory;
  Intake& intake;
  const Tenants& tenants;
  metrics::Metrics& metrics;
  GatewayControl& gateways;
  Webhooks& webhooks;
  Events& events;
  Schedules& schedules;
  Objects& objects;
  // Of the configuration file. A dry run only says what it would do.
  std::function<tl::expected<Reloaded, std::vector<std::string>>(bool dry_run)> reload;
  MakeHttpTransport make_transport;
  std::atomic<bool>& ready;            // false while starting and stopping
  boost::asio::any_io_executor aside;  // of a thread that may wait for the disk
  Told told{};                         // to Fineract
};

}  // namespace smsbridge::bridge
