// SPDX-License-Identifier: MPL-2.0
#include "bridge/intake/same_texts.hpp"

#include <algorithm>
#include <span>

namespace smsbridge::bridge {
namespace {

constexpr std::size_t groups = 1u << 16, of_group = 4;  // 4 MiB
constexpr std::uint32_t day_s = 86'400;

}  // namespace

SameTexts::Entry* SameTexts::find(std::uint64_t text) {
  if (entries_.empty()) return nullptr;
  const auto group = std::span(entries_).subspan(text % groups * of_group, of_group);
  const auto it = std::ranges::find_if(group, [text](const Entry& e) { return e.count > 0 && e.text == text; });
  return it == group.end() ? nullptr : &*it;
}

std::optional<SameTexts::Place> SameTexts::take(std::uint64_t text, std::uint32_t most, Time now) {
  const auto now_s =
      static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count());
  const std::lock_guard lock(mutex_);
  if (entries_.empty()) entries_.resize(groups * of_group);
  if (auto* const seen = find(text); seen && now_s - seen->since_s < day_s) {
    if (seen->count >= most) return std::nullopt;
    ++seen->count;
    return Place(*this, text);
  } else if (seen) {
    *seen = {.text = text, .since_s = now_s, .count = 1};
    return Place(*this, text);
  }
  const auto group = std::span(entries_).subspan(text % groups * of_group, of_group);
  auto& least = *std::ranges::min_element(
      group, {}, [now_s](const Entry& e) { return std::pair(now_s - e.since_s < day_s ? e.count : 0, e.since_s); });
  least = {.text = text, .since_s = now_s, .count = 1};
  return Place(*this, text);
}

void SameTexts::give_back(std::uint64_t text) {
  const std::lock_guard lock(mutex_);
  if (auto* const seen = find(text)) --seen->count;
}

}  // namespace smsbridge::bridge
