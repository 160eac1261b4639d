// SPDX-License-Identifier: MPL-2.0
#include "store/unreadable.hpp"

#include "store/keys.hpp"

namespace smsbridge::store {

std::string readable_key(std::string_view key) {
  if (key.size() == sizeof(MessageId)) return std::to_string(keys::id(key));
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char octet : key) {
    text += digits[static_cast<std::uint8_t>(octet) >> 4];
    text += digits[static_cast<std::uint8_t>(octet) & 15];
  }
  return text;
}

void UnreadableRecords::note(std::string_view table, std::string_view key, std::string_view why) {
  const std::lock_guard lock(mutex_);
  if (known_.size() >= known_max || !known_.emplace(table, key).second) return;
  any_ = true;
  untold_.push_back({.table = std::string(table), .key = readable_key(key), .why = std::string(why)});
}

bool UnreadableRecords::has(std::string_view table, std::string_view key) const {
  if (!any_) return false;
  const std::lock_guard lock(mutex_);
  return known_.contains(std::pair{std::string(table), std::string(key)});
}

std::vector<Unreadable> UnreadableRecords::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(untold_, {});
}

}  // namespace smsbridge::store
