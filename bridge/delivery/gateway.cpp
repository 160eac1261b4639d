// SPDX-License-Identifier: MPL-2.0
#include "bridge/delivery/gateway.hpp"

#include <algorithm>

#include "bridge/env/log.hpp"

namespace smsbridge::bridge {
namespace {

constexpr Duration give_back_after = std::chrono::seconds(2);  // without a bind: what was not sent returns to the queue
constexpr Duration commit_retry_delay = std::chrono::milliseconds(200);
constexpr Duration look_interval = std::chrono::seconds(1);

}  // namespace

Gateway::Gateway(GatewaySettingsPtr config, GatewayContext context, const MakeChannel& make_channel)
    : config_kept_(std::move(config)),
      config_(*config_kept_),
      context_(std::move(context)),
      give_back_timer_(context_.clock.timer(context_.executor)),
      stop_timer_(context_.clock.timer(context_.executor)),
      abandon_timer_(context_.clock.timer(context_.executor)),
      look_timer_(context_.clock.timer(context_.executor)),
      watch_(config_, context_.router),
      incoming_({.settings = config_, .clock = context_.clock, .metrics = context_.metrics, .router = context_.router}),
      tally_(context_.metrics, std::move(context_.queue_metrics)),
      claims_({.executor = context_.executor, .clock = context_.clock, .store = context_.store, .gateway = config_.id},
              owner_of_claims()),
      turns_({.executor = context_.executor, .clock = context_.clock, .under_way = under_way_, .pace = *context_.pace},
             {.more_may_come = [this] { return claims_.is_asking(); },
              .went = [this](const Attempt& attempt) { tally_.submitted(attempt); },
              .is_over = [this](UnderWay::Order order) { settle(order); },
              .again = [this] { pump(); },
              .why_not = [this](const store::Claimed& message) { return why_not(message.content); },
              .later = [this](const store::Claimed& message) { return later(message.content); }}),
      mover_({.settings = config_,
              .executor = context_.executor,
              .clock = context_.clock,
              .store = context_.store,
              .router = context_.router,
              .under_way = under_way_,
              .tally = tally_},
             {.patience = [this] { return watch_.trust().patience(); },
              .leaves =
                  [this](UnderWay::Order order, store::Settlement settlement) {
                    forget(order);
                    outcomes_.add(std::move(settlement));
                  },
              .write = [this] { outcomes_.flush(); },
              .answered = [this] { check_stopped(); }}),
      outcomes_({.executor = context_.executor, .clock = context_.clock, .store = context_.store},
                {.receipts_stored = [this](const auto& receipts) { incoming_.receipts_stored(receipts); },
                 .receipts_given_back = [this](std::size_t receipts) { incoming_.receipts_given_back(receipts); },
                 .idle = [this] { check_stopped(); }}),
      pace_keeper_(config_, context_.pace),
      ids_(config_, context_.ids),
      channel_(make_channel(static_cast<Channel::Owner&>(*this))) {}

Claims::Owner Gateway::owner_of_claims() {
  return {.room = [this] { return room(); },
          .ready = [this] { return under_way_.ready_others(); },
          .take = [this](std::vector<store::Claimed> messages) { take(std::move(messages)); },
          .failed =
              [this] {
                if (!stopping_) turns_.again_at(context_.clock.now() + commit_retry_delay);
              },
          .answered = [this] { check_stopped(); }};
}

Gateway::~Gateway() {
  stopping_ = true;
  stopped_ = nullptr;
  channel_->abort();
}

void Gateway::start() {
  under_way_.hold_lanes(held_lanes());
  channel_->start();
  look_each_second();
}

void Gateway::pause(WallMs since) {
  paused_since_ = since;
  log::info("gateway", "paused", "gateway", config_.name);
  claims_.withdraw();
  channel_->take_back();
  give_back_unsent();
  look();
}

void Gateway::resume() {
  paused_since_ = 0;
  log::info("gateway", "resumed", "gateway", config_.name);
  look();
  claims_.claim();
  pump();
}

void Gateway::drain(WallMs since) {
  claims_.drain(since);
  context_.router.drain(config_.id, since != 0);
  claims_.withdraw();
  for (const auto& [tenant, metrics] : tally_.queues()) claims_.look_at(tenant);
  claims_.claim();
}

void Gateway::serve(store::TenantId tenant, metrics::QueueMetrics& queue_metrics) {
  if (!tally_.serve(tenant, queue_metrics)) return;
  claims_.look_at(tenant);
  claims_.claim();
}

void Gateway::use_lanes(const Lanes& lanes) {
  context_.lanes = lanes;
  under_way_.hold_lanes(held_lanes());
  claims_.claim();
}

void Gateway::stop(Time deadline, std::function<void()> done) {
  stopping_ = true;
  stopped_ = std::move(done);
  mover_.stop();
  claims_.withdraw();
  give_back_unsent();
  stop_timer_->at(deadline, [this] {
    channel_->abort();
    outcomes_.flush();
    check_stopped();
  });
  claims_.ask_for_the_rest();
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
  if (!stopped_ || claims_.is_asking() || mover_.is_moving() || !outcomes_.is_idle() || !channel_->is_closed()) return;
  stop_timer_->cancel();
  abandon_timer_->cancel();
  std::exchange(stopped_, nullptr)();
}

RetryPolicy Gateway::policy(store::Lane lane) const {
  const auto& settings = context_.lanes[static_cast<std::size_t>(lane)];
  auto policy = retry_of(config_.retry, settings.retry);
  policy.doubt = config_.doubt.value_or(settings.doubt);
  return policy;
}

UnderWay::Lanes Gateway::held_lanes() const {
  UnderWay::Lanes held;
  for (std::size_t lane = 0; lane < store::lane_count; ++lane)
    held[lane] = policy(static_cast<store::Lane>(lane)).doubt == DoubtPolicy::hold;
  return held;
}

// ---- from the queue to the channel ----

std::optional<Claiming::Room> Gateway::room() const {
  if (stopping_ || !can_send()) return std::nullopt;
  // What stands apart takes no place: the others go on.
  return Claiming::Room{.capacity = channel_->capacity(),
                        .ahead_max = channel_->ahead_max(),
                        .free_now = channel_->room(),
                        .taken = under_way_.size() - under_way_.ready_apart(),
                        .ready = under_way_.ready_others(),
                        .ready_to_hold = under_way_.ready_to_hold(),
                        .rate = context_.pace->rate(),
                        .held = held_lanes()};
}

void Gateway::take(std::vector<store::Claimed> messages) {
  for (auto& message : messages) take(std::move(message));
  if (stopping_ || paused()) give_back_unsent();
  if (!channel_->is_up()) give_back_soon();
  pump();
}

void Gateway::take(store::Claimed&& message) {
  const auto lane_policy = policy(message.content.lane);
  if (message.in_doubt && lane_policy.doubt == DoubtPolicy::hold && !channel_->can_repeat()) {
    tally_.doubtful(message.content.tenant, metrics::DoubtPolicy::hold);
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
  tally_.claimed(message, wall);
  const auto apart = turns_.apart(message.id);
  const auto parts = (*outgoing)->parts;
  under_way_.add(Attempt(std::move(message), parts), std::move(*outgoing), apart);
}

void Gateway::pump() {
  if (under_way_.ready_apart() > 0 && under_way_.ready_others() == 0) claims_.claim();
  if (!under_way_.ready().empty() && !paused() && !stopping_) turns_.run(*channel_);
  claims_.claim();
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
  if (answer.kind != Kind::unknown) tally_.answered(context_.clock.now() - submitted_at);
  if (answer.kind == Kind::temporary) watch_.failed();
  turns_.answered(cookie, *sending, answer);
  if (answer.kind == Kind::accepted)
    watch_.taken(context_.clock.wall(),
                 std::ranges::any_of(answer.provider_ids, [&](const auto& id) { return channel_->reports(id); }));
  ids_.answered(answer, attempt.message().content.to, context_.clock.now());
  if (answer.kind == Kind::unknown && attempt.parts() == 1)
    under_way_.note_overdue(cookie, {.id = sending->id(), .attempt = attempt.message().attempt});
  attempt.answered(part, std::move(answer));
  if (attempt.is_over()) settle(order);
}

void Gateway::on_throttled(std::uint64_t cookie, Duration pause, const std::string& why) {
  auto* const sending = under_way_.in_flight(cookie);
  if (!sending) return;
  const auto now = context_.clock.now();
  tally_.throttled(now - sending->attempt.submitted_at(UnderWay::part_of(cookie)));
  if (turns_.is_at_fault(sending->id())) {
    log::warn("gateway", "the carrier is too busy for one message only: it waits", "gateway", config_.name, "id",
              sending->id(), "status", why);
    return on_answer(cookie, {.kind = Answer::Kind::temporary, .provider_ids = {}, .error = why});
  }
  if (!context_.pace->may_throw_back(now))
    log::warn("gateway", "throttled by the carrier: slowing down", "gateway", config_.name, "status", why);
  const bool stands_back = turns_.throttled(cookie, *sending, pause, *channel_);
  see();
  if (stopping_ || paused()) return give_back_unsent();
  if (!stands_back) mover_.look_at(UnderWay::order_of(cookie));
}

Channel::Owner::Blame Gateway::on_blamed(std::uint64_t cookie, Answer if_at_fault) {
  auto* const sending = under_way_.in_flight(cookie);
  if (!sending) return Blame::way_out;
  if (turns_.is_at_fault(sending->id())) {
    log::warn("gateway", "one message is refused as if the account were, and others pass: it is at fault", "gateway",
              config_.name, "id", sending->id(), "detail", if_at_fault.error);
    on_answer(cookie, std::move(if_at_fault));
    return Blame::message;
  }
  const auto blame = turns_.blamed(cookie, *sending);
  if (stopping_ || paused()) give_back_unsent();
  return blame;
}

void Gateway::on_not_taken(std::uint64_t cookie) {
  auto* const sending = under_way_.in_flight(cookie);
  if (!sending) return;
  turns_.not_taken(cookie, *sending);
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

void Gateway::on_receipt(store::ReceiptRecorded receipt, metrics::ReceiptState state,
                         std::function<void(bool stored)> answer) {
  watch_.receipt_came();
  outcomes_.add(incoming_.receipt(std::move(receipt), state), std::move(answer));
}

// ---- what ends here ----

// All answers of this attempt are in: one outcome for the message.
void Gateway::settle(UnderWay::Order order) {
  const auto sending = forget(order);
  const auto& [attempt, outgoing, throttled, place] = sending;
  const auto& message = attempt.message();
  const auto table = context_.router.table();
  const auto route = table->route(message.content.route);
  const auto elsewhere = [this, &message](bool by_plan) {
    return context_.router.next(message.content, message.left, config_.id, context_.clock.wall(),
                                by_plan ? Router::Ask::by_plan : Router::Ask::anyway);
  };
  auto settlement = attempt.settle({.gateway = config_.id,
                                    .prices = *table->prices,
                                    .retry = policy(message.content.lane),
                                    .route = route.get(),
                                    .receipt_wait_ms = config_.receipt_wait_ms,
                                    .failures_only = config_.hears_of_failures_only(),
                                    .can_repeat = channel_->can_repeat(),
                                    .alone = outgoing->alone,
                                    .now = context_.clock.wall(),
                                    .random = context_.random,
                                    .reports = [this](std::string_view id) { return channel_->reports(id); },
                                    .elsewhere = elsewhere});
  tally_.settled(settlement, attempt);
  if (std::holds_alternative<store::RetryLater>(settlement.what) && attempt.was_lost_with_others(outgoing->alone))
    turns_.lost(settlement.id);
  outcomes_.add(std::move(settlement));
}

// What is known of a message that is claimed no more.
UnderWay::Sending Gateway::forget(UnderWay::Order order) {
  auto sending = under_way_.remove(order);
  channel_->done_with(*sending.outgoing);
  return sending;
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

void Gateway::give_back_soon() {
  give_back_timer_->at(context_.clock.now() + give_back_after, [this] {
    if (!channel_->is_up()) give_back_unsent();
  });
}

// ---- how it goes ----

void Gateway::on_closed() {
  give_back_unsent();
  check_stopped();
}

void Gateway::on_up_or_down() {
  if (channel_->is_up()) {
    give_back_timer_->cancel();
  } else if (!stopping_) {
    claims_.withdraw();
    give_back_soon();
  }
  look();
}

void Gateway::look() {
  watch_.can_send(can_send());
  tally_.show(can_send(), paused(), context_.pace->rate());
  channel_->publish_metrics();
}

// What is counted elsewhere, or changes by itself, is carried to the metrics once a second.
void Gateway::look_each_second() {
  look();
  see();
  tally_.show(watch_.trust(), look_interval);
  pace_keeper_.look(context_.store, context_.executor, context_.clock.now(), context_.clock.wall());
  ids_.look(context_.store, context_.executor);
  under_way_.check();
  tally_.show(under_way_);
  mover_.look();
  look_timer_->at(context_.clock.now() + look_interval, [this] { look_each_second(); });
}

GatewayStatus Gateway::status() const {
  GatewayStatus status;
  channel_->describe(status);
  status.paused_since = paused_since_;
  status.state = paused() ? "paused" : channel_->is_up() ? "up" : "down";
  status.in_flight = under_way_.size();
  status.rate_limit = context_.pace->rate();
  watch_.describe(status);
  return status;
}

}  // namespace smsbridge::bridge
