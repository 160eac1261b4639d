// SPDX-License-Identifier: MPL-2.0
#include "tests/simulation/promises.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ranges>

#include "bridge/inbound/record.hpp"
#include "bridge/notify/event.hpp"
#include "bridge/policy/outcome.hpp"
#include "bridge/policy/quiet_hours.hpp"
#include "bridge/smsc_sim/glob.hpp"
#include "bridge/text/message_id.hpp"
#include "smpp/receipt.hpp"
#include "store/codec.hpp"
#include "store/correlation.hpp"
#include "store/keys.hpp"

namespace smsbridge::simulation {
namespace {

using namespace std::chrono_literals;
using store::State;

constexpr std::size_t parked_checks_max = 100;  // each copies the store's file
constexpr Duration rate_span = 10s;
constexpr WallMs drain_slack_ms = 3000;
constexpr WallMs held_up_max_ms = 60'000;
constexpr int slower_by_errors = 4;
constexpr WallMs wait_slack_ms = 60'000;
constexpr std::string_view answer_of_bank = "inbound rule ";
constexpr std::uint16_t tlv_tag_first = 0x1400;  // of those of carriers (SMPP 3.4 section 5.3.2)

std::string reference_of(const Promises::Wanted& wanted) {
  if (!wanted.client_ref.empty()) return fmt::format("{}/ref/{}", wanted.tenant, wanted.client_ref);
  if (!wanted.idempotency_key.empty()) return fmt::format("{}/key/{}", wanted.tenant, wanted.idempotency_key);
  return {};
}

// A door may add to the key what it was used for.
bool has_reference(const store::Content& content, const Promises::Wanted& wanted) {
  return content.tenant == wanted.tenant && content.client_ref == wanted.client_ref &&
         content.idempotency_key.starts_with(wanted.idempotency_key);
}

bool may_follow(State before, State after) {
  if (before == after) return true;
  const bool assumed = before == State::sent || before == State::unknown;
  const bool by_receipt = after == State::delivered || after == State::undeliverable || after == State::expired ||
                          after == State::rejected || (before == State::sent && after == State::unknown);
  return assumed && by_receipt;
}

// No message is lost on its way, and no rate but what is learnt slows it down.
bool lines_hold(const RunOptions& options) {
  const auto& faults = options.network.faults;
  return faults.reset == 0 && faults.hang == 0 && options.hang_ups == 0 && options.outages == 0 &&
         options.host_outages == 0 && options.flapping.empty() && options.changes == 0 && options.poison.empty() &&
         std::ranges::all_of(options.config.gateways, [](const auto& gateway) { return gateway.rate == 0; }) &&
         std::ranges::all_of(options.centres, [](const auto& centre) {
           return centre.disconnect == 0 && centre.disconnect_before == 0 && centre.reject.empty();
         });
}

store::SegmentState segment_state(smpp::MessageState state) {
  const bool final_state = state != smpp::MessageState::enroute && state != smpp::MessageState::none;
  return bridge::segment_state(state, final_state);
}

}  // namespace

std::string marked_text(std::size_t number, std::size_t length, bool ucs2) {
  const auto mark = fmt::format("#{:04}.", number);
  std::string text = ucs2 ? "Ж" : "";
  do text += mark;
  while (text.size() < length);
  return text;
}

std::optional<std::size_t> number_in(std::string_view text) {
  for (auto at = text.find('#'); at != std::string_view::npos && at + 6 <= text.size(); at = text.find('#', at + 1)) {
    std::size_t number = 0;
    bool ok = text[at + 5] == '.';
    for (std::size_t i = 1; ok && i <= 4; ++i) {
      ok = text[at + i] >= '0' && text[at + i] <= '9';
      number = number * 10 + static_cast<std::size_t>(text[at + i] - '0');
    }
    if (ok) return number;
  }
  return std::nullopt;
}

Promises::Promises(const RunOptions& options, const SimClock& clock, Duration latency_max, std::filesystem::path folder)
    : options_(options),
      clock_(clock),
      slack_(latency_max + 1s),
      folder_(std::move(folder)),
      submits_(options.centres.size()),
      started_(options.centres.size()),
      in_turn_(
          [this](std::size_t number) {
            const auto id = id_of_number_.find(number);
            return store_ && id != id_of_number_.end() ? store_->reader().get(id->second) : std::nullopt;
          },
          2 * latency_max + 200ms, lines_hold(options)),
      rows_(options, clock, stopped_),
      answers_(options) {}

// The first one counts: what follows may be its consequence.
void Promises::fail(std::string promise, std::string detail) {
  if (!broken_) broken_ = Broken{std::move(promise), fmt::format("{:%T} {}", clock_.now().time_since_epoch(), detail)};
}

void Promises::opened(const store::Store& store) {
  store_ = &store;
  in_turn_.began_anew();
  read_anew();
  scan(false);
}

void Promises::gateway_started(std::size_t gateway, const bridge::GatewaySettings& config) {
  in_turn_.began_anew();
  started_[gateway].push_back(
      {.at = clock_.now(), .rate = config.rate, .window = config.is_smpp() ? config.smpp().session.window : 0});
}

void Promises::asked(const Wanted& wanted) {
  ++asked_[reference_of(wanted)][wanted.number];
  refused_.erase(wanted.number);
  tlvs_[wanted.number] = wanted.tlvs;
  in_turn_.asked(wanted.number, clock_.now());
}

std::optional<store::MessageId> Promises::accepted(const Wanted& wanted, std::optional<store::MessageId> id,
                                                   std::optional<bool> replayed) {
  if (!id) id = message_of(wanted);
  const auto message = id ? store_->reader().get(*id) : std::nullopt;
  if (!message) {
    fail("accepted", fmt::format("#{} was accepted as {}, which no reader finds", wanted.number, id.value_or(0)));
    return std::nullopt;
  }
  const auto& content = message->content;
  if (number_in(content.text) != wanted.number)
    fail("reference", fmt::format("#{} was said to be message {}, which has another text", wanted.number, *id));
  if (!has_reference(content, wanted))
    fail("reference", fmt::format("#{} was said to be message {}, which has another reference", wanted.number, *id));
  if (replayed) check_replayed(wanted, *id, *replayed);
  if (const auto key = reference_of(wanted); !key.empty()) references_[key] = {.id = *id, .number = wanted.number};
  seen_[*id].accepted = true;
  id_of_number_[wanted.number] = *id;
  in_turn_.accepted(wanted.number, clock_.now());
  return id;
}

void Promises::check_replayed(const Wanted& wanted, store::MessageId id, bool replayed) {
  const auto key = reference_of(wanted);
  const auto before = references_.find(key);
  const bool known = !key.empty() && before != references_.end();
  const auto what = fmt::format("#{} '{}' was said to be {}", wanted.number, key, id);
  if (known && before->second.id != id)
    fail("reference", fmt::format("{}, but is {}", what, before->second.id));
  else if (!replayed && !said_new_.insert(id).second)
    fail("reference", what + " as if it were new, twice");
  else if (replayed && (key.empty() || asked_[key][wanted.number] < 2))
    fail("reference", what + " as a repetition, but was asked for once");
}

void Promises::conflict(const Wanted& wanted) {
  const auto& numbers = asked_[reference_of(wanted)];
  const bool others = std::ranges::any_of(numbers, [&](const auto& each) { return each.first != wanted.number; });
  const auto before = references_.find(reference_of(wanted));
  const bool is_its_own = before != references_.end() && before->second.number == wanted.number;
  if (reference_of(wanted).empty() || wanted.replaces || !others || is_its_own)
    fail("reference", fmt::format("#{} '{}' was said to be a conflict", wanted.number, reference_of(wanted)));
}

void Promises::refused(const Wanted& wanted) {
  if (wanted.replaces) return fail("accepted", fmt::format("#{} of Fineract was refused", wanted.number));
  if (asked_[reference_of(wanted)][wanted.number] == 1) refused_.insert(wanted.number);
}

std::optional<store::MessageId> Promises::message_of(std::size_t number) {
  if (!id_of_number_.contains(number) && store_) scan(false);
  const auto found = id_of_number_.find(number);
  if (found == id_of_number_.end()) return std::nullopt;
  return found->second;
}

// The one that its reference names, or, where another content has that by now, the one with its text.
std::optional<store::MessageId> Promises::message_of(const Wanted& wanted) {
  const auto found = store_->reader().find(wanted.tenant, {wanted.client_ref}).front();
  if (found && number_in(found->content.text) == wanted.number) return found->id;
  return message_of(wanted.number);
}

void Promises::taken(TakenPart& part, WallMs draining_since) {
  const auto number = number_in(part.text);
  if (!number) return fail("outcome", "the centre took a text without a mark: " + part.text);
  auto& copies = copies_[*number][part.part];
  copies.push_back(&part);
  if (!store_) return;  // the octets outlived the daemon
  const auto id = message_of(*number);
  const auto message = id ? store_->reader().get(*id) : std::nullopt;
  if (!message) return fail("accepted", fmt::format("the centre took #{}, which the store does not have", *number));
  see_revived(*message);
  auto& seen = seen_[*id];
  const auto& p = message->progress;
  const auto what = fmt::format("#{} part {} of {}, message {}", *number, part.part, part.parts, *id);
  if ("+" + part.destination != message->content.to) fail("outcome", what + " went to another phone");
  if (message->content.text.find(part.text) == std::string::npos) fail("outcome", what + " has another text");
  if (seen.retry_asked) return;
  if (copies.size() > 1 && !p.maybe_duplicate)
    fail("twice", what + " was taken again, and is not marked as perhaps sent twice");
  if (copies.size() > 1 && is_held(*message))
    fail("held", what + " was taken again, although its lane is held when in doubt");
  if (!p.maybe_duplicate)
    for (const auto& [other, taken] : copies_[*number])
      if (taken.front()->gateway != part.gateway)
        fail("one-way", fmt::format("{} was taken by gateway {}, and part {} by gateway {}", what, part.gateway + 1,
                                    other, taken.front()->gateway + 1));
  if (options_.calm) check_calm(*message, part, what);
  check_opted_out(*message, part, what);
  check_night(*message, part, what);
  if (draining_since && !options_.shared_account && store::id_time(*id) > draining_since + drain_slack_ms &&
      !p.maybe_duplicate)
    fail("drained", fmt::format("{} was accepted {} ms after its gateway began to be drained, and was sent", what,
                                store::id_time(*id) - draining_since));
  const auto expires = p.expires_at ? p.expires_at : message->content.expires_at;
  if (expires && clock_.wall_before(slack_) > expires)
    fail("after-end", fmt::format("{} was taken {} ms after its validity", what, clock_.wall() - expires));
  if (seen.final_state && seen.final_at + slack_ < clock_.now())
    fail("after-end", fmt::format("{} was taken after it was {}", what, store::name(*seen.final_state)));
}

// ---- what phones say ----

void Promises::phone_says(store::TenantId tenant, const std::string& phone, const std::string& text, bool stops) {
  said_[text] = {.tenant = tenant, .phone = phone, .stops = stops};
}

void Promises::phone_answered(const std::string& text) {
  const auto said = said_.find(text);
  if (said == said_.end()) return;
  if (said->second.stops) stopped_.emplace(std::pair(said->second.tenant, said->second.phone), clock_.now());
  // The octets may have outlived the daemon.
  if (store_ && times_kept(text) != 1)
    fail("inbound", fmt::format("'{}' was answered, and is kept {} times", text, times_kept(text)));
}

std::size_t Promises::times_kept(const std::string& text) const {
  const auto& said = said_.at(text);
  std::size_t times = 0;
  const auto page = store_->reader().journal(
      {.tenant = said.tenant, .stream = bridge::inbound_stream, .key = said.phone, .limit = 1000});
  for (const auto& entry : page.entries)
    if (const auto record = bridge::read_inbound(entry.body); record && record->text == text) ++times;
  return times;
}

void Promises::check_phones() {
  for (const auto& [text, said] : said_)
    if (const auto times = times_kept(text); times != 1)
      fail("inbound", fmt::format("'{}' of {} is kept {} times", text, said.phone, times));
}

// What was on its way when its carrier had our answer is not meant, and neither is the rest of a message.
void Promises::check_opted_out(const store::Message& message, const TakenPart& part, const std::string& what) {
  const auto& content = message.content;
  if (part.part != 1 || (content.lane != store::Lane::campaign && content.lane != store::Lane::reminder)) return;
  const auto stopped = stopped_.find({content.tenant, content.to});
  if (stopped != stopped_.end() && stopped->second + slack_ < clock_.now())
    fail("opted-out", what + " was taken after its phone said STOP");
}

// What left before the night and arrives in it is not meant, and neither is the rest of a message.
void Promises::check_night(const store::Message& message, const TakenPart& part, const std::string& what) {
  const auto& content = message.content;
  if (part.part != 1) return;
  const auto& tenant = options_.config.tenants[content.tenant - 1];
  const auto quiet = [&](WallMs at) { return bridge::quiet_at(tenant, content, at); };
  const auto left = quiet(clock_.wall_before(slack_)), arrived = quiet(clock_.wall());
  if (left && arrived && left->until == arrived->until) fail("night", what + " was taken, and " + arrived->words());
}

// What was perhaps sent is not sent again, over crashes as well. Not told of runs that change that, or move what gets
// no receipt.
bool Promises::is_held(const store::Message& message) const {
  const auto& config = options_.config;
  const bool moves = std::ranges::any_of(config.routes, [](const auto& route) {
    return std::ranges::any_of(route.no_receipt_after, [](WallMs after) { return after > 0; });
  });
  const auto gateway = store::gateway_of(message.content, message.progress);
  if (options_.changes > 0 || moves || gateway == 0) return false;
  const auto lane = static_cast<std::size_t>(message.content.lane);
  return config.gateways[gateway - 1].doubt.value_or(config.lanes[lane].doubt) == bridge::DoubtPolicy::hold;
}

void Promises::check_calm(const store::Message& message, const TakenPart& part, const std::string& what) {
  const auto& copies = copies_[*number_in(part.text)];
  if (!message.progress.maybe_duplicate && options_.poison.empty())
    for (const auto& [other, taken] : copies)
      if (taken.front()->session != part.session)
        fail("one-bind", fmt::format("{} came by session {}, and part {} by session {}", what, part.session, other,
                                     taken.front()->session));
  const auto waited = clock_.wall() - std::max(message.content.created_at, message.content.due_at);
  const bool chokes = bridge::smsc_sim::glob_matches(options_.poison, message.content.to);
  const bool first = copies.size() == 1 && copies.begin()->second.size() == 1;  // not again, after silence
  // One that has no room now and then, whoever the message is for, makes all of them wait.
  const bool errs = std::ranges::any_of(options_.centres, [](const auto& centre) { return centre.error_rate > 0; });
  if (!chokes && first && waited > held_up_max_ms * (errs ? slower_by_errors : 1))
    fail("held-up", fmt::format("{} went out after {} ms", what, waited));
}

void Promises::receipt_answered(TakenPart& part, smpp::MessageState state) {
  if (!store_) return;  // the answer outlived the daemon: scan() looks at what it did
  const auto number = number_in(part.text);
  const auto id = number ? message_of(*number) : std::nullopt;
  const auto message = id ? store_->reader().get(*id) : std::nullopt;
  if (!message) return;
  const auto& p = message->progress;
  for (std::size_t i = 0; i < p.segments.size(); ++i) {
    if (p.segments[i].provider_id.empty() || find_part(*message, i) != &part) continue;
    const bool ended = store::is_final(p.state) && p.state != State::sent && p.state != State::unknown;
    if (!ended && p.segments[i].state < segment_state(state) && !is_parked(part))
      fail("receipt", fmt::format("#{} message {} part {}: {} was answered, but the store shows {}", *number, *id,
                                  i + 1, smpp::state_word(state), store::name(p.segments[i].state)));
    return;
  }
  // It was written down, and the message moved on before our answer was there: a move forgets its parts.
  const auto word = store::name(segment_state(state));
  if (std::ranges::any_of(p.events, [&](const store::Event& event) {
        return event.kind == store::EventKind::receipt && event.gateway == part.gateway + 1 &&
               event.detail.starts_with(word);
      }))
    return;
  // No outcome names this id yet, so the receipt waits in the store.
  if (store::is_final(p.state) || seen_[*id].retry_asked || ++parked_checked_ > parked_checks_max) return;
  if (!is_parked(part))
    fail("receipt", fmt::format("#{} message {}: {} of {} was answered, but is nowhere on disk", *number, *id,
                                smpp::state_word(state), part.provider_id));
}

void Promises::submit_seen(std::size_t gateway, const SeenSubmit& submit) {
  check_rate(gateway);
  const auto number = number_in(submit.text);
  if (!number) return;
  check_tlvs(gateway, *number, submit);
  // By their place in the queue, where a clock that jumps confuses them.
  if (submit.part != 1 || !store_ || options_.wall_jumps > 0 || options_.mended_jumps > 0) return;
  if (const auto wrong = in_turn_.seen(*number, clock_.now())) fail("in-turn", *wrong);
}

void Promises::submit_answered(const SeenSubmit& submit, std::uint32_t status) {
  if (const auto number = number_in(submit.text)) in_turn_.answered(*number, status, clock_.now());
}

// Said in another way than the product does: tag by tag, the last one who has a word for it.
void Promises::check_tlvs(std::size_t gateway, std::size_t number, const SeenSubmit& submit) {
  if (!store_) return;
  const auto id = message_of(number);
  const auto message = id ? store_->reader().get(*id) : std::nullopt;
  if (!message) return;
  const auto& settings = options_.config.gateways[gateway];
  const auto& fields = settings.smpp().fields;
  const auto& tenant = options_.config.tenants[message->content.tenant - 1].name;
  // Answers come from the number that was written to.
  const auto& sender = message->content.from.empty() ? settings.sender : message->content.from;
  std::map<std::uint16_t, std::string> wanted, got;
  const auto say = [](auto& map, const std::vector<store::Tlv>& tlvs) {
    for (const auto& tlv : tlvs)
      if (tlv.tag >= tlv_tag_first) map[tlv.tag] = tlv.value;
  };
  say(wanted, fields.tlvs);
  for (const auto& row : fields.senders)
    if ((row.tenant.empty() || row.tenant == tenant) && (row.sender.empty() || row.sender == sender))
      say(wanted, row.tlvs);
  say(wanted, tlvs_[number]);
  say(got, submit.tlvs);
  const auto of_its_own = std::ranges::count_if(submit.tlvs, [](const auto& tlv) { return tlv.tag >= tlv_tag_first; });
  if (wanted != got || static_cast<std::size_t>(of_its_own) != got.size())
    fail("tlvs", fmt::format("#{} part {} has {} TLVs of its carrier's own where {} were to be, or other values",
                             number, submit.part, of_its_own, wanted.size()));
}

// A burst is allowed after each start, and the network may press a second's submits together. Of all settings that were
// in force meanwhile the fastest count.
void Promises::check_rate(std::size_t gateway) {
  auto& times = submits_[gateway];
  const auto now = clock_.now();
  times.push_back(now);
  while (times.front() + rate_span < now) times.pop_front();
  double rate = 0, bursts = 0;
  for (const auto& started : std::views::reverse(started_[gateway])) {
    if (started.rate <= 0) return;
    rate = std::max(rate, started.rate);
    bursts += std::max(1.0, started.rate / 10);
    if (started.at + rate_span + slack_ < now) break;
  }
  const double most = rate * std::chrono::duration<double>(rate_span + slack_).count() + bursts + 1;
  if (static_cast<double>(times.size()) > most)
    fail("rate", fmt::format("{} submits within 10 s at {} a second", times.size(), rate));
}

// What was refused at the door, and is posted again when a way out exists, begins anew.
void Promises::see_revived(const store::Message& message) {
  auto& seen = seen_[message.id];
  const bool retried = std::ranges::any_of(message.progress.events,
                                           [](const auto& event) { return event.kind == store::EventKind::retried; });
  if (seen.final_state == State::failed && retried && !seen.revived) {
    seen.revived = true;
    seen.final_state.reset();
  }
}

void Promises::note_final(store::MessageId id, State state) {
  auto& seen = seen_[id];
  if (seen.final_state && !may_follow(*seen.final_state, state) && !seen.retry_asked)
    fail("one-end", fmt::format("message {} was {} and is {}", id, store::name(*seen.final_state), store::name(state)));
  if (!seen.final_state || *seen.final_state != state) seen.final_at = clock_.now();
  seen.final_state = state;
}

void Promises::finals(const std::vector<store::Final>& finals) {
  for (const auto& final_state : finals) note_final(final_state.id, final_state.state);
}

// A receipt that was taken for a held message's leaves its own notation of the id.
const TakenPart* Promises::find_part(const store::Message& message, std::size_t segment) const {
  auto& centre = *centres_[store::gateway_of(message.content, message.progress) - 1];
  const auto id = store::canonical_provider_id(message.progress.segments[segment].provider_id);
  const auto* part = centre.find(id);
  const auto* by_receipt = centre.find_by_receipt_id(id);
  const auto number = number_in(message.content.text);
  return by_receipt && (!part || number_in(part->text) != number) ? by_receipt : part;
}

// A final state of a segment is the word of the centre about just this part.
void Promises::check_segments(const store::Message& message) {
  const auto number = number_in(message.content.text);
  const auto& p = message.progress;
  // Of one that waited for another attempt some parts may have been with the carrier; the others stayed here.
  const bool all_left = std::ranges::none_of(
      p.segments, [](const auto& segment) { return segment.state == store::SegmentState::unsent; });
  for (std::size_t i = 0; i < p.segments.size(); ++i) {
    const auto& segment = p.segments[i];
    if (segment.state == store::SegmentState::unsent) continue;
    const auto what = fmt::format("message {} part {} is {} by {}", message.id, i + 1, store::name(segment.state),
                                  segment.provider_id);
    const auto* part = find_part(message, i);
    if (!part) return fail("outcome", what + ", an id that the centre never gave");
    if (number_in(part->text) != number) return fail("outcome", what + ", which is another message: " + part->text);
    if (p.segments.size() > 1 && part->part != static_cast<int>(i) + 1)
      return fail("outcome", what + ", which is another part");
    if (p.state == State::cancelled && all_left && part->state == smpp::MessageState::delivered)
      return fail("cancelled", what + ", and its message was said to be cancelled, but it was delivered");
    if (segment.state > store::SegmentState::enroute && segment_state(part->state) != segment.state)
      return fail("outcome", what + ", but the centre said " + std::string(smpp::state_word(part->state)));
  }
  if (p.state != State::delivered) return;
  const bool all = !p.segments.empty() && std::ranges::all_of(p.segments, [](const auto& s) {
    return s.state == store::SegmentState::delivered;
  });
  if (!all) fail("outcome", fmt::format("message {} is delivered, but not all of its parts are", message.id));
}

// Where nothing can be written down, or the clock jumps, it takes longer; and after a start.
void Promises::check_wait(const store::Message& message) {
  const bool steady = options_.wall_jumps == 0 && options_.mended_jumps == 0 && options_.failing_commits == 0 &&
                      options_.store_limit_bytes == RunOptions().store_limit_bytes;
  const auto& p = message.progress;
  if (!steady || p.state != State::submitted ||
      read_anew_at_.back() + std::chrono::milliseconds(wait_slack_ms) > clock_.now())
    return;
  if (p.due_at + wait_slack_ms < clock_.wall())
    fail("waits",
         fmt::format("message {} waits for {} ms longer than for its receipt", message.id, clock_.wall() - p.due_at));
}

// The other direction: what was answered with 0 shows in the end.
void Promises::check_answered_receipts(const store::Message& message) {
  const auto& p = message.progress;
  // What a person sends again may have been told of before.
  if ((p.state != State::sent && p.state != State::unknown) || seen_[message.id].retry_asked) return;
  for (std::size_t i = 0; i < p.segments.size(); ++i) {
    const auto& segment = p.segments[i];
    if (segment.state == store::SegmentState::unsent) continue;
    const auto* part = find_part(message, i);
    const auto forgotten = [&](Time at) { return at >= seen_[message.id].final_at && at <= part->receipt_answered_at; };
    if (part && part->receipt_answered_at && std::ranges::none_of(read_anew_at_, forgotten) &&
        segment.state < segment_state(part->state))
      return fail("receipt", fmt::format("message {} part {}: {} was answered, but the message is {} with this part {}",
                                         message.id, i + 1, smpp::state_word(part->state), store::name(p.state),
                                         store::name(segment.state)));
  }
}

void Promises::scan(bool at_end) {
  store::CountsByQueueOwner counts;
  std::set<store::MessageId> found;
  std::map<std::string, store::MessageId> same;  // reference and content
  store::MessageId before = 0;
  do {
    const auto page = store_->reader().page({}, before, 100);
    for (const auto& message : page.messages) {
      const auto& p = message.progress;
      const auto number = number_in(message.content.text);
      found.insert(message.id);
      ++counts[{message.content.tenant, store::gateway_of(message.content, p)}][static_cast<std::size_t>(p.state)];
      if (number && refused_.contains(*number))
        fail("refused", fmt::format("#{} was refused, and is message {}", *number, message.id));
      if (number) {
        const auto [place, is_new] = id_of_number_.emplace(*number, message.id);
        if (!is_new && place->second != message.id)
          fail("reference", fmt::format("#{} is stored twice: {} and {}", *number, place->second, message.id));
        owed_.erase(*number);
        if (const auto said = happens_.find(*number); said != happens_.end() && !said->second)
          fail("event", fmt::format("#{} is not true, and is told by message {}", *number, message.id));
      }
      if (message.content.source == store::Source::schedule)
        if (const auto wrong = rows_.see(message, number)) fail("row", *wrong);
      if (message.content.triggered_by.starts_with(answer_of_bank))
        if (const auto wrong = answers_.see(message, number)) fail("answer", *wrong);
      see_revived(message);
      auto& seen = seen_[message.id];
      const auto expires = p.expires_at ? p.expires_at : message.content.expires_at;
      if (p.state == State::expired && !seen.final_state && p.attempts == 0 && expires > clock_.true_wall() + 1000)
        fail("too-early",
             fmt::format("message {} expired {} ms before its time", message.id, expires - clock_.true_wall()));
      if (store::is_final(p.state))
        note_final(message.id, p.state);
      else if (seen.final_state && !seen.retry_asked)
        fail("one-end", fmt::format("message {} was {} and is {}", message.id, store::name(*seen.final_state),
                                    store::name(p.state)));
      check_segments(message);
      check_wait(message);
      if (!at_end) continue;
      if (!store::is_final(p.state))
        fail("accepted", fmt::format("message {} is still {}", message.id, store::name(p.state)));
      check_answered_receipts(message);
    }
    before = page.next;
  } while (before);
  if (at_end) {
    check_phones();
    if (const auto wrong = rows_.wrong_at_end(*store_)) fail("row", *wrong);
    if (const auto wrong = answers_.wrong_at_end()) fail("answer", *wrong);
  }
  for (const auto& [id, seen] : seen_)
    if (seen.accepted && !found.contains(id)) fail("accepted", fmt::format("message {} is lost", id));
  auto told = store_->counts();
  std::erase_if(told,
                [](const auto& entry) { return std::ranges::all_of(entry.second, [](auto n) { return n == 0; }); });
  if (told != counts) fail("counts", "the counts differ from what is stored");
}

bool Promises::all_final() const {
  const auto counts = store_->counts();
  return std::ranges::all_of(counts, [](const auto& entry) {
    for (std::size_t state = 0; state < store::state_count; ++state)
      if (!store::is_final(static_cast<State>(state)) && entry.second[state] != 0) return false;
    return true;
  });
}

std::string Promises::first_open() const {
  store::MessageId before = 0;
  while (store_) {
    const auto page = store_->reader().page({}, before, 100);
    for (const auto& message : page.messages)
      if (!store::is_final(message.progress.state))
        return fmt::format(", message {} is {}", message.id, store::name(message.progress.state));
    if ((before = page.next) == 0) break;
  }
  return {};
}

void Promises::check_centre(std::size_t gateway, const bridge::smsc_sim::Counts& counts) {
  std::size_t window = 0;
  for (const auto& started : started_[gateway]) window = std::max(window, started.window);
  if (counts.window_max > window && !options_.late_answers)
    fail("window", fmt::format("{} submits were open in a window of {}", counts.window_max, window));
}

// LMDB must not open one file twice in a process, but a copy of it is another file.
std::filesystem::path Promises::copied_store() {
  auto copy = folder_ / "copy";
  std::filesystem::create_directories(copy);
  std::filesystem::copy_file(folder_ / "store" / "data.mdb", copy / "data.mdb",
                             std::filesystem::copy_options::overwrite_existing);
  return copy;
}

bool Promises::is_parked(const TakenPart& part) {
  const store::lmdb::Environment environment(copied_store(), options_.store_limit_bytes, false);
  store::lmdb::Transaction txn(environment, store::lmdb::Transaction::Kind::read);
  store::lmdb::Cursor cursor(txn, txn.open_table("parked"));
  auto& centre = *centres_[part.gateway];
  for (bool ok = cursor.first(); ok; ok = cursor.next())
    for (const auto& given : store::decode_parked(cursor.value()).receipt.provider_ids) {
      const auto id = smpp::canonical_id(given);
      if (centre.find(id) == &part || centre.find_by_receipt_id(id) == &part) return true;
    }
  return false;
}

bool Promises::nothing_waits() {
  const store::lmdb::Environment environment(copied_store(), options_.store_limit_bytes, false);
  store::lmdb::Transaction txn(environment, store::lmdb::Transaction::Kind::read);
  for (const auto* name : {"due", "leased"})
    if (store::lmdb::Cursor(txn, txn.open_table(name)).first()) return false;
  // What ended without the centre's word keeps its place for a late receipt.
  store::lmdb::Cursor cursor(txn, txn.open_table("open"));
  for (bool ok = cursor.first(); ok; ok = cursor.next()) {
    const auto message = store_->reader().get(store::keys::read<store::MessageId>(cursor.key(), 8));
    if (!message || (message->progress.state != State::sent && message->progress.state != State::unknown)) return false;
  }
  return true;
}

bool Promises::nothing_is_leased() {
  const store::lmdb::Environment environment(copied_store(), options_.store_limit_bytes, false);
  store::lmdb::Transaction txn(environment, store::lmdb::Transaction::Kind::read);
  return !store::lmdb::Cursor(txn, txn.open_table("leased")).first();
}

std::string Promises::describe(store::MessageId id) const {
  const auto message = store_ ? store_->reader().get(id) : std::nullopt;
  if (!message) return {};
  const auto& p = message->progress;
  auto text = fmt::format("message {} to {} lane {} state {} attempts {} maybe_duplicate {} parts {}: {}\n", id,
                          message->content.to, store::name(message->content.lane), store::name(p.state), p.attempts,
                          p.maybe_duplicate, message->content.parts, p.status_message);
  for (const auto& segment : p.segments)
    text += fmt::format("  segment {} {} {}\n", store::name(segment.state), segment.provider_id, segment.error);
  for (const auto& event : p.events)
    text += fmt::format("  {} attempt {} {} {}\n", event.at - message->content.created_at, event.attempt,
                        store::name(event.kind), event.detail);
  if (const auto taken = copies_.find(number_in(message->content.text).value_or(0)); taken != copies_.end())
    for (const auto& [number, copies] : taken->second)
      for (const auto* part : copies)
        text += fmt::format("  taken {:%T} part {} as {}, receipt {} answered {}\n", part->taken_at.time_since_epoch(),
                            number, part->provider_id, smpp::state_word(part->state),
                            part->receipt_answered_at.has_value());
  return text;
}

// ---- webhooks ----

void Promises::told(std::size_t hook, const ToldEvent& event) {
  told_.resize(std::max(told_.size(), hook + 1));
  auto& events = told_[hook][event.message];
  if (std::ranges::find(events, event.id, &ToldEvent::id) == events.end()) events.push_back(event);
}

void Promises::check_told(bool lost) {
  const auto& webhooks = options_.config.webhooks;
  told_.resize(webhooks.size());
  if (webhooks.empty() || lost || !store_) return;
  for (store::MessageId before = 0;;) {
    const auto page = store_->reader().page({}, before, 500);
    for (const auto& message : page.messages)
      for (std::size_t hook = 0; hook < webhooks.size(); ++hook) check_told(hook, message);
    if (!page.next) return;
    before = page.next;
  }
}

void Promises::check_told(std::size_t hook, const store::Message& message) {
  const auto& webhook = options_.config.webhooks[hook];
  const auto& events = told_[hook][bridge::message_id_text(message.id)];
  const auto fails = [&](const std::string& what) {
    fail("told", fmt::format("{}, message {}: {}", webhook.name, message.id, what));
  };
  const auto is_of = [&] { return options_.config.tenants[message.content.tenant - 1].name == webhook.tenant; };
  if (!is_of()) {
    if (!events.empty()) fails("it is another tenant's");
    return;
  }
  const auto wants = [&](bridge::WebhookEvent type) {
    return webhook.events.empty() || std::ranges::find(webhook.events, type) != webhook.events.end();
  };
  const auto has = [&](bridge::WebhookEvent type) {
    return std::ranges::find(events, bridge::name(type), &ToldEvent::type) != events.end();
  };
  const auto& p = message.progress;
  if (p.submitted_at && wants(bridge::WebhookEvent::submitted) && !has(bridge::WebhookEvent::submitted))
    fails("that it was submitted was not told");
  if (const auto end = bridge::event_of(p.state); end && wants(*end) && !has(*end))
    fails(fmt::format("its end, {}, was not told", store::name(p.state)));
  for (const auto& event : events)
    if (event.type == "message.submitted" && !p.submitted_at) fails("it was told as submitted, and never was");
  // By their ids, which hold the time; a clock that jumps confuses these.
  const bool steady = options_.wall_jumps == 0 && options_.mended_jumps == 0;
  if (steady && !std::ranges::is_sorted(events, {}, &ToldEvent::id)) fails("its events came out of order");
}

}  // namespace smsbridge::simulation
