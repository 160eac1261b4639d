// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bridge/config/prices.hpp"
#include "bridge/config/route.hpp"
#include "bridge/env/random.hpp"
#include "bridge/policy/outcome.hpp"
#include "bridge/policy/pace.hpp"
#include "bridge/policy/retry.hpp"
#include "store/changes.hpp"
#include "store/settlement.hpp"

namespace smsbridge::bridge {

// One claimed message, what was answered of each of its parts, and the one outcome that follows. Pure: times are
// arguments, and whatever else decides comes with settle(). Parts are numbered from 0 and sent in order.
class Attempt {
 public:
  // What an earlier attempt brought to the carrier is not sent again. `parts` are those of the form in which it leaves.
  Attempt(store::Claimed message, std::size_t parts);

  const store::Claimed& message() const { return message_; }
  // The part to submit now; nothing: all were, or the rest is not to be sent.
  std::optional<std::size_t> next() const;
  bool is_last(std::size_t part) const { return part + 1 == parts_.size(); }
  bool is_in_flight(std::size_t part) const;
  std::size_t in_flight() const { return in_flight_; }
  std::size_t parts() const { return parts_.size(); }
  Time submitted_at(std::size_t part) const { return parts_[part].submitted_at; }
  Pace::Before before(std::size_t part) const { return parts_[part].before; }

  // `before`: what had no answer at that time.
  void submitted(std::size_t part, Time now, Pace::Before before = Pace::Before());
  // Of a part in flight: what came of it, or that it was surely not taken and keeps its place.
  void answered(std::size_t part, Answer answer);
  void not_taken(std::size_t part);
  // A part that cannot be submitted at all.
  void unfit(std::size_t part, std::string why);
  // The rest is not sent: it was stopped from outside, or its validity ended.
  void stop() { stopped_ = true; }
  void expire() { stopped_ = expired_ = true; }
  // It is not to leave before then.
  void postpone(WallMs until, std::string why) {
    stopped_ = true;
    not_before_ = until;
    why_later_ = std::move(why);
  }

  // Nothing more comes of it: settle() has its outcome.
  bool is_over() const;
  // A part of it left, or is on its way.
  bool has_begun() const { return std::ranges::any_of(parts_, &Part::submitted); }
  // No part is, or may be, at a carrier.
  bool is_untouched() const;
  bool is_refused() const { return first(Part::State::refused) != nullptr; }

  // What an attempt is judged by.
  struct Judge {
    store::GatewayId gateway = 0;
    const Prices& prices;
    const RetryPolicy& retry;
    const RouteSettings* route = nullptr;  // that it was accepted for; nullptr: none, or it is gone
    WallMs receipt_wait_ms = 0;
    bool failures_only = false;  // no receipt is no reason to send it again
    bool can_repeat = false;     // the peer knows repetitions: an unanswered message goes out again as after any fault
    bool alone = false;          // nothing else was under way on its connection
    WallMs now = 0;
    Random& random;
    std::function<bool(std::string_view provider_id)> reports;  // a receipt can come for it
    // The gateway that takes it instead, 0: none. Asked where one is wanted only; by plan: whether or not it can send.
    std::function<store::GatewayId(bool by_plan)> elsewhere;
  };
  store::Settlement settle(const Judge& judge) const;
  // What was lost together with others goes out once more, by itself: if that ends it as well, it was the cause.
  bool was_lost_with_others(bool alone) const { return !is_refused() && with_connection_ && !alone; }

 private:
  struct Part {
    enum class State : std::uint8_t { waiting, in_flight, accepted, temporary, refused, unknown };
    State state = State::waiting;
    bool submitted = false;  // by this attempt
    Time submitted_at{};
    Pace::Before before{};
    Answer answer{};
  };
  const Part* first(Part::State state) const;
  std::vector<store::Segment> segments() const;
  std::optional<Price> price(const Judge& judge) const;
  store::Settlement taken(const Judge& judge, store::Settlement settlement) const;
  store::Settlement not_taken(const Judge& judge, store::Settlement settlement) const;

  store::Claimed message_;
  std::vector<Part> parts_;
  std::size_t in_flight_ = 0;
  bool stopped_ = false;          // the rest is not sent
  bool expired_ = false;          // its validity ended before all parts were sent
  bool with_connection_ = false;  // a part of it was lost with its connection
  WallMs not_before_ = 0;         // 0: it was not put off
  std::string why_later_;
};

}  // namespace smsbridge::bridge
