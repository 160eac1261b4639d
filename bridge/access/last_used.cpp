// SPDX-License-Identifier: MPL-2.0
#include "bridge/access/last_used.hpp"

#include <charconv>

#include "bridge/access/keys.hpp"
#include "bridge/env/log.hpp"

namespace smsbridge::bridge {
namespace {

constexpr store::WallMs keep_every_ms = 60'000;

}  // namespace

void LastUsed::note(const std::string& key, store::WallMs now, bool of_settings) {
  const std::lock_guard lock(mutex_);
  uses_[key] = {.at = now, .of_settings = of_settings};
}

void LastUsed::forget(const std::string& prefix) {
  const std::lock_guard lock(mutex_);
  std::erase_if(uses_, [&](const auto& entry) { return entry.first.starts_with(prefix); });
}

store::WallMs LastUsed::at(const std::string& key) const {
  {
    const std::lock_guard lock(mutex_);
    if (const auto it = uses_.find(key); it != uses_.end()) return it->second.at;
  }
  store::WallMs at = 0;
  if (const auto kept = store_.reader().object(use_of(key)))
    std::from_chars(kept->value.data(), kept->value.data() + kept->value.size(), at);
  return at;
}

// Of a key that was removed meanwhile, perhaps by another program, nothing is kept: nobody would ever remove it.
store::Batch LastUsed::unkept() {
  store::Batch batch;
  const auto& reader = store_.reader();
  const std::lock_guard lock(mutex_);
  for (auto it = uses_.begin(); it != uses_.end() && batch.objects.size() < store::batch_items_max;) {
    auto& [key, use] = *it;
    const bool is_gone = !use.is_kept && !use.of_settings && !reader.object(key);
    if (!std::exchange(use.is_kept, true) && !is_gone)
      batch.objects.push_back({.key = use_of(key), .value = std::to_string(use.at), .expected = {}});
    it = is_gone ? uses_.erase(it) : std::next(it);
  }
  return batch;
}

void LastUsed::keep(store::WallMs now, const boost::asio::any_io_executor& executor) {
  if (now >= kept_at_ && now - kept_at_ < keep_every_ms) return;
  kept_at_ = now;
  if (auto batch = unkept(); batch.size() > 0) store_.commit(std::move(batch), executor, [](const auto&) {});
}

void LastUsed::keep_all() try {
  if (auto batch = unkept(); batch.size() > 0) store_.commit_and_wait(std::move(batch));
} catch (const std::exception& error) {
  log::warn("access", "when keys were used last could not be kept", "why", error.what());
}

}  // namespace smsbridge::bridge
