// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/json/object.hpp>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <tl/expected.hpp>

#include "bridge/objects/erasure.hpp"
#include "bridge/objects/kinds.hpp"
#include "bridge/objects/object_error.hpp"
#include "bridge/objects/records.hpp"
#include "store/store.hpp"

namespace smsbridge::bridge {

// What a gateway still has to do for all tenants: messages that wait, and that await a receipt.
struct GatewayLoad {
  std::int64_t waiting = 0, awaiting = 0;
};
GatewayLoad load_of(const store::CountsByQueueOwner& counts, store::GatewayId gateway);

// What can be made, changed and removed while the daemon runs. Objects of the configuration file stand beside those
// that are kept in the store; only the latter change. A change is checked, then durable, then in force. Any thread may
// read; whoever changes waits for the disk, and is no shard.
class Objects {
 public:
  struct Object {
    std::string name;
    store::GatewayId id = 0;
    boost::json::object settings;  // secrets hidden
    bool from_file = false;
    std::string etag;  // with its quotes
  };
  struct Change {
    ObjectKind kind = ObjectKind::gateway;
    std::string name;
    enum class Action { create, replace, patch, remove } action = Action::create;
    boost::json::object settings;   // of replace and create; of patch a JSON merge patch (RFC 7396)
    std::string if_match;           // the ETag that the caller saw, or *
    bool dry_run = false;           // check only
    std::set<std::string> assumed;  // of a dry run: tenants, gateways and templates that will be there by then
    bool force = false;             // remove a gateway although messages wait for it
    bool erase = false;             // remove a tenant with all that is its own: see erasure.hpp
    std::string by;                 // for the log
  };
  using TablePtr = std::shared_ptr<const RoutingTable>;
  struct Changed {
    Object object;           // as it is after the change; one that is removed, as it was
    TablePtr before, after;  // of a dry run: as it would be
    std::optional<Erased> erased = {};
  };
  struct Taken {
    TablePtr before, after;
  };

  // Reads what the store keeps. Throws SealError when its secrets do not open.
  Objects(const Config& file, store::Store& store);

  std::shared_ptr<const RoutingTable> table() const;
  std::optional<Object> find(ObjectKind kind, std::string_view name) const;
  // Takes tenants, lanes, gateways, routes and prices from a configuration file that was read anew. What is the same
  // stays the same object. Nothing is taken when something does not fit: the text says what.
  tl::expected<Taken, std::string> take_over(const Config& file, bool dry_run = false);
  tl::expected<Changed, ObjectError> change(const Change& change);
  // Called with the new table inside of change(). Before the first one.
  void on_change(std::function<void(std::shared_ptr<const RoutingTable>)> told) { told_ = std::move(told); }

 private:
  // One of the store.
  struct Kept {
    boost::json::object settings;  // with its secrets
    std::string etag;
    store::Revision revision = 0;
    Made made;
  };
  using KeptPtr = std::shared_ptr<const Kept>;
  using KeptByName = std::map<std::string, KeptPtr, std::less<>>;
  // All that there is at one time. It never changes: a change makes another one.
  struct State {
    TablePtr of_file = std::make_shared<RoutingTable>();
    std::map<ObjectKind, KeptByName> kept;
    TablePtr table = std::make_shared<RoutingTable>();  // of both
  };
  using StatePtr = std::shared_ptr<const State>;

  StatePtr state() const;
  static std::optional<Object> find_in(const RoutingTable& of_file, ObjectKind kind, std::string_view name);
  static Object shown(const Kept& object);
  static TablePtr table_of(const State& state);

  TablePtr taken_from(const Config& file);
  State loaded(TablePtr of_file);
  KeptPtr kept_of(ObjectKind kind, ObjectRecords::Record record, const RoutingTable& of_file);
  tl::expected<Made, ObjectError> parsed(ObjectKind kind, const boost::json::object& settings) const;
  Made completed(Made made);

  std::optional<ObjectError> why_not_at_all(const Change& change, const Kept* before) const;
  tl::expected<Changed, ObjectError> removed(const Change& change, const Kept& before);
  std::optional<ObjectError> still_needed(const Change& change, store::GatewayId id);
  tl::expected<Changed, ObjectError> removed_tenant(const Change& change, const Kept& before);
  tl::expected<Changed, ObjectError> written(const Change& change, const Kept* before);
  tl::expected<boost::json::object, ObjectError> wanted(const Change& change, const Kept* before) const;
  tl::expected<Changed, ObjectError> tried(const Change& change, const Kept* before, Kept after);
  void put_in_force(State state);

  const Config& file_;
  store::Store& store_;
  ObjectRecords records_;
  std::mutex mutex_;  // of whoever changes something; held through the wait for the disk
  std::function<void(std::shared_ptr<const RoutingTable>)> told_;
  mutable std::mutex state_mutex_;  // guards state_
  StatePtr state_ = std::make_shared<const State>();
};

}  // namespace smsbridge::bridge
