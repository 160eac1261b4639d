// SPDX-License-Identifier: MPL-2.0
#include "store/correlation.hpp"

#include <algorithm>

namespace smsbridge::store {

namespace {

std::string_view without_zeros(std::string_view provider_id) {
  while (provider_id.size() > 1 && provider_id.front() == '0') provider_id.remove_prefix(1);
  return provider_id;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::string canonical_provider_id(std::string_view provider_id) {
  std::string canonical(without_zeros(provider_id));
  std::ranges::transform(canonical, canonical.begin(), lower);
  return canonical;
}

bool same_provider_id(std::string_view a, std::string_view b) {
  return std::ranges::equal(without_zeros(a), without_zeros(b), {}, lower, lower);
}

// FNV-1a over the canonical id, finished with a multiply-xorshift so that all 64 bits depend on all octets.
std::uint64_t Correlation::key(GatewayId gateway, std::string_view provider_id) {
  // The gateway is mixed in by itself: joined with the first octet, ids "1..." of one and "2..." of the next were one
  // key.
  std::uint64_t hash = (0xcbf29ce484222325ull ^ gateway) * 0x100000001b3ull;
  for (const char c : without_zeros(provider_id)) {
    hash ^= static_cast<std::uint8_t>(lower(c));
    hash *= 0x100000001b3ull;
  }
  hash ^= hash >> 32;
  hash *= 0x9E3779B97F4A7C15ull;
  return hash ^ hash >> 29;
}

void Correlation::add(GatewayId gateway, std::string_view provider_id, Place place) {
  const auto hash = key(gateway, provider_id);
  const auto [it, inserted] = newest_.try_emplace(hash, place);
  if (inserted) return;
  if (it->second.id != place.id) older_.emplace(hash, it->second);
  it->second = place;
}

std::vector<Correlation::Place> Correlation::find(GatewayId gateway, std::string_view provider_id) const {
  const auto hash = key(gateway, provider_id);
  std::vector<Place> places;
  if (const auto it = newest_.find(hash); it != newest_.end()) places.push_back(it->second);
  if (older_.empty()) return places;
  const auto [begin, end] = older_.equal_range(hash);
  for (auto it = begin; it != end; ++it) places.push_back(it->second);
  std::ranges::sort(places, std::ranges::greater{}, &Place::id);
  return places;
}

void Correlation::retire(GatewayId gateway, std::string_view provider_id, MessageId id) {
  finished_.emplace_back(key(gateway, provider_id), id);
  for (; finished_.size() > finished_max; finished_.pop_front())
    forget(finished_.front().first, finished_.front().second);
}

void Correlation::forget(std::uint64_t hash, MessageId id) {
  if (const auto it = newest_.find(hash); it != newest_.end() && it->second.id == id) newest_.erase(it);
  const auto [begin, end] = older_.equal_range(hash);
  for (auto it = begin; it != end;) it = it->second.id == id ? older_.erase(it) : std::next(it);
}

}  // namespace smsbridge::store
