// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/json/object.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bridge/config/problem.hpp"
#include "bridge/env/clock.hpp"
#include "bridge/env/stream.hpp"
#include "store/message.hpp"

namespace smsbridge::bridge {

struct KeyInfo;

// What we tell other systems of.
enum class WebhookEvent : std::uint8_t {
  submitted,  // a carrier took the message
  delivered,
  failed,
  expired,
  received,  // a phone sent one
  gateway_up,
  gateway_down,
};
constexpr std::size_t webhook_event_count = 7;
std::string_view name(WebhookEvent event);  // "message.submitted"

// Standard Webhooks 1.0: "whsec_" and the base64 of 24 to 64 octets, which are the key. Empty: it is none.
std::string webhook_key_of(std::string_view secret);
std::string new_webhook_secret();

// Where a tenant's events go.
struct WebhookSettings {
  boost::json::object settings;  // as they were given, secrets hidden
  std::string name;
  store::GatewayId id = 0;  // names its tasks in the store; no gateway, route or webhook has the same
  bool of_file = false;
  std::string tenant, url;
  bool enabled = true;
  std::vector<WebhookEvent> events;  // empty: all
  std::string secret, old_secret;    // the old one signs as well, until the receiver knows the new one
  std::vector<WallMs> retry{5'000,      300'000,    1'800'000,  7'200'000, 18'000'000,
                            36'000'000, 50'400'000, 72'000'000, 86'400'000};
  int batch = 1;  // most events in a request; 1: each by itself
  Duration timeout = std::chrono::seconds(20);
  TlsOptions tls;
};
using WebhookSettingsPtr = std::shared_ptr<const WebhookSettings>;

bool same(const WebhookSettings& a, const WebhookSettings& b);

class ConfigSection;
std::vector<KeyInfo> webhook_infos();
void read_webhook(ConfigSection& s, WebhookSettings& webhook);
// As read_gateway().
WebhookSettings read_webhook(const boost::json::object& settings, const std::filesystem::path& folder,
                             std::vector<ConfigProblem>& problems);

}  // namespace smsbridge::bridge
