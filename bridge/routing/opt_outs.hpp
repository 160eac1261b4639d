// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/access/tenants.hpp"
#include "store/store.hpp"

namespace smsbridge::bridge {

// That a phone wants no more of what a tenant sends to many.
struct OptOut {
  std::string number;  // E.164
  WallMs since = 0;
  std::string how;         // keyword, carrier, staff, import
  std::string reason, by;  // of staff; of a phone the word that it sent
};

// Who opted out, by tenant and number: a mark that stands until it is lifted. Asked when a message is accepted and
// again before it leaves, so that what waited is stopped too. Any thread; each question is one short read.
class OptOuts {
 public:
  OptOuts(const store::Store& store, const Tenants& tenants, const Clock& clock)
      : store_(store), tenants_(tenants), clock_(clock) {}

  // Why a message of this lane is not sent to this number; empty: it may be.
  std::string refusal(const Tenant& tenant, store::Lane lane, const std::string& number) const;
  // The same of a message that leaves, and counts it. Of a tenant that the configuration lost, its lanes count as
  // usual.
  std::string refusal_at_last(store::TenantId tenant, store::Lane lane, const std::string& number) const;

  std::optional<OptOut> find(store::TenantId tenant, const std::string& number) const;
  // In the order of their numbers; `after` is the last number of the page before.
  std::vector<OptOut> page(store::TenantId tenant, const std::string& after, std::size_t limit) const;

  // What a batch writes: the mark, and a line of the journal that stays when the mark goes. One that is there already
  // stays as it is.
  static void set(store::Batch& batch, store::TenantId tenant, const OptOut& opt_out);
  static void lift(store::Batch& batch, store::TenantId tenant, const OptOut& lifted);

 private:
  const store::Store& store_;
  const Tenants& tenants_;
  const Clock& clock_;
};

bool stops(const TenantSettings& tenant, store::Lane lane);

// The marks of a tenant's opt-outs.
std::string opt_out_scope(store::TenantId tenant);
// The journal's stream of all that was set and lifted.
inline constexpr const char* opt_out_stream = "opt_out";

}  // namespace smsbridge::bridge
