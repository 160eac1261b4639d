// SPDX-License-Identifier: MPL-2.0
#include "bridge/delivery/gateway.hpp"

#include <algorithm>
#include <iterator>
#include <limits>

#include "bridge/env/log.hpp"

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;

constexpr Duration give_back_after = 2s;  // without a bind: what was claimed but not sent returns to the queue
constexpr Duration commit_retry_delay = 200ms;
constexpr std::size_t moves_max = 500;  // a commit
constexpr int throttled_max = 2;        // so often the same message before another is tried
constexpr Duration blamed_wait = 5s;    // for another message, before the one is tried again that blamed the way out
constexpr Duration due_check_max = 60s;
constexpr Duration metrics_interval = 1s;

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
      watch_(config_, context_.router),
      outcomes_({.executor = context_.executor, .clock = context_.clock, .store = context_.store},
                {.receipts_stored = [this](const auto& receipts) { say_unmatched(receipts); },
                 .receipts_given_back =
                     [this](std::size_t receipts) {
                       log::error("gateway", "receipts could not be stored; the carrier is told to repeat them",
                                  "gateway", config_.name, "receipts", receipts);
                     },
                 .idle = [this] { check_stopped(); }}),
      channel_(make_channel(static_cast<Channel::Owner&>(*this))) {}

Gateway::~Gateway() {
  *alive_ = false;
  stopping_ = true;
  stopped_ = nullptr;
  channel_->abort();
}

void Gateway::start() {
  under_way_.hold_lanes(held_lanes());
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
  for (const auto& [order, sending] : under_way_.all()) ++in_flight[sending.attempt.message().content.tenant];
  under_way_.check();
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
  under_way_.hold_lanes(held_lanes());
  claim();
}

void Gateway::stop(Time deadline, std::function<void()> done) {
  stopping_ = true;
  stopped_ = std::move(done);
  withdraw();
  give_back_unsent();
  stop_timer_->at(deadline, [this] {
    channel_->abort();
    outcomes_.flush();
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
    outcomes_.flush();
    outcomes_.abandon();
    check_stopped();
  });
}

void Gateway::check_stopped() {
  if (!stopped_ || claiming_ || moving_ || !outcomes_.is_idle() || !channel_->is_closed()) return;
  stop_timer_->cancel();
  abandon_timer_->cancel();
  std::exchange(stopped_, nullptr)();
}

// ---- from the queue to the channel ----

RetryPolicy Gateway::policy(store::Lane lane) const {
  const auto& settings = context_.lanes[static_cast<std::size_t>(lane)];
  auto policy = retry_of(config_.retry, settings.retry);
  policy.doubt = config_.doubt.value_or(settings.doubt);
  return policy;
}

UnderWay::Lanes Gateway::held_lanes() const {
  UnderWay::Lanes held;
  for (std::size_t lane = 0; lane < store::lane_count; ++lane) held[lane] = is_held(static_cast<store::Lane>(lane));
  return held;
}

void Gateway::claim() {
  if (claiming_ || stopping_ || paused() || !channel_->is_up()) return;
  // What stands apart takes no place: the others go on.
  const auto plan = claiming_ahead_.plan({.capacity = channel_->capacity(),
                                          .ahead_max = channel_->ahead_max(),
                                          .free_now = channel_->room(),
                                          .taken = under_way_.size() - under_way_.ready_apart(),
                                          .ready = under_way_.ready_others(),
                                          .ready_to_hold = under_way_.ready_to_hold(),
                                          .rate = rate_.current(),
                                          .held = held_lanes()});
  if (plan.messages == 0) return;
  auto wants = share_.wants(std::min(plan.messages, store::claim_messages_max), context_.clock.wall(), plan.lane_max);
  if (wants.empty()) {
    arm_idle_timer();
    return stand_by(plan);
  }
  withdraw();
  std::size_t asked = 0;
  for (auto& want : wants) {
    asked += want.count;
    want.accepted_until = draining_since_;
  }
  full_ask_ = asked == plan.messages;
  claiming_ = true;
  claiming_ahead_.began(context_.clock.now());
  share_.claiming(wants);
  context_.store.claim(std::move(wants), context_.executor, [this, alive = alive_](store::ClaimResult result) {
    if (*alive) claimed(std::move(result));
  });
}

void Gateway::claimed(store::ClaimResult result) {
  claiming_ = false;
  claiming_ahead_.answered(context_.clock.now());
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
  claiming_ahead_.adapt(full_ask_, !result.messages.empty(), under_way_.ready_others());
  take(std::move(result.messages));
  claim();
  check_stopped();
}

// Nothing waits: the next message is handed over by the commit that brings it.
void Gateway::stand_by(const Claiming::Plan& plan) {
  if (standing_by_ || draining_since_) return;
  standing_by_ = true;
  store::StandingClaim standing{.gateway = config_.id, .count = static_cast<std::uint32_t>(plan.messages)};
  for (std::size_t lane = 0; lane < store::lane_count; ++lane)
    standing.lane_max[lane] = static_cast<std::uint32_t>(std::min(plan.lane_max[lane], plan.messages));
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
  take(std::move(result.messages));
}

void Gateway::take(std::vector<store::Claimed> messages) {
  for (auto& message : messages) take(std::move(message));
  if (stopping_ || paused()) give_back_unsent();
  if (!channel_->is_up()) give_back_soon();
  pump();
}

void Gateway::take(store::Claimed message) {
  const auto lane_policy = policy(message.content.lane);
  if (message.in_doubt && lane_policy.doubt == DoubtPolicy::hold && !channel_->can_repeat()) {
    count_doubtful(message.content.tenant, metrics::DoubtPolicy::hold);
    return outcomes_.add({.id = message.id,
                          .attempt = message.attempt,
                          .what = store::Held{.wait_ms = lane_policy.hold_ms, .sent = false},
                          .status_message = "may have been sent; waits for a receipt",
                          .segments = std::move(message.segments)});
  }
  const auto wall = context_.clock.wall();
  auto outgoing = channel_->prepare(message, wall);
  if (!outgoing)
    return outcomes_.add({.id = message.id,
                          .attempt = message.attempt,
                          .what = store::Failed{.sent = false},
                          .status_message = outgoing.error(),
                          .segments = {}});
  context_.metrics.routed->Increment();
  if (message.attempt == 1)
    context_.metrics.submit_delay_seconds->Observe(static_cast<double>(wall - message.due_at) / 1000.0);
  const auto apart = suspects_.apart(message.id);
  const auto parts = (*outgoing)->parts;
  under_way_.add(Attempt(std::move(message), parts), std::move(*outgoing), apart);
}

// Messages that go apart have their turn when the others cannot go on, and before they do again: neither waits for all
// of the other kind.
void Gateway::pump() {
  if (under_way_.ready_apart() > 0 && under_way_.ready_others() == 0) claim();
  if (under_way_.ready().empty()) return claim();
  const Moment moment{.now = context_.clock.now(), .wall = context_.clock.wall()};
  bool apart_wait = under_way_.ready_apart() == 0;  // for another time: the others need not ask again and again
  while (!paused() && !stopping_) {
    if (!apart_wait && (turn_of_apart_ || under_way_.ready_others() == 0)) {
      const auto turn = submit_apart(moment);
      apart_wait = turn == Turn::waits;
      if (turn == Turn::none) break;
      if (turn == Turn::went) {
        turn_of_apart_ = false;
        continue;
      }
    }
    if (submit_others(moment) == Turn::went) continue;
    if (under_way_.ready_apart() == 0 || std::exchange(turn_of_apart_, true)) break;
  }
  claim();
}

// The first that can go; a message whose parts wait for their bind holds up no other.
Gateway::Turn Gateway::submit_others(const Moment& moment) {
  const auto& ready = under_way_.ready();
  for (auto it = ready.begin(); it != ready.end() && !UnderWay::goes_apart(*it); ++it)
    if (const auto turn = submit_next(*it, moment); turn != Turn::waits) return turn;
  return Turn::waits;
}

// Those that wait for a bind of their own at any time. The others return to their places once the way out has shown
// that it takes messages, and are tried when there is no other to show it.
Gateway::Turn Gateway::submit_apart(const Moment& moment) {
  const auto now = moment.now;
  const bool no_other = under_way_.ready_others() == 0 && !claiming_;
  std::optional<Time> earliest;
  for (auto it = under_way_.first_apart(); it != under_way_.ready().end(); ++it) {
    const auto& sending = under_way_.at(*it);
    const auto id = sending.id();
    const auto expires = sending.attempt.message().expires_at;
    if (!sending.outgoing->alone && !(expires && expires <= moment.wall)) {
      const bool cleared = suspects_.apart(id) == Suspects::Apart::no || suspects_.others_passed(id, now);
      if (cleared && sending.attempt.in_flight() == 0) {
        under_way_.move_to_its_place(*it);
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

Gateway::Turn Gateway::submit_next(UnderWay::Order order, const Moment& moment) {
  auto& sending = under_way_.at(order);
  auto& attempt = sending.attempt;
  const auto part = attempt.next();
  if (!part) {
    under_way_.no_longer_ready(order);
    if (attempt.in_flight() == 0) settle(order);
    return Turn::went;
  }
  if (const auto expires = attempt.message().expires_at; expires && expires <= moment.wall) {
    attempt.expire();  // never sent after its validity
    return Turn::went;
  }
  if (!channel_->has_room_for(*sending.outgoing)) return channel_->room() > 0 ? Turn::waits : Turn::none;
  if (const auto later = rate_.take(moment.now)) {
    pump_timer_->at(*later, [this] { pump(); });
    return Turn::none;
  }
  switch (channel_->submit(UnderWay::cookie_of(order, *part), *sending.outgoing, *part)) {
    case Channel::Submitted::yes:
      break;
    case Channel::Submitted::invalid:
      attempt.unfit(*part, "the message does not fit the protocol's fields; check sender and number");
      return Turn::went;
    case Channel::Submitted::no_room:
      return Turn::none;
  }
  attempt.submitted(*part, moment.now);
  context_.metrics.parts_submitted[label_of(attempt.message().content.encoding)]->Increment();
  if (attempt.is_last(*part)) under_way_.no_longer_ready(order);
  return Turn::went;
}

// ---- answers ----

void Gateway::on_answer(std::uint64_t cookie, Answer answer) {
  auto* const sending = under_way_.in_flight(cookie);
  if (!sending) return;
  using Kind = Answer::Kind;
  const auto order = UnderWay::order_of(cookie);
  auto& attempt = sending->attempt;
  const auto part = UnderWay::part_of(cookie);
  const auto submitted_at = attempt.submitted_at(part);
  if (answer.kind != Kind::unknown)
    context_.metrics.submit_duration_seconds->Observe(
        std::chrono::duration<double>(context_.clock.now() - submitted_at).count());
  if (answer.kind == Kind::temporary) watch_.failed();
  see_passed(*sending, submitted_at, answer);
  if (answer.kind == Kind::accepted)
    watch_.taken(context_.clock.wall(),
                 std::ranges::any_of(answer.provider_ids, [&](const auto& id) { return channel_->reports(id); }));
  if (answer.kind == Kind::unknown && attempt.parts() == 1)
    under_way_.note_overdue(cookie, {.id = sending->id(), .attempt = attempt.message().attempt});
  attempt.answered(part, std::move(answer));
  if (attempt.is_over()) settle(order);
}

// What is taken, or refused for its own sake, shows that the way out is not at fault.
void Gateway::see_passed(const UnderWay::Sending& sending, Time submitted_at, const Answer& answer) {
  using Kind = Answer::Kind;
  if (answer.kind == Kind::accepted || answer.kind == Kind::refused) suspects_.cleared(sending.id());
  if (answer.kind == Kind::accepted || (answer.kind == Kind::refused && answer.elsewhere))
    suspects_.passed(submitted_at);
}

void Gateway::on_throttled(std::uint64_t cookie, Duration pause, const std::string& why) {
  auto* const sending = under_way_.in_flight(cookie);
  if (!sending) return;
  const auto order = UnderWay::order_of(cookie);
  const auto now = context_.clock.now();
  const auto submitted_at = sending->attempt.submitted_at(UnderWay::part_of(cookie));
  context_.metrics.submit_duration_seconds->Observe(std::chrono::duration<double>(now - submitted_at).count());
  context_.metrics.retries[metrics::RetryReason::throttled]->Increment();
  const auto id = sending->id();
  if (suspects_.others_passed(id, now)) {
    log::warn("gateway", "the carrier is too busy for one message only: it waits", "gateway", config_.name, "id", id,
              "status", why);
    return on_answer(cookie, {.kind = Answer::Kind::temporary, .provider_ids = {}, .error = why});
  }
  if (!rate_.is_throttled(now))
    log::warn("gateway", "throttled by the carrier: slowing down", "gateway", config_.name, "status", why);
  rate_.throttled(now, pause);
  see_how_it_goes();
  // Twice in a row the same one: the next that goes out is another, and this one waits ever longer for it.
  const bool all = suspects_.throttled(id);
  const bool another = ++sending->throttled >= throttled_max && !all && sending->attempt.in_flight() == 1;
  if (another) {
    suspects_.blamed(id, submitted_at, now, pause * (1 << std::min(sending->throttled - 1, 5)));
    // Nobody could show anything while it keeps a bind for itself.
    if (std::exchange(sending->outgoing->alone, false)) channel_->done_with(*sending->outgoing);
  }
  back_to_its_place(cookie, *sending);
  if (another)
    stand_back(order);
  else if (const auto moving = this->moving())
    give_up_waiting(order, *moving);
}

Channel::Owner::Blame Gateway::on_blamed(std::uint64_t cookie, Answer if_at_fault) {
  auto* const sending = under_way_.in_flight(cookie);
  if (!sending) return Blame::way_out;
  const auto id = sending->id();
  if (suspects_.others_passed(id, context_.clock.now())) {
    log::warn("gateway", "one message is refused as if the account were, and others pass: it is at fault", "gateway",
              config_.name, "id", id, "detail", if_at_fault.error);
    on_answer(cookie, std::move(if_at_fault));
    return Blame::message;
  }
  const auto blamed =
      suspects_.blamed(id, sending->attempt.submitted_at(UnderWay::part_of(cookie)), context_.clock.now(), blamed_wait);
  back_to_its_place(cookie, *sending);
  stand_back(UnderWay::order_of(cookie));
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
void Gateway::stand_back(UnderWay::Order order) {
  if (const auto* sending = under_way_.find(order); sending && sending->attempt.in_flight() == 0)
    under_way_.stand_back(order);
}

// What was claimed leaves as well, before what is behind it in the queue.
void Gateway::give_up_waiting(UnderWay::Order order, const Moving& moving) {
  const auto* const sending = under_way_.find(order);
  auto elsewhere = sending ? moving.of(sending->attempt) : std::nullopt;
  if (!elsewhere) return;
  context_.metrics.moves[moving.patience.reason]->Increment();
  forget(order);
  outcomes_.add(std::move(*elsewhere));
}

// What is known of a message that is claimed no more.
UnderWay::Sending Gateway::forget(UnderWay::Order order) {
  auto sending = under_way_.remove(order);
  channel_->done_with(*sending.outgoing);
  return sending;
}

void Gateway::on_not_taken(std::uint64_t cookie) {
  if (auto* const sending = under_way_.in_flight(cookie)) back_to_its_place(cookie, *sending);
}

// No attempt is counted.
void Gateway::back_to_its_place(std::uint64_t cookie, UnderWay::Sending& sending) {
  sending.attempt.not_taken(UnderWay::part_of(cookie));
  under_way_.make_ready(UnderWay::order_of(cookie));
  if (stopping_ || paused()) give_back_unsent();
}

// The carrier took it after all. If the message did not go out again meanwhile, this ends the doubt.
void Gateway::on_late_answer(std::uint64_t cookie, std::string provider_id) {
  const auto overdue = under_way_.take_overdue(cookie);
  if (!overdue) return;
  outcomes_.add({.id = overdue->id,
                 .attempt = overdue->attempt,
                 .what = store::Taken{.awaits_receipt = channel_->reports(provider_id),
                                      .receipt_wait_ms = config_.receipt_wait_ms},
                 .status_message = "answered late",
                 .segments = {{.state = store::SegmentState::accepted, .provider_id = provider_id, .error = {}}}});
}

// All answers of this attempt are in: one outcome for the message.
void Gateway::settle(UnderWay::Order order) {
  const auto sending = forget(order);
  const auto& message = sending.attempt.message();
  const auto table = context_.router.table();
  const auto route = table->route(message.content.route);
  auto settlement =
      sending.attempt.settle({.gateway = config_.id,
                              .prices = *table->prices,
                              .retry = policy(message.content.lane),
                              .route = route.get(),
                              .receipt_wait_ms = config_.receipt_wait_ms,
                              .can_repeat = channel_->can_repeat(),
                              .alone = sending.outgoing->alone,
                              .now = context_.clock.wall(),
                              .random = context_.random,
                              .reports = [this](std::string_view id) { return channel_->reports(id); },
                              .elsewhere =
                                  [this, &message](bool by_plan) {
                                    return next_gateway(message, by_plan ? Router::Ask::by_plan : Router::Ask::anyway);
                                  }});
  count(settlement, sending);
  outcomes_.add(std::move(settlement));
}

void Gateway::count(const store::Settlement& settlement, const UnderWay::Sending& sending) {
  const auto tenant = sending.attempt.message().content.tenant;
  if (std::holds_alternative<store::MovedTo>(settlement.what))
    context_.metrics
        .moves[sending.attempt.is_refused() ? metrics::MoveReason::refused : metrics::MoveReason::retries_used_up]
        ->Increment();
  if (std::holds_alternative<store::Held>(settlement.what)) count_doubtful(tenant, metrics::DoubtPolicy::hold);
  const auto* const later = std::get_if<store::RetryLater>(&settlement.what);
  if (!later) return;
  if (sending.attempt.was_lost_with_others(sending.outgoing->alone))
    suspects_.lost(settlement.id, context_.clock.now());
  if (later->doubtful) count_doubtful(tenant, metrics::DoubtPolicy::resend);
  context_.metrics.retries[later->doubtful ? metrics::RetryReason::timeout : metrics::RetryReason::temporary]
      ->Increment();
}

store::GatewayId Gateway::next_gateway(const store::Claimed& message, Router::Ask ask) const {
  return context_.router.next(message.content, message.left, config_.id, context_.clock.wall(), ask);
}

// ---- messages that wait here too long ----

void Gateway::see_how_it_goes() { watch_.see(context_.clock.wall(), rate_.is_throttled(context_.clock.now())); }

// How what waits here may leave; nothing: it may not.
std::optional<Moving> Gateway::moving() const {
  const auto patience = watch_.trust().patience();
  if (!patience) return std::nullopt;
  const auto now = context_.clock.wall();
  return Moving{
      .gateway = config_.id,
      .name = config_.name,
      .patience = *patience,
      .now = now,
      .route = [table = context_.router.table()](store::RouteId route) { return table->route(route); },
      .elsewhere = [this, now](const auto& content,
                               const auto& left) { return context_.router.next(content, left, config_.id, now); }};
}

void Gateway::move_waiting() {
  see_how_it_goes();
  if (moving_ || stopping_ || context_.router.table()->routes.empty()) return;
  const auto moving = this->moving();
  if (!moving) return;
  const auto& ready = under_way_.ready();
  for (const auto order : std::vector<UnderWay::Order>(ready.begin(), ready.end())) give_up_waiting(order, *moving);
  outcomes_.flush();
  store::Batch batch;
  for (const auto& [tenant, queue_metrics] : context_.queue_metrics)
    for (std::size_t lane = 0; lane < store::lane_count && batch.moves.size() < moves_max; ++lane)
      move_waiting({.gateway = config_.id, .tenant = tenant, .lane = static_cast<store::Lane>(lane)}, *moving, batch);
  if (batch.moves.empty()) return;
  log::info("gateway",
            moving->patience.is_unreachable() ? "cannot send: messages move to other gateways"
                                              : "throttled for long: messages move to other gateways",
            "gateway", config_.name, "messages", batch.moves.size());
  moving_ = true;
  const bool more = batch.moves.size() >= moves_max;
  context_.store.commit(
      std::move(batch), context_.executor,
      [this, alive = alive_, more, reason = moving->patience.reason](const store::BatchResult& result) {
        if (!*alive) return;
        moving_ = false;
        for (const auto moved : result.moved)
          if (moved == store::Settled::ok) context_.metrics.moves[reason]->Increment();
        if (stopping_) return check_stopped();
        if (more) move_waiting();
      });
}

// Looks at some messages of a queue; the next call goes on behind them, and at its end begins anew.
void Gateway::move_waiting(const store::Queue& queue, const Moving& moving, store::Batch& batch) {
  const auto place = looked_at_.find(queue);
  const auto most = moves_max - batch.moves.size();
  auto waiting =
      context_.store.reader().waiting(queue, moving.now, place == looked_at_.end() ? nullptr : &place->second, most);
  std::ranges::move(moving.of(queue, waiting), std::back_inserter(batch.moves));
  if (waiting.size() < most)
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
  const auto& ready = under_way_.ready();
  for (auto it = ready.begin(); it != ready.end();) {
    const auto order = *it++;
    auto& attempt = under_way_.at(order).attempt;
    attempt.stop();
    if (attempt.in_flight() == 0) settle(order);
  }
}

// ---- receipts ----

void Gateway::on_receipt(store::ReceiptRecorded receipt, metrics::ReceiptState state,
                         std::function<void(bool stored)> answer) {
  context_.metrics.receipts[state]->Increment();
  watch_.receipt_came();
  see_account();
  receipt.account = account_;
  outcomes_.add(std::move(receipt), std::move(answer));
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
    log::info("gateway", "inbound message received", "gateway", config_.name, "from", log::phone(from), "messages",
              count);
}

bool Gateway::is_sending_to(std::string_view phone) const { return under_way_.is_to(phone); }

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
  watch_.can_send(can_send());
  context_.metrics.up->Set(can_send() ? 1 : 0);
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
  status.in_flight = under_way_.size();
  status.rate_limit = rate_.current();
  status.receipts_quiet_since = watch_.trust().receipts_quiet_since();
  status.down_since = watch_.trust().down_since();
  status.throttled = watch_.trust().is_throttled();
  return status;
}

}  // namespace smsbridge::bridge
