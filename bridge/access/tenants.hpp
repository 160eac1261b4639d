// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "bridge/access/keys.hpp"
#include "bridge/access/last_used.hpp"
#include "bridge/access/sessions.hpp"
#include "bridge/config/tenant.hpp"
#include "bridge/env/clock.hpp"
#include "bridge/env/log_throttle.hpp"
#include "bridge/http/problem.hpp"
#include "bridge/http/request.hpp"
#include "metrics/metrics.hpp"
#include "store/store.hpp"

namespace smsbridge::bridge {

struct Tenant {
  store::TenantId id = 0;
  const TenantSettings& config;
  metrics::TenantMetrics& metrics;
};

// Who asks, and what he may do.
struct Caller {
  const Tenant* tenant = nullptr;  // nullptr: none in particular, only when of_all_tenants
  std::vector<std::string> scopes;
  bool everything = false;                   // whatever the scopes: the operator on the host
  bool of_all_tenants = false;               // the operator, or an owner key
  std::string who = {};                      // for the log: "key 1f2e3d4c (console)", "amina on this host", "amina"
  store::WallMs expires_at = 0;              // then his key, or his session, is good no more; 0: never
  std::optional<ConsolePerson> person = {};  // who is signed in to the console
  bool may(std::string_view scope) const;
};

// The tenants there are, and the two ways a caller shows who he is. Any thread after construction.
//
// What was handed out is good for ever: requests and commits under way hold a Tenant. So one that changes is another
// object, and the one before stays; that is some hundred octets for each change, until the next restart.
class Tenants {
 public:
  // By name; those that the configuration has.
  using ByName = std::map<std::string, const Tenant*, std::less<>>;

  Tenants(const std::vector<TenantSettingsPtr>& tenants, store::Store& store, metrics::Metrics& metrics,
          const Clock& clock);

  // nullptr: there is none, or none any more.
  const Tenant* find(std::string_view name) const;
  // Also of one that the configuration lost since the start: its messages still go out.
  const Tenant* find(store::TenantId id) const;
  std::shared_ptr<const ByName> all() const { return table_.load()->by_name; }
  std::map<store::TenantId, std::string> names() const;  // also of those that are gone since the start

  // What take_over() will put in force: whatever can fail is done here. One caller at a time.
  struct Table {
    std::shared_ptr<const ByName> by_name;
    std::map<store::TenantId, const Tenant*> by_id;
  };
  std::shared_ptr<const Table> prepare(const std::vector<TenantSettingsPtr>& tenants);
  void take_over(const std::shared_ptr<const Table>& table);

  // Fineract's two headers. Why not is for our log only; the caller is not told which of them is wrong.
  tl::expected<const Tenant*, std::string_view> by_fineract_headers(const HttpRequest& request) const;
  // A bearer key, somebody who is signed in, or the control socket.
  tl::expected<Caller, Problem> by_key(const HttpRequest& request) const;
  // Somebody whose session, or whose password, was found good.
  tl::expected<Caller, Problem> of_person(ConsolePerson person, store::WallMs ends_at,
                                          const HttpRequest& request) const;
  void show_limits() const;  // in the metrics, as they are at the moment of a scrape
  LastUsed& uses() const { return uses_; }
  Sessions& sessions() const { return sessions_; }

 private:
  // A key that was shown, as long as its record in the store stays what it was: reading JSON and hashing cost more than
  // everything else at the door.
  struct ShownKey {
    std::string record, secret;
    std::vector<Network> networks;  // that it may come from
    Caller caller;                  // its tenant is looked up each time: it may have changed, or be gone
    std::string tenant;             // empty: all
  };
  tl::expected<Caller, Problem> for_tenant(Caller caller, const HttpRequest& request) const;
  tl::expected<Caller, Problem> of_one_tenant(Caller caller, const std::string& tenant) const;
  tl::expected<ShownKey, Problem> check_key(const store::Object& record, std::string_view secret) const;
  bool comes_from(const std::vector<Network>& networks, const HttpRequest& request, const std::string& key) const;

  store::Store& store_;
  metrics::Metrics& metrics_;
  const Clock& clock_;
  mutable std::mutex shown_keys_mutex_;  // guards shown_keys_
  mutable std::map<std::string, ShownKey, std::less<>> shown_keys_;
  mutable LastUsed uses_;
  mutable Sessions sessions_{store_, uses_, clock_};
  mutable log::Throttle strangers_;                        // good keys from addresses that they are not for
  std::deque<std::pair<TenantSettingsPtr, Tenant>> ever_;  // prepare() only
  std::atomic<std::shared_ptr<const Table>> table_;
};

// What whoever acts for a suspended tenant is told.
std::string why_suspended(const TenantSettings& tenant);

}  // namespace smsbridge::bridge
