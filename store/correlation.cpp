// SPDX-License-Identifier: MPL-2.0
#include "store/correlation.hpp"

namespace smsbridge::store {

std::string canonical_provider_id(std::string_view provider_id) {
  while (provider_id.size() > 1 && provider_id.front() == '0') provider_id.remove_prefix(1);
  std::string canonical(provider_id);
  for (char& c : canonical)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return canonical;
}

// FNV-1a over the canonical id, finished with a multiply-xorshift so that all 64 bits depend on all octets.
std::uint64_t Correlation::key(GatewayId gateway, std::string_view provider_id) {
  while (provider_id.size() > 1 && provider_id.front() == '0') provider_id.remove_prefix(1);
  // The gateway is mixed in by itself: joined with the first octet, ids "1..." of one and "2..." of the next were one
  // key.
  std::uint64_t hash = (0xcbf29ce484222325ull ^ gateway) * 0x100000001b3ull;
  for (const char c : provider_id) {
    hash ^= static_cast<std::uint8_t>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    hash *= 0x100000001b3ull;
  }
  hash ^= hash >> 32;
  hash *= 0x9E3779B97F4A7C15ull;
  return hash ^ hash >> 29;
}

const Correlation::Place* Correlation::find(GatewayId gateway, std::string_view provider_id) const {
  const auto it = places_.find(key(gateway, provider_id));
  return it == places_.end() ? nullptr : &it->second;
}

void Correlation::retire(GatewayId gateway, std::string_view provider_id) {
  const auto hash = key(gateway, provider_id);
  const auto it = places_.find(hash);
  if (it == places_.end()) return;
  finished_.emplace_back(hash, it->second.id);
  while (finished_.size() > finished_max) {
    const auto [old_hash, old_id] = finished_.front();
    finished_.pop_front();
    const auto old = places_.find(old_hash);
    if (old != places_.end() && old->second.id == old_id) places_.erase(old);
  }
}

}  // namespace smsbridge::store
