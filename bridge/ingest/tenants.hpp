// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "bridge/config.hpp"
#include "bridge/ingest/http.hpp"
#include "bridge/ingest/problem.hpp"
#include "metrics/metrics.hpp"
#include "store/store.hpp"

namespace smsbridge::bridge {

struct Tenant {
  store::TenantId id = 0;
  const TenantConfig& config;
  metrics::TenantMetrics& metrics;
};

// Who asks, and what he may do.
struct Caller {
  const Tenant* tenant = nullptr;  // nullptr: none in particular, only when of_all_tenants
  std::vector<std::string> scopes;
  bool everything = false;      // whatever the scopes: the operator on the host
  bool of_all_tenants = false;  // the operator, or an owner key
  bool may(std::string_view scope) const;
};

// The tenants of the configuration, and the two ways a caller shows who he is. Any thread after construction.
class Tenants {
 public:
  Tenants(const Config& config, store::Store& store, metrics::Metrics& metrics);

  const Tenant* find(std::string_view name) const;
  const Tenant* find(store::TenantId id) const;
  const std::map<std::string, Tenant, std::less<>>& all() const { return by_name_; }
  std::map<store::TenantId, std::string> names() const;

  // Fineract's two headers. Why not is for our log only; the caller is not told which of them is wrong.
  tl::expected<const Tenant*, std::string_view> by_fineract_headers(const HttpRequest& request) const;
  // A bearer key, or the control socket.
  tl::expected<Caller, Problem> by_key(const HttpRequest& request) const;

 private:
  // A key that was shown, as long as its record in the store stays what it was: reading JSON and hashing cost more than
  // everything else at the door.
  struct ShownKey {
    std::string record, secret;
    Caller caller;
    store::WallMs expires_at = 0;
  };
  tl::expected<Caller, Problem> for_tenant(Caller caller, const HttpRequest& request) const;
  tl::expected<ShownKey, Problem> check_key(const std::string& record, std::string_view secret) const;

  const store::Store& store_;
  mutable std::mutex shown_keys_mutex_;  // guards shown_keys_
  mutable std::map<std::string, ShownKey, std::less<>> shown_keys_;
  std::map<std::string, Tenant, std::less<>> by_name_;
  std::map<store::TenantId, const Tenant*> by_id_;
};

// Keys are kept hashed; the secret is shown once, when it is made.
struct NewKey {
  std::string id, bearer;
};
const std::vector<std::string>& key_scopes();
std::string random_hex(std::size_t octets);  // for secrets
// `tenant` is empty for an owner key, which is good for all of them.
NewKey create_key(store::Store& store, const std::string& tenant, const std::string& name,
                  const std::vector<std::string>& scopes, store::WallMs now, store::WallMs expires_at);

}  // namespace smsbridge::bridge
