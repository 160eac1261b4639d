// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/json/object.hpp>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "bridge/config/lanes.hpp"
#include "bridge/config/problem.hpp"
#include "bridge/config/smpp_fields.hpp"
#include "bridge/env/stream.hpp"
#include "bridge/text/segments.hpp"
#include "http_gateways/provider.hpp"
#include "smpp/client_session.hpp"
#include "smpp/dialect.hpp"
#include "store/message.hpp"

namespace smsbridge::bridge {

struct KeyInfo;

// A bind to a carrier's message centre.
struct SmppSettings {
  Address address;
  std::vector<Address> other_hosts;  // of the same carrier and account; without `tls`
  enum class UseHosts { failover, spread } use_hosts = UseHosts::failover;
  Duration return_after = std::chrono::minutes(5);  // a host was good for so long, then its sessions come back
  smpp::ClientConfig session = {.window = 200};
  smpp::Dialect dialect;
  enum class Bind { transceiver, pair, transmitter } bind = Bind::transceiver;  // pair: a transmitter and a receiver
  int sessions = 1;
  text::Charset charset = text::Charset::automatic;
  text::Concat concat = text::Concat::udh8;
  std::vector<std::uint8_t> national;  // ids of the languages whose tables may be used
  enum class Tables { single, locking, both } national_tables = Tables::both;
  enum class Validity { relative, absolute, none } validity = Validity::relative;
  SubmitFields fields;
  std::string profile;               // what is known of this kind of carriers; empty: nothing is taken from one
  boost::json::object from_profile;  // what it lent
  Duration reconnect_first = std::chrono::seconds(1), reconnect_max = std::chrono::seconds(60);
  Duration refused_delay = std::chrono::minutes(5);  // after a bind was refused for its credentials
  bool query = false, cancel = false;                // the carrier answers query_sm, and cancel_sm
  Duration unbind_wait{};                            // after the carrier unbound, or said that we are bound already

  // All hosts in their order, as they are connected to.
  std::vector<Address> addresses() const;

  // TLVs came with SMPP 3.4; a centre of 3.3 takes them for damage.
  bool has_tlvs() const { return session.interface_version >= smpp::version_34; }
};

// An account with an HTTP provider.
struct ProviderSettings {
  const http_gateways::Kind* kind = nullptr;  // always there, but for the moment of its making
  boost::json::object account;                // as its kind names them, secrets read
  TlsOptions tls;
  std::string callback_secret;  // in the address that the provider calls; empty: one is made and kept in the store
  std::size_t max_in_flight = 100;
  Duration connect_timeout = std::chrono::seconds(5), request_timeout = std::chrono::seconds(30);
  std::string proxy;
  Duration balance_interval = std::chrono::minutes(15);
};

struct GatewaySettings {
  boost::json::object settings;  // as they were given, without secrets
  bool of_file = false;          // of the configuration file, whose writer may reach what the machine reaches
  std::string name;
  store::GatewayId id = 0;
  std::string title = {};  // what Fineract's list of providers shows; empty: the name
  std::string description;
  std::string kind = "smpp";  // or a provider of http_gateways
  std::variant<SmppSettings, ProviderSettings> way;
  std::vector<std::string> tenants;  // that may use it; empty: see RoutingTable::may_use()
  double rate = 0;                   // segments a second over all sessions, 0: no limit
  std::string sender;                // when neither message nor tenant names one
  std::size_t segments_max = 15;     // Fineract's longest text, 1000 characters, when it needs UCS-2
  bool receipts = true;              // ask for delivery receipts
  WallMs receipt_wait_ms = 72ll * 3600 * 1000;
  WallMs receipts_quiet_ms = 15ll * 60 * 1000;  // after this time without any, routes trust it less; 0: never
  RetryPolicy retry;
  std::optional<DoubtPolicy> doubt;  // overrides the lanes'

  bool is_smpp() const { return std::holds_alternative<SmppSettings>(way); }
  const SmppSettings& smpp() const { return std::get<SmppSettings>(way); }
  SmppSettings& smpp() { return std::get<SmppSettings>(way); }
  const ProviderSettings& provider() const { return std::get<ProviderSettings>(way); }
  ProviderSettings& provider() { return std::get<ProviderSettings>(way); }
  TlsOptions& tls() { return is_smpp() ? smpp().address.tls : provider().tls; }
  // What is delivered gets no receipt: that none comes is good news.
  bool hears_of_failures_only() const {
    return is_smpp() && smpp().fields.registered_delivery == SubmitFields::Receipts::failure;
  }
  // Flash and binary messages; a provider takes texts only.
  bool takes_more_than_texts() const { return is_smpp(); }
  // Messages that bring TLVs of their own; with a provider they go without.
  bool takes_tlvs() const { return !is_smpp() || smpp().has_tlvs(); }
  // How its texts are cut; providers cut them as most carriers do.
  text::TextOptions text_options() const;
};
using GatewaySettingsPtr = std::shared_ptr<const GatewaySettings>;

class ConfigSection;
void read_gateway(ConfigSection& s, GatewaySettings& gateway);
// What all have, with the keys of one that goes by SMPP, or by a provider: a secret is one of these, or in an account.
std::vector<KeyInfo> gateway_infos();
std::vector<KeyInfo> smpp_infos();
std::vector<KeyInfo> provider_infos();
// One in the form of the file, as the API and the store have it: its secrets stand in it. The problems have no place;
// paths begin at the object.
GatewaySettings read_gateway(const boost::json::object& settings, const std::filesystem::path& folder,
                             std::vector<ConfigProblem>& problems);

// Both use one account with a carrier or provider, so that what it takes and the ids it gives are of both.
bool have_one_account(const GatewaySettings& a, const GatewaySettings& b);
// Nothing differs, secrets included; or nothing but what is for people.
bool same(const GatewaySettings& a, const GatewaySettings& b);
bool works_as(const GatewaySettings& a, const GatewaySettings& b);

}  // namespace smsbridge::bridge
