// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/env/network.hpp"
#include "store/store.hpp"

// What lets somebody in: keys of the API, and of a tenant's Fineract. They are kept hashed; the secret is shown once,
// when it is made.
namespace smsbridge::bridge {

struct Key {
  enum class Kind : std::uint8_t { api, fineract } kind = Kind::api;
  std::string id;                      // of a Fineract's: the fingerprint of the secret
  std::string tenant;                  // empty: an owner key, which is good for all of them
  std::string name;                    // whose it is, for people
  std::vector<std::string> scopes;     // of the API's
  std::vector<std::string> addresses;  // blocks that it may come from; none: any
  std::string hash;
  store::WallMs created_at = 0, expires_at = 0;  // 0: never
  std::string made_by;
};
std::string object_of(const Key& key);  // its name in the store
// Nothing: the record is damaged.
std::optional<Key> read_key(const store::Object& record);
// Those of a tenant, or of all; damaged ones are left out.
std::vector<Key> kept_keys(const store::Store& store, const std::optional<std::string>& tenant = {});
// The names under which the store keeps what lets somebody in as this tenant, and when that was used.
std::vector<std::string> keys_of_tenant(const store::Store& store, std::string_view tenant);

const std::vector<std::string>& key_scopes();
std::string random_hex(std::size_t octets);  // for secrets
struct NewKey {
  std::string id, bearer;
};
// Makes its id, hash and secret. Waits for the disk; throws what the store throws. Of Fineract: the secret looks like
// what the Mifos message-gateway gives.
NewKey create_key(store::Store& store, Key key);
bool remove_key(store::Store& store, const Key& key);  // false: it was gone

std::string hash_of(std::string_view secret);
std::string fingerprint_of(std::string_view secret);
bool equal_secrets(std::string_view a, std::string_view b);  // in constant time
// Of a secret that Fineract shows, kept here or standing in the tenant's settings.
std::string fineract_key_object(std::string_view tenant, std::string_view fingerprint);
// Where when a key was used last is kept.
std::string use_of(std::string_view object);

// The blocks of addresses of a key; what is no block is passed over.
std::vector<Network> networks_of(const std::vector<std::string>& addresses);
bool is_within(const std::vector<Network>& networks, const std::string& address);

}  // namespace smsbridge::bridge
