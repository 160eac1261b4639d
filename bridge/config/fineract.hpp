// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <string>
#include <vector>

#include "bridge/env/clock.hpp"
#include "bridge/env/stream.hpp"

namespace smsbridge::bridge {

// How a tenant's Fineract is asked: its API, and the user that reads there.
struct FineractSettings {
  std::string url;             // https://host:8443/fineract-provider/api/v1, without the last slash
  std::string tenant;          // Fineract's identifier; empty: the tenant's own name
  std::string user, password;  // Basic
  // OAuth 2.0 with client credentials (RFC 6749 section 4.4), instead of a user.
  struct OAuth {
    std::string token_url, client_id, client_secret, scope;
    bool operator==(const OAuth&) const = default;
  } oauth;
  TlsOptions tls;
  Duration timeout = std::chrono::seconds(20);  // of one request
  // Its web hooks: by what their address, or their token, is known; empty: none is taken.
  std::string hook_secret;
  bool hook_any_path = false;   // Fineract 1.5 and 1.6 leave out the path, and the secret with it
  WallMs confirm_ms = 900'000;  // how long an event may take to become true after its hook
  bool adopt_lost = false;      // messages that wait there and never came are sent
  // What is known of people besides: the tables of the institution's own with a row for each client.
  std::vector<std::string> data_tables;
  std::string language_field = "language", opt_out_field;  // columns of them
  bool operator==(const FineractSettings&) const = default;
};

template <class Object>
class Keys;
const Keys<FineractSettings>& fineract_keys();

}  // namespace smsbridge::bridge
