// SPDX-License-Identifier: MPL-2.0
#include "bridge/delivery/smpp_gateway.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "bridge/delivery/smpp_labels.hpp"
#include "bridge/env/log.hpp"
#include "store/rules.hpp"

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t ahead_min = 16, ahead_max = 2048;
constexpr std::size_t ready_to_hold_max = 16;
constexpr Duration give_back_after = 5s;  // without a bind: what was claimed but not sent returns to the queue
constexpr Duration commit_retry_delay = 200ms;
constexpr Duration receipt_answer_max = 20s;      // before most centres give up waiting
constexpr std::uint32_t status_try_later = 0x64;  // ESME_RX_T_APPN
constexpr std::size_t overdue_max = 4096;
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
constexpr std::uint64_t behind_one_time_passwords = std::uint64_t{1} << 55;
std::uint64_t order_of(store::Lane lane, std::uint64_t count) {
  return lane == store::Lane::otp ? count : behind_one_time_passwords | count;
}
std::uint64_t cookie_of(std::uint64_t order, std::size_t part) { return order << 8 | part; }

}  // namespace

SmppGateway::SmppGateway(const GatewayConfig& config, GatewayContext context)
    : config_(config),
      context_(std::move(context)),
      rate_(config.rate),
      pump_timer_(context_.clock.timer(context_.executor)),
      due_timer_(context_.clock.timer(context_.executor)),
      give_back_timer_(context_.clock.timer(context_.executor)),
      stop_timer_(context_.clock.timer(context_.executor)),
      metrics_timer_(context_.clock.timer(context_.executor)) {
  using Type = smpp::SessionConfig::BindType;
  const auto add = [this](Type type) {
    links_.push_back(std::make_shared<SmppLink>(static_cast<int>(links_.size()) + 1, type, config_, context_.executor,
                                                context_.clock, context_.connector, context_.random,
                                                static_cast<SmppLink::Owner&>(*this)));
  };
  for (int session = 0; session < config_.sessions; ++session) {
    add(config_.bind == GatewayConfig::Bind::transceiver ? Type::transceiver : Type::transmitter);
    if (config_.bind == GatewayConfig::Bind::pair) add(Type::receiver);
  }
  published_.resize(links_.size());
}

SmppGateway::~SmppGateway() {
  *alive_ = false;
  stopping_ = true;
  stopped_ = nullptr;
  for (auto& link : links_) link->abort();
}

void SmppGateway::start() {
  for (auto& link : links_) link->start();
  publish_metrics();
}

// What is counted elsewhere, or changes by itself, is carried to the metrics once a second.
void SmppGateway::publish_metrics() {
  update_gauges();
  for (std::size_t i = 0; i < links_.size(); ++i) {
    publish_pdus(links_[i]->pdus_sent(), published_[i].first, metrics::Direction::sent, context_.smpp_metrics);
    publish_pdus(links_[i]->pdus_received(), published_[i].second, metrics::Direction::received, context_.smpp_metrics);
    if (const auto* session = links_[i]->session(); session && session->last_enquire_link_round_trip())
      context_.smpp_metrics.enquire_link_rtt_seconds->Set(
          std::chrono::duration<double>(*session->last_enquire_link_round_trip()).count());
  }
  const auto now = context_.clock.now();
  if (rate_.is_throttled(now))
    context_.metrics.throttled_seconds->Increment(std::chrono::duration<double>(metrics_interval).count());
  std::map<store::TenantId, double> in_flight;
  for (const auto& [order, sending] : sendings_) ++in_flight[sending.message.content.tenant];
  for (const auto& [tenant, queue] : context_.queue_metrics)
    queue->messages[metrics::QueueState::in_flight]->Set(in_flight[tenant]);
  metrics_timer_->at(now + metrics_interval, [this] { publish_metrics(); });
}

void SmppGateway::due(const std::vector<store::Queue>& queues) {
  for (const auto& queue : queues) share_.mark(queue);
  claim();
}

void SmppGateway::pause(WallMs since) {
  paused_since_ = since;
  log::info("gateway", "paused", "gateway", config_.name);
  withdraw();
  give_back_unsent();
  update_gauges();
}

void SmppGateway::resume() {
  paused_since_ = 0;
  log::info("gateway", "resumed", "gateway", config_.name);
  update_gauges();
  claim();
  pump();
}

void SmppGateway::stop(Time deadline, std::function<void()> done) {
  stopping_ = true;
  stopped_ = std::move(done);
  withdraw();
  give_back_unsent();
  for (auto& link : links_) link->stop();
  stop_timer_->at(deadline, [this] {
    for (auto& link : links_) link->abort();
    flush();
    // What cannot be written by now stays claimed, and is in doubt at the next start.
    abandoned_ = true;
    check_stopped();
  });
  if (claiming_) return check_stopped();
  // An empty claim: its answer comes behind everything that was taken before.
  claiming_ = true;
  context_.store.claim({}, context_.executor, [this, alive = alive_](store::ClaimResult result) {
    if (*alive) claimed(std::move(result));
  });
}

void SmppGateway::check_stopped() {
  if (!stopped_ || claiming_ || commits_running_ > 0 || outcomes_.size() > 0) return;
  for (const auto& link : links_)
    if (link->state() != SmppLink::State::closed) return;
  stop_timer_->cancel();
  std::exchange(stopped_, nullptr)();
}

// ---- from the queue to the binds ----

std::size_t SmppGateway::bound_senders() const {
  return static_cast<std::size_t>(std::ranges::count_if(links_, [](const auto& link) { return link->can_submit(); }));
}

std::size_t SmppGateway::windows() const { return bound_senders() * config_.session.window; }

bool SmppGateway::receipt_possible(std::string_view provider_id) const {
  return config_.receipts && !provider_id.empty();
}

RetryPolicy SmppGateway::policy(store::Lane lane) const {
  auto policy = config_.retry;
  policy.doubt = config_.doubt.value_or(context_.lanes[static_cast<std::size_t>(lane)].doubt);
  return policy;
}

void SmppGateway::claim() {
  if (claiming_ || stopping_ || paused() || bound_senders() == 0) return;
  const auto capacity = windows() + ahead_;
  if (sendings_.size() >= capacity || ready_.size() > ahead_ / 2) return;
  std::size_t window_free = 0;
  for (const auto& link : links_) window_free += link->window_free();
  auto free = capacity - sendings_.size();
  if (rate_.current() > 0) {
    // Nothing is claimed long before its turn: after a crash it would be in doubt for nothing.
    const auto second = static_cast<std::size_t>(rate_.current()) + 1;
    if (ready_.size() >= second) return;
    free = std::min(free, second - ready_.size());
  }
  std::array<std::size_t, store::lane_count> lane_max;
  lane_max.fill(free);
  // What is held when in doubt is claimed when a window takes it at once; a little more, because under load there is
  // always something ready and such a lane would never have its turn.
  const auto free_at_once = window_free - std::min(window_free, ready_.size());
  const auto to_hold_max = std::max(free_at_once, ready_to_hold_max - std::min(ready_to_hold_max, ready_to_hold_));
  for (std::size_t lane = 0; lane < store::lane_count; ++lane)
    if (policy(static_cast<store::Lane>(lane)).doubt == DoubtPolicy::hold) lane_max[lane] = to_hold_max;
  auto wants = share_.wants(std::min(free, store::claim_messages_max), context_.clock.wall(), lane_max);
  if (wants.empty()) {
    arm_idle_timer();
    return stand_by(free, lane_max);
  }
  withdraw();
  std::size_t asked = 0;
  for (const auto& want : wants) asked += want.count;
  full_ask_ = asked == free;
  claiming_ = true;
  share_.claiming(wants);
  context_.store.claim(std::move(wants), context_.executor, [this, alive = alive_](store::ClaimResult result) {
    if (*alive) claimed(std::move(result));
  });
}

void SmppGateway::claimed(store::ClaimResult result) {
  claiming_ = false;
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
  if (full_ask_ && !result.messages.empty() && ready_.empty())
    ahead_ = std::min(ahead_max, ahead_ * 2);
  else if (ready_.size() > ahead_ / 2)
    ahead_ = std::max(ahead_min, ahead_ - ahead_ / 8);
  for (auto& message : result.messages) take(std::move(message));
  if (stopping_ || paused()) give_back_unsent();
  pump();
  claim();
  check_stopped();
}

// Nothing waits: the next message is handed over by the commit that brings it.
void SmppGateway::stand_by(std::size_t free, const std::array<std::size_t, store::lane_count>& lane_max) {
  if (standing_by_) return;
  standing_by_ = true;
  store::StandingClaim standing{.gateway = config_.id, .count = static_cast<std::uint32_t>(free)};
  for (std::size_t lane = 0; lane < store::lane_count; ++lane)
    standing.lane_max[lane] = static_cast<std::uint32_t>(std::min(lane_max[lane], free));
  context_.store.stand_by(standing, context_.executor, [this, alive = alive_](store::ClaimResult result) {
    if (*alive) handed_over(std::move(result));
  });
}

void SmppGateway::withdraw() {
  standing_by_ = false;
  context_.store.stand_by({.gateway = config_.id}, context_.executor, {});
}

void SmppGateway::handed_over(store::ClaimResult result) {
  standing_by_ = false;
  share_.handed_over(result.ends);
  for (auto& message : result.messages) take(std::move(message));
  if (stopping_ || paused()) give_back_unsent();
  pump();
}

void SmppGateway::make_ready(std::uint64_t order) {
  if (!ready_.insert(order).second) return;
  if (policy(sendings_.at(order).message.content.lane).doubt == DoubtPolicy::hold) ++ready_to_hold_;
}

void SmppGateway::no_longer_ready(std::uint64_t order) {
  if (ready_.erase(order) == 0) return;
  if (policy(sendings_.at(order).message.content.lane).doubt == DoubtPolicy::hold) --ready_to_hold_;
}

void SmppGateway::take(store::Claimed message) {
  const auto lane_policy = policy(message.content.lane);
  if (message.in_doubt && lane_policy.doubt == DoubtPolicy::hold) {
    store::Again again{.id = message.id,
                       .attempt = message.attempt,
                       .doubtful = true,
                       .state = store::State::doubtful,
                       .delay_ms = lane_policy.hold_ms,
                       .status_message = "may have been sent; waits for a receipt",
                       .segments = std::move(message.segments)};
    count_doubtful(message.content.tenant, metrics::DoubtPolicy::hold);
    return write_outcome(std::move(again));
  }
  auto outgoing = make_outgoing(message, config_, context_.clock.wall());
  if (!outgoing) {
    store::Finished failed{.id = message.id,
                           .attempt = message.attempt,
                           .state = store::State::failed,
                           .status_message = outgoing.error(),
                           .segments = {}};
    return write_outcome(std::move(failed));
  }
  context_.metrics.routed->Increment();
  const auto order = order_of(message.content.lane, ++claimed_count_);
  Sending sending{.message = std::move(message), .outgoing = std::move(*outgoing), .parts = {}};
  sending.parts.resize(sending.outgoing.segments.size());
  // Only what the carrier does not have yet is sent again.
  const auto& earlier = sending.message.segments;
  for (std::size_t i = 0; i < sending.parts.size() && i < earlier.size(); ++i)
    if (earlier[i].state != store::SegmentState::unsent) {
      sending.parts[i].state = Part::State::accepted;
      sending.parts[i].provider_id = earlier[i].provider_id;
    }
  if (sending.message.attempt == 1)
    context_.metrics.submit_delay_seconds->Observe(static_cast<double>(context_.clock.wall() - sending.message.due_at) /
                                                   1000.0);
  ++phones_[phone_key(sending.message.content.to)];
  sendings_.emplace_hint(sendings_.end(), order, std::move(sending));
  make_ready(order);
}

SmppLink* SmppGateway::choose_link(const Sending& sending) {
  // Parts of one message stay together while their bind has room.
  if (sending.link && sending.link->window_free() > 0) return sending.link;
  SmppLink* best = nullptr;
  for (const auto& link : links_)
    if (link->window_free() > 0 && (!best || link->window_free() > best->window_free())) best = link.get();
  return best;
}

void SmppGateway::pump() {
  while (!ready_.empty() && !paused() && !stopping_) {
    const auto order = *ready_.begin();
    auto& sending = sendings_.at(order);
    if (!submit_next(order, sending)) break;
  }
  std::size_t in_use = 0;
  for (const auto& link : links_) in_use += link->in_flight();
  context_.smpp_metrics.window_in_use->Set(static_cast<double>(in_use));
  claim();
}

// False: nothing more can go out now.
bool SmppGateway::submit_next(std::uint64_t order, Sending& sending) {
  const auto next = std::ranges::find(sending.parts, Part::State::waiting, &Part::state);
  if (next == sending.parts.end() || sending.stopped) {
    no_longer_ready(order);
    if (sending.in_flight == 0) conclude(order);
    return true;
  }
  const auto wall = context_.clock.wall();
  if (sending.message.expires_at && sending.message.expires_at <= wall) {
    sending.stopped = sending.expired = true;  // never sent after its validity
    return true;
  }
  auto* link = choose_link(sending);
  if (!link) return false;
  const auto now = context_.clock.now();
  if (const auto later = rate_.take(now)) {
    pump_timer_->at(*later, [this] { pump(); });
    return false;
  }
  const auto index = static_cast<std::size_t>(next - sending.parts.begin());
  switch (link->submit(segment_message(sending.outgoing, index), cookie_of(order, index))) {
    case smpp::Session::SubmitResult::queued:
      break;
    case smpp::Session::SubmitResult::invalid:
      next->state = Part::State::refused;
      next->error = "the message does not fit the protocol's fields; check sender and number";
      sending.stopped = true;
      return true;
    case smpp::Session::SubmitResult::window_full:
    case smpp::Session::SubmitResult::not_bound:
      return false;
  }
  next->state = Part::State::in_flight;
  next->submitted = true;
  next->submitted_at = now;
  ++sending.in_flight;
  sending.link = link;
  context_.metrics.parts_submitted[label_of(sending.message.content.encoding)]->Increment();
  if (index + 1 == sending.parts.size()) no_longer_ready(order);
  return true;
}

// ---- answers ----

void SmppGateway::on_answered(SmppLink&, const smpp::Answered& answer) {
  const auto order = answer.cookie >> 8;
  const auto index = static_cast<std::size_t>(answer.cookie & 0xFF);
  const auto it = sendings_.find(order);
  if (it == sendings_.end() || index >= it->second.parts.size()) return;
  auto& part = it->second.parts[index];
  const auto now = context_.clock.now();
  context_.metrics.submit_duration_seconds->Observe(std::chrono::duration<double>(now - part.submitted_at).count());
  if (answer.status != 0) context_.smpp_metrics.errors(smpp::status_name(answer.status)).Increment();
  // The peer could not read the PDU, or not in its place: the message is not at fault.
  const bool misread = answer.nack && answer.status == smpp::status_invalid_command_length;
  switch (misread ? Verdict::temporary : judge(answer.status, config_.dialect)) {
    case Verdict::accepted:
      context_.metrics.submit_results[metrics::SubmitResult::ok]->Increment();
      part.provider_id = std::string(answer.message_id);
      return part_done(order, index, Part::State::accepted, {});
    case Verdict::throttled: {
      context_.metrics
          .submit_results[answer.status == 0x14 ? metrics::SubmitResult::queue_full : metrics::SubmitResult::throttled]
          ->Increment();
      context_.metrics.retries[metrics::RetryReason::throttled]->Increment();
      if (!rate_.is_throttled(now))
        log::warn("gateway", "throttled by the carrier: slowing down", "gateway", config_.name, "status",
                  smpp::status_name(answer.status));
      rate_.throttled(now, std::chrono::milliseconds(context_.random.between(500, 1000)));
      // No attempt is counted and the message keeps its place.
      part.state = Part::State::waiting;
      part.submitted = false;
      --it->second.in_flight;
      make_ready(order);
      if (stopping_ || paused()) give_back_unsent();
      return;
    }
    case Verdict::temporary:
      context_.metrics.submit_results[metrics::SubmitResult::temporary]->Increment();
      return part_done(order, index, Part::State::temporary, describe_status(answer.status));
    case Verdict::refused:
      context_.metrics.submit_results[metrics::SubmitResult::permanent]->Increment();
      return part_done(order, index, Part::State::refused, describe_status(answer.status));
  }
}

void SmppGateway::on_unanswered(SmppLink&, const smpp::Unanswered& request) {
  const auto order = request.cookie >> 8;
  const auto index = static_cast<std::size_t>(request.cookie & 0xFF);
  const auto it = sendings_.find(order);
  if (it == sendings_.end() || index >= it->second.parts.size()) return;
  context_.metrics
      .submit_results[request.timed_out ? metrics::SubmitResult::timeout : metrics::SubmitResult::disconnected]
      ->Increment();
  if (request.timed_out && it->second.parts.size() == 1) {
    overdue_[request.cookie] = {it->second.message.id, it->second.message.attempt};
    if (overdue_.size() > overdue_max) overdue_.erase(overdue_.begin());
  }
  part_done(order, index, Part::State::unknown,
            request.timed_out ? "no answer in time; may have been sent"
                              : "connection lost before the answer; may have been sent");
}

// The carrier took it after all. If the message did not go out again meanwhile, this ends the doubt.
void SmppGateway::on_late_answer(SmppLink&, const smpp::LateAnswer& answer) {
  const auto it = overdue_.find(answer.cookie);
  if (it == overdue_.end()) return;
  const auto [id, attempt] = it->second;
  overdue_.erase(it);
  if (answer.status != 0) return;
  store::Finished finished{.id = id,
                           .attempt = attempt,
                           .state = receipt_possible(answer.message_id) ? store::State::submitted : store::State::sent,
                           .status_message = "answered late",
                           .segments = {},
                           .receipt_wait_ms = config_.receipt_wait_ms};
  finished.segments.push_back(
      {.state = store::SegmentState::accepted, .provider_id = std::string(answer.message_id), .error = {}});
  write_outcome(std::move(finished));
}

void SmppGateway::part_done(std::uint64_t order, std::size_t index, Part::State state, std::string error) {
  auto& sending = sendings_.at(order);
  auto& part = sending.parts[index];
  part.state = state;
  part.error = std::move(error);
  --sending.in_flight;
  if (state != Part::State::accepted) sending.stopped = true;
  if (sending.in_flight > 0) return;
  if (sending.stopped ||
      std::ranges::none_of(sending.parts, [](const Part& p) { return p.state == Part::State::waiting; }))
    conclude(order);
}

// All answers of this attempt are in: one outcome for the message.
void SmppGateway::conclude(std::uint64_t order) {
  no_longer_ready(order);
  const auto node = sendings_.extract(order);
  const auto& sending = node.mapped();
  const auto& message = sending.message;
  if (const auto phone = phones_.find(phone_key(message.content.to)); phone != phones_.end() && --phone->second == 0)
    phones_.erase(phone);
  const auto find = [&](Part::State state) -> const Part* {
    const auto it = std::ranges::find(sending.parts, state, &Part::state);
    return it == sending.parts.end() ? nullptr : &*it;
  };
  std::vector<store::Segment> segments;
  for (std::size_t i = 0; i < sending.parts.size(); ++i) {
    const auto& part = sending.parts[i];
    if (i < message.segments.size() && message.segments[i].state != store::SegmentState::unsent) {
      segments.push_back(message.segments[i]);
    } else {
      const auto state =
          part.state == Part::State::accepted ? store::SegmentState::accepted : store::SegmentState::unsent;
      segments.push_back({.state = state, .provider_id = part.provider_id, .error = part.error});
    }
  }
  const bool complete =
      std::ranges::all_of(sending.parts, [](const Part& p) { return p.state == Part::State::accepted; });
  if (complete) {
    const bool awaited = std::ranges::any_of(segments, [&](const auto& s) { return receipt_possible(s.provider_id); });
    store::Finished finished{.id = message.id,
                             .attempt = message.attempt,
                             .state = awaited ? store::State::submitted : store::State::sent,
                             .status_message = {},
                             .segments = std::move(segments),
                             .receipt_wait_ms = config_.receipt_wait_ms};
    if (!awaited) finished.status_message = "taken by the carrier; no receipt is expected";
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
  const auto why = reason ? reason->error : "the bind was lost between two parts";
  const auto now = context_.clock.wall();
  const auto next = decide(policy(message.content.lane), outcome, message.attempt - message.attempts_before,
                           message.in_doubt, now, message.expires_at, context_.random);
  if (const auto* give_up = std::get_if<GiveUp>(&next)) {
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
                     .status_message = why,
                     .segments = std::move(segments)};
  if (const auto* hold = std::get_if<Hold>(&next)) {
    again.state = store::State::doubtful;
    again.delay_ms = hold->wait_ms;
    count_doubtful(message.content.tenant, metrics::DoubtPolicy::hold);
  } else {
    again.delay_ms = std::get<RetryAfter>(next).delay_ms;
    if (unknown) count_doubtful(message.content.tenant, metrics::DoubtPolicy::resend);
    context_.metrics.retries[unknown ? metrics::RetryReason::timeout : metrics::RetryReason::temporary]->Increment();
  }
  write_outcome(std::move(again));
}

void SmppGateway::count_doubtful(store::TenantId tenant, metrics::DoubtPolicy how) {
  if (const auto it = context_.queue_metrics.find(tenant); it != context_.queue_metrics.end())
    it->second->doubtful_sends[how]->Increment();
}

// What was claimed and has no part at the carrier returns to its place in the queue.
void SmppGateway::give_back_unsent() {
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

void SmppGateway::on_delivered(SmppLink& link, const smpp::Delivered& delivery) {
  const auto receipt = smpp::parse_receipt(delivery.message, config_.dialect);
  if (!receipt) {
    context_.metrics.inbound_messages->Increment();
    log::info("gateway", "inbound message received", "gateway", config_.name, "from",
              log::masked(delivery.message.source.digits));
    return link.answer_delivery(link.generation(), delivery.sequence, delivery.command, 0);
  }
  const auto phone = config_.dialect.address_may_differ ? std::string_view() : delivery.message.source.digits;
  store::ReceiptRecorded change{
      .gateway = config_.id, .provider_ids = {}, .error = receipt->error, .destination = std::string(phone)};
  change.state = segment_state(receipt->state, receipt->final_state);
  change.whole_message = config_.dialect.one_receipt_per_message;
  const auto add = [&change](std::string id) {
    if (std::ranges::find(change.provider_ids, id) == change.provider_ids.end())
      change.provider_ids.push_back(std::move(id));
  };
  const auto add_variants = [&] {
    for (const auto& candidate : receipt->id_candidates)
      for (auto& variant : smpp::id_variants(candidate, config_.dialect)) add(std::move(variant));
  };
  // Where the dialect names both notations the conversion is no guess, and the id as it stands would be another
  // message's.
  const bool stated = config_.dialect.response_id != smpp::IdNotation::automatic &&
                      config_.dialect.receipt_id != smpp::IdNotation::automatic;
  if (stated) add_variants();
  if (change.provider_ids.empty())
    for (const auto& candidate : receipt->id_candidates) add(candidate);
  change.as_given = change.provider_ids.size();
  if (!stated) add_variants();
  // "23" may be another message's 0x17. While a message to this phone is under way the receipt may be its own, ahead of
  // the answer: then nothing is guessed.
  if (phone.empty() ? !sendings_.empty() : phones_.contains(phone_key(phone))) {
    change.usable = change.as_given;
    change.may_guess = false;
  }
  change.quote = receipt->text;
  context_.metrics.receipts[label_of(receipt->state)]->Increment();
  outcomes_.receipts.push_back(std::move(change));
  // Answered only after the commit: the carrier repeats it otherwise.
  owed_.push_back({.link = link.weak_from_this(),
                   .generation = link.generation(),
                   .sequence = delivery.sequence,
                   .command = delivery.command});
  schedule_flush();
}

// ---- outcomes to the store ----

void SmppGateway::write_outcome(store::Finished finished) {
  outcomes_.finished.push_back(std::move(finished));
  schedule_flush();
}
void SmppGateway::write_outcome(store::Again again) {
  outcomes_.again.push_back(std::move(again));
  schedule_flush();
}

// Everything that one turn of the loop brings goes to the store as one batch.
void SmppGateway::schedule_flush() {
  if (outcomes_.size() == store::batch_items_max) return flush();
  if (flush_posted_) return;
  flush_posted_ = true;
  boost::asio::post(context_.executor, [this, alive = alive_] {
    if (!*alive) return;
    flush();
  });
}

void SmppGateway::flush() {
  flush_posted_ = false;
  if (outcomes_.size() == 0) return;
  commit({.batch = std::exchange(outcomes_, {}), .owed = std::exchange(owed_, {}), .since = context_.clock.now()});
}

void SmppGateway::commit(Writing writing) {
  ++commits_running_;
  auto batch = std::exchange(writing.batch, {});
  context_.store.commit(std::move(batch), context_.executor,
                        [this, alive = alive_, writing = std::move(writing)](store::BatchResult result) mutable {
                          if (!*alive) return;
                          --commits_running_;
                          if (result.error != store::Error::none && result.error != store::Error::unavailable) {
                            // Nothing was written, or perhaps everything: the same batch again is safe either way.
                            writing.batch = std::move(result.unapplied);
                            return repeat(std::move(writing));
                          }
                          if (result.error == store::Error::none) {
                            for (const auto matched : result.receipts)
                              if (matched == store::Receipted::parked) context_.metrics.receipts_unmatched->Increment();
                            answer(writing.owed, 0);
                          }
                          check_stopped();
                        });
}

void SmppGateway::answer(const std::vector<OwedAnswer>& owed, std::uint32_t status) {
  for (const auto& answer : owed)
    if (const auto link = answer.link.lock())
      link->answer_delivery(answer.generation, answer.sequence, answer.command, status);
}

// Outcomes are known to nobody else and wait for as long as it takes. Receipts return to the carrier, which sends them
// again, before they fill the memory.
void SmppGateway::repeat(Writing writing) {
  if (abandoned_) return check_stopped();
  if (!writing.batch.receipts.empty() && context_.clock.now() - writing.since >= receipt_answer_max) {
    log::error("gateway", "receipts could not be stored; the carrier is told to repeat them", "gateway", config_.name,
               "receipts", writing.batch.receipts.size());
    answer(std::exchange(writing.owed, {}), status_try_later);
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

// ---- the binds' news ----

void SmppGateway::on_window_moved(SmppLink&) { pump(); }

void SmppGateway::on_bound(SmppLink& link) {
  log::info("gateway", "bound", "gateway", config_.name, "session", link.number());
  context_.smpp_metrics.bind_attempts[metrics::BindResult::ok]->Increment();
  if (link.can_submit()) give_back_timer_->cancel();
  update_gauges();
}

void SmppGateway::on_lost(SmppLink& link, smpp::LostReason reason, bool was_bound) {
  if (was_bound) {
    context_.smpp_metrics.disconnects[label_of(reason)]->Increment();
    if (!stopping_)
      log::warn("gateway", "bind lost; reconnecting", "gateway", config_.name, "session", link.number(), "reason",
                metrics::label_value(label_of(reason)), "detail", link.last_error());
  } else if (reason == smpp::LostReason::bind_timeout) {
    context_.smpp_metrics.bind_attempts[metrics::BindResult::timeout]->Increment();
  }
  for (auto& [order, sending] : sendings_)
    if (sending.link == &link) sending.link = nullptr;
  if (was_bound && bound_senders() == 0 && !stopping_) {
    withdraw();
    give_back_timer_->at(context_.clock.now() + give_back_after, [this] {
      if (bound_senders() == 0) give_back_unsent();
    });
  }
  update_gauges();
  if (stopping_) {
    give_back_unsent();
    check_stopped();
  }
}

void SmppGateway::on_connect_result(SmppLink& link, ConnectStage stage, const std::string& detail) {
  static constexpr std::array<std::string_view, 4> stages = {"ok", "name look-up", "connection", "TLS handshake"};
  if (stage != ConnectStage::ok) {
    context_.smpp_metrics
        .bind_attempts[stage == ConnectStage::resolve ? metrics::BindResult::dns_failed
                       : stage == ConnectStage::tls   ? metrics::BindResult::tls_failed
                                                      : metrics::BindResult::connect_failed]
        ->Increment();
    log::warn("gateway", fmt::format("{} failed; trying again", stages[static_cast<std::size_t>(stage)]), "gateway",
              config_.name, "session", link.number(), "host", config_.endpoint.host, "port", config_.endpoint.port,
              "detail", detail);
  }
  update_gauges();
}

void SmppGateway::on_bind_refused(SmppLink& link, std::uint32_t status) {
  context_.smpp_metrics.bind_attempts[metrics::BindResult::refused]->Increment();
  log::error("gateway", "bind refused: check system_id, password and the carrier's list of allowed addresses",
             "gateway", config_.name, "session", link.number(), "status", describe_status(status));
}

void SmppGateway::arm_idle_timer() {
  const auto next = share_.next_due();
  if (!next) return;
  const auto wait = std::chrono::milliseconds(std::max<WallMs>(1, next - context_.clock.wall()));
  // The wall clock may be set meanwhile: look again after a minute at the latest.
  due_timer_->at(context_.clock.now() + std::min<Duration>(wait, due_check_max), [this] { claim(); });
}

void SmppGateway::update_gauges() {
  const auto now = status();
  context_.metrics.up->Set(now.state == "up" ? 1 : 0);
  context_.metrics.enabled->Set(paused() ? 0 : 1);
  context_.smpp_metrics.window_limit->Set(static_cast<double>(now.window_limit));
  context_.smpp_metrics.window_in_use->Set(static_cast<double>(now.window_in_use));
  context_.smpp_metrics.sessions_wanted->Set(static_cast<double>(links_.size()));
  context_.metrics.rate_limit_messages_per_second->Set(rate_.current());
  std::array<int, 6> states{};
  for (const auto& link : links_) ++states[static_cast<std::size_t>(link->state())];
  for (std::size_t i = 0; i < states.size(); ++i)
    context_.smpp_metrics.sessions[static_cast<metrics::SessionState>(i)]->Set(states[i]);
}

GatewayStatus SmppGateway::status() const {
  GatewayStatus status;
  for (const auto& link : links_) {
    status.sessions.push_back(
        {.number = link->number(), .state = std::string(name(link->state())), .last_error = link->last_error()});
    status.window_in_use += link->in_flight();
    if (link->can_submit()) status.window_limit += config_.session.window;
  }
  status.paused_since = paused_since_;
  status.state = paused() ? "paused" : bound_senders() > 0 ? "up" : "down";
  status.in_flight = sendings_.size();
  status.rate_limit = rate_.current();
  return status;
}

}  // namespace smsbridge::bridge
