// SPDX-License-Identifier: MPL-2.0
#include "bridge/delivery/gateway.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <limits>

#include "bridge/env/log.hpp"
#include "store/rules.hpp"

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t ahead_min = 16, ahead_max = 2048;
constexpr std::size_t ready_to_hold_max = 16;
constexpr Duration give_back_after = 2s;  // without a bind: what was claimed but not sent returns to the queue
constexpr Duration commit_retry_delay = 200ms;
constexpr std::size_t moves_max = 500;        // a commit
constexpr Duration receipt_answer_max = 20s;  // before most centres give up waiting
constexpr std::size_t overdue_max = 4096;
constexpr int throttled_max = 2;      // so often the same message before another is tried
constexpr Duration blamed_wait = 5s;  // for another message, before the one is tried again that blamed the way out
constexpr Duration due_check_max = 60s;
constexpr Duration metrics_interval = 1s;

// What national and international forms share, as a number.
std::uint64_t phone_key(std::string_view number) {
  std::uint64_t key = 0;
  for (const char c : store::phone_tail(number))
    key = key * 10 + static_cast<std::uint64_t>(c >= '0' && c <= '9' ? c - '0' : 0);
  return key;
}

// Orders have 56 bits, which leaves 8 for the part.
constexpr std::uint64_t behind_one_time_passwords = std::uint64_t{1} << 54, behind_all = std::uint64_t{1} << 55;
std::uint64_t order_of(store::Lane lane, Suspects::Apart apart, std::uint64_t count) {
  if (apart != Suspects::Apart::no) return behind_all | count;
  return lane == store::Lane::otp ? count : behind_one_time_passwords | count;
}
bool goes_apart(std::uint64_t order) { return order >= behind_all; }
std::uint64_t cookie_of(std::uint64_t order, std::size_t part) { return order << 8 | part; }

metrics::PartEncoding label_of(store::Encoding encoding) {
  switch (encoding) {
    case store::Encoding::gsm7:
      return metrics::PartEncoding::gsm7;
    case store::Encoding::ucs2:
      return metrics::PartEncoding::ucs2;
    case store::Encoding::latin1:
      return metrics::PartEncoding::latin1;
  }
  return metrics::PartEncoding::binary;
}

}  // namespace

Gateway::Gateway(GatewaySettingsPtr config, GatewayContext context, const MakeChannel& make_channel)
    : config_kept_(std::move(config)),
      config_(*config_kept_),
      context_(std::move(context)),
      rate_(config_.rate),
      pump_timer_(context_.clock.timer(context_.executor)),
      apart_timer_(context_.clock.timer(context_.executor)),
      due_timer_(context_.clock.timer(context_.executor)),
      give_back_timer_(context_.clock.timer(context_.executor)),
      stop_timer_(context_.clock.timer(context_.executor)),
      abandon_timer_(context_.clock.timer(context_.executor)),
      metrics_timer_(context_.clock.timer(context_.executor)),
      receipt_watch_(config_.receipts_quiet_ms),
      channel_(make_channel(static_cast<Channel::Owner&>(*this))) {}

Gateway::~Gateway() {
  *alive_ = false;
  stopping_ = true;
  stopped_ = nullptr;
  channel_->abort();
}

void Gateway::start() {
  channel_->start();
  publish_metrics();
}

// What is counted elsewhere, or changes by itself, is carried to the metrics once a second.
void Gateway::publish_metrics() {
  update_gauges();
  const auto now = context_.clock.now();
  if (rate_.is_throttled(now))
    context_.metrics.throttled_seconds->Increment(std::chrono::duration<double>(metrics_interval).count());
  std::map<store::TenantId, double> in_flight;
  for (const auto& [order, sending] : sendings_) ++in_flight[sending.message.content.tenant];
  for (const auto& [tenant, queue] : context_.queue_metrics)
    queue->messages[metrics::QueueState::in_flight]->Set(in_flight[tenant]);
  move_waiting();
  metrics_timer_->at(now + metrics_interval, [this] { publish_metrics(); });
}

void Gateway::due(const std::vector<store::Queue>& queues) {
  for (const auto& queue : queues) share_.mark(queue);
  claim();
}

void Gateway::pause(WallMs since) {
  paused_since_ = since;
  log::info("gateway", "paused", "gateway", config_.name);
  withdraw();
  channel_->take_back();
  give_back_unsent();
  update_gauges();
}

void Gateway::resume() {
  paused_since_ = 0;
  log::info("gateway", "resumed", "gateway", config_.name);
  update_gauges();
  claim();
  pump();
}

void Gateway::drain(WallMs since) {
  draining_since_ = since;
  context_.router.drain(config_.id, since != 0);
  withdraw();
  for (const auto& [tenant, metrics] : context_.queue_metrics) look_at_queues(tenant);
  claim();
}

void Gateway::serve(store::TenantId tenant, metrics::QueueMetrics& queue_metrics) {
  if (!context_.queue_metrics.emplace(tenant, &queue_metrics).second) return;
  look_at_queues(tenant);
  claim();
}

// The next claim looks into all lanes of this tenant.
void Gateway::look_at_queues(store::TenantId tenant) {
  for (std::size_t lane = 0; lane < store::lane_count; ++lane)
    share_.mark({.gateway = config_.id, .tenant = tenant, .lane = static_cast<store::Lane>(lane)});
}

void Gateway::use_lanes(const Lanes& lanes) {
  context_.lanes = lanes;
  // What is ready was counted by the lanes of before.
  ready_to_hold_ = static_cast<std::size_t>(std::ranges::count_if(ready_, [this](std::uint64_t order) {
    return policy(sendings_.at(order).message.content.lane).doubt == DoubtPolicy::hold;
  }));
  claim();
}

void Gateway::stop(Time deadline, std::function<void()> done) {
  stopping_ = true;
  stopped_ = std::move(done);
  withdraw();
  give_back_unsent();
  stop_timer_->at(deadline, [this] {
    channel_->abort();
    flush();
    check_stopped();
  });
  if (!claiming_) {
    // An empty claim: its answer comes behind everything that was taken before.
    claiming_ = true;
    context_.store.claim({}, context_.executor, [this, alive = alive_](store::ClaimResult result) {
      if (*alive) claimed(std::move(result));
    });
  }
  channel_->stop();  // last: it may close at once
}

void Gateway::abandon(Time deadline) {
  if (!stopped_) return;
  abandon_timer_->at(deadline, [this] {
    channel_->abort();
    flush();
    abandoned_ = true;
    check_stopped();
  });
}

void Gateway::check_stopped() {
  if (!stopped_ || claiming_ || commits_running_ > 0 || outcomes_.size() > 0 || !channel_->is_closed()) return;
  stop_timer_->cancel();
  abandon_timer_->cancel();
  std::exchange(stopped_, nullptr)();
}

// ---- from the queue to the channel ----

RetryPolicy Gateway::policy(store::Lane lane) const {
  auto policy = config_.retry;
  policy.doubt = config_.doubt.value_or(context_.lanes[static_cast<std::size_t>(lane)].doubt);
  return policy;
}

void Gateway::claim() {
  if (claiming_ || stopping_ || paused() || !channel_->is_up()) return;
  const auto capacity = channel_->capacity() + std::min(ahead_, channel_->ahead_max());
  // What stands apart takes no place: the others go on.
  const auto taken = sendings_.size() - ready_apart_, ready = ready_others();
  if (taken >= capacity || ready > ahead_ / 2) return;
  auto free = capacity - taken;
  if (rate_.current() > 0) {
    // Nothing is claimed long before its turn: after a crash it would be in doubt for nothing.
    const auto second = static_cast<std::size_t>(rate_.current()) + 1;
    if (ready >= second) return;
    free = std::min(free, second - ready);
  }
  std::array<std::size_t, store::lane_count> lane_max;
  lane_max.fill(free);
  // What is held when in doubt is claimed when the channel takes it at once; a little more, because under load there is
  // always something ready and such a lane would never have its turn.
  const auto room = channel_->room();
  auto to_hold_max = room - std::min(room, ready);
  auto in_hand_max = ready_to_hold_max;
  if (rate_.current() > 0) {
    // With a rate not even that leaves at once, but what its tokens let out until another claim is back.
    in_hand_max = 1 + static_cast<std::size_t>(rate_.current() * claim_seconds_);
    to_hold_max = 0;
  }
  to_hold_max = std::max(to_hold_max, in_hand_max - std::min(in_hand_max, ready_to_hold_));
  for (std::size_t lane = 0; lane < store::lane_count; ++lane)
    if (policy(static_cast<store::Lane>(lane)).doubt == DoubtPolicy::hold) lane_max[lane] = to_hold_max;
  auto wants = share_.wants(std::min(free, store::claim_messages_max), context_.clock.wall(), lane_max);
  if (wants.empty()) {
    arm_idle_timer();
    return stand_by(free, lane_max);
  }
  withdraw();
  std::size_t asked = 0;
  for (auto& want : wants) {
    asked += want.count;
    want.accepted_until = draining_since_;
  }
  full_ask_ = asked == free;
  claiming_ = true;
  claim_began_ = context_.clock.now();
  share_.claiming(wants);
  context_.store.claim(std::move(wants), context_.executor, [this, alive = alive_](store::ClaimResult result) {
    if (*alive) claimed(std::move(result));
  });
}

void Gateway::claimed(store::ClaimResult result) {
  claiming_ = false;
  const auto took = std::chrono::duration<double>(context_.clock.now() - claim_began_).count();
  claim_seconds_ += (std::min(took, 1.0) - claim_seconds_) / 8;
  if (result.error != store::Error::none) {
    share_.claim_failed();
    if (!stopping_)
      pump_timer_->at(context_.clock.now() + commit_retry_delay, [this] {
        claim();
        pump();
      });
    return check_stopped();
  }
  share_.claimed(result.ends);
  // The windows ran dry while the claim was on its way, and there is more: claim further ahead next time.
  if (full_ask_ && !result.messages.empty() && ready_others() == 0)
    ahead_ = std::min(ahead_max, ahead_ * 2);
  else if (ready_others() > ahead_ / 2)
    ahead_ = std::max(ahead_min, ahead_ - ahead_ / 8);
  for (auto& message : result.messages) take(std::move(message));
  if (stopping_ || paused()) give_back_unsent();
  if (!channel_->is_up()) give_back_soon();
  pump();
  claim();
  check_stopped();
}

// Nothing waits: the next message is handed over by the commit that brings it.
void Gateway::stand_by(std::size_t free, const std::array<std::size_t, store::lane_count>& lane_max) {
  if (standing_by_ || draining_since_) return;
  standing_by_ = true;
  store::StandingClaim standing{.gateway = config_.id, .count = static_cast<std::uint32_t>(free)};
  for (std::size_t lane = 0; lane < store::lane_count; ++lane)
    standing.lane_max[lane] = static_cast<std::uint32_t>(std::min(lane_max[lane], free));
  context_.store.stand_by(standing, context_.executor, [this, alive = alive_](store::ClaimResult result) {
    if (*alive) handed_over(std::move(result));
  });
}

void Gateway::withdraw() {
  standing_by_ = false;
  context_.store.stand_by({.gateway = config_.id}, context_.executor, {});
}

void Gateway::handed_over(store::ClaimResult result) {
  standing_by_ = false;
  share_.handed_over(result.ends);
  for (auto& message : result.messages) take(std::move(message));
  if (stopping_ || paused()) give_back_unsent();
  if (!channel_->is_up()) give_back_soon();
  pump();
}

void Gateway::make_ready(std::uint64_t order) {
  if (!ready_.insert(order).second) return;
  if (goes_apart(order)) ++ready_apart_;
  if (policy(sendings_.at(order).message.content.lane).doubt == DoubtPolicy::hold) ++ready_to_hold_;
}

void Gateway::no_longer_ready(std::uint64_t order) {
  if (ready_.erase(order) == 0) return;
  if (goes_apart(order)) --ready_apart_;
  if (policy(sendings_.at(order).message.content.lane).doubt == DoubtPolicy::hold) --ready_to_hold_;
}

void Gateway::take(store::Claimed message) {
  const auto lane_policy = policy(message.content.lane);
  if (message.in_doubt && lane_policy.doubt == DoubtPolicy::hold && !channel_->can_repeat()) {
    store::Again again{.id = message.id,
                       .attempt = message.attempt,
                       .sent = false,
                       .doubtful = true,
                       .state = store::State::doubtful,
                       .delay_ms = lane_policy.hold_ms,
                       .status_message = "may have been sent; waits for a receipt",
                       .segments = std::move(message.segments)};
    count_doubtful(message.content.tenant, metrics::DoubtPolicy::hold);
    return write_outcome(std::move(again));
  }
  const auto wall = context_.clock.wall();
  auto outgoing = channel_->prepare(message, wall);
  if (!outgoing) {
    store::Finished failed{.id = message.id,
                           .attempt = message.attempt,
                           .state = store::State::failed,
                           .status_message = outgoing.error(),
                           .segments = {},
                           .sent = false};
    return write_outcome(std::move(failed));
  }
  context_.metrics.routed->Increment();
  const auto apart = suspects_.apart(message.id);
  const auto place = order_of(message.content.lane, Suspects::Apart::no, ++claimed_count_);
  const auto order = order_of(message.content.lane, apart, claimed_count_);
  Sending sending{.message = std::move(message), .outgoing = std::move(*outgoing), .parts = {}};
  sending.outgoing->alone = apart == Suspects::Apart::alone;
  sending.place = place;
  sending.parts.resize(sending.outgoing->parts);
  // Only what the carrier does not have yet is sent again.
  const auto& earlier = sending.message.segments;
  for (std::size_t i = 0; i < sending.parts.size() && earlier.size() == sending.parts.size(); ++i)
    if (earlier[i].state != store::SegmentState::unsent) {
      sending.parts[i].state = Part::State::accepted;
      sending.parts[i].provider_ids = {earlier[i].provider_id};
    }
  if (sending.message.attempt == 1)
    context_.metrics.submit_delay_seconds->Observe(static_cast<double>(wall - sending.message.due_at) / 1000.0);
  ++phones_[phone_key(sending.message.content.to)];
  sendings_.emplace_hint(sendings_.end(), order, std::move(sending));
  make_ready(order);
}

// Messages that go apart have their turn when the others cannot go on, and before they do again: neither waits for all
// of the other kind.
void Gateway::pump() {
  if (ready_apart_ > 0 && ready_others() == 0) claim();
  if (ready_.empty()) return claim();
  const Moment moment{.now = context_.clock.now(), .wall = context_.clock.wall()};
  bool apart_wait = ready_apart_ == 0;  // for another time: the others need not ask again and again
  while (!paused() && !stopping_) {
    if (!apart_wait && (turn_of_apart_ || ready_others() == 0)) {
      const auto turn = submit_apart(moment);
      apart_wait = turn == Turn::waits;
      if (turn == Turn::none) break;
      if (turn == Turn::went) {
        turn_of_apart_ = false;
        continue;
      }
    }
    if (submit_others(moment) == Turn::went) continue;
    if (ready_apart_ == 0 || std::exchange(turn_of_apart_, true)) break;
  }
  claim();
}

// The first that can go; a message whose parts wait for their bind holds up no other.
Gateway::Turn Gateway::submit_others(const Moment& moment) {
  for (auto it = ready_.begin(); it != ready_.end() && !goes_apart(*it); ++it)
    if (const auto turn = submit_next(*it, moment); turn != Turn::waits) return turn;
  return Turn::waits;
}

// Those that wait for a bind of their own at any time. The others return to their places once the way out has shown
// that it takes messages, and are tried when there is no other to show it.
Gateway::Turn Gateway::submit_apart(const Moment& moment) {
  const auto now = moment.now;
  const bool no_other = ready_others() == 0 && !claiming_;
  std::optional<Time> earliest;
  for (auto it = ready_.lower_bound(behind_all); it != ready_.end(); ++it) {
    const auto& sending = sendings_.at(*it);
    const auto id = sending.message.id;
    const auto expires = sending.message.expires_at;
    if (!sending.outgoing->alone && !(expires && expires <= moment.wall)) {
      const bool cleared = suspects_.apart(id) == Suspects::Apart::no || suspects_.others_passed(id, now);
      if (cleared && sending.in_flight == 0) {
        place(*it, sending.place);
        return Turn::went;
      }
      const auto due = suspects_.try_at(id);
      if (due > now) earliest = std::min(earliest.value_or(due), due);
      if (due > now || !no_other) continue;
    }
    if (const auto turn = submit_next(*it, moment); turn != Turn::waits) return turn;
  }
  if (earliest) apart_timer_->at(*earliest, [this] { pump(); });
  return Turn::waits;
}

Gateway::Turn Gateway::submit_next(std::uint64_t order, const Moment& moment) {
  auto& sending = sendings_.at(order);
  const auto next = std::ranges::find(sending.parts, Part::State::waiting, &Part::state);
  if (next == sending.parts.end() || sending.stopped) {
    no_longer_ready(order);
    if (sending.in_flight == 0) conclude(order);
    return Turn::went;
  }
  if (sending.message.expires_at && sending.message.expires_at <= moment.wall) {
    sending.stopped = sending.expired = true;  // never sent after its validity
    return Turn::went;
  }
  if (!channel_->has_room_for(*sending.outgoing)) return channel_->room() > 0 ? Turn::waits : Turn::none;
  if (const auto later = rate_.take(moment.now)) {
    pump_timer_->at(*later, [this] { pump(); });
    return Turn::none;
  }
  const auto index = static_cast<std::size_t>(next - sending.parts.begin());
  switch (channel_->submit(cookie_of(order, index), *sending.outgoing, index)) {
    case Channel::Submitted::yes:
      break;
    case Channel::Submitted::invalid:
      next->state = Part::State::refused;
      next->error = "the message does not fit the protocol's fields; check sender and number";
      sending.stopped = true;
      return Turn::went;
    case Channel::Submitted::no_room:
      return Turn::none;
  }
  next->state = Part::State::in_flight;
  next->submitted = true;
  next->submitted_at = moment.now;
  ++sending.in_flight;
  context_.metrics.parts_submitted[label_of(sending.message.content.encoding)]->Increment();
  if (index + 1 == sending.parts.size()) no_longer_ready(order);
  return Turn::went;
}

// ---- answers ----

Gateway::Part* Gateway::part_in_flight(std::uint64_t cookie) {
  const auto it = sendings_.find(cookie >> 8);
  const auto index = static_cast<std::size_t>(cookie & 0xFF);
  if (it == sendings_.end() || index >= it->second.parts.size()) return nullptr;
  auto& part = it->second.parts[index];
  return part.state == Part::State::in_flight ? &part : nullptr;
}

void Gateway::on_answer(std::uint64_t cookie, Channel::Answer answer) {
  auto* part = part_in_flight(cookie);
  if (!part) return;
  using Kind = Channel::Answer::Kind;
  if (answer.kind != Kind::unknown)
    context_.metrics.submit_duration_seconds->Observe(
        std::chrono::duration<double>(context_.clock.now() - part->submitted_at).count());
  part->state = answer.kind == Kind::accepted    ? Part::State::accepted
                : answer.kind == Kind::temporary ? Part::State::temporary
                : answer.kind == Kind::refused   ? Part::State::refused
                                                 : Part::State::unknown;
  part->provider_ids = std::move(answer.provider_ids);
  part->error = std::move(answer.error);
  part->elsewhere = answer.elsewhere;
  part->price = std::move(answer.price);
  part->currency = std::move(answer.currency);
  if (answer.kind == Kind::accepted || answer.kind == Kind::temporary) see_errors(answer.kind == Kind::temporary);
  see_passed(sendings_.at(cookie >> 8), *part, answer.kind);
  if (answer.kind == Kind::accepted) {
    if (!receipt_watch_.quiet_since() && !error_rate_.is_high()) context_.router.accepted(config_.id);
    patience_.accepted();
    const auto& ids = part->provider_ids;
    if (std::ranges::any_of(ids, [&](const auto& id) { return channel_->reports(id); }))
      receipt_watch_.awaited(context_.clock.wall());
  }
  const auto order = cookie >> 8;
  auto& sending = sendings_.at(order);
  sending.with_connection = sending.with_connection || answer.with_connection;
  if (answer.kind == Kind::unknown && sending.parts.size() == 1) {
    overdue_[cookie] = {sending.message.id, sending.message.attempt};
    if (overdue_.size() > overdue_max) overdue_.erase(overdue_.begin());
  }
  --sending.in_flight;
  if (answer.kind != Kind::accepted) sending.stopped = true;
  if (sending.in_flight > 0) return;
  if (sending.stopped ||
      std::ranges::none_of(sending.parts, [](const Part& p) { return p.state == Part::State::waiting; }))
    conclude(order);
}

// What is taken, or refused for its own sake, shows that the way out is not at fault.
void Gateway::see_passed(const Sending& sending, const Part& part, Channel::Answer::Kind kind) {
  using Kind = Channel::Answer::Kind;
  if (kind == Kind::accepted || kind == Kind::refused) suspects_.cleared(sending.message.id);
  if (kind != Kind::accepted && (kind != Kind::refused || !part.elsewhere)) return;
  suspects_.passed(part.submitted_at);
}

void Gateway::on_throttled(std::uint64_t cookie, Duration pause, const std::string& why) {
  auto* part = part_in_flight(cookie);
  if (!part) return;
  const auto order = cookie >> 8;
  auto& sending = sendings_.at(order);
  const auto now = context_.clock.now();
  context_.metrics.submit_duration_seconds->Observe(std::chrono::duration<double>(now - part->submitted_at).count());
  context_.metrics.retries[metrics::RetryReason::throttled]->Increment();
  const auto id = sending.message.id;
  if (suspects_.others_passed(id, now)) {
    log::warn("gateway", "the carrier is too busy for one message only: it waits", "gateway", config_.name, "id", id,
              "status", why);
    return on_answer(cookie, {.kind = Channel::Answer::Kind::temporary, .provider_ids = {}, .error = why});
  }
  if (!rate_.is_throttled(now))
    log::warn("gateway", "throttled by the carrier: slowing down", "gateway", config_.name, "status", why);
  rate_.throttled(now, pause);
  see_how_it_goes();
  // Twice in a row the same one: the next that goes out is another, and this one waits ever longer for it.
  const bool all = suspects_.throttled(id);
  const bool another = ++sending.throttled >= throttled_max && !all && sending.in_flight == 1;
  if (another) {
    suspects_.blamed(id, part->submitted_at, now, pause * (1 << std::min(sending.throttled - 1, 5)));
    // Nobody could show anything while it keeps a bind for itself.
    if (std::exchange(sending.outgoing->alone, false)) channel_->done_with(*sending.outgoing);
  }
  back_to_its_place(cookie, *part);
  if (another)
    stand_back(order);
  else
    give_up_waiting(order);
}

Channel::Owner::Blame Gateway::on_blamed(std::uint64_t cookie, Channel::Answer if_at_fault) {
  auto* part = part_in_flight(cookie);
  if (!part) return Blame::way_out;
  const auto order = cookie >> 8;
  const auto id = sendings_.at(order).message.id;
  if (suspects_.others_passed(id, context_.clock.now())) {
    log::warn("gateway", "one message is refused as if the account were, and others pass: it is at fault", "gateway",
              config_.name, "id", id, "detail", if_at_fault.error);
    on_answer(cookie, std::move(if_at_fault));
    return Blame::message;
  }
  const auto blamed = suspects_.blamed(id, part->submitted_at, context_.clock.now(), blamed_wait);
  back_to_its_place(cookie, *part);
  stand_back(order);
  switch (blamed) {
    case Suspects::Blamed::first:
      return Blame::way_out;
    case Suspects::Blamed::known:
      return Blame::known;
    case Suspects::Blamed::again:
      break;
  }
  return Blame::way_out_again;
}

// Behind all others; see Suspects. Not while other parts of it are under way.
void Gateway::stand_back(std::uint64_t order) {
  const auto it = sendings_.find(order);
  if (it == sendings_.end() || it->second.in_flight > 0) return;
  place(order, order_of(it->second.message.content.lane, Suspects::Apart::behind, ++claimed_count_));
}

void Gateway::place(std::uint64_t order, std::uint64_t at) {
  no_longer_ready(order);
  auto node = sendings_.extract(order);
  node.key() = at;
  sendings_.insert(std::move(node));
  make_ready(at);
}

// Was claimed, and waits for longer than its route does: it goes out elsewhere, if nothing of it is under way here.
void Gateway::give_up_waiting(std::uint64_t order) {
  const auto it = sendings_.find(order);
  if (it == sendings_.end()) return;
  auto& sending = it->second;
  const auto& message = sending.message;
  const auto route = context_.router.table()->route(message.content.route);
  const bool untouched =
      !message.in_doubt && store::untouched(message.segments) &&
      std::ranges::all_of(sending.parts, [](const Part& p) { return p.state == Part::State::waiting && !p.submitted; });
  if (!route || !untouched || sending.in_flight > 0) return;
  if (context_.clock.wall() < patience_.ends(*route, message.content.lane, message.due_at)) return;
  const auto to = next_gateway(message, Router::Ask::by_probe);
  if (!to) return;
  context_.metrics.moves[patience_.reason()]->Increment();
  store::Again elsewhere{.id = message.id,
                         .attempt = message.attempt,
                         .sent = false,
                         .move_to = to,
                         .status_message = fmt::format("{} {}", config_.name, patience_.words())};
  forget(order);
  write_outcome(std::move(elsewhere));
}

// What is known of a message that is claimed no more.
Gateway::Sending Gateway::forget(std::uint64_t order) {
  no_longer_ready(order);
  auto node = sendings_.extract(order);
  channel_->done_with(*node.mapped().outgoing);
  if (const auto phone = phones_.find(phone_key(node.mapped().message.content.to));
      phone != phones_.end() && --phone->second == 0)
    phones_.erase(phone);
  return std::move(node.mapped());
}

void Gateway::on_not_taken(std::uint64_t cookie) {
  if (auto* part = part_in_flight(cookie)) back_to_its_place(cookie, *part);
}

// No attempt is counted.
void Gateway::back_to_its_place(std::uint64_t cookie, Part& part) {
  part.state = Part::State::waiting;
  part.submitted = false;
  --sendings_.at(cookie >> 8).in_flight;
  make_ready(cookie >> 8);
  if (stopping_ || paused()) give_back_unsent();
}

// The carrier took it after all. If the message did not go out again meanwhile, this ends the doubt.
void Gateway::on_late_answer(std::uint64_t cookie, std::string provider_id) {
  const auto it = overdue_.find(cookie);
  if (it == overdue_.end()) return;
  const auto [id, attempt] = it->second;
  overdue_.erase(it);
  store::Finished finished{.id = id,
                           .attempt = attempt,
                           .state = channel_->reports(provider_id) ? store::State::submitted : store::State::sent,
                           .status_message = "answered late",
                           .segments = {},
                           .receipt_wait_ms = config_.receipt_wait_ms};
  finished.segments.push_back(
      {.state = store::SegmentState::accepted, .provider_id = std::move(provider_id), .error = {}});
  write_outcome(std::move(finished));
}

// All answers of this attempt are in: one outcome for the message.
void Gateway::conclude(std::uint64_t order) {
  const auto sending = forget(order);
  const auto& message = sending.message;
  const auto find = [&](Part::State state) -> const Part* {
    const auto it = std::ranges::find(sending.parts, state, &Part::state);
    return it == sending.parts.end() ? nullptr : &*it;
  };
  std::vector<store::Segment> segments;
  for (std::size_t i = 0; i < sending.parts.size(); ++i) {
    const auto& part = sending.parts[i];
    const auto* earlier = message.segments.size() == sending.parts.size() ? &message.segments[i] : nullptr;
    if (earlier && earlier->state != store::SegmentState::unsent) {
      segments.push_back(*earlier);
    } else {
      const auto state =
          part.state == Part::State::accepted ? store::SegmentState::accepted : store::SegmentState::unsent;
      // Under the id of a doubtful attempt its receipt may still come.
      if (part.provider_ids.empty())
        segments.push_back(
            {.state = state, .provider_id = earlier ? earlier->provider_id : std::string(), .error = part.error});
      for (const auto& id : part.provider_ids)
        segments.push_back({.state = state, .provider_id = id, .error = part.error});
    }
  }
  const bool complete =
      std::ranges::all_of(sending.parts, [](const Part& p) { return p.state == Part::State::accepted; });
  if (complete) {
    const bool awaited = std::ranges::any_of(segments, [&](const auto& s) { return channel_->reports(s.provider_id); });
    store::Finished finished{.id = message.id,
                             .attempt = message.attempt,
                             .state = awaited ? store::State::submitted : store::State::sent,
                             .status_message = {},
                             .segments = std::move(segments),
                             .receipt_wait_ms = config_.receipt_wait_ms};
    if (!awaited) finished.status_message = "taken by the carrier; no receipt is expected";
    if (const auto route = context_.router.table()->route(message.content.route); route && awaited)
      if (const auto silence = route->no_receipt_after[static_cast<std::size_t>(message.content.lane)]; silence > 0) {
        finished.when_silent = next_gateway(message, Router::Ask::by_plan);
        if (finished.when_silent) finished.receipt_wait_ms = std::min(finished.receipt_wait_ms, silence);
      }
    const auto price = price_of(message, sending.parts);
    finished.parts = message.content.parts;
    if (price) {
      finished.price = price->part;
      finished.note = "price " + money_text(price->part) + " " + price->currency;
    }
    return write_outcome(std::move(finished));
  }
  const auto* refused = find(Part::State::refused);
  const auto* unknown = find(Part::State::unknown);
  const auto* temporary = find(Part::State::temporary);
  if (!refused && std::ranges::none_of(sending.parts, &Part::submitted)) {
    store::Again unsent{
        .id = message.id, .attempt = message.attempt, .sent = false, .status_message = {}, .segments = {}};
    return write_outcome(std::move(unsent));
  }
  if (sending.expired && !refused && !unknown) {
    store::Finished expired{.id = message.id,
                            .attempt = message.attempt,
                            .state = store::State::expired,
                            .status_message = "validity ended before all parts could be sent",
                            .segments = std::move(segments)};
    return write_outcome(std::move(expired));
  }
  const auto outcome = refused ? Outcome::refused : unknown ? Outcome::unknown : Outcome::temporary;
  const auto* reason = refused ? refused : unknown ? unknown : temporary;
  const auto why = reason ? reason->error : "the connection was lost between two parts";
  const auto now = context_.clock.wall();
  // A provider that knows repetitions is asked again as after any fault.
  const bool repeats = unknown && channel_->can_repeat();
  const auto lane_policy = policy(message.content.lane);
  // What was lost together with others goes out once more, by itself: if that ends it as well, it was the cause.
  const bool with_others = !refused && sending.with_connection && !sending.outgoing->alone;
  auto next = decide(lane_policy, repeats ? Outcome::temporary : outcome, message.attempt - message.attempts_before,
                     message.in_doubt && !with_others, now, message.expires_at, context_.random);
  if ((repeats || message.in_doubt) && std::holds_alternative<GiveUp>(next)) next = Hold{lane_policy.hold_ms};
  if (const auto* give_up = std::get_if<GiveUp>(&next)) {
    // Another carrier may take it, unless this one has a part of it, or perhaps has.
    const auto route = context_.router.table()->route(message.content.route);
    const bool untouched = !message.in_doubt && store::untouched(segments);
    const bool may_move =
        outcome == Outcome::temporary || (refused && refused->elsewhere && route && route->after_refusal);
    if (const auto to = untouched && !unknown && may_move ? next_gateway(message, Router::Ask::anyway) : 0) {
      context_.metrics.moves[refused ? metrics::MoveReason::refused : metrics::MoveReason::retries_used_up]
          ->Increment();
      store::Again elsewhere{.id = message.id, .attempt = message.attempt, .move_to = to, .status_message = why};
      return write_outcome(std::move(elsewhere));
    }
    auto text = outcome == Outcome::refused ? why : why + " (" + give_up->why + ")";
    store::Finished failed{.id = message.id,
                           .attempt = message.attempt,
                           .state = store::State::failed,
                           .status_message = std::move(text),
                           .segments = std::move(segments)};
    return write_outcome(std::move(failed));
  }
  store::Again again{.id = message.id,
                     .attempt = message.attempt,
                     .doubtful = unknown != nullptr,
                     .repeatable = repeats,
                     .status_message = why,
                     .segments = std::move(segments)};
  if (const auto* hold = std::get_if<Hold>(&next)) {
    again.state = store::State::doubtful;
    again.delay_ms = hold->wait_ms;
    count_doubtful(message.content.tenant, metrics::DoubtPolicy::hold);
  } else {
    again.delay_ms = std::get<RetryAfter>(next).delay_ms;
    if (with_others) suspects_.lost(message.id, context_.clock.now());
    if (unknown) count_doubtful(message.content.tenant, metrics::DoubtPolicy::resend);
    context_.metrics.retries[unknown ? metrics::RetryReason::timeout : metrics::RetryReason::temporary]->Increment();
  }
  write_outcome(std::move(again));
}

store::GatewayId Gateway::next_gateway(const store::Claimed& message, Router::Ask ask) const {
  return context_.router.next(message.content, message.left, config_.id, context_.clock.wall(), ask);
}

// Of all its parts: what the provider says, unless the price list is in another currency, or else the price list. None:
// nobody says, which is not nothing.
std::optional<Price> Gateway::price_of(const store::Claimed& message, const std::vector<Part>& parts) const {
  const auto prices = context_.router.table()->prices;
  const auto currency = prices->currency_of(config_.id);
  for (const auto& part : parts)
    if (const auto told = parse_money(part.price); told && (currency.empty() || currency == part.currency))
      return Price{.part = *told, .currency = part.currency};
  const auto* price = prices->find(config_.id, message.content.to);
  if (!price) return std::nullopt;
  return Price{.part = price->part * message.content.parts, .currency = price->currency};
}

// ---- messages that wait here too long ----

// Whether it can send, is throttled, and still gets receipts.
void Gateway::see_how_it_goes() {
  const auto now = context_.clock.wall();
  patience_.see(now, !paused() && channel_->is_up(), rate_.is_throttled(context_.clock.now()));
  // A carrier that takes everything and has stopped reporting: routes give it one message a second until a receipt
  // comes.
  if (!receipt_watch_.became_quiet(now)) return;
  log::warn("gateway", "receipts have stopped coming: routes prefer other gateways until one comes", "gateway",
            config_.name);
  context_.router.distrust(config_.id);
}

// A carrier that takes only some of what it is given: routes give it one message a second until it is better.
void Gateway::see_errors(bool failed) {
  const bool was_high = error_rate_.is_high();
  error_rate_.ended(failed);
  if (was_high == error_rate_.is_high()) return;
  if (was_high) return log::info("gateway", "fewer messages fail", "gateway", config_.name);
  log::warn("gateway", "many messages fail: routes prefer other gateways until it is better", "gateway", config_.name);
  context_.router.distrust(config_.id);
}

void Gateway::move_waiting() {
  see_how_it_goes();
  const auto now = context_.clock.wall();
  if (moving_ || stopping_ || context_.router.table()->routes.empty()) return;
  if (!patience_.is_tried()) return;
  // What was claimed and is not under way leaves as well, and before what is behind it in the queue.
  for (const auto order : std::vector<std::uint64_t>(ready_.begin(), ready_.end())) give_up_waiting(order);
  flush();
  store::Batch batch;
  for (const auto& [tenant, queue_metrics] : context_.queue_metrics)
    for (std::size_t lane = 0; lane < store::lane_count && batch.moves.size() < moves_max; ++lane)
      move_waiting({.gateway = config_.id, .tenant = tenant, .lane = static_cast<store::Lane>(lane)}, now, batch);
  if (batch.moves.empty()) return;
  log::info("gateway",
            patience_.is_down() ? "cannot send: messages move to other gateways"
                                : "throttled for long: messages move to other gateways",
            "gateway", config_.name, "messages", batch.moves.size());
  moving_ = true;
  const bool more = batch.moves.size() >= moves_max;
  const auto reason = patience_.reason();
  ++commits_running_;
  context_.store.commit(std::move(batch), context_.executor,
                        [this, alive = alive_, more, reason](const store::BatchResult& result) {
                          if (!*alive) return;
                          --commits_running_;
                          moving_ = false;
                          for (const auto moved : result.moved)
                            if (moved == store::Settled::ok) context_.metrics.moves[reason]->Increment();
                          if (stopping_) return check_stopped();
                          if (more) move_waiting();
                        });
}

// Looks at some messages of a queue; the next call goes on behind them, and at its end begins anew.
void Gateway::move_waiting(const store::Queue& queue, WallMs now, store::Batch& batch) {
  const auto place = looked_at_.find(queue);
  auto waiting = context_.store.reader().waiting(queue, now, place == looked_at_.end() ? nullptr : &place->second,
                                                 moves_max - batch.moves.size());
  const bool at_end = waiting.size() < moves_max - batch.moves.size();
  for (const auto& [due_at, message] : waiting) {
    const auto route = context_.router.table()->route(message.content.route);
    if (!route) continue;
    if (now < patience_.ends(*route, message.content.lane, due_at)) continue;
    if (!store::untouched(message.progress.segments)) continue;
    const auto to = context_.router.next(message.content, message.progress.left, config_.id, now);
    if (!to) continue;
    batch.moves.push_back({.id = message.id,
                           .from = config_.id,
                           .to = to,
                           .tenant = queue.tenant,
                           .lane = queue.lane,
                           .due_at = due_at,
                           .why = fmt::format("{} {}", config_.name, patience_.words())});
  }
  if (at_end)
    looked_at_.erase(queue);
  else
    looked_at_[queue] = std::move(waiting.back());
}

void Gateway::count_doubtful(store::TenantId tenant, metrics::DoubtPolicy how) {
  if (const auto it = context_.queue_metrics.find(tenant); it != context_.queue_metrics.end())
    it->second->doubtful_sends[how]->Increment();
}

// What was claimed and has no part at the carrier returns to its place in the queue.
void Gateway::give_back_unsent() {
  for (auto it = ready_.begin(); it != ready_.end();) {
    const auto order = *it;
    auto& sending = sendings_.at(order);
    if (sending.in_flight > 0) {
      sending.stopped = true;
      ++it;
      continue;
    }
    ++it;
    sending.stopped = true;
    conclude(order);
  }
}

// ---- receipts ----

void Gateway::on_receipt(store::ReceiptRecorded receipt, metrics::ReceiptState state,
                         std::function<void(bool stored)> answer) {
  context_.metrics.receipts[state]->Increment();
  if (receipt_watch_.came()) {
    log::info("gateway", "receipts come again", "gateway", config_.name);
    context_.router.accepted(config_.id);
  }
  see_account();
  receipt.account = account_;
  outcomes_.receipts.push_back(std::move(receipt));
  // Answered only after the commit: the carrier repeats it otherwise.
  owed_.push_back(std::move(answer));
  schedule_flush();
}

// Which other gateways use this account changes only with the table.
void Gateway::see_account() {
  auto table = context_.router.table();
  if (table == account_seen_in_) return;
  account_ = table->sharing_account(config_);
  account_seen_in_ = std::move(table);
}

void Gateway::say_unmatched(const std::vector<store::Receipted>& receipts) {
  for (const auto matched : receipts) {
    if (matched == store::Receipted::matched || matched == store::Receipted::repeated) continue;
    context_.metrics.receipts_unmatched->Increment();
    const auto* why = matched == store::Receipted::another_phone
                          ? "the message with its id went to another phone: if this carrier changes addresses, set "
                            "dialect.address_may_differ"
                      : matched == store::Receipted::ambiguous
                          ? "several messages have its id, and nothing tells them apart"
                          : nullptr;
    if (!why) continue;
    if (const auto count = unmatched_.due(why, context_.clock.now()))
      log::warn("gateway", "a receipt matches no message", "gateway", config_.name, "reason", why, "receipts", count);
  }
}

// A flood of them is one line a second.
void Gateway::on_inbound(std::string_view from) {
  context_.metrics.inbound_messages->Increment();
  if (const auto count = inbound_.due("", context_.clock.now()))
    log::info("gateway", "inbound message received", "gateway", config_.name, "from", log::masked(from), "messages",
              count);
}

bool Gateway::is_sending_to(std::string_view phone) const {
  return phone.empty() ? !sendings_.empty() : phones_.contains(phone_key(phone));
}

// ---- outcomes to the store ----

void Gateway::write_outcome(store::Finished finished) {
  outcomes_.finished.push_back(std::move(finished));
  schedule_flush();
}
void Gateway::write_outcome(store::Again again) {
  outcomes_.again.push_back(std::move(again));
  schedule_flush();
}

// Everything that one turn of the loop brings goes to the store as one batch.
void Gateway::schedule_flush() {
  if (outcomes_.size() == store::batch_items_max) return flush();
  if (flush_posted_) return;
  flush_posted_ = true;
  boost::asio::post(context_.executor, [this, alive = alive_] {
    if (!*alive) return;
    flush();
  });
}

void Gateway::flush() {
  flush_posted_ = false;
  if (outcomes_.size() == 0) return;
  commit({.batch = std::exchange(outcomes_, {}), .owed = std::exchange(owed_, {}), .since = context_.clock.now()});
}

void Gateway::commit(Writing writing) {
  ++commits_running_;
  auto batch = std::exchange(writing.batch, {});
  context_.store.commit(std::move(batch), context_.executor,
                        [this, alive = alive_, writing = std::move(writing)](store::BatchResult result) mutable {
                          if (!*alive) return;
                          --commits_running_;
                          const bool ends =
                              result.error == store::Error::unavailable || result.error == store::Error::broken;
                          if (result.error != store::Error::none && !ends) {
                            // Nothing was written, or perhaps everything: the same batch again is safe either way.
                            writing.batch = std::move(result.unapplied);
                            return repeat(std::move(writing));
                          }
                          if (result.error == store::Error::none) {
                            say_unmatched(result.receipts);
                            for (const auto& tell : writing.owed) tell(true);
                          }
                          check_stopped();
                        });
}

// Outcomes are known to nobody else and wait for as long as it takes. Receipts return to the carrier, which sends them
// again, before they fill the memory.
void Gateway::repeat(Writing writing) {
  if (abandoned_) return check_stopped();
  if (!writing.batch.receipts.empty() && context_.clock.now() - writing.since >= receipt_answer_max) {
    log::error("gateway", "receipts could not be stored; the carrier is told to repeat them", "gateway", config_.name,
               "receipts", writing.batch.receipts.size());
    for (const auto& tell : std::exchange(writing.owed, {})) tell(false);
    writing.batch.receipts.clear();
    if (writing.batch.size() == 0) return check_stopped();
  }
  ++commits_running_;
  auto timer = std::shared_ptr<Timer>(context_.clock.timer(context_.executor));
  auto kept = std::make_shared<Writing>(std::move(writing));
  timer->at(context_.clock.now() + commit_retry_delay, [this, alive = alive_, timer, kept] {
    if (!*alive) return;
    --commits_running_;
    if (abandoned_) return check_stopped();
    commit(std::move(*kept));
  });
}

// ---- the channel's news ----

void Gateway::on_room() { pump(); }

void Gateway::on_closed() {
  give_back_unsent();
  check_stopped();
}

void Gateway::on_up_or_down() {
  if (channel_->is_up()) {
    give_back_timer_->cancel();
  } else if (!stopping_) {
    withdraw();
    give_back_soon();
  }
  update_gauges();
}

void Gateway::give_back_soon() {
  give_back_timer_->at(context_.clock.now() + give_back_after, [this] {
    if (!channel_->is_up()) give_back_unsent();
  });
}

void Gateway::arm_idle_timer() {
  const auto next = share_.next_due();
  if (!next) return;
  const auto wait = std::chrono::milliseconds(std::max<WallMs>(1, next - context_.clock.wall()));
  // The wall clock may be set meanwhile: look again after a minute at the latest.
  due_timer_->at(context_.clock.now() + std::min<Duration>(wait, due_check_max), [this] { claim(); });
}

void Gateway::update_gauges() {
  context_.router.can_send(config_.id, !paused() && channel_->is_up());
  context_.metrics.up->Set(!paused() && channel_->is_up() ? 1 : 0);
  context_.metrics.enabled->Set(paused() ? 0 : 1);
  // 0 would read as a gateway that sends nothing.
  const double limit = rate_.current();
  context_.metrics.rate_limit_messages_per_second->Set(limit > 0 ? limit : std::numeric_limits<double>::infinity());
  channel_->publish_metrics();
}

GatewayStatus Gateway::status() const {
  GatewayStatus status;
  channel_->describe(status);
  status.paused_since = paused_since_;
  status.state = paused() ? "paused" : channel_->is_up() ? "up" : "down";
  status.in_flight = sendings_.size();
  status.rate_limit = rate_.current();
  status.receipts_quiet_since = receipt_watch_.quiet_since();
  status.down_since = patience_.down_since();
  status.throttled = patience_.is_throttled();
  return status;
}

}  // namespace smsbridge::bridge
