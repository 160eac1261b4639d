// SPDX-License-Identifier: MPL-2.0
#include <algorithm>

#include "store/keys.hpp"
#include "store/ledger.hpp"
#include "store/rules.hpp"

// Which message a receipt means, and what it says of it.
namespace smsbridge::store {
namespace {

// That no message which this process knows can be meant. Nothing: a message may come whose it is.
std::optional<Unmatched> certainty(Receipted receipt) {
  switch (receipt) {
    case Receipted::another_phone:
      return Unmatched::another_phone;
    case Receipted::ambiguous:
      return Unmatched::ambiguous;
    default:
      return std::nullopt;
  }
}

// "enroute, BUFFRED part 2 err:000"
std::string detail_of(const ReceiptRecorded& receipt, std::size_t part, std::size_t parts) {
  std::string detail(name(receipt.state));
  if (!receipt.word.empty() && receipt.word != "ENROUTE") detail += ", " + receipt.word;
  if (parts > 1) detail += " part " + std::to_string(part + 1);
  if (!receipt.error.empty()) detail += " err:" + receipt.error;
  return detail;
}

// On its way a message may be buffered, scheduled, accepted: each word is worth a line, once, and only some of them, so
// that a carrier that tells one every minute does not push out what became of the message.
bool is_another_word(const Progress& progress, const ReceiptRecorded& receipt, std::string_view detail) {
  constexpr std::ptrdiff_t words_max = 8;
  if (receipt.word.empty() || is_final(receipt.state)) return false;
  std::ptrdiff_t words = 0;
  for (const auto& event : progress.events) {
    if (event.kind != EventKind::receipt) continue;
    if (event.detail == detail) return false;
    ++words;
  }
  return words < words_max;
}

}  // namespace

Receipted Ledger::receipt(const ReceiptRecorded& change, lmdb::Transaction& txn, WallMs now) {
  // The receiving gateway knows only of what it sends itself; another by its account may have this one under way.
  const bool guesses = change.may_guess || change.usable > change.as_given;
  if (guesses && !change.account.empty() && is_sending(change)) {
    auto careful = change;
    careful.usable = std::min(change.usable, change.as_given);
    careful.may_guess = false;
    return receipt(careful, txn, now);
  }
  auto matched = match(change, txn, now);
  if (matched == Receipted::matched) return matched;
  // Message centres use ids again. What says nothing new of an old message may be the first word of one whose outcome
  // is not written yet: as long as any is being sent, it is kept.
  const bool repeated = matched == Receipted::repeated;
  const bool may_be_early = matched == Receipted::parked || is_sending(change);
  if (repeated && !may_be_early) return matched;
  if (!repeated && (receipt_for_named(change, txn, now) || receipt_for_held(change, txn, now)))
    return Receipted::matched;
  const auto given_up = may_be_early ? std::nullopt : certainty(matched);
  const auto parked = parked_.park({.receipt = change, .given_up = given_up}, txn, now);
  return parked == Receipted::parked && given_up ? matched : parked;
}

// Whether and how the receipt's addresses name the phone of a message. Most centres swap them for a receipt, some do
// not.
Ledger::Fit Ledger::fit(const ReceiptRecorded& change, std::string_view to) {
  if (change.destination.empty() || same_phone(change.destination, to)) return Fit::phone;
  return !change.other_address.empty() && same_phone(change.other_address, to) ? Fit::other_address : Fit::none;
}

// All messages that have this id, as far as they may be meant: where our own reference came back, only that one.
std::vector<Ledger::Candidate> Ledger::candidates(const ReceiptRecorded& change, std::string_view provider_id,
                                                  lmdb::Transaction& txn) const {
  std::vector<Candidate> found;
  for (const auto gateway : keys::gateways_of(change))
    for (const auto [id, segment] : correlation_.find(gateway, provider_id)) {
      if (change.message && change.message != id) continue;
      const auto owner = records_.owner(txn, id);
      auto progress = owner ? records_.progress(txn, id) : std::nullopt;
      if (!progress || segment >= progress->segments.size()) continue;
      if (!same_provider_id(progress->segments[segment].provider_id, provider_id)) continue;
      Stored stored{.queue = owner->queue, .progress = {}};
      if (progress->queue_gateway) stored.queue.gateway = progress->queue_gateway;
      stored.progress = std::move(*progress);
      found.push_back({.id = id, .fit = fit(change, owner->to), .stored = std::move(stored)});
    }
  std::ranges::sort(found, std::ranges::greater{}, &Candidate::id);  // newest first
  return found;
}

// matched, repeated (only ever of ids that say nothing new), or why no message has it.
Receipted Ledger::match(const ReceiptRecorded& change, lmdb::Transaction& txn, WallMs now) {
  auto result = Receipted::parked;
  for (std::size_t i = 0; i < change.provider_ids.size() && i < change.usable; ++i) {
    // What the id as it stands has said already is not said of another message by its conversion.
    if (result == Receipted::repeated && i >= change.as_given) break;
    const auto& provider_id = change.provider_ids[i];
    auto found = candidates(change, provider_id, txn);
    // The other address is believed of an id that nobody else has.
    const bool only_one = found.size() == 1 && i < change.as_given;
    if (only_one && found.front().fit == Fit::none) result = Receipted::another_phone;
    std::vector<Candidate*> changed;
    for (auto& candidate : found) {
      if (candidate.fit == Fit::none || (candidate.fit == Fit::other_address && !only_one)) continue;
      if (apply_receipt(candidate.stored.progress, provider_id, change, now))
        changed.push_back(&candidate);
      else
        result = Receipted::repeated;
    }
    if (changed.empty()) continue;
    // Without a phone to compare nothing tells two of them apart.
    if (changed.size() > 1 && change.destination.empty()) return Receipted::ambiguous;
    auto& [id, fits, stored] = *changed.front();
    // Also what ended for us keeps what is known of its parts: the last of them may still correct it.
    if (!conclude(txn, id, stored, now)) records_.write(txn, id, stored.progress);
    return Receipted::matched;
  }
  return result;
}

// Speaks of the part with this id; of several where a centre gave them the same one, or sends one receipt a message.
// False: it says nothing new. Another word for "on its way" is a line of the timeline and nothing else. A final state
// stays, but one that only we, or the carrier for want of knowledge, assumed gives way to a better one.
bool Ledger::apply_receipt(Progress& p, std::string_view provider_id, const ReceiptRecorded& receipt, WallMs now) {
  bool news = false;
  for (std::size_t i = 0; i < p.segments.size(); ++i) {
    auto& segment = p.segments[i];
    const bool named = !segment.provider_id.empty() && same_provider_id(segment.provider_id, provider_id);
    if (!named && (!receipt.whole_message || segment.state == SegmentState::unsent)) continue;
    if (segment.state == SegmentState::unsent) segment.state = SegmentState::accepted;  // its answer was lost
    const bool advances = !is_final(segment.state) && receipt.state > segment.state;
    const auto assumed = [](SegmentState state) {
      return state == SegmentState::unknown || state == SegmentState::sent;
    };
    const bool corrects = assumed(segment.state) && !assumed(receipt.state) && is_final(receipt.state);
    auto detail = detail_of(receipt, i, p.segments.size());
    if (!advances && !corrects && (is_final(segment.state) || !is_another_word(p, receipt, detail))) continue;
    news = true;
    if (advances || corrects) {
      segment.state = receipt.state;
      segment.error = receipt.error;
    }
    note(p, now, EventKind::receipt, receipt.gateway, std::move(detail));
  }
  return news;
}

// Ends the message when all of its parts ended; false: it was not written.
bool Ledger::conclude(lmdb::Transaction& txn, MessageId id, Stored& stored, WallMs now) {
  auto& p = stored.progress;
  const bool assumed_final = p.state == State::sent || p.state == State::unknown;
  if (p.segments.empty() || (is_final(p.state) && !assumed_final)) return false;
  if (!std::ranges::all_of(p.segments, [](const auto& segment) { return is_final(segment.state); })) return false;
  const auto* worst = worst_of(p);
  if (p.state == State::queued) return false;  // the parts that went are known; the others still wait for their turn
  end_wait(txn, id, p);
  finalise(txn, id, stored, state_of(worst->state), why_of(*worst), now);
  return true;
}

// The provider gave our own reference back, so the message is known, also where its id is not: an attempt that got no
// answer, or a provider that gives no ids.
bool Ledger::receipt_for_named(const ReceiptRecorded& change, lmdb::Transaction& txn, WallMs now) {
  if (!change.message || change.provider_ids.empty() || leases_.contains(change.message)) return false;
  auto stored = records_.stored(txn, change.message);
  if (!stored || !is_of_account(change, stored->queue.gateway) || stored->progress.attempts == 0) return false;
  auto& p = stored->progress;
  if (p.segments.size() > 1) return false;  // then each has its own id
  const bool named = !p.segments.empty() && !p.segments.front().provider_id.empty();
  const bool in_doubt = p.state == State::doubtful || (p.state == State::queued && (p.maybe_duplicate || named));
  if (p.segments.empty() || p.segments.front().state == SegmentState::unsent) {
    if (!in_doubt) return false;
    p.segments.assign(1, {.state = SegmentState::accepted, .provider_id = change.provider_ids.front(), .error = {}});
    correlate(change.message, p, stored->queue.gateway);
  } else if (change.attempt != p.attempts) {
    return false;  // of an earlier attempt, whose id nobody was told
  }
  auto& segment = p.segments.front();
  if (!apply_receipt(p, segment.provider_id, change, now)) return false;
  // While it is in doubt the id is a receipt's. It may have been another attempt's, and this one says more.
  if (in_doubt && !same_provider_id(segment.provider_id, change.provider_ids.front())) {
    segment.provider_id = change.provider_ids.front();
    correlate(change.message, p, stored->queue.gateway);
  }
  if (!conclude(txn, change.message, *stored, now)) records_.write(txn, change.message, p);
  return true;
}

bool Ledger::is_of_account(const ReceiptRecorded& receipt, GatewayId gateway) {
  const auto gateways = keys::gateways_of(receipt);
  return std::ranges::find(gateways, gateway) != gateways.end();
}

// A receipt whose id nobody knows may belong to an attempt that got no answer. Only if exactly one held message of this
// account went to that phone in one part; two would be a guess.
bool Ledger::receipt_for_held(const ReceiptRecorded& change, lmdb::Transaction& txn, WallMs now) {
  if (!change.may_guess || change.destination.empty() || change.provider_ids.empty()) return false;
  std::vector<std::pair<GatewayId, MessageId>> held;
  for (const auto gateway : keys::gateways_of(change))
    if (const auto it = held_.find(keys::of_held(gateway, change.destination)); it != held_.end())
      for (const auto message : it->second) held.emplace_back(gateway, message);
  if (held.size() != 1) return false;
  const auto [gateway, id] = held.front();
  const auto content = records_.content(txn, id);
  auto progress = records_.progress(txn, id);
  if (!content || !progress || content->parts != 1 || !same_phone(change.destination, content->to) ||
      !quotes(change.quote, content->text))
    return false;
  Stored stored{.queue = {.gateway = gateway, .tenant = content->tenant, .lane = content->lane},
                .progress = std::move(*progress)};
  stored.progress.segments.assign(
      1, {.state = SegmentState::accepted, .provider_id = change.provider_ids.front(), .error = {}});
  if (!apply_receipt(stored.progress, change.provider_ids.front(), change, now)) return false;
  correlate(id, stored.progress, gateway);
  if (!conclude(txn, id, stored, now)) records_.write(txn, id, stored.progress);
  return true;
}

bool Ledger::is_sending(const ReceiptRecorded& receipt) const {
  return std::ranges::any_of(leases_,
                             [&](const auto& lease) { return is_of_account(receipt, lease.second.queue.gateway); });
}

void Ledger::apply_parked(lmdb::Transaction& txn, MessageId id, Stored& stored, WallMs now) {
  if (parked_.empty()) return;
  for (std::size_t i = 0; i < stored.progress.segments.size(); ++i) {
    auto own = parked_.named(keys::of_parked(stored.queue.gateway, stored.progress.segments[i].provider_id));
    if (stored.progress.segments.size() == 1)
      for (const auto place : parked_.named(keys::of_parked(stored.queue.gateway, id))) own.push_back(place);
    for (const auto place : own) {
      const auto parked = parked_.read(txn, place);
      const auto owner = records_.owner(txn, id);
      if (!parked || !owner) continue;
      const auto& receipt = parked->receipt;
      if (fit(receipt, owner->to) == Fit::none || (receipt.message && receipt.message != id)) continue;
      const auto& ours = stored.progress.segments[i].provider_id;
      const bool by_id =
          std::ranges::any_of(receipt.provider_ids, [&](const auto& given) { return same_provider_id(given, ours); });
      if (!by_id && receipt.attempt != stored.progress.attempts) continue;  // another attempt's
      apply_receipt(stored.progress, ours, receipt, now);
      parked_.drop(txn, place);
    }
  }
}

// Receipts that named a message while it was claimed. After a restart that is so from its claim until it is held.
void Ledger::name_parked(lmdb::Transaction& txn, MessageId id, GatewayId gateway, WallMs now) {
  for (const auto place : parked_.named(keys::of_parked(gateway, id)))
    if (const auto parked = parked_.read(txn, place); parked && receipt_for_named(parked->receipt, txn, now))
      parked_.drop(txn, place);
}

// A receipt that waited this long did not come ahead of its message's outcome. What was uncertain then, because a
// message to that phone was under way, is decided now: all notations of its id are tried, and the held messages. What
// matches nothing then is given up.
void Ledger::retry_parked(lmdb::Transaction& txn, WallMs now) {
  for (const auto place : parked_.waited_long(now)) {
    auto parked = parked_.read(txn, place);
    if (!parked) continue;
    const auto& receipt = parked->receipt;
    const auto matched = match(receipt, txn, now);
    if (matched == Receipted::matched || matched == Receipted::repeated || receipt_for_named(receipt, txn, now) ||
        receipt_for_held(receipt, txn, now))
      parked_.drop(txn, place);
    else
      parked_.give_up(txn, place, std::move(*parked), certainty(matched).value_or(Unmatched::no_message));
  }
}

}  // namespace smsbridge::store
