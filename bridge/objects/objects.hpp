// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/json/object.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <tl/expected.hpp>

#include "bridge/http/problem.hpp"
#include "bridge/objects/seal.hpp"
#include "bridge/routing/routing_table.hpp"
#include "store/store.hpp"

namespace smsbridge::bridge {

// What a gateway still has to do for all tenants: messages that wait, and that await a receipt.
struct GatewayLoad {
  std::int64_t waiting = 0, awaiting = 0;
};
GatewayLoad load_of(const store::CountsByQueueOwner& counts, store::GatewayId gateway);

// Gateways and routes as things that can be made, changed and removed while the daemon runs. Those of the
// configuration file stand beside those that are kept in the store; only the latter change. A change is checked, then
// durable, then in force. Any thread may read; whoever changes waits for the disk, and is no shard.
class Objects {
 public:
  enum class Kind { gateway, route };
  struct Object {
    std::string name;
    store::GatewayId id = 0;
    boost::json::object settings;  // secrets hidden
    bool from_file = false;
    std::string etag;  // with its quotes
  };
  struct Change {
    Kind kind = Kind::gateway;
    std::string name;
    enum class Action { create, replace, patch, remove } action = Action::create;
    boost::json::object settings;   // of replace and create; of patch a JSON merge patch (RFC 7396)
    std::string if_match;           // the ETag that the caller saw, or *
    bool dry_run = false;           // check only
    std::set<std::string> assumed;  // of a dry run: gateways that will be there by then
    bool force = false;             // remove a gateway although messages wait for it
    std::string by;                 // for the log
  };
  using TablePtr = std::shared_ptr<const RoutingTable>;
  struct Changed {
    Object object;           // as it is after the change; one that is removed, as it was
    TablePtr before, after;  // of a dry run: as it would be
  };
  struct Taken {
    TablePtr before, after;
  };

  // Reads what the store keeps. Throws SealError when its secrets do not open.
  Objects(const Config& file, store::Store& store);

  std::shared_ptr<const RoutingTable> table() const;
  std::optional<Object> find(Kind kind, std::string_view name) const;
  // Takes tenants, lanes, gateways, routes and prices from a configuration file that was read anew. What is the same
  // stays the same object. Nothing is taken when something does not fit: the text says what.
  tl::expected<Taken, std::string> take_over(const Config& file, bool dry_run = false);
  tl::expected<Changed, Problem> change(Change change);
  // Called with the new table inside of change(). Before the first one.
  void on_change(std::function<void(std::shared_ptr<const RoutingTable>)> told) { told_ = std::move(told); }

 private:
  struct Kept {
    boost::json::object settings;  // with its secrets
    std::string etag;
    GatewaySettingsPtr gateway;  // one of the two
    RouteSettingsPtr route;
  };
  static Object shown(const Kept& object);
  using KeptObjects = std::map<std::string, Kept, std::less<>>;

  // What is in force, for readers: they never wait for a change.
  struct Shown {
    RoutingTable of_file;
    KeptObjects gateways, routes;
    TablePtr table;
  };
  std::shared_ptr<const Shown> in_force() const;

  KeptObjects& kept(Kind kind) { return kind == Kind::gateway ? gateways_ : routes_; }
  const KeptObjects& kept(Kind kind) const { return kind == Kind::gateway ? gateways_ : routes_; }
  std::optional<std::string> take(const Config& file);
  std::string opened(std::string_view sealed, const std::string& place, const std::string& what) const;
  void load(Kind kind);
  void use_file(const Config& file);
  bool id_in_file(store::GatewayId id) const;
  void remember_ids();
  void publish();
  std::optional<Problem> parse(Kind kind, Kept& object) const;
  std::string record(Kind kind, const std::string& name, boost::json::object settings) const;
  std::shared_ptr<const RoutingTable> make_table() const;
  std::vector<ConfigProblem> problems(const std::set<std::string>& assumed = {}) const;
  std::optional<Problem> reveal_hidden(boost::json::object& settings, const boost::json::object* before) const;
  std::optional<Problem> still_needed(const Change& change, store::GatewayId id);
  store::GatewayId last_id() const;
  GatewaySettingsPtr with_callback_secret(const GatewaySettingsPtr& gateway);
  static std::optional<Object> find_in_file(const RoutingTable& of_file, Kind kind, std::string_view name);
  void put(const std::string& key, std::string value);
  void show();

  const Config& file_;
  store::Store& store_;
  const Seal seal_;
  std::mutex mutex_;  // guards what follows, and is held through a change, which waits for the disk
  RoutingTable of_file_;
  KeptObjects gateways_, routes_;
  std::shared_ptr<const RoutingTable> table_;
  std::function<void(std::shared_ptr<const RoutingTable>)> told_;
  mutable std::mutex shown_mutex_;  // guards shown_
  std::shared_ptr<const Shown> shown_;
};

}  // namespace smsbridge::bridge
