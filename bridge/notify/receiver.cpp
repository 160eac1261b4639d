// SPDX-License-Identifier: MPL-2.0
#include "bridge/notify/receiver.hpp"

#include <boost/asio/post.hpp>
#include <numeric>
#include <utility>

#include "bridge/env/log.hpp"
#include "bridge/notify/event.hpp"
#include "bridge/notify/outbox.hpp"
#include "bridge/notify/signature.hpp"
#include "bridge/text/time.hpp"

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t held_most = 1000, requests_most = 4;
// A receiver that refuses more than so many events loses the oldest of them: they would take the place of all others.
constexpr std::size_t refused_most = 500;
// So many refusals without anything taken between them, and the receiver counts as one that is out of order.
constexpr std::size_t refused_in_a_row_most = 10;
constexpr Duration write_again_after = 1s;

WallMs whole_time(const std::vector<WallMs>& retry) { return std::accumulate(retry.begin(), retry.end(), WallMs{0}); }

std::vector<std::string> secrets_in(const WebhookSettings& settings) {
  std::vector<std::string> secrets{settings.secret};
  if (!settings.old_secret.empty()) secrets.push_back(settings.old_secret);
  return secrets;
}

std::string body_of(const std::vector<Delivery*>& group, WallMs now) {
  std::string body = R"({"type":"batch","timestamp":")" + text::time_text(now) + R"(","data":[)";
  for (const auto* delivery : group) body += (delivery == group.front() ? "" : ",") + delivery->task.body;
  return body + "]}";
}

}  // namespace

Receiver::Receiver(WebhookSettingsPtr settings, Context context, std::function<void()> gone)
    : settings_(std::move(settings)),
      context_(std::move(context)),
      gone_(std::move(gone)),
      kind_(hook_tasks(settings_->id)),
      timer_(context_.clock.timer(context_.executor)) {}

// ---- out of the store ----

void Receiver::claim() {
  if (ended_ || is_gone_) return;
  if (claiming_) {
    claim_again_ = true;
    return;
  }
  const auto held = lines_.size() + writing_;
  // In larger pieces: each takes a commit.
  if (held > held_most / 2) {
    claim_again_ = true;
    return;
  }
  claiming_ = true;
  claim_again_ = false;
  context_.store.claim({{.kind = kind_, .count = static_cast<std::uint32_t>(held_most - held)}}, context_.executor,
                       [this, alive = alive_](store::TaskClaimResult result) {
                         if (*alive) claimed(std::move(result));
                       });
}

void Receiver::claimed(store::TaskClaimResult result) {
  claiming_ = false;
  if (result.error != store::Error::none) {
    claim_again_ = false;
    next_due_ = context_.clock.wall() + 1000;
  } else {
    for (auto& task : result.tasks) lines_.add(std::move(task));
    claim_again_ = claim_again_ || result.ends.front().more_due;
    next_due_ = result.ends.front().next_due;
  }
  if (ended_) return give_back();
  // While it does not answer, what is too old by then is not tried.
  if (backoff_.is_failing()) give_up_old({.detail = "the receiver did not answer for as long as is tried"});
  work();
}

// ---- to the receiver ----

void Receiver::work() {
  if (ended_ || is_gone_) return;
  const auto now = context_.clock.now();
  const auto at_once = backoff_.is_failing() ? 1 : requests_most;
  while (sent_.size() < at_once && (!backoff_.is_failing() || now >= backoff_.again_at())) {
    auto group = next_group();
    if (group.empty()) break;
    send(std::move(group));
  }
  if (claim_again_ && lines_.size() + writing_ <= held_most / 2 && !claiming_) claim();
  arm();
}

// What was refused before goes by itself, so that one bad event takes no others along.
std::vector<Delivery*> Receiver::next_group() {
  const auto now = context_.clock.now();
  const auto most = static_cast<std::size_t>(settings_->batch);
  auto group = lines_.take(most, now);
  std::vector<Delivery*> together;
  for (auto* delivery : group) {
    const bool alone = delivery->failures > 0 && most > 1;
    const bool fits = together.empty() || (!alone && together.front()->failures == 0);
    if (fits)
      together.push_back(delivery);
    else
      lines_.put_back(*delivery, now);
  }
  return together;
}

void Receiver::send(std::vector<Delivery*> group) {
  const auto now = context_.clock.wall();
  auto id = event_id(group.front()->task.task.key);
  if (settings_->batch > 1) id += "_" + std::to_string(group.size());
  std::string body = settings_->batch > 1 ? body_of(group, now) : group.front()->task.body;
  for (auto* delivery : group) ++delivery->attempts;
  http_gateways::Request request{.method = "POST",
                                 .url = settings_->url,
                                 .headers = webhook_headers(secrets_in(*settings_), id, now / 1000, body),
                                 .body = std::move(body)};
  const auto number = ++last_sent_;
  sent_.emplace(number, Sent{.group = std::move(group), .round = backoff_.round(), .at = context_.clock.now()});
  context_.transport->send(std::move(request), [this, alive = alive_, number](const HttpTransport::Result& result) {
    if (*alive) answered(number, result);
  });
}

void Receiver::answered(std::uint64_t number, const HttpTransport::Result& result) {
  const auto node = sent_.extract(number);
  if (node.empty()) return;
  const auto& sent = node.mapped();
  const auto attempt = attempt_of(result, context_.clock.now() - sent.at, context_.clock.wall());
  context_.metrics.attempts[attempt.result]->Increment();
  context_.metrics.duration_seconds->Observe(static_cast<double>(attempt.duration_ms) / 1000);
  const auto verdict = verdict_of(attempt.status);
  if (verdict == HookVerdict::taken) {
    taken(sent.group, attempt);
  } else if (ended_) {
    // What we cut off ourselves says nothing of the receiver.
    for (auto* delivery : sent.group) lines_.put_back(*delivery, context_.clock.now());
  } else if (verdict == HookVerdict::refused) {
    refused(sent, attempt);
  } else {
    unreachable(sent, attempt);
    if (verdict == HookVerdict::gone && !std::exchange(is_gone_, true)) gone_();
  }
  if (ended_) return give_back();
  work();
}

void Receiver::taken(const std::vector<Delivery*>& group, const HookAttempt& attempt) {
  refused_in_a_row_ = 0;
  told_.last_delivered_at = context_.clock.wall();
  if (backoff_.answered()) log::info("webhook", "takes events again", "webhook", settings_->name);
  for (auto* delivery : group) end(*delivery, End::delivered, attempt);
}

void Receiver::refused(const Sent& sent, const HookAttempt& attempt) {
  const auto now = context_.clock.now();
  told_.last_failed_at = context_.clock.wall();
  told_.last_error = attempt.detail;
  if (++refused_in_a_row_ >= refused_in_a_row_most)
    back_off(sent.round, attempt);
  else
    backoff_.answered();
  if (const auto times = throttle_.due("refused", now))
    log::warn("webhook", "refuses an event: it is tried again, and so are later ones of the same message, behind it",
              "webhook", settings_->name, "event", event_id(sent.group.front()->task.task.key), "why", attempt.detail,
              "times", times);
  store::Batch batch;
  for (auto* delivery : sent.group) {
    const auto age = context_.clock.wall() - event_at(delivery->task.task.key);
    if (is_given_up(settings_->retry, ++delivery->failures, age)) {
      end(*delivery, End::given_up, attempt);
      continue;
    }
    note(batch, *delivery, attempt, {});
    const auto delay = hook_delay(settings_->retry, delivery->failures, context_.random);
    lines_.put_back(*delivery, now + std::chrono::milliseconds(delay));
  }
  if (batch.size() > 0) write(std::move(batch));
  while (auto* oldest = lines_.take_waiting(refused_most)) end(*oldest, End::given_up, attempt);
}

void Receiver::unreachable(const Sent& sent, const HookAttempt& attempt) {
  told_.last_failed_at = context_.clock.wall();
  told_.last_error = attempt.detail;
  store::Batch batch;
  for (auto* delivery : sent.group) {
    note(batch, *delivery, attempt, {});
    lines_.put_back(*delivery, context_.clock.now());
  }
  if (batch.size() > 0) write(std::move(batch));
  back_off(sent.round, attempt);
  give_up_old(attempt);
}

void Receiver::back_off(std::uint64_t round, const HookAttempt& attempt) {
  const auto delay = [&](std::size_t failures) {
    return std::max(hook_delay(settings_->retry, failures, context_.random), attempt.again_after);
  };
  if (!backoff_.failed(round, context_.clock.now(), delay)) return;
  if (const auto times = throttle_.due("failing", context_.clock.now()))
    log::warn("webhook", "takes no events: they wait", "webhook", settings_->name, "why", attempt.detail, "next_try",
              text::time_text(status().next_try_at), "times", times);
}

void Receiver::give_up_old(const HookAttempt& attempt) {
  const auto than = context_.clock.wall() - whole_time(settings_->retry);
  while (auto* old = lines_.take_older(than, context_.clock.now())) end(*old, End::given_up, attempt);
}

// ---- into the store ----

void Receiver::note(store::Batch& batch, const Delivery& delivery, const HookAttempt& attempt,
                    std::string_view how) const {
  // What waits for room is more than what is said of it.
  if (context_.store.has_room())
    batch.journal.push_back(journal_line(settings_->id, delivery.task, delivery.attempts, attempt, how));
}

void Receiver::end(Delivery& delivery, End how, const HookAttempt& attempt) {
  const bool lost = how == End::given_up;
  context_.metrics.events[lost ? metrics::WebhookEnd::given_up : metrics::WebhookEnd::delivered]->Increment();
  if (lost)
    if (const auto times = throttle_.due("given up", context_.clock.now()))
      log::error("webhook", "events were given up; 'smsbridge webhooks replay' sends them once more", "webhook",
                 settings_->name, "event", event_id(delivery.task.task.key), "why", attempt.detail, "times", times);
  store::Batch batch;
  note(batch, delivery, attempt, lost ? "given_up" : "delivered");
  const auto task = lines_.end(delivery);
  batch.ended_tasks.push_back({.task = task.task, .lease = task.lease});
  write(std::move(batch));
}

// For as long as it takes: what is not ended here is delivered once more after a restart.
void Receiver::write(store::Batch batch) {
  ++writing_;
  context_.store.commit(std::move(batch), context_.executor, [this, alive = alive_](store::BatchResult result) {
    if (!*alive) return;
    --writing_;
    const bool again = result.error != store::Error::none && result.error != store::Error::unavailable &&
                       result.error != store::Error::broken && result.error != store::Error::invalid;
    if (!again) return ended_ ? give_back() : work();
    ++writing_;
    auto timer = std::shared_ptr<Timer>(context_.clock.timer(context_.executor));
    timer->at(context_.clock.now() + write_again_after,
              [this, still = alive_, timer, batch = std::make_shared<store::Batch>(std::move(result.unapplied))] {
                if (!*still) return;
                --writing_;
                write(std::move(*batch));
              });
  });
}

void Receiver::stop(std::function<void()> ended) {
  ended_ = std::move(ended);
  timer_->cancel();
  context_.transport->abort();
  boost::asio::post(context_.executor, [this, alive = alive_] {
    if (*alive) give_back();
  });
}

// Under the time at which they were due, so that they keep their order.
void Receiver::give_back() {
  if (!sent_.empty() || claiming_ || writing_ > 0) return;
  if (lines_.size() == 0) {
    if (const auto ended = std::exchange(ended_, [] {})) ended();
    return;
  }
  store::Batch batch;
  for (const auto& task : lines_.take_all())
    batch.ended_tasks.push_back({.task = task.task, .lease = task.lease, .again_at = std::max<WallMs>(1, task.due_at)});
  write(std::move(batch));
}

// ---- when ----

void Receiver::arm() {
  context_.held.count = lines_.size();
  context_.held.oldest_at = lines_.oldest_at();
  const auto now = context_.clock.now();
  std::optional<Time> due;
  const auto not_later = [&](Time at) { due = due ? std::min(*due, at) : at; };
  auto ready = lines_.can_send(now) ? now : lines_.next_due();
  if (ready && backoff_.is_failing()) ready = std::max(*ready, backoff_.again_at());
  // What could go now waits for an answer.
  if (ready && *ready > now) not_later(*ready);
  if (next_due_) not_later(now + std::chrono::milliseconds(std::max<WallMs>(1, next_due_ - context_.clock.wall())));
  if (!due) return timer_->cancel();
  timer_->at(*due, [this] {
    if (next_due_ && context_.clock.wall() >= next_due_) {
      next_due_ = 0;
      claim();
    }
    work();
  });
}

HookStatus Receiver::status() const {
  auto status = told_;
  status.failing = backoff_.is_failing();
  if (status.failing) {
    const auto wait = std::max<Duration>(0s, backoff_.again_at() - context_.clock.now());
    status.next_try_at = context_.clock.wall() + std::chrono::duration_cast<std::chrono::milliseconds>(wait).count();
  }
  status.held = lines_.size();
  status.oldest_at = lines_.oldest_at();
  return status;
}

}  // namespace smsbridge::bridge
