// SPDX-License-Identifier: MPL-2.0
#include "bridge/delivery/attempt.hpp"

#include <algorithm>
#include <utility>

#include "store/rules.hpp"

namespace smsbridge::bridge {

Attempt::Attempt(store::Claimed message, std::size_t parts) : message_(std::move(message)), parts_(parts) {
  const auto& earlier = message_.segments;
  for (std::size_t i = 0; i < parts_.size() && earlier.size() == parts_.size(); ++i)
    if (earlier[i].state != store::SegmentState::unsent) {
      parts_[i].state = Part::State::accepted;
      parts_[i].answer.provider_ids = {earlier[i].provider_id};
    }
}

std::optional<std::size_t> Attempt::next() const {
  const auto* part = stopped_ ? nullptr : first(Part::State::waiting);
  return part ? std::optional(static_cast<std::size_t>(part - parts_.data())) : std::nullopt;
}

bool Attempt::is_in_flight(std::size_t part) const {
  return part < parts_.size() && parts_[part].state == Part::State::in_flight;
}

void Attempt::submitted(std::size_t part, Time now, Pace::Before before) {
  parts_[part].state = Part::State::in_flight;
  parts_[part].submitted = true;
  parts_[part].submitted_at = now;
  parts_[part].before = before;
  ++in_flight_;
}

void Attempt::answered(std::size_t part, Answer answer) {
  using Kind = Answer::Kind;
  --in_flight_;
  stopped_ = stopped_ || answer.kind != Kind::accepted;
  with_connection_ = with_connection_ || answer.with_connection;
  parts_[part].state = answer.kind == Kind::accepted    ? Part::State::accepted
                       : answer.kind == Kind::temporary ? Part::State::temporary
                       : answer.kind == Kind::refused   ? Part::State::refused
                                                        : Part::State::unknown;
  parts_[part].answer = std::move(answer);
}

void Attempt::not_taken(std::size_t part) {
  --in_flight_;
  parts_[part].state = Part::State::waiting;
  parts_[part].submitted = false;
}

void Attempt::unfit(std::size_t part, std::string why) {
  parts_[part].state = Part::State::refused;
  parts_[part].answer.error = std::move(why);
  stopped_ = true;
}

bool Attempt::is_over() const { return in_flight_ == 0 && (stopped_ || !first(Part::State::waiting)); }

bool Attempt::is_untouched() const {
  return in_flight_ == 0 && !message_.in_doubt && store::untouched(message_.segments) &&
         std::ranges::all_of(parts_, [](const Part& p) { return p.state == Part::State::waiting && !p.submitted; });
}

const Attempt::Part* Attempt::first(Part::State state) const {
  const auto it = std::ranges::find(parts_, state, &Part::state);
  return it == parts_.end() ? nullptr : &*it;
}

std::vector<store::Segment> Attempt::segments() const {
  using enum store::SegmentState;
  std::vector<store::Segment> segments;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const auto& answer = parts_[i].answer;
    const auto* earlier = message_.segments.size() == parts_.size() ? &message_.segments[i] : nullptr;
    if (earlier && earlier->state != unsent) {
      segments.push_back(*earlier);
      continue;
    }
    const auto state = parts_[i].state == Part::State::accepted ? accepted : unsent;
    // Under the id of a doubtful attempt its receipt may still come.
    if (answer.provider_ids.empty())
      segments.push_back(
          {.state = state, .provider_id = earlier ? earlier->provider_id : std::string(), .error = answer.error});
    for (const auto& id : answer.provider_ids)
      segments.push_back({.state = state, .provider_id = id, .error = answer.error});
  }
  return segments;
}

// Of all its parts: what the provider says, unless the price list is in another currency, or else the price list. None:
// nobody says, which is not nothing.
std::optional<Price> Attempt::price(const Judge& judge) const {
  const auto currency = judge.prices.currency_of(judge.gateway);
  for (const auto& [state, submitted, at, before, answer] : parts_)
    if (const auto told = parse_money(answer.price); told && (currency.empty() || currency == answer.currency))
      return Price{.part = *told, .currency = answer.currency};
  const auto* price = judge.prices.find(judge.gateway, message_.content.to);
  if (!price) return std::nullopt;
  return Price{.part = price->part * message_.content.parts, .currency = price->currency};
}

store::Settlement Attempt::settle(const Judge& judge) const {
  store::Settlement settlement{
      .id = message_.id, .attempt = message_.attempt, .what = store::GivenBack{}, .segments = segments()};
  const bool complete = std::ranges::all_of(parts_, [](const Part& p) { return p.state == Part::State::accepted; });
  if (complete) return taken(judge, std::move(settlement));
  if (!is_refused() && !has_begun()) {
    settlement.segments.clear();
    // What ends before that time is there at its end, so that it is said then.
    const auto expires = message_.expires_at;
    settlement.what = store::GivenBack{.not_before = expires ? std::min(not_before_, expires) : not_before_};
    settlement.status_message = why_later_;
    return settlement;
  }
  if (expired_ && !is_refused() && !first(Part::State::unknown)) {
    settlement.what = store::Failed{.state = store::State::expired};
    settlement.status_message = "validity ended before all parts could be sent";
    return settlement;
  }
  return not_taken(judge, std::move(settlement));
}

store::Settlement Attempt::taken(const Judge& judge, store::Settlement settlement) const {
  store::Taken taken{.awaits_receipt = std::ranges::any_of(settlement.segments,
                                                           [&](const auto& s) { return judge.reports(s.provider_id); }),
                     .receipt_wait_ms = judge.receipt_wait_ms,
                     .parts = message_.content.parts};
  if (!taken.awaits_receipt) settlement.status_message = "taken by the carrier; no receipt is expected";
  if (judge.route && taken.awaits_receipt && !judge.failures_only)
    if (const auto silence = judge.route->no_receipt_after[static_cast<std::size_t>(message_.content.lane)];
        silence > 0) {
      taken.when_silent = judge.elsewhere(true);
      if (taken.when_silent) taken.receipt_wait_ms = std::min(taken.receipt_wait_ms, silence);
    }
  if (const auto cost = price(judge)) {
    taken.price = cost->part;
    taken.note = "price " + money_text(cost->part) + " " + cost->currency;
  }
  settlement.what = std::move(taken);
  return settlement;
}

store::Settlement Attempt::not_taken(const Judge& judge, store::Settlement settlement) const {
  const auto* refused = first(Part::State::refused);
  const auto* unknown = first(Part::State::unknown);
  const auto* reason = refused ? refused : unknown ? unknown : first(Part::State::temporary);
  const auto outcome = refused ? Outcome::refused : unknown ? Outcome::unknown : Outcome::temporary;
  settlement.status_message = reason ? reason->answer.error : "the connection was lost between two parts";
  // A provider that knows repetitions is asked again as after any fault.
  const bool repeats = unknown && judge.can_repeat;
  auto next =
      decide(judge.retry, repeats ? Outcome::temporary : outcome, message_.attempt - message_.attempts_before,
             message_.in_doubt && !was_lost_with_others(judge.alone), judge.now, message_.expires_at, judge.random);
  if ((repeats || message_.in_doubt) && std::holds_alternative<GiveUp>(next)) next = Hold{judge.retry.hold_ms};
  if (const auto* give_up = std::get_if<GiveUp>(&next)) {
    // Another carrier may take it, unless this one has a part of it, or perhaps has.
    const bool untouched = !message_.in_doubt && store::untouched(settlement.segments);
    const bool may_move = outcome == Outcome::temporary ||
                          (refused && refused->answer.elsewhere && judge.route && judge.route->after_refusal);
    if (const auto to = untouched && !unknown && may_move ? judge.elsewhere(false) : 0) {
      settlement.segments.clear();
      settlement.what = store::MovedTo{.gateway = to};
      return settlement;
    }
    if (outcome != Outcome::refused) settlement.status_message += std::string(" (") + give_up->why + ")";
    settlement.what = store::Failed{};
    return settlement;
  }
  if (const auto* hold = std::get_if<Hold>(&next))
    settlement.what = store::Held{.wait_ms = hold->wait_ms, .doubtful = unknown != nullptr, .repeatable = repeats};
  else
    settlement.what = store::RetryLater{
        .delay_ms = std::get<RetryAfter>(next).delay_ms, .doubtful = unknown != nullptr, .repeatable = repeats};
  return settlement;
}

}  // namespace smsbridge::bridge
