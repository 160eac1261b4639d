// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <optional>
#include <string>

#include "bridge/config.hpp"
#include "bridge/ingest/problem.hpp"
#include "bridge/ingest/tenants.hpp"
#include "store/changes.hpp"

namespace smsbridge::bridge {

// What a caller wants sent, from whichever door he came.
struct Submission {
  std::string to, text, from, client_ref, target_user, triggered_by, country, idempotency_key;
  std::optional<store::Lane> lane;
  const GatewayConfig* gateway = nullptr;  // chosen by the caller; otherwise the tenant's default
  store::WallMs send_at = 0;
  store::WallMs validity_ms = 0;
  store::Source source = store::Source::api;
};

struct Refusal {
  ProblemCode code = ProblemCode::invalid_request;
  std::string pointer, detail;
};

// The gateways a message may leave by. Fineract's providerId is a gateway's id.
class Directory {
 public:
  explicit Directory(const Config& config) : config_(config) {}
  const GatewayConfig* by_name(std::string_view name) const;
  const GatewayConfig* by_id(store::GatewayId id) const;
  const GatewayConfig* default_for(const TenantConfig& tenant) const;
  const Config& config() const { return config_; }

 private:
  const Config& config_;
};

// Checks, normalises, counts segments, chooses the way out. What comes back is ready for the store; with a refusal it
// is as complete as it can be, so that the door may keep it as failed.
struct Prepared {
  store::Enqueue enqueue;
  std::optional<Refusal> refusal;
};
Prepared prepare(Submission submission, const Tenant& tenant, const Directory& directory, store::WallMs now);

std::uint64_t digest_of(std::initializer_list<std::string_view> parts);

}  // namespace smsbridge::bridge
