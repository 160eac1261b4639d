// SPDX-License-Identifier: MPL-2.0
#include "bridge/delivery/smpp_questions.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "bridge/env/log.hpp"
#include "bridge/policy/outcome.hpp"
#include "smpp/status.hpp"

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;

constexpr Duration look_every = 1s, patience_max = 15s;
constexpr WallMs ahead_max_ms = 10 * 60'000;  // of the end of the wait
constexpr WallMs ahead_part = 4;              // or so much of the wait, if that is less
constexpr std::size_t queries_max = 10;       // at a time, and
constexpr std::size_t window_part = 4;        // so much of a session's window at most: messages come first
constexpr std::size_t silent_max = 3;         // unanswered one after the other: it does not know the question
constexpr Duration silent_pause = 10min;

bool is_open(const store::Segment& segment) { return !segment.provider_id.empty() && !store::is_final(segment.state); }

smpp::MessageState state_of_octet(std::uint8_t octet) {
  return octet <= static_cast<std::uint8_t>(smpp::MessageState::skipped) ? static_cast<smpp::MessageState>(octet)
                                                                         : smpp::MessageState::unknown;
}

// What the carrier does not know itself is no news.
bool is_final_word(smpp::MessageState state, const smpp::Dialect& dialect) {
  using enum smpp::MessageState;
  switch (state) {
    case delivered:
    case expired:
    case deleted:
    case undeliverable:
    case rejected:
    case skipped:
      return true;
    case accepted:
      return dialect.accepted_is_final;
    default:
      return false;
  }
}

}  // namespace

SmppQuestions::SmppQuestions(Context context, const SmppHosts::Links& links)
    : context_(std::move(context)), links_(links), look_timer_(context_.clock.timer(context_.executor)) {}

void SmppQuestions::start() {
  if (!context_.config.smpp().query || !context_.awaited) return;
  look_timer_->at(context_.clock.now() + look_every, [this] { look(); });
}

void SmppQuestions::stop() { look_timer_->cancel(); }

SmppLink* SmppQuestions::free_link() const {
  const auto link = std::ranges::find_if(links_, [](const auto& each) { return each->window_free() > 0; });
  return link == links_.end() ? nullptr : link->get();
}

// The message as it was submitted: a centre compares its addresses.
std::optional<SmppMessage> SmppQuestions::as_submitted(const store::Message& message) const {
  store::Claimed claimed;
  claimed.id = message.id;
  claimed.content = message.content;
  const auto tenant = context_.tenant_name ? context_.tenant_name(message.content.tenant) : std::string();
  auto outgoing = make_outgoing(claimed, context_.config, 0, tenant);
  if (!outgoing) return std::nullopt;
  return *std::move(outgoing);
}

// A page of what is waited for a second, round and round.
void SmppQuestions::look() {
  look_timer_->at(context_.clock.now() + look_every, [this] { look(); });
  if (!may_query() || context_.clock.now() < not_before_) return;
  const auto now = context_.clock.wall();
  std::erase_if(asked_for_, [now](const auto& asked) { return asked.second < now; });
  from_.until = std::max(from_.until, now);
  auto page = context_.awaited(from_, now + ahead_max_ms);
  from_ = page.next.value_or(store::AwaitedAt{});
  for (const auto& [until, message] : page.messages) {
    const auto since = message.progress.submitted_at ? message.progress.submitted_at : store::id_time(message.id);
    if (until - std::min(ahead_max_ms, (until - since) / ahead_part) > now || asked_for_.contains(message.id)) continue;
    if (!query(message)) return;
    asked_for_[message.id] = until;
  }
}

bool SmppQuestions::may_query() const {
  const auto most = std::clamp<std::size_t>(context_.pace.window() / window_part, 1, queries_max);
  return queries_.size() < most && free_link() && (!context_.may_ask || context_.may_ask());
}

// False: not now.
bool SmppQuestions::query(const store::Message& message) {
  if (!may_query() || context_.pace.take(context_.clock.now())) return false;
  const auto submitted = as_submitted(message);
  if (!submitted) return true;
  for (const auto& segment : message.progress.segments) {
    if (!is_open(segment)) continue;
    auto* const link = free_link();
    if (!link) return false;
    const smpp::QuerySm question{.message_id = segment.provider_id, .source = source_of(*submitted)};
    const auto cookie = ++last_cookie_;
    if (link->ask(question, cookie, patience_max) == smpp::ClientSession::SubmitResult::queued)
      queries_[cookie] = {
          .message = message.id, .attempt = message.progress.attempts, .provider_id = segment.provider_id};
  }
  return true;
}

void SmppQuestions::on_replied(const smpp::Replied& replied) {
  if (const auto query = queries_.extract(replied.cookie)) return queried(query.mapped(), replied);
  if (const auto cancel = cancels_.extract(replied.cookie)) return cancelled(cancel.mapped(), replied);
}

void SmppQuestions::queried(const Query& query, const smpp::Replied& replied) {
  using metrics::QueryResult;
  const auto count = [this](QueryResult result) { context_.metrics.queries[result]->Increment(); };
  if (!replied.answered) {
    asked_for_.erase(query.message);  // again, as long as there is time
    count(QueryResult::unanswered);
    return unanswered();
  }
  silent_ = 0;
  if (replied.status != smpp::status_ok) {
    count(QueryResult::refused);
    if (const auto lines = lines_.due("query", context_.clock.now()))
      log::warn("gateway", "the carrier does not say what became of a message", "gateway", context_.config.name, "id",
                query.message, "status", describe_status(replied.status), "hint",
                replied.status == smpp::status_invalid_command_id ? "it does not know query_sm: take 'query' out" : "",
                "count", lines);
    return;
  }
  const auto& dialect = context_.config.smpp().dialect;
  const auto state = state_of_octet(replied.state.message_state);
  if (!is_final_word(state, dialect)) return count(QueryResult::under_way);
  count(QueryResult::ended);
  store::ReceiptRecorded learnt{.gateway = context_.config.id, .provider_ids = {query.provider_id}};
  learnt.as_given = learnt.usable = 1;
  learnt.may_guess = false;
  learnt.state = segment_state(state, true);
  learnt.whole_message = dialect.one_receipt_per_message;
  if (replied.state.error_code) learnt.error = fmt::format("{:03}", replied.state.error_code);
  learnt.message = query.message;
  learnt.attempt = query.attempt;
  context_.learnt(std::move(learnt));
}

void SmppQuestions::unanswered() {
  if (++silent_ < silent_max) return;
  silent_ = 0;
  not_before_ = context_.clock.now() + silent_pause;
  if (const auto lines = lines_.due("silent", context_.clock.now()))
    log::warn("gateway", "the carrier does not answer query_sm: it is not asked for a while", "gateway",
              context_.config.name, "hint", "if it does not know it, take 'query' out", "count", lines);
}

void SmppQuestions::cancel(const store::Message& message, std::function<void(Channel::CancelAnswer)> done) {
  using Kind = Channel::CancelAnswer::Kind;
  const auto& segments = message.progress.segments;
  if (!context_.config.smpp().cancel)
    return done({Kind::not_possible, "its gateway does not say that the carrier cancels messages ('cancel')"});
  if (segments.empty() ||
      std::ranges::any_of(segments, [](const auto& segment) { return segment.provider_id.empty(); }))
    return done({Kind::not_possible, "the carrier gave no id for all of it, and cancels by ids"});
  if (std::ranges::any_of(segments,
                          [](const auto& segment) { return segment.state == store::SegmentState::delivered; }))
    return done({Kind::refused, "a part of it has arrived"});
  const auto submitted = as_submitted(message);
  if (!submitted) return done({Kind::not_possible, "its gateway is another than the one that sent it"});
  const auto asked = std::make_shared<Cancel>();
  for (const auto& segment : segments) {
    if (store::is_final(segment.state)) continue;
    ++asked->parts;
    const smpp::CancelSm question{.service_type = submitted->service_type,
                                  .message_id = segment.provider_id,
                                  .source = source_of(*submitted),
                                  .destination = destination_of(*submitted)};
    auto* const link = free_link();
    const auto cookie = ++last_cookie_;
    if (link && link->ask(question, cookie, patience_max) == smpp::ClientSession::SubmitResult::queued) {
      ++asked->open;
      cancels_[cookie] = asked;
    } else {
      ++asked->unanswered;
    }
  }
  if (asked->open == 0) return done({Kind::unanswered, "no session can ask the carrier now; try again"});
  asked->done = std::move(done);
}

// All of it, or not: what is told of a half is no success.
void SmppQuestions::cancelled(const std::shared_ptr<Cancel>& cancel, const smpp::Replied& replied) {
  using metrics::CancelResult;
  using Kind = Channel::CancelAnswer::Kind;
  const auto result = !replied.answered                   ? CancelResult::unanswered
                      : replied.status == smpp::status_ok ? CancelResult::cancelled
                                                          : CancelResult::refused;
  context_.metrics.cancels[result]->Increment();
  --cancel->open;
  if (result == CancelResult::cancelled) ++cancel->cancelled;
  if (result == CancelResult::unanswered) ++cancel->unanswered;
  if (result == CancelResult::refused) cancel->refusal = describe_status(replied.status);
  if (cancel->open > 0) return;
  if (cancel->cancelled == cancel->parts) return cancel->done({Kind::cancelled, {}});
  auto detail = cancel->cancelled == 0
                    ? std::string()
                    : fmt::format("{} of {} parts were cancelled; ", cancel->cancelled, cancel->parts);
  if (!cancel->refusal.empty())
    detail += "the carrier refuses: " + cancel->refusal;
  else
    detail += "the carrier did not answer in time, and it is not known whether it cancels; try again";
  cancel->done({cancel->refusal.empty() ? Kind::unanswered : Kind::refused, std::move(detail)});
}

}  // namespace smsbridge::bridge
