// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <cstdint>
#include <optional>
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

// A text of at most 255 octets in front of others: one octet says how long it is.
inline void append_counted(std::string& key, std::string_view text) {
  append(key, static_cast<std::uint8_t>(text.size()));
  key.append(text);
}
inline std::optional<std::string_view> read_counted(std::string_view& key) {
  if (key.empty() || key.size() < 1U + static_cast<std::uint8_t>(key[0])) return std::nullopt;
  const auto text = key.substr(1, static_cast<std::uint8_t>(key[0]));
  key.remove_prefix(1 + text.size());
  return text;
}

// tenant 4, kind counted, the key itself
inline std::string of_task(const TaskKey& task) {
  std::string key;
  append(key, task.tenant);
  append_counted(key, task.kind);
  key.append(task.key);
  return key;
}
inline std::optional<TaskKey> task(std::string_view key) {
  if (key.size() < sizeof(TenantId)) return std::nullopt;
  auto rest = key.substr(sizeof(TenantId));
  const auto kind = read_counted(rest);
  if (!kind || kind->empty() || rest.empty()) return std::nullopt;
  return TaskKey{.tenant = read<TenantId>(key, 0), .kind = std::string(*kind), .key = std::string(rest)};
}

// kind counted, due 8, and the task's key in its own table
inline std::string of_task_kind(std::string_view kind) {
  std::string key;
  append_counted(key, kind);
  return key;
}
inline std::string of_task_due(std::string_view kind, WallMs due, std::string_view task) {
  auto key = of_task_kind(kind);
  append(key, static_cast<std::uint64_t>(due));
  key.append(task);
  return key;
}
struct TaskDue {
  WallMs at = 0;
  std::string_view task;
};
inline std::optional<TaskDue> task_due(std::string_view key) {
  if (!read_counted(key) || key.size() <= sizeof(WallMs)) return std::nullopt;
  return TaskDue{.at = read<WallMs>(key, 0), .task = key.substr(sizeof(WallMs))};
}

// tenant 4, stream counted, id 8; and by what a line is about: tenant 4, stream counted, key counted, id 8
inline std::string of_journal(TenantId tenant, std::string_view stream, std::uint64_t id) {
  std::string key;
  append(key, tenant);
  append_counted(key, stream);
  append(key, id);
  return key;
}
inline std::string of_journal_key(TenantId tenant, std::string_view stream, std::string_view about, std::uint64_t id) {
  std::string key;
  append(key, tenant);
  append_counted(key, stream);
  append_counted(key, about);
  append(key, id);
  return key;
}
struct JournalPlace {
  TenantId tenant = 0;
  std::string stream;
  std::uint64_t id = 0;
};
inline std::optional<JournalPlace> journal(std::string_view key) {
  if (key.size() < sizeof(TenantId)) return std::nullopt;
  auto rest = key.substr(sizeof(TenantId));
  const auto stream = read_counted(rest);
  if (!stream || rest.size() != sizeof(std::uint64_t)) return std::nullopt;
  return JournalPlace{
      .tenant = read<TenantId>(key, 0), .stream = std::string(*stream), .id = read<std::uint64_t>(rest, 0)};
}

// scope counted, the key itself; and expires 8, and that
inline std::string of_mark(std::string_view scope, std::string_view mark) {
  std::string key;
  append_counted(key, scope);
  key.append(mark);
  return key;
}
inline std::string of_mark_expiry(WallMs expires_at, std::string_view row) {
  std::string key;
  append(key, static_cast<std::uint64_t>(expires_at));
  key.append(row);
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
