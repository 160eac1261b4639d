// SPDX-License-Identifier: MPL-2.0
#include "bridge/intake/accept.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <tuple>

#include "bridge/env/log.hpp"

namespace smsbridge::bridge {
namespace {

constexpr Duration busy_pause = std::chrono::milliseconds(200);

// What was accepted earlier is answered again, also when it would be refused now.
bool may_be_known(const Refusal& refusal, const store::Content& content) {
  // What its template made of it then may have been a message.
  const bool by_template = !content.made_by.empty() && (refusal.code == ProblemCode::invalid_request ||
                                                        refusal.code == ProblemCode::too_many_parts);
  return (by_template || refusal.code == ProblemCode::forbidden || refusal.code == ProblemCode::no_route ||
          refusal.code == ProblemCode::budget_spent || refusal.code == ProblemCode::opted_out ||
          refusal.code == ProblemCode::same_text || refusal.code == ProblemCode::unknown_template ||
          refusal.code == ProblemCode::missing_variable) &&
         !(content.client_ref.empty() && content.idempotency_key.empty());
}

// Of this process only: the library's is not the same everywhere.
std::uint64_t hash_of(std::initializer_list<std::string_view> parts, std::uint64_t hash) {
  for (const auto part : parts) hash = hash * 0x9E3779B97F4A7C15ull ^ std::hash<std::string_view>()(part);
  return hash;
}

metrics::Source label_of(store::Source source) {
  if (source == store::Source::event) return metrics::Source::event;
  if (source == store::Source::schedule) return metrics::Source::schedule;
  return source == store::Source::fineract ? metrics::Source::fineract : metrics::Source::api;
}

Problem mismatch() {
  return {.code = ProblemCode::idempotency_mismatch,
          .detail = "this Idempotency-Key or client_ref was used for a message with other content; use a new one",
          .errors = {}};
}

}  // namespace

// Login codes have no limit: each is asked for, and nobody is to be locked out.
Prepared Intake::prepare_to_send(Submission&& submission, const Tenant& tenant) {
  auto prepared = prepare(std::move(submission), tenant);
  const auto& content = prepared.enqueue.content;
  const auto most = tenant.config.same_text_max;
  if (prepared.refusal || most == 0 || content.lane == store::Lane::otp) return prepared;
  const auto text = hash_of({content.to, content.text, content.octets, content.header}, tenant.id);
  prepared.same_text = same_texts_.take(text, most, clock_.now());
  if (prepared.same_text) return prepared;
  prepared.refusal =
      Refusal{ProblemCode::same_text, "/text",
              fmt::format("same_text: this number got this text {} times within a day (same_text_max)", most)};
  tenant.metrics.same_text->Increment();
  if (const auto times = doubts_.due("same text " + tenant.config.name, clock_.now()))
    log::warn("intake", "the same text to the same number, too often within a day: it is not sent", "tenant",
              tenant.config.name, "to", log::phone(content.to), "most", most, "times", times);
  return prepared;
}

// Wishes on their way to the disk.
struct Intake::Asked {
  const Tenant& tenant;
  WhenBusy when_busy;
  boost::asio::any_io_executor executor;
  Done done;
  std::vector<Acceptance> results;
  std::vector<std::size_t> places;                            // of those that the store was asked for
  std::vector<std::optional<SameTexts::Place>> same_texts{};  // of these
  metrics::Source source{};
};

void Intake::accept(const Tenant& tenant, std::vector<Prepared> wishes, WhenBusy when_busy,
                    const boost::asio::any_io_executor& executor, Done done, store::Batch along) {
  if (auto problem = beyond_limits(tenant, wishes)) {
    tenant.metrics.rejected[reject_reason(problem->code)]->Increment(static_cast<double>(wishes.size()));
    return done(tl::unexpected(std::move(*problem)));
  }
  auto asked = std::make_shared<Asked>(Asked{.tenant = tenant,
                                             .when_busy = when_busy,
                                             .executor = executor,
                                             .done = std::move(done),
                                             .results = std::vector<Acceptance>(wishes.size()),
                                             .places = {}});
  auto batch = std::move(along);
  batch.enqueue.reserve(wishes.size());
  asked->places.reserve(wishes.size());
  for (std::size_t place = 0; place < wishes.size(); ++place) {
    auto& wish = wishes[place];
    note_doubt(wish, tenant);
    asked->source = label_of(wish.enqueue.content.source);
    if (wish.refusal) {
      asked->results[place].problem = problem_of(*wish.refusal);
      if (!may_be_known(*wish.refusal, wish.enqueue.content)) continue;
      wish.enqueue.only_if_known = true;
    }
    asked->places.push_back(place);
    asked->same_texts.push_back(std::move(wish.same_text));
    batch.enqueue.push_back(std::move(wish.enqueue));
  }
  if (batch.size() == 0) return answer(*asked, {});
  commit(std::move(asked), std::move(batch));
}

namespace {

// Reports and hooks are no requests that somebody can split: what is refused of them comes again as it was, for ever.
bool can_be_held_back(const store::Content& content) {
  using enum store::Source;
  return content.source == fineract || content.source == event || content.source == schedule ||
         content.lane == store::Lane::campaign || content.lane == store::Lane::reminder;
}

std::string why_full(const TenantLimits& limits) {
  return "the tenant's queue is full (limits.queue: " + std::to_string(*limits.queue) + ")";
}

}  // namespace

// All or none of a request: nothing of it is half taken. What Fineract posts is kept as failed instead, since it posts
// it once only.
std::optional<Problem> Intake::beyond_limits(const Tenant& tenant, std::vector<Prepared>& wishes) {
  auto* quotas = directory_.quotas();
  const auto& limits = tenant.config.limits;
  if (!quotas || limits == TenantLimits()) return std::nullopt;
  std::vector<store::Enqueue*> waiting, at_once;
  for (auto& wish : wishes) {
    const auto& content = wish.enqueue.content;
    if (wish.refusal || !wish.enqueue.failed_because.empty()) continue;
    (can_be_held_back(content) ? waiting : at_once).push_back(&wish.enqueue);
  }
  const auto told = [&](const char* what) {
    if (const auto count = limits_.due(what + tenant.config.name, clock_.now(), waiting.size() + at_once.size()))
      log::warn("intake", what, "tenant", tenant.config.name, "times", count);
  };
  const auto refused = [](std::string why, int after) {
    return Problem{
        .code = ProblemCode::queue_full, .detail = std::move(why), .errors = {}, .retry_after_seconds = after};
  };
  if (!quotas->take_turns(tenant, at_once.size(), clock_.now(), false)) {
    told("a tenant's messages come faster than its limits.rate: refused");
    return refused(
        "the tenant's messages come faster than its limit (limits.rate): send fewer a second, and no more "
        "than that in one request",
        1);
  }
  if (!quotas->take_places(tenant, waiting.size() + at_once.size())) {
    told(
        "a tenant's queue is full (limits.queue): what comes is refused, and what its Fineract posts is kept as "
        "failed");
    const auto why = why_full(limits);
    if (wishes.front().enqueue.content.source != store::Source::fineract)
      return refused(why + ": come again when some have gone out", 30);
    for (auto* each : waiting) each->failed_because = why;
    return std::nullopt;
  }
  hold_back(tenant, waiting);
  return std::nullopt;
}

// More at once than the limit go when nothing else waits: they would never go otherwise.
std::string Intake::take_places(const Tenant& tenant, std::vector<store::Enqueue>& wishes) {
  auto* quotas = directory_.quotas();
  const auto& limits = tenant.config.limits;
  if (!quotas || limits == TenantLimits()) return {};
  std::vector<store::Enqueue*> waiting;
  for (auto& wish : wishes)
    if (wish.content.lane == store::Lane::campaign || wish.content.lane == store::Lane::reminder)
      waiting.push_back(&wish);
  const auto most = limits.queue ? static_cast<std::size_t>(*limits.queue) : waiting.size();
  if (!quotas->take_places(tenant, std::min(waiting.size(), most))) return why_full(limits);
  hold_back(tenant, waiting);
  return {};
}

// What is held back is good for as long from then on.
void Intake::hold_back(const Tenant& tenant, const std::vector<store::Enqueue*>& wishes) {
  const auto now = clock_.wall();
  std::size_t held = 0;
  for (auto* each : wishes) {
    const auto wait = directory_.quotas()->take_turns(tenant, 1, clock_.now(), true).value_or(Duration::zero());
    const auto wait_ms = std::chrono::duration_cast<std::chrono::milliseconds>(wait).count();
    auto [due_at, expires_at] = std::tie(each->content.due_at, each->content.expires_at);
    if (wait_ms <= 0 || due_at >= now + wait_ms) continue;
    if (expires_at) expires_at += now + wait_ms - std::max(now, due_at);
    due_at = now + wait_ms;
    ++held;
  }
  if (held == 0) return;
  tenant.metrics.held_back->Increment(static_cast<double>(held));
  if (const auto count = limits_.due("held back " + tenant.config.name, clock_.now(), held))
    log::info("intake", "a tenant's messages come faster than its limits.rate: held back", "tenant", tenant.config.name,
              "times", count);
}

void Intake::commit(std::shared_ptr<Asked> asked, store::Batch batch) {
  const auto executor = asked->executor;
  store_.commit(std::move(batch), executor, [this, asked = std::move(asked)](store::BatchResult result) mutable {
    if (result.unmet)
      return asked->done(tl::unexpected(Problem{.code = ProblemCode::state_conflict,
                                                .detail = "somebody else does it by now; nothing was accepted",
                                                .errors = {}}));
    if (result.error == store::Error::none) return answer(*asked, result.enqueued);
    if (result.error == store::Error::busy && asked->when_busy == WhenBusy::wait) {
      const auto timer = std::shared_ptr<Timer>(clock_.timer(asked->executor));
      const auto again = std::make_shared<store::Batch>(std::move(result.unapplied));
      return timer->at(clock_.now() + busy_pause, [this, timer, again, asked] { commit(asked, std::move(*again)); });
    }
    auto problem = problem_of(result.error);
    asked->tenant.metrics.rejected[reject_reason(problem.code)]->Increment(static_cast<double>(asked->results.size()));
    asked->done(tl::unexpected(std::move(problem)));
  });
}

void Intake::answer(Asked& asked, const std::vector<store::Enqueued>& answers) {
  using Kind = store::Enqueued::Kind;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    auto& result = asked.results[asked.places[i]];
    result.id = answers[i].id;
    result.created_at = answers[i].created_at;
    if (answers[i].kind == Kind::conflict) result.problem = mismatch();
    if (answers[i].kind == Kind::stored) {
      result.kind = Acceptance::Kind::accepted;
      if (asked.same_texts[i]) asked.same_texts[i]->keep();
    }
    if (answers[i].kind == Kind::known) result.kind = Acceptance::Kind::replayed;
  }
  const auto& metrics = asked.tenant.metrics;
  for (const auto& result : asked.results) {
    if (result.kind == Acceptance::Kind::accepted) metrics.accepted[asked.source]->Increment();
    if (result.kind == Acceptance::Kind::replayed) metrics.replayed->Increment();
    if (result.kind == Acceptance::Kind::refused) metrics.rejected[reject_reason(result.problem->code)]->Increment();
  }
  asked.done(std::move(asked.results));
}

void Intake::note_doubt(const Prepared& prepared, const Tenant& tenant) {
  const auto& content = prepared.enqueue.content;
  if (content.transliterated && !prepared.refusal)
    tenant.metrics.changed[metrics::TextChange::transliterated]->Increment();
  if (content.replaced > 0 && !prepared.refusal) {
    tenant.metrics.changed[metrics::TextChange::replaced]->Increment();
    if (const auto count = doubts_.due("replaced " + tenant.config.name, clock_.now()))
      log::warn("intake", "characters that the gateway's alphabet lacks go as '?': its charset could be auto", "tenant",
                tenant.config.name, "gateway_id", content.gateway, "to", log::phone(content.to), "characters",
                content.replaced, "times", count);
  }
  if (const auto& why = prepared.enqueue.postponed_because; !why.empty() && !prepared.refusal) {
    tenant.metrics.postponed[metrics::Postponed::accepted]->Increment();
    if (const auto count = doubts_.due("quiet " + tenant.config.name, clock_.now()))
      log::info("intake", "messages wait for the end of the quiet hours", "tenant", tenant.config.name, "until", why,
                "times", count);
  }
  if (!prepared.unlikely_number) return;
  tenant.metrics.unlikely_numbers->Increment();
  if (const auto count = doubts_.due(tenant.config.name, clock_.now()))
    log::warn("intake", "a number does not look like a mobile of its country", "tenant", tenant.config.name, "to",
              log::phone(content.to), "times", count);
}

Problem problem_of(const Refusal& refusal) {
  return {.code = refusal.code,
          .detail = refusal.detail,
          .errors = {{refusal.pointer, std::string(name(refusal.code)), refusal.detail}}};
}

Problem problem_of(store::Error error) {
  switch (error) {
    case store::Error::full:
      return {.code = ProblemCode::store_full,
              .detail = "no room is left to keep messages; make room on the disk, or raise store.size_limit",
              .errors = {},
              .retry_after_seconds = 30};
    case store::Error::busy:
      return {.code = ProblemCode::queue_full,
              .detail = "too many messages are waiting to be written; try again",
              .errors = {},
              .retry_after_seconds = 1};
    case store::Error::invalid:
      return {.code = ProblemCode::payload_too_large, .detail = "too many messages in one request", .errors = {}};
    case store::Error::unknown:
    case store::Error::broken:
      return {.code = ProblemCode::storage_failed,
              .detail = store::explain(error) + "; try again, with the same reference",
              .errors = {},
              .retry_after_seconds = 5};
    default:
      return {.code = ProblemCode::shutting_down,
              .detail = store::explain(error) + "; nothing was accepted, try again",
              .errors = {},
              .retry_after_seconds = 5};
  }
}

}  // namespace smsbridge::bridge
