// SPDX-License-Identifier: MPL-2.0
#include "bridge/events/hook_inbox.hpp"

#include <algorithm>
#include <boost/algorithm/hex.hpp>
#include <boost/asio/post.hpp>
#include <boost/json.hpp>

#include "bridge/env/log.hpp"
#include "bridge/events/facts.hpp"
#include "bridge/events/fineract_json.hpp"
#include "bridge/text/entities.hpp"
#include "http_gateways/digest.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;
using metrics::EventResult;

constexpr WallMs seen_ms = 7ll * 86'400'000;  // Fineract repeats nothing; somebody else may
constexpr WallMs text_seen_ms = 600'000;      // an equal text may be meant again
constexpr WallMs settle_ms = 15'000;
constexpr Duration busy_pause = std::chrono::milliseconds(200);
constexpr int busy_pauses_max = 40;  // Fineract waits for 10 s
constexpr std::size_t occurrence_digits = 24;

}  // namespace

std::string occurrence_of(const Tenant& tenant, const Hook& hook) {
  const auto bytes =
      http_gateways::digest(http_gateways::Hash::sha256, tenant.config.name + "\n" + hook.entity + "\n" + hook.action +
                                                             "\n" + std::string(hook.body));
  return boost::algorithm::hex_lower(bytes).substr(0, occurrence_digits);
}

EventResult event_result_of(const Refusal& refusal) {
  switch (refusal.code) {
    case ProblemCode::opted_out:
      return EventResult::opted_out;
    case ProblemCode::invalid_number:
      return EventResult::no_number;
    case ProblemCode::unknown_template:
    case ProblemCode::missing_variable:
    case ProblemCode::too_many_parts:
    case ProblemCode::invalid_request:
      return EventResult::template_error;
    default:
      return EventResult::not_accepted;
  }
}

std::vector<EventSettingsPtr> notices_for(const RoutingTable& table, std::string_view event, std::string_view tenant) {
  std::vector<EventSettingsPtr> notices;
  for (const auto& notice : table.events)
    if (notice->event == event && holds(notice->tenants, tenant)) notices.push_back(notice);
  return notices;
}

void HookInbox::take(const Tenant& tenant, const Hook& hook, const boost::asio::any_io_executor& home,
                     std::function<void(bool kept)> done) {
  EventLine line{.occurrence = occurrence_of(tenant, hook), .event = hook.entity + " " + hook.action};
  const auto rows = hooks_of(hook.entity, hook.action);
  store::Batch batch;
  const auto now = context_.clock.wall();
  if (rows.empty()) {
    // Their bodies may hold passwords: they are not read.
    tenant.metrics.events[EventResult::ignored]->Increment();
    return boost::asio::post(home, [done = std::move(done)] { done(true); });
  }
  const auto heard = hear(hook.entity, hook.action, hook.content_type, hook.body);
  const auto table = context_.router.table();
  line.event = rows.front()->event;
  if (!heard) {
    line.result = heard.error().why == NotHeard::Why::unreadable ? EventResult::unreadable : EventResult::refused;
    line.detail = heard.error().detail;
  } else {
    line.by = heard->by;
    line.result = EventResult::disabled;
    line.detail = "no event that is switched on is for it";
    for (const auto* row : rows) {
      const auto subject = find_event(row->event)->subject;
      const auto id = subject_of(*heard, subject);
      line.subject = std::string(name(subject)) + " " + std::to_string(id);
      for (const auto& notice : notices_for(*table, row->event, tenant.config.name)) {
        if (!notice->enabled) continue;
        json::object body{{"heard", json_of(*heard)},
                          {"event", row->event},
                          {"notice", notice->name},
                          {"occurrence", line.occurrence},
                          {"at", now}};
        batch.tasks.push_back(
            {.task = {.tenant = tenant.id, .kind = event_tasks, .key = line.occurrence + "/" + notice->name},
             .due_at = now + std::max(notice->delay_ms, row->settles ? settle_ms : 0),
             .body = json::serialize(body)});
        line.result = EventResult::received;
        line.detail.clear();
      }
    }
  }
  keep(tenant, line, std::move(batch), seen_ms, home, std::move(done));
}

void HookInbox::take_text(const Tenant& tenant, const Hook& hook, const boost::asio::any_io_executor& home,
                          std::function<void(bool kept)> done) {
  EventLine line{.occurrence = occurrence_of(tenant, hook), .event = "sms send"};
  store::Batch batch;
  std::shared_ptr<SameTexts::Place> same_text;
  json::error_code error;
  const auto body = json::parse(hook.body, error);
  if (const auto* object = error ? nullptr : body.if_object()) {
    Submission submission{.source = store::Source::event};
    submission.to = line.number = text_at(*object, "mobileNo");
    submission.text = text_at(*object, "message");
    // Rendered with HTML's escapes, whatever the tenant's campaigns have.
    submission.text = text::with_plain_blanks(text::decode_html_entities(submission.text));
    submission.lane = tenant.config.fineract_lane;
    submission.triggered_by = "Fineract hook";
    auto prepared = context_.intake.prepare_to_send(std::move(submission), tenant);
    if (prepared.same_text) same_text = std::make_shared<SameTexts::Place>(std::move(*prepared.same_text));
    line.result = prepared.refusal ? event_result_of(*prepared.refusal) : EventResult::sent;
    // Fineract is told nothing, and people look for it among the messages.
    if (prepared.refusal) line.detail = prepared.enqueue.failed_because = prepared.refusal->detail;
    batch.enqueue.push_back(std::move(prepared.enqueue));
  } else {
    line.result = EventResult::unreadable;
    line.detail = "the body is no JSON object";
  }
  keep(tenant, line, std::move(batch), text_seen_ms, home, std::move(done), std::move(same_text));
}

// With the mark that tells a repetition, and the line of the log.
void HookInbox::keep(const Tenant& tenant, const EventLine& line, store::Batch batch, WallMs seen_for,
                     const boost::asio::any_io_executor& home, Kept done, std::shared_ptr<SameTexts::Place> same_text) {
  const auto seen = std::to_string(tenant.id) + "/" + line.occurrence;
  batch.only_if.emplace_back(store::MarkAbsent{.scope = hook_seen_scope, .key = seen});
  batch.marks.push_back(
      {.scope = hook_seen_scope, .key = seen, .value = {}, .expires_at = context_.clock.wall() + seen_for});
  batch.journal.push_back(journal_line(tenant.id, line));
  commit(std::move(batch), home, 0,
         [&tenant, result = line.result, done = std::move(done),
          same_text = std::move(same_text)](const store::BatchResult& written) {
           const bool kept = written.error == store::Error::none;
           if (kept) tenant.metrics.events[written.unmet ? EventResult::duplicate : result]->Increment();
           if (kept && !written.unmet && !written.enqueued.empty()) {
             tenant.metrics.accepted[metrics::Source::event]->Increment();
             if (same_text) same_text->keep();
           }
           if (!kept)
             log::error("events", "a hook of Fineract could not be kept, and Fineract does not repeat it", "tenant",
                        tenant.config.name, "why", store::explain(written.error));
           done(kept);
         });
}

// Where the writer is behind, the answer waits with it: Fineract posts nothing again.
void HookInbox::commit(store::Batch batch, const boost::asio::any_io_executor& home, int pauses,
                       std::function<void(const store::BatchResult&)> done) {
  context_.store.commit(
      std::move(batch), home, [this, home, pauses, done = std::move(done)](store::BatchResult written) {
        if (written.error != store::Error::busy || pauses == busy_pauses_max) return done(written);
        const auto timer = std::shared_ptr<Timer>(context_.clock.timer(home));
        const auto again = std::make_shared<store::Batch>(std::move(written.unapplied));
        timer->at(context_.clock.now() + busy_pause,
                  [this, timer, again, home, pauses, done] { commit(std::move(*again), home, pauses + 1, done); });
      });
}

}  // namespace smsbridge::bridge
