// SPDX-License-Identifier: MPL-2.0
#include "bridge/delivery/turns.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;

constexpr int throttled_max = 2;  // so often the same message before another is tried
constexpr Duration throttled_wait = 750ms;
constexpr Duration blamed_wait = 5s;  // for another message, before the one is tried again that blamed the way out

}  // namespace

void Turns::run(Channel& channel) {
  auto& under_way = context_.under_way;
  const auto now = context_.clock.now();
  const Moment moment{
      .channel = channel, .now = now, .wall = context_.clock.wall(), .throttled = context_.pace.may_throw_back(now)};
  bool apart_wait = under_way.ready_apart() == 0;  // for another time: the others need not ask again and again
  for (;;) {
    if (!apart_wait && (turn_of_apart_ || under_way.ready_others() == 0)) {
      const auto turn = submit_apart(moment);
      apart_wait = turn == Turn::waits;
      if (turn == Turn::none) break;
      if (turn == Turn::went) {
        turn_of_apart_ = false;
        continue;
      }
    }
    if (submit_others(moment) == Turn::went) continue;
    if (under_way.ready_apart() == 0 || std::exchange(turn_of_apart_, true)) break;
  }
}

void Turns::again_at(Time due) { timer_->at(due, owner_.again); }

// What has no answer just now: sessions have a window each.
Pace::Before Turns::before_of(const Channel& channel) const {
  const auto capacity = channel.capacity();
  return {.unanswered = capacity - std::min(capacity, channel.room()),
          .sessions = std::max<std::size_t>(1, capacity / std::max<std::size_t>(1, context_.pace.window()))};
}

// The first that can go; a message whose parts wait for their bind holds up no other.
Turns::Turn Turns::submit_others(const Moment& moment) {
  const auto& ready = context_.under_way.ready();
  for (auto it = ready.begin(); it != ready.end() && !UnderWay::goes_apart(*it); ++it)
    if (const auto turn = submit_next(*it, moment); turn != Turn::waits) return turn;
  return Turn::waits;
}

// Those that wait for a bind of their own at any time. The others return to their places once the way out has shown
// that it takes messages, and are tried when there is no other to show it.
Turns::Turn Turns::submit_apart(const Moment& moment) {
  auto& under_way = context_.under_way;
  const auto now = moment.now;
  const bool no_other = (under_way.ready_others() == 0 || (moment.throttled && under_way.others_follow_apart())) &&
                        !owner_.more_may_come();
  std::optional<Time> earliest;
  for (auto it = under_way.first_apart(); it != under_way.ready().end(); ++it) {
    const auto& sending = under_way.at(*it);
    const auto id = sending.id();
    const auto expires = sending.attempt.message().expires_at;
    if (!sending.outgoing->alone && !(expires && expires <= moment.wall)) {
      const bool cleared = suspects_.apart(id) == Suspects::Apart::no || suspects_.others_passed(id, now);
      if (cleared && sending.attempt.in_flight() == 0) {
        under_way.move_to_its_place(*it);
        return Turn::went;
      }
      const auto due = suspects_.try_at(id);
      if (due > now) earliest = std::min(earliest.value_or(due), due);
      if (due > now || !no_other) continue;
    }
    if (const auto turn = submit_next(*it, moment); turn != Turn::waits) return turn;
  }
  if (earliest) apart_timer_->at(*earliest, owner_.again);
  return Turn::waits;
}

Turns::Turn Turns::submit_next(UnderWay::Order order, const Moment& moment) {
  auto& under_way = context_.under_way;
  auto& channel = moment.channel;
  auto& sending = under_way.at(order);
  auto& attempt = sending.attempt;
  const auto part = attempt.next();
  if (!part) {
    under_way.no_longer_ready(order);
    if (attempt.in_flight() == 0) owner_.is_over(order);
    return Turn::went;
  }
  if (const auto expires = attempt.message().expires_at; expires && expires <= moment.wall) {
    attempt.expire();  // never sent after its validity
    return Turn::went;
  }
  if (*part == 0 && owner_.why_not) {
    if (auto why = owner_.why_not(attempt.message()); !why.empty()) {
      attempt.unfit(*part, std::move(why));
      return Turn::went;
    }
  }
  if (!attempt.has_begun() && owner_.later) {
    if (const auto quiet = owner_.later(attempt.message())) {
      attempt.postpone(quiet->until, quiet->words());
      return Turn::went;
    }
  }
  // One that is thrown back must not be passed by a later one to its phone that was on its way as well.
  if (moment.throttled && *part == 0 && under_way.follows_another(order)) return Turn::waits;
  if (!channel.has_room_for(*sending.outgoing)) {
    if (channel.room() > 0) return Turn::waits;
    context_.pace.is_full();
    return Turn::none;
  }
  if (const auto later = context_.pace.take(moment.now)) {
    again_at(*later);
    return Turn::none;
  }
  const auto before = before_of(channel);
  switch (channel.submit(UnderWay::cookie_of(order, *part), *sending.outgoing, *part)) {
    case Channel::Submitted::yes:
      break;
    case Channel::Submitted::invalid:
      attempt.unfit(*part, "the message does not fit the protocol's fields; check sender and number");
      return Turn::went;
    case Channel::Submitted::no_room:
      return Turn::none;
  }
  attempt.submitted(*part, moment.now, before);
  owner_.went(attempt);
  if (attempt.is_last(*part)) under_way.no_longer_ready(order);
  return Turn::went;
}

// ---- what comes back ----

// What is taken, or refused for its own sake, shows that the way out is not at fault.
void Turns::answered(std::uint64_t cookie, const UnderWay::Sending& sending, const Answer& answer) {
  using Kind = Answer::Kind;
  const auto now = context_.clock.now();
  const auto part = UnderWay::part_of(cookie);
  const auto submitted_at = sending.attempt.submitted_at(part);
  if (answer.kind != Kind::unknown) context_.pace.answered(now, now - submitted_at, sending.attempt.before(part));
  if (answer.kind == Kind::accepted || answer.kind == Kind::refused) suspects_.cleared(sending.id());
  if (answer.kind == Kind::accepted || (answer.kind == Kind::refused && answer.elsewhere))
    suspects_.passed(submitted_at);
}

void Turns::not_taken(std::uint64_t cookie, UnderWay::Sending& sending) {
  sending.attempt.not_taken(UnderWay::part_of(cookie));
  context_.under_way.make_ready(UnderWay::order_of(cookie));
}

// Twice in a row the same one: the next that goes out is another, and this one waits ever longer for it.
bool Turns::throttled(std::uint64_t cookie, UnderWay::Sending& sending, Duration pause, Channel& channel) {
  const auto part = UnderWay::part_of(cookie);
  const auto now = context_.clock.now(), submitted_at = sending.attempt.submitted_at(part);
  context_.pace.throttled(now, submitted_at, pause, sending.attempt.before(part));
  const bool all = suspects_.throttled(sending.id());
  const bool another = ++sending.throttled >= throttled_max && !all && sending.attempt.in_flight() == 1;
  if (another) {
    suspects_.blamed(sending.id(), submitted_at, now,
                     std::max(pause, throttled_wait) * (1 << std::min(sending.throttled - 1, 5)));
    // Nobody could show anything while it keeps a bind for itself.
    if (std::exchange(sending.outgoing->alone, false)) channel.done_with(*sending.outgoing);
  }
  not_taken(cookie, sending);
  if (another) stand_back(UnderWay::order_of(cookie));
  return another;
}

Channel::Owner::Blame Turns::blamed(std::uint64_t cookie, UnderWay::Sending& sending) {
  const auto blamed = suspects_.blamed(sending.id(), sending.attempt.submitted_at(UnderWay::part_of(cookie)),
                                       context_.clock.now(), blamed_wait);
  sending.throttled = 0;
  not_taken(cookie, sending);
  stand_back(UnderWay::order_of(cookie));
  switch (blamed) {
    case Suspects::Blamed::first:
      return Channel::Owner::Blame::way_out;
    case Suspects::Blamed::known:
      return Channel::Owner::Blame::known;
    case Suspects::Blamed::again:
      break;
  }
  return Channel::Owner::Blame::way_out_again;
}

// Behind all others. Not while other parts of it are under way.
void Turns::stand_back(UnderWay::Order order) {
  if (context_.under_way.at(order).attempt.in_flight() == 0) context_.under_way.stand_back(order);
}

}  // namespace smsbridge::bridge
