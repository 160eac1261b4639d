// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "bridge/delivery/attempt.hpp"
#include "bridge/delivery/channel.hpp"
#include "bridge/policy/suspects.hpp"

namespace smsbridge::bridge {

// What a gateway claimed and has not settled: the order in which it goes out, what of it is ready to go, to which
// phones it is, and which answers are overdue. Its counts are true at any time; see check().
//
// One-time passwords go first, then the others by the order of claiming: a throttled message goes back to its own
// place. Behind all of them are those that may be at fault, see Suspects.
class UnderWay {
 public:
  using Order = std::uint64_t;
  struct Sending {
    Attempt attempt;
    std::unique_ptr<Channel::Outgoing> outgoing;
    int throttled = 0;  // how often in a row
    Order place = 0;    // its own, when it does not stand back
    store::Lane lane() const { return attempt.message().content.lane; }
    store::MessageId id() const { return attempt.message().id; }
  };
  using Lanes = std::array<bool, store::lane_count>;

  // Lanes whose messages are held when in doubt.
  void hold_lanes(const Lanes& held);

  // It is ready at once.
  Order add(Attempt&& attempt, std::unique_ptr<Channel::Outgoing> outgoing, Suspects::Apart apart);
  Sending remove(Order order);
  Sending& at(Order order) { return sendings_.at(order); }
  Sending* find(Order order);
  const std::map<Order, Sending>& all() const { return sendings_; }
  std::size_t size() const { return sendings_.size(); }

  void make_ready(Order order);
  void no_longer_ready(Order order);
  const std::set<Order>& ready() const { return ready_; }
  std::set<Order>::const_iterator first_apart() const { return ready_.lower_bound(behind_all); }
  static bool goes_apart(Order order) { return order >= behind_all; }
  std::size_t ready_apart() const { return ready_apart_; }
  std::size_t ready_others() const { return ready_.size() - ready_apart_; }
  std::size_t ready_to_hold() const { return ready_to_hold_; }  // in lanes whose messages are held when in doubt

  void move_to_its_place(Order order);
  void stand_back(Order order);  // behind all others

  bool is_to(std::string_view phone) const;  // empty: to anybody
  // Another message to its phone has its place before it, also where that stands back because it was throttled, but not
  // too often. Looks through all where there are two to that phone.
  bool follows_another(Order order) const;
  // Of those that are ready, all that do not stand back are to phones of such.
  bool others_follow_apart() const;

  // A part of a message, as the channel knows it.
  static std::uint64_t cookie_of(Order order, std::size_t part) { return order << part_bits | part; }
  static Order order_of(std::uint64_t cookie) { return cookie >> part_bits; }
  static std::size_t part_of(std::uint64_t cookie) { return cookie & ((1u << part_bits) - 1); }
  // nullptr: no part of that name is in flight.
  Sending* in_flight(std::uint64_t cookie);

  // Which message a part belonged to whose answer came too late.
  struct Overdue {
    store::MessageId id = 0;
    std::uint16_t attempt = 0;
  };
  void note_overdue(std::uint64_t cookie, Overdue overdue);
  std::optional<Overdue> take_overdue(std::uint64_t cookie);

  // Counts anew what is kept as sums, and stops the process where one is wrong.
  void check() const;

 private:
  // Orders have 56 bits, which leaves 8 for the part.
  static constexpr int part_bits = 8;
  static constexpr int waited_for_max = 5;  // so often throttled in a row it is passed, after some ten seconds
  static constexpr Order behind_one_time_passwords = Order{1} << 54, behind_all = Order{1} << 55;
  static Order order_for(store::Lane lane, bool apart, std::uint64_t count);
  // Not what is blamed, nor for ever: without another message nobody could show whose fault it is.
  static bool is_waited_for(Order order, const Sending& sending);
  void move(Order order, Order to);
  bool is_held(Order order) const { return held_[static_cast<std::size_t>(sendings_.at(order).lane())]; }

  std::map<Order, Sending> sendings_;
  std::set<Order> ready_;
  std::size_t ready_to_hold_ = 0, ready_apart_ = 0;
  Lanes held_{};
  std::uint64_t claimed_count_ = 0;
  boost::unordered_flat_map<std::uint64_t, std::uint32_t> phones_;  // to which messages are under way
  std::map<std::uint64_t, Overdue> overdue_;
};

}  // namespace smsbridge::bridge
