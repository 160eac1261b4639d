// SPDX-License-Identifier: MPL-2.0
#include "bridge/intake/same_texts.hpp"

#include <algorithm>
#include <mutex>
#include <span>
#include <vector>

namespace smsbridge::bridge {
namespace {

constexpr std::size_t groups = 1u << 16, of_group = 4;  // 4 MiB
constexpr std::uint32_t day_s = 86'400;

}  // namespace

class SameTexts::Table {
 public:
  bool take(std::uint64_t text, std::uint32_t most, std::uint32_t now_s) {
    const std::lock_guard lock(mutex_);
    if (entries_.empty()) entries_.resize(groups * of_group);
    if (auto* const seen = find(text); seen && now_s - seen->since_s < day_s) {
      if (seen->count >= most) return false;
      ++seen->count;
      return true;
    } else if (seen) {
      *seen = {.text = text, .since_s = now_s, .count = 1};
      return true;
    }
    auto& least = *std::ranges::min_element(group_of(text), {}, [now_s](const Entry& e) {
      return std::pair(now_s - e.since_s < day_s ? e.count : 0, e.since_s);
    });
    least = {.text = text, .since_s = now_s, .count = 1};
    return true;
  }
  void give_back(std::uint64_t text) {
    const std::lock_guard lock(mutex_);
    if (auto* const seen = find(text)) --seen->count;
  }

 private:
  struct Entry {
    std::uint64_t text = 0;
    std::uint32_t since_s = 0, count = 0;  // 0: nothing stands here
  };
  std::span<Entry> group_of(std::uint64_t text) {
    return std::span(entries_).subspan(text % groups * of_group, of_group);
  }
  Entry* find(std::uint64_t text) {
    const auto group = group_of(text);
    const auto it = std::ranges::find_if(group, [text](const Entry& e) { return e.count > 0 && e.text == text; });
    return it == group.end() ? nullptr : &*it;
  }

  std::mutex mutex_;            // guards entries_
  std::vector<Entry> entries_;  // in groups, of which a text has one; made when the first text comes
};

SameTexts::SameTexts() : table_(std::make_shared<Table>()) {}

SameTexts::Place::~Place() {
  if (table_) table_->give_back(text_);
}

std::optional<SameTexts::Place> SameTexts::take(std::uint64_t text, std::uint32_t most, Time now) {
  const auto now_s =
      static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count());
  if (!table_->take(text, most, now_s)) return std::nullopt;
  return Place(table_, text);
}

}  // namespace smsbridge::bridge
