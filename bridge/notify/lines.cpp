// SPDX-License-Identifier: MPL-2.0
#include "bridge/notify/lines.hpp"

#include <algorithm>

#include "bridge/notify/event.hpp"

namespace smsbridge::bridge {

void Lines::add(store::ClaimedTask task) {
  auto& line = lines_[std::string(event_about(task.task.key))];
  auto& delivery = line.emplace_back(std::make_unique<Delivery>(Delivery{.task = std::move(task), .number = ++last_}));
  times_.emplace(delivery->number, event_at(delivery->task.task.key));
  if (line.size() == 1) ready_.emplace(delivery->number, delivery.get());
}

void Lines::wake(Time now) {
  while (!waiting_.empty() && waiting_.begin()->first <= now) {
    auto* const delivery = waiting_.begin()->second;
    waiting_.erase(waiting_.begin());
    ready_.emplace(delivery->number, delivery);
  }
}

std::vector<Delivery*> Lines::take(std::size_t most, Time now) {
  wake(now);
  std::vector<Delivery*> taken;
  while (taken.size() < most && !ready_.empty()) {
    taken.push_back(ready_.begin()->second);
    ready_.erase(ready_.begin());
  }
  return taken;
}

void Lines::put_back(Delivery& delivery, Time due) { waiting_.emplace(due, &delivery); }

store::ClaimedTask Lines::end(Delivery& delivery) {
  const auto it = lines_.find(event_about(delivery.task.task.key));
  auto& line = it->second;
  times_.erase(delivery.number);
  auto task = std::move(line.front()->task);
  line.pop_front();
  if (line.empty())
    lines_.erase(it);
  else
    ready_.emplace(line.front()->number, line.front().get());
  return task;
}

Delivery* Lines::take_older(WallMs than, Time now) {
  wake(now);
  const auto it =
      std::ranges::find_if(ready_, [&](const auto& each) { return event_at(each.second->task.task.key) < than; });
  if (it == ready_.end()) return nullptr;
  auto* const delivery = it->second;
  ready_.erase(it);
  return delivery;
}

Delivery* Lines::take_waiting(std::size_t most) {
  if (waiting_.size() <= most) return nullptr;
  const auto it = std::ranges::min_element(waiting_, {}, [](const auto& each) { return each.second->number; });
  auto* const delivery = it->second;
  waiting_.erase(it);
  return delivery;
}

std::optional<Time> Lines::next_due() const {
  if (waiting_.empty()) return std::nullopt;
  return waiting_.begin()->first;
}

std::vector<store::ClaimedTask> Lines::take_all() {
  std::vector<store::ClaimedTask> all;
  for (auto& [about, line] : lines_)
    for (auto& delivery : line) all.push_back(std::move(delivery->task));
  *this = {};
  return all;
}

}  // namespace smsbridge::bridge
