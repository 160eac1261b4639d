// SPDX-License-Identifier: MPL-2.0
#include "bridge/delivery/under_way.hpp"

#include <algorithm>

#include "bridge/env/must.hpp"
#include "store/rules.hpp"

namespace smsbridge::bridge {
namespace {

constexpr std::size_t overdue_max = 4096;

// What national and international forms share, as a number.
std::uint64_t phone_key(std::string_view number) {
  std::uint64_t key = 0;
  for (const char c : store::phone_tail(number))
    key = key * 10 + static_cast<std::uint64_t>(c >= '0' && c <= '9' ? c - '0' : 0);
  return key;
}

std::uint64_t phone_of(const UnderWay::Sending& sending) { return phone_key(sending.attempt.message().content.to); }

}  // namespace

UnderWay::Order UnderWay::order_for(store::Lane lane, bool apart, std::uint64_t count) {
  if (apart) return behind_all | count;
  return lane == store::Lane::otp ? count : behind_one_time_passwords | count;
}

void UnderWay::hold_lanes(const Lanes& held) {
  held_ = held;
  // What is ready was counted by the lanes of before.
  ready_to_hold_ =
      static_cast<std::size_t>(std::ranges::count_if(ready_, [this](Order order) { return is_held(order); }));
}

UnderWay::Order UnderWay::add(Attempt&& attempt, std::unique_ptr<Channel::Outgoing> outgoing, Suspects::Apart apart) {
  outgoing->alone = apart == Suspects::Apart::alone;
  const auto lane = attempt.message().content.lane;
  const auto place = order_for(lane, false, ++claimed_count_);
  const auto order = order_for(lane, apart != Suspects::Apart::no, claimed_count_);
  ++phones_[phone_key(attempt.message().content.to)];
  sendings_.try_emplace(sendings_.end(), order, std::move(attempt), std::move(outgoing), 0, place);
  make_ready(order);
  return order;
}

UnderWay::Sending UnderWay::remove(Order order) {
  no_longer_ready(order);
  auto node = sendings_.extract(order);
  must(!node.empty(), "a message is settled that is not under way");
  const auto phone = phones_.find(phone_of(node.mapped()));
  must(phone != phones_.end(), "no phone is known of a message that is under way");
  if (--phone->second == 0) phones_.erase(phone);
  return std::move(node.mapped());
}

UnderWay::Sending* UnderWay::find(Order order) {
  const auto it = sendings_.find(order);
  return it == sendings_.end() ? nullptr : &it->second;
}

UnderWay::Sending* UnderWay::in_flight(std::uint64_t cookie) {
  auto* const sending = find(order_of(cookie));
  return sending && sending->attempt.is_in_flight(part_of(cookie)) ? sending : nullptr;
}

void UnderWay::make_ready(Order order) {
  if (!ready_.insert(order).second) return;
  if (goes_apart(order)) ++ready_apart_;
  if (is_held(order)) ++ready_to_hold_;
}

void UnderWay::no_longer_ready(Order order) {
  if (ready_.erase(order) == 0) return;
  const bool held = is_held(order);
  must(ready_apart_ > 0 || !goes_apart(order), "fewer messages go apart than are ready to");
  must(ready_to_hold_ > 0 || !held, "fewer messages are ready in lanes that hold than there are");
  if (goes_apart(order)) --ready_apart_;
  if (held) --ready_to_hold_;
}

void UnderWay::move(Order order, Order to) {
  no_longer_ready(order);
  auto node = sendings_.extract(order);
  node.key() = to;
  must(sendings_.insert(std::move(node)).inserted, "two messages have one place");
  make_ready(to);
}

void UnderWay::move_to_its_place(Order order) { move(order, sendings_.at(order).place); }

void UnderWay::stand_back(Order order) { move(order, order_for(sendings_.at(order).lane(), true, ++claimed_count_)); }

bool UnderWay::is_to(std::string_view phone) const {
  return phone.empty() ? !sendings_.empty() : phones_.contains(phone_key(phone));
}

bool UnderWay::is_waited_for(Order order, const Sending& sending) {
  return !goes_apart(order) || (sending.throttled > 0 && sending.throttled < waited_for_max);
}

bool UnderWay::follows_another(Order order) const {
  const auto& own = sendings_.at(order);
  const auto phone = phone_of(own);
  if (phones_.find(phone)->second == 1) return false;
  return std::ranges::any_of(sendings_, [&](const auto& each) {
    return each.second.place < own.place && phone_of(each.second) == phone && is_waited_for(each.first, each.second);
  });
}

bool UnderWay::others_follow_apart() const {
  std::set<std::uint64_t> phones;
  for (auto it = sendings_.lower_bound(behind_all); it != sendings_.end(); ++it)
    if (is_waited_for(it->first, it->second)) phones.insert(phone_of(it->second));
  return !phones.empty() && std::all_of(ready_.begin(), first_apart(),
                                        [&](Order order) { return phones.contains(phone_of(sendings_.at(order))); });
}

void UnderWay::note_overdue(std::uint64_t cookie, Overdue overdue) {
  overdue_[cookie] = overdue;
  if (overdue_.size() > overdue_max) overdue_.erase(overdue_.begin());
}

std::optional<UnderWay::Overdue> UnderWay::take_overdue(std::uint64_t cookie) {
  const auto it = overdue_.find(cookie);
  if (it == overdue_.end()) return std::nullopt;
  const auto overdue = it->second;
  overdue_.erase(it);
  return overdue;
}

void UnderWay::check() const {
  must(std::ranges::all_of(ready_, [this](Order order) { return sendings_.contains(order); }),
       "a message is ready that is not under way");
  must(std::ranges::count_if(ready_, goes_apart) == static_cast<std::ptrdiff_t>(ready_apart_),
       "the count of messages that go apart");
  must(std::ranges::count_if(ready_, [this](Order order) { return is_held(order); }) ==
           static_cast<std::ptrdiff_t>(ready_to_hold_),
       "the count of ready messages in lanes that hold");
  std::size_t to_phones = 0;
  for (const auto& [phone, messages] : phones_) to_phones += messages;
  must(to_phones == sendings_.size(), "the count of messages by phone");
}

}  // namespace smsbridge::bridge
