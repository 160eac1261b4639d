// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "store/changes.hpp"
#include "store/correlation.hpp"
#include "store/rules.hpp"

// Keys are big-endian, so that order in the file is order in time.
namespace smsbridge::store::keys {

template <class Integer>
void append(std::string& key, Integer value) {
  char octets[sizeof(Integer)];
  for (std::size_t i = 0; i < sizeof(Integer); ++i)
    octets[i] = static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * (sizeof(Integer) - 1 - i)));
  key.append(octets, sizeof(Integer));
}

template <class Integer>
Integer read(std::string_view key, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(Integer); ++i) value = value << 8 | static_cast<std::uint8_t>(key[at + i]);
  return static_cast<Integer>(value);
}

inline std::string of_id(MessageId id) {
  std::string key;
  append(key, id);
  return key;
}
inline MessageId id(std::string_view key) { return read<MessageId>(key, 0); }

// gateway 4, tenant 4, lane 1, due 8, id 8
inline std::string of_queue(const Queue& queue) {
  std::string key;
  key.reserve(25);
  append(key, queue.gateway);
  append(key, queue.tenant);
  append(key, static_cast<std::uint8_t>(queue.lane));
  return key;
}
inline std::string of_due(const Queue& queue, WallMs due, MessageId id) {
  std::string key = of_queue(queue);
  append(key, static_cast<std::uint64_t>(due));
  append(key, id);
  return key;
}
constexpr std::size_t queue_size = 9;
constexpr std::size_t due_size = 25;
inline Queue due_queue(std::string_view key) {
  return {.gateway = read<GatewayId>(key, 0), .tenant = read<TenantId>(key, 4), .lane = static_cast<Lane>(key[8])};
}
inline WallMs due_at(std::string_view key) { return read<WallMs>(key, queue_size); }
inline MessageId due_id(std::string_view key) { return read<MessageId>(key, queue_size + 8); }

// deadline 8, id 8
constexpr std::size_t open_size = 16;
inline std::string of_open(WallMs deadline, MessageId id) {
  std::string key;
  append(key, static_cast<std::uint64_t>(deadline));
  append(key, id);
  return key;
}

// tenant 4, kind 1, the reference itself
enum class ReferenceKind : std::uint8_t { client = 1, idempotency = 2 };
constexpr std::size_t reference_length_max = 255;
inline std::string of_reference(TenantId tenant, ReferenceKind kind, std::string_view reference) {
  std::string key;
  key.reserve(5 + reference.size());
  append(key, tenant);
  append(key, static_cast<std::uint8_t>(kind));
  key.append(reference);
  return key;
}

// tenant 4, gateway 4
constexpr std::size_t counts_size = 8;
inline std::string of_counts(const std::pair<TenantId, GatewayId>& owner) {
  std::string key;
  append(key, owner.first);
  append(key, owner.second);
  return key;
}

// For tables in memory: whose receipt may be for a held message, and which id waits for its message.
inline std::string of_held(GatewayId gateway, std::string_view phone) {
  return std::to_string(gateway) + "/" + std::string(phone_tail(phone));
}
inline std::string of_parked(GatewayId gateway, std::string_view provider_id) {
  return std::to_string(gateway) + "/" + canonical_provider_id(provider_id);
}

inline std::string of_parked(GatewayId gateway, MessageId message) {
  return std::to_string(gateway) + "#" + std::to_string(message);
}
// The gateways whose messages a receipt may speak of.
inline std::span<const GatewayId> gateways_of(const ReceiptRecorded& receipt) {
  return receipt.account.empty() ? std::span(&receipt.gateway, 1) : std::span(receipt.account);
}
// All names that a receipt can be asked for by.
inline std::vector<std::string> of_parked(const ReceiptRecorded& receipt) {
  std::vector<std::string> names;
  for (const auto gateway : gateways_of(receipt)) {
    for (const auto& provider_id : receipt.provider_ids) names.push_back(of_parked(gateway, provider_id));
    if (receipt.message) names.push_back(of_parked(gateway, receipt.message));
  }
  return names;
}

}  // namespace smsbridge::store::keys
