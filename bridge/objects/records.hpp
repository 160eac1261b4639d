// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <vector>

#include "bridge/objects/kinds.hpp"
#include "bridge/objects/object_error.hpp"
#include "bridge/objects/seal.hpp"
#include "store/store.hpp"

namespace smsbridge::bridge {

// Objects as the store keeps them: their secrets sealed, each at its place. Whoever writes waits for the disk, and is
// no shard.
class ObjectRecords {
 public:
  struct Record {
    std::string name;
    boost::json::object settings;  // with their secrets
    std::string etag;              // with its quotes
    store::Revision revision = 0;
  };

  // Throws SealError where there is no key to seal by.
  ObjectRecords(const Config& file, store::Store& store);

  // With its quotes. Strong: no two records have the same, since sealing takes a new nonce each time.
  static std::string etag_of(std::string_view record);

  // All of a kind. What is damaged is left out, and logged. Throws SealError when secrets do not open.
  std::vector<Record> read(const KindRow& kind) const;
  // A new one of `settings`, sealed and not yet written: `text` is what put() writes.
  struct Sealed {
    std::string text, etag;
  };
  Sealed seal(const KindRow& kind, const std::string& name, boost::json::object settings) const;
  // The revision that it has now, or why it was not written: it is another one than `before` (0: it must not be what
  // somebody else made meanwhile), or the store took nothing. `last_id`: of a new one, the largest that was given.
  tl::expected<store::Revision, ObjectError> put(const KindRow& kind, const std::string& name, const Sealed& sealed,
                                                 store::Revision before, std::optional<store::GatewayId> last_id);
  // All of `more` with it, in one change.
  std::optional<ObjectError> erase(const KindRow& kind, const std::string& name, store::Revision before,
                                   store::Batch more = {});

  // The names under which the store keeps one, and what belongs to it alone.
  static std::vector<std::string> keys_of(const KindRow& kind, const std::string& name);

  // A secret in a provider's address for callbacks that nobody chose is made once and stays, also when the gateway goes
  // and comes again, since it stands in the provider's settings. Throws what the store throws.
  GatewaySettingsPtr with_callback_secret(const GatewaySettingsPtr& gateway);

  // Ids of what is gone stay in the records of messages and in the accounts: they are not given again.
  store::GatewayId last_id(const RoutingTable& table) const;
  void remember_last_id(store::GatewayId last);

 private:
  std::string opened(std::string_view sealed, const std::string& place, const std::string& what) const;

  store::Store& store_;
  const Seal seal_;
};

}  // namespace smsbridge::bridge
