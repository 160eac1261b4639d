// SPDX-License-Identifier: MPL-2.0
#include "bridge/delivery/http_channel.hpp"

#include <boost/asio/post.hpp>

#include "bridge/delivery/provider_message.hpp"
#include "bridge/env/log.hpp"
#include "http_gateways/form.hpp"
#include "http_gateways/json.hpp"

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;
using http_gateways::ErrorClass;

constexpr Duration throttle_pause_max = 60s;
constexpr Duration poll_first = 10s, poll_max = 1h;  // doubling between
constexpr Duration poll_first_when_called = 15min;   // then its call got lost, or the phone is off
constexpr std::size_t polls_max = 20'000, polling_max = 2;

// The account or its settings are to blame, not the message: the next one would fare the same. Credit is the account's
// also where it is told of a number.
bool blames_the_account(const http_gateways::Verdict& verdict) {
  const auto error_class = verdict.error_class;
  if (verdict.one_number && error_class != ErrorClass::balance) return false;
  return error_class == ErrorClass::auth || error_class == ErrorClass::account || error_class == ErrorClass::balance ||
         error_class == ErrorClass::config;
}

std::string words_of(const http_gateways::Verdict& verdict) {
  auto text = std::string(name(verdict.error_class));
  if (verdict.error_class == ErrorClass::none) text = name(verdict.outcome);
  if (!verdict.provider_code.empty()) text += " " + verdict.provider_code;
  if (!verdict.detail.empty()) text += ": " + verdict.detail;
  return text;
}

// Where the account's callbacks carry a token of their own, the address we give out has it.
std::string with_token(const std::string& url, const boost::json::object& account) {
  if (url.empty()) return url;
  if (const auto token = http_gateways::text_setting(account, "token"); !token.empty())
    return http_gateways::with_query(url, "tok", token);
  const boost::json::value tree(account);
  if (http_gateways::text_at(tree, "/callback/auth/type") != "query_token") return url;
  const auto name = http_gateways::text_at(tree, "/callback/auth/param");
  return http_gateways::with_query(url, name.empty() ? "tok" : name,
                                   http_gateways::text_at(tree, "/callback/auth/token"));
}

}  // namespace

HttpChannel::HttpChannel(const GatewaySettings& config, HttpContext context,
                         std::unique_ptr<http_gateways::Provider> provider, Channel::Owner& owner)
    : config_(config),
      way_(config.provider()),
      context_(std::move(context)),
      owner_(owner),
      provider_(std::move(provider)),
      transport_(context_.make_transport(context_.executor, {.connect_timeout = way_.connect_timeout,
                                                             .request_timeout = way_.request_timeout,
                                                             .proxy = way_.proxy,
                                                             .tls = way_.tls,
                                                             .connections_max = way_.max_in_flight + polling_max + 1})),
      balance_timer_(context_.clock.timer(context_.executor)),
      poll_timer_(context_.clock.timer(context_.executor)),
      health_(config, "provider", context_.executor, context_.clock, owner, [this] {
        owner_.on_up_or_down();
        if (is_up()) owner_.on_room();
      }) {
  // Where the provider calls us, only for what it did not report: a call that came while nobody listened is not
  // repeated by all of them.
  asks_ = config.receipts && provider_->reports_delivery() && provider_->build_poll("x", now_s()).has_value();
  if (config.receipts && provider_->reports_delivery() && provider_->receipts_need().empty())
    callback_url_ = with_token(context_.callback_url, way_.account);
}

HttpChannel::~HttpChannel() { *alive_ = false; }

void HttpChannel::start() {
  owner_.on_up_or_down();
  owner_.on_room();
  ask_balance();
  if (asks_) poll_open(0);
}

void HttpChannel::stop() {
  stopping_ = true;
  health_.stop();
  balance_timer_->cancel();
  poll_timer_->cancel();
  owner_.on_closed();
}

void HttpChannel::abort() {
  stopping_ = true;
  for (const auto& [cookie, open] : std::exchange(open_, {})) unknown(cookie, open.sms.reference, "the bridge stopped");
  transport_->abort();
}

bool HttpChannel::is_up() const { return !stopping_ && !health_.is_open(); }

std::size_t HttpChannel::capacity() const {
  if (!is_up()) return 0;
  return health_.is_probed() ? 1 : std::min(context_.pace->window(), way_.max_in_flight);
}

bool HttpChannel::reports(std::string_view provider_id) const {
  return !provider_id.empty() && (!callback_url_.empty() || asks_);
}

// ---- requests and replies ----

tl::expected<std::unique_ptr<Channel::Outgoing>, std::string> HttpChannel::prepare(const store::Claimed& message,
                                                                                   WallMs now) {
  if (auto why = why_no_provider_takes(message.content); !why.empty()) return tl::unexpected(std::move(why));
  auto out = provider_message(message, config_, now);
  auto& sms = out->sms;
  // A repetition after a lost answer carries the reference of the attempt that is in doubt; see can_repeat().
  if (can_repeat() && message.in_doubt && message.doubtful_attempt)
    sms.reference = reference_of(message.id, message.doubtful_attempt);
  if (!callback_url_.empty()) sms.callback_url = http_gateways::with_query(callback_url_, "ref", sms.reference);
  return out;
}

Channel::Submitted HttpChannel::submit(std::uint64_t cookie, Outgoing& message, std::size_t) {
  if (room() == 0) return Submitted::no_room;
  const auto& sms = static_cast<ProviderMessage&>(message).sms;
  auto request = provider_->build(sms, now_s());
  if (request.url.empty()) return Submitted::invalid;
  open_.emplace(cookie, Open{sms});
  transport_->send(std::move(request), [this, alive = alive_, cookie](HttpTransport::Result result) {
    if (*alive) answered(cookie, std::move(result));
  });
  return Submitted::yes;
}

void HttpChannel::answered(std::uint64_t cookie, HttpTransport::Result result) {
  const auto node = open_.extract(cookie);
  if (node.empty()) return;  // aborted
  const auto& sms = node.mapped().sms;
  using End = HttpTransport::End;
  context_.provider_metrics.responses(result.end == End::answered ? result.reply.status : 0).Increment();
  switch (result.end) {
    case End::answered:
      judge(cookie, provider_->read(result.reply, sms, now_s()), sms.reference);
      break;
    case End::not_sent:
      context_.metrics.submit_results[metrics::SubmitResult::disconnected]->Increment();
      health_.at_fault(result.detail);
      owner_.on_not_taken(cookie);
      break;
    case End::perhaps_sent:
      context_.metrics.submit_results[metrics::SubmitResult::timeout]->Increment();
      health_.at_fault(result.detail);
      unknown(cookie, sms.reference, "no whole answer came (" + result.detail + "); may have been sent");
      break;
  }
  owner_.on_room();
  if (stopping_) owner_.on_closed();
}

void HttpChannel::judge(std::uint64_t cookie, const http_gateways::Verdict& verdict, const std::string& reference) {
  using Kind = Answer::Kind;
  using metrics::SubmitResult;
  const auto count = [this](SubmitResult result) { context_.metrics.submit_results[result]->Increment(); };
  std::optional<Duration> wait;  // that the provider asked for
  if (verdict.retry_after_ms) wait = std::chrono::milliseconds(*verdict.retry_after_ms);
  if (verdict.outcome == http_gateways::Outcome::accepted) {
    count(SubmitResult::ok);
    health_.passed();
    Answer answer{.kind = Kind::accepted,
                  .provider_ids = verdict.provider_message_ids,
                  .error = {},
                  .price = verdict.price,
                  .currency = verdict.currency};
    if (answer.provider_ids.empty()) answer.provider_ids = {reference};
    if (asks_)
      for (const auto& id : answer.provider_ids)
        poll_later(id, callback_url_.empty() ? poll_first : poll_first_when_called,
                   context_.clock.now() + std::chrono::milliseconds(config_.receipt_wait_ms));
    if (verdict.failed_parts > 0)
      log::warn("gateway", "the provider refused some parts of a message that it took", "gateway", config_.name,
                "parts", verdict.failed_parts);
    return owner_.on_answer(cookie, std::move(answer));
  }
  if (verdict.outcome == http_gateways::Outcome::uncertain) {
    count(SubmitResult::timeout);
    health_.at_fault(words_of(verdict), wait);
    return unknown(cookie, reference, words_of(verdict) + "; may have been sent");
  }
  const auto blamed = [&](Kind if_at_fault, bool refused) {
    health_.blamed(cookie,
                   {.kind = if_at_fault,
                    .provider_ids = {},
                    .error = words_of(verdict),
                    .elsewhere = if_at_fault == Kind::refused},
                   refused, wait);
  };
  if (blames_the_account(verdict)) {
    count(SubmitResult::permanent);
    // Credit may run out between two messages: the one that met it tries again.
    const bool credit = verdict.error_class == ErrorClass::balance;
    return blamed(credit ? Kind::temporary : Kind::refused, true);
  }
  if (verdict.error_class == ErrorClass::throttled) {
    count(SubmitResult::throttled);
    if (verdict.one_number) {
      health_.passed();
      return owner_.on_answer(cookie, {.kind = Kind::temporary, .provider_ids = {}, .error = words_of(verdict)});
    }
    if (const auto pause = wait.value_or(Duration{}); pause <= throttle_pause_max)
      return owner_.on_throttled(cookie, pause, words_of(verdict));
    // So long it is rather down: what waits here returns to the queue, and moves as from any gateway that is down.
    return blamed(Kind::temporary, false);
  }
  if (verdict.retry == http_gateways::Retry::backoff) {
    count(SubmitResult::temporary);
    if (wait || verdict.error_class != ErrorClass::unknown) health_.at_fault(words_of(verdict), wait);
    return owner_.on_answer(cookie, {.kind = Kind::temporary, .provider_ids = {}, .error = words_of(verdict)});
  }
  count(SubmitResult::permanent);
  health_.passed();  // it speaks with us, and means this message
  if (wait) health_.at_fault(words_of(verdict), wait);
  owner_.on_answer(cookie, {.kind = Kind::refused,
                            .provider_ids = {},
                            .error = words_of(verdict),
                            .elsewhere = verdict.retry == http_gateways::Retry::failover});
}

// A receipt, or a repetition under the same reference, may still tell what became of it.
void HttpChannel::unknown(std::uint64_t cookie, const std::string& reference, std::string why) {
  owner_.on_answer(cookie, {.kind = Answer::Kind::unknown, .provider_ids = {reference}, .error = std::move(why)});
}

// ---- the balance ----

void HttpChannel::ask_balance() {
  if (way_.balance_interval <= Duration::zero()) return;
  auto request = provider_->build_balance(now_s());
  if (!request) return;
  transport_->send(std::move(*request), [this, alive = alive_](HttpTransport::Result result) {
    if (!*alive) return;
    if (result.end == HttpTransport::End::answered) {
      if (auto balance = provider_->read_balance(result.reply); !balance.amount.empty()) {
        balance_ = std::move(balance);
        balance_at_ = context_.clock.wall();
        context_.provider_metrics.set_balance(std::strtod(balance_.amount.c_str(), nullptr));
      }
    }
    if (!stopping_) balance_timer_->at(context_.clock.now() + way_.balance_interval, [this] { ask_balance(); });
  });
}

void HttpChannel::describe(GatewayStatus& status) const {
  status.window_in_use = open_.size();
  status.window_limit = capacity();
  health_.describe(status);
  status.callback_url = callback_url_;
  status.balance = balance_.amount;
  status.balance_currency = balance_.currency;
  status.balance_at = balance_at_;
}

void HttpChannel::publish_metrics() {
  context_.provider_metrics.requests_in_flight->Set(static_cast<double>(open_.size()));
  context_.provider_metrics.requests_limit->Set(static_cast<double>(capacity()));
}

// ---- callbacks ----

void HttpChannel::receive(const http_gateways::CallbackRequest& request,
                          std::function<void(http_gateways::CallbackAnswer)> respond) {
  const auto result = provider_->receive(request, now_s());
  unread_.note(result, context_.clock.now());
  if (result.authentic)
    for (const auto& update : result.updates)
      if (update.final_status) poll_no_more(update.provider_message_id);
  report(owner_, config_, result, [answer = result.answer, respond = std::move(respond)](bool stored) {
    respond(stored ? answer : not_stored());
  });
}

// ---- asking ----

// What was sent in an earlier life is asked for again, a page in each turn of the loop.
void HttpChannel::poll_open(store::MessageId before) {
  const auto page = context_.sent_before(before);
  const auto now = context_.clock.wall();
  for (const auto& message : page.messages) {
    const auto left = message.progress.submitted_at + config_.receipt_wait_ms - now;
    for (const auto& segment : message.progress.segments)
      if ((segment.state == store::SegmentState::accepted || segment.state == store::SegmentState::enroute) &&
          !segment.provider_id.empty())
        poll_later(segment.provider_id, poll_first, context_.clock.now() + std::chrono::milliseconds(left));
  }
  if (page.next == 0 || polls_.size() >= polls_max) return;
  boost::asio::post(context_.executor, [this, alive = alive_, next = page.next] {
    if (*alive && !stopping_) poll_open(next);
  });
}

void HttpChannel::poll_later(std::string provider_id, Duration wait, Time until) {
  const auto due = context_.clock.now() + wait;
  if (stopping_ || due > until || polls_.size() >= polls_max || polls_by_id_.contains(provider_id)) return;
  const bool first = polls_.empty() || due < polls_.begin()->first;
  const auto it = polls_.emplace(due, Poll{.provider_id = provider_id, .waited = wait, .until = until});
  polls_by_id_.emplace(std::move(provider_id), it);
  if (first) poll_timer_->at(due, [this] { poll_due(); });
}

void HttpChannel::poll_no_more(std::string_view provider_id) {
  const auto it = polls_by_id_.find(provider_id);
  if (it == polls_by_id_.end()) return;
  polls_.erase(it->second);
  polls_by_id_.erase(it);
}

void HttpChannel::poll_due() {
  while (!polls_.empty() && polls_.begin()->first <= context_.clock.now() && polling_ < polling_max && !stopping_) {
    const auto poll = polls_.extract(polls_.begin()).mapped();
    polls_by_id_.erase(poll.provider_id);
    auto request = provider_->build_poll(poll.provider_id, now_s());
    if (!request) continue;
    ++polling_;
    transport_->send(std::move(*request), [this, alive = alive_, poll](const HttpTransport::Result& result) {
      if (!*alive) return;
      --polling_;
      polled(poll, result);
      poll_due();
    });
  }
  if (!polls_.empty() && polling_ < polling_max && !stopping_)
    poll_timer_->at(polls_.begin()->first, [this] { poll_due(); });
}

void HttpChannel::polled(const Poll& poll, const HttpTransport::Result& result) {
  const auto again = [this, poll] {
    poll_later(poll.provider_id, std::min<Duration>(poll.waited * 2, poll_max), poll.until);
  };
  bool ended = false;
  if (result.end == HttpTransport::End::answered)
    for (const auto& update : provider_->read_poll(result.reply).updates) {
      if (update.provider_message_id != poll.provider_id) continue;
      ended = ended || update.final_status;
      report(owner_, config_, update, [alive = alive_, again](bool stored) {
        if (*alive && !stored) again();
      });
    }
  if (!ended) again();
}

}  // namespace smsbridge::bridge
