// SPDX-License-Identifier: MPL-2.0
// The batch that keeps a message of a phone, and what is in it besides the message.
#include <utility>

#include "bridge/config/rule_values.hpp"
#include "bridge/env/log.hpp"
#include "bridge/inbound/inbound.hpp"
#include "bridge/policy/quiet_hours.hpp"
#include "bridge/text/number.hpp"
#include "bridge/text/ucs2.hpp"

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;

constexpr Duration commit_retry_delay = 200ms;
constexpr Duration carrier_waits = 20s;          // before most centres give up waiting for an answer
constexpr WallMs seen_id_ms = 7ll * 86'400'000;  // a provider repeats a callback for a day, and gives it its id
constexpr std::size_t answers_max = 20;          // to one phone in an hour: two machines may answer each other
constexpr Duration answers_window = 1h;
constexpr std::size_t answered_phones_max = 10'000;  // that are remembered before old ones are forgotten

}  // namespace

store::PutMark Inbound::seen_mark(const std::string& seen, const FromPhone& message) const {
  const auto window = message.id.empty() ? context_.settings.repeat_window_ms : seen_id_ms;
  return {.scope = inbound_seen_scope, .key = seen, .value = {}, .expires_at = context_.clock.wall() + window};
}

void Inbound::keep(Keeping keeping) {
  InboundRecord record;
  Decision decision;
  auto batch = batch_of(keeping, record, decision, true);
  const auto since = keeping.last ? keeping.last->since : context_.clock.now();
  commit(std::move(batch), since,
         [this, keeping = std::move(keeping), record, decision](const store::BatchResult& result, bool again) mutable {
           if (result.error == store::Error::full && record.answered) {
             // There is no room for the answer; for what the phone says there is.
             auto without = batch_of(keeping, record, decision, false);
             return commit(std::move(without), context_.clock.now(),
                           [this, keeping, record, decision](const store::BatchResult& r, bool a) {
                             written(keeping, record, decision, r, a);
                           });
           }
           written(keeping, record, decision, result, again);
         });
}

void Inbound::written(const Keeping& keeping, const InboundRecord& record, const Decision& decision,
                      const store::BatchResult& result, bool again) {
  const bool ok = result.error == store::Error::none;
  if (ok && result.unmet && !again) {
    keeping.last->metrics->inbound_repeated->Increment();
    if (decision.change == Decision::OptOutChange::out) return stop_all_the_same(keeping, record, decision);
  } else if (ok) {
    kept(keeping, record, decision);
  }
  if (keeping.last) answer(keeping.last, ok);
  // What was to be kept without its last parts is tried again when its time is looked at next.
  ended(keeping, ok && !(result.unmet && !again));
}

store::Batch Inbound::batch_of(const Keeping& keeping, InboundRecord& record, Decision& decision, bool with_answer) {
  const auto& message = keeping.message;
  const auto& first = message.parts.begin()->second;
  const auto* tenant = context_.tenants.find(message.tenant);
  const auto table = context_.router.table();
  record = {.gateway = message.gateway,
            .from = first.from,
            .to = first.to,
            .text = joined_text(message),
            .parts = message.total(),
            .missing = message.missing(),
            .carrier_id = first.id};
  decision = decide(record.text, tenant ? tenant->config.name : std::string(), *table);
  if (first.opt_out) decision.change = Decision::OptOutChange::out;
  record.keyword = decision.keyword;
  if (decision.rule) record.rule = decision.rule->name;
  if (decision.rule) record.action = name(decision.rule->action);
  if (decision.change == Decision::OptOutChange::out) record.action = "opt_out";
  if (decision.change == Decision::OptOutChange::in) record.action = "opt_in";

  store::Batch batch;
  if (keeping.last) {
    batch.only_if.emplace_back(store::MarkAbsent{.scope = inbound_seen_scope, .key = keeping.last->seen});
    batch.marks.push_back(seen_mark(keeping.last->seen, keeping.last->message));
  }
  if (!keeping.group.empty())
    for (const auto& [number, part] : message.parts)
      batch.erased_marks.push_back({.scope = inbound_part_scope, .key = keeping.group + "/" + std::to_string(number)});
  put_opt_out(batch, keeping, record, decision);
  // What only the bank knows is answered by whoever is told of the message.
  if (tenant && decision.rule && !asks_bank(decision.rule->action) &&
      !(decision.rule->answer.empty() && decision.rule->by_template.empty())) {
    if (with_answer)
      put_answer(batch, *tenant, decision, record);
    else
      record.unanswered = "there is no room to keep the answer";
    record.answered = record.unanswered.empty();
  }
  while (body_of(record).size() > store::journal_body_max)
    record.text.resize(text::cut_utf8(record.text, record.text.size() / 2).size());
  batch.journal.push_back(
      {.tenant = message.tenant, .stream = inbound_stream, .key = record.from, .body = body_of(record)});
  if (tenant && told_) told_(*tenant, record, batch);
  return batch;
}

void Inbound::put_opt_out(store::Batch& batch, const Keeping& keeping, const InboundRecord& record,
                          const Decision& decision) const {
  const OptOut said{.number = record.from,
                    .since = context_.clock.wall(),
                    .how = keeping.message.parts.begin()->second.opt_out ? "carrier" : "keyword",
                    .reason = decision.keyword,
                    .by = {}};
  if (decision.change == Decision::OptOutChange::out)
    OptOuts::set(batch, keeping.message.tenant, said);
  else if (decision.change == Decision::OptOutChange::in)
    OptOuts::lift(batch, keeping.message.tenant, said);
}

// The answer is a message like any other: routed, measured, and refused for the same reasons.
void Inbound::put_answer(store::Batch& batch, const Tenant& tenant, const Decision& decision, InboundRecord& record) {
  if (!record.from.starts_with('+')) {
    record.unanswered = "who wrote is no phone number";
    return;
  }
  if (!may_answer(tenant, record.from)) {
    record.unanswered = "this phone got " + std::to_string(answers_max) + " answers within an hour";
    return;
  }
  Submission submission;
  submission.to = record.from;
  if (decision.rule->by_template.empty()) {
    submission.text = decision.rule->answer;
  } else {
    submission.by_template = ByTemplate{.name = decision.rule->by_template,
                                        .language = decision.rule->language,
                                        .values = values_of_answer(decision.keyword, record.from)};
  }
  submission.lane = store::Lane::transaction;  // also of a template of campaigns: the phone asked
  submission.triggered_by = std::string(answer_of_rule) + decision.rule->name;
  // From the number that it wrote to, where that is the tenant's own: the phone can answer again.
  for (const auto& number : tenant.config.numbers)
    if (text::digits_of(number) == text::digits_of(record.to)) submission.from = number;
  auto prepared = context_.intake.prepare(std::move(submission), tenant);
  if (prepared.refusal)
    record.unanswered = prepared.refusal->detail;
  else
    batch.enqueue.push_back(std::move(prepared.enqueue));
}

// What went out is counted by kept(): a repetition, which is answered once, uses up nothing.
bool Inbound::may_answer(const Tenant& tenant, const std::string& phone) {
  const auto now = context_.clock.now();
  const auto it = answers_.find({tenant.id, phone});
  if (it == answers_.end()) return true;
  auto& times = it->second;
  while (!times.empty() && now - times.front() >= answers_window) times.pop_front();
  if (times.size() >= answers_max) return false;
  if (times.empty()) answers_.erase(it);
  return true;
}

void Inbound::kept(const Keeping& keeping, const InboundRecord& record, const Decision& decision) {
  const auto now = context_.clock.now();
  if (!record.missing.empty()) {
    if (const auto gateway = context_.router.table()->gateway(record.gateway))
      context_.metrics.gateway(gateway->name, gateway->kind).inbound_incomplete->Increment();
    if (const auto times = said_.due("incomplete " + record.gateway, now))
      log::warn("inbound", "a message was kept without all its parts: they did not come in time", "gateway",
                record.gateway, "from", log::phone(record.from), "missing", record.missing.size(), "of", record.parts,
                "times", times);
  }
  const auto* tenant = context_.tenants.find(keeping.message.tenant);
  if (!tenant) return;
  tenant->metrics.inbound_kept->Increment();
  if (record.answered) {
    tenant->metrics.inbound_answered->Increment();
    tenant->metrics.accepted[metrics::Source::api]->Increment();
    answers_[{tenant->id, record.from}].push_back(now);
    if (answers_.size() > answered_phones_max)
      std::erase_if(answers_, [&](const auto& entry) { return now - entry.second.back() >= answers_window; });
  }
  if (!record.unanswered.empty()) {
    tenant->metrics.inbound_unanswered->Increment();
    if (const auto times = said_.due("unanswered " + record.rule + record.unanswered, now))
      log::warn("inbound", "a rule's answer did not go out", "tenant", tenant->config.name, "rule", record.rule, "to",
                log::phone(record.from), "why", record.unanswered, "times", times);
  }
  say_opt_out(*tenant, keeping, record, decision);
}

void Inbound::say_opt_out(const Tenant& tenant, const Keeping& keeping, const InboundRecord& record,
                          const Decision& decision) {
  if (decision.change == Decision::OptOutChange::none) return;
  const bool out = decision.change == Decision::OptOutChange::out;
  const bool by_carrier = keeping.message.parts.begin()->second.opt_out;
  if (out)
    tenant.metrics.opt_outs[by_carrier ? metrics::OptOutHow::carrier : metrics::OptOutHow::keyword]->Increment();
  else
    tenant.metrics.opt_outs_lifted->Increment();
  if (const auto times = said_.due(out ? "out" : "in", context_.clock.now()))
    log::info("inbound", out ? "a phone wants no more campaigns" : "a phone wants campaigns again", "tenant",
              tenant.config.name, "number", log::phone(record.from), "times", times);
}

// STOP, START and STOP again within minutes: the last one looks like a repetition of the first, and counts all the
// same. A START that does so does not: who is left in peace by mistake writes again.
void Inbound::stop_all_the_same(const Keeping& keeping, const InboundRecord& record, const Decision& decision) {
  store::Batch batch;
  put_opt_out(batch, keeping, record, decision);
  batch.journal.clear();
  commit(std::move(batch), keeping.last->since, [this, keeping](const store::BatchResult& result, bool) {
    answer(keeping.last, result.error == store::Error::none);
    ended(keeping, false);
  });
}

// ---- the disk ----

void Inbound::commit(store::Batch batch, Time since, Written done) {
  commit(std::make_shared<store::Batch>(std::move(batch)), since, false, std::move(done));
}

void Inbound::commit(const std::shared_ptr<store::Batch>& batch, Time since, bool again, Written done) {
  context_.store.commit(std::move(*batch), context_.executor,
                        [this, alive = alive_, batch, since, again, done = std::move(done)](store::BatchResult result) {
                          if (!*alive) return;
                          using store::Error;
                          const bool may_pass = result.error == Error::busy || result.error == Error::unknown ||
                                                (result.error == Error::full && result.unapplied.enqueue.empty());
                          if (!may_pass || context_.clock.now() - since >= carrier_waits) {
                            const bool goes_without = result.error == Error::full && !result.unapplied.enqueue.empty();
                            if (result.error != Error::none && !goes_without) say_failed(result.error);
                            return done(result, again);
                          }
                          // Perhaps it was written: then its mark is there, and the same batch again changes nothing.
                          const bool perhaps = again || result.error == Error::unknown;
                          *batch = std::move(result.unapplied);
                          const auto timer = std::shared_ptr<Timer>(context_.clock.timer(context_.executor));
                          timer->at(context_.clock.now() + commit_retry_delay,
                                    [this, alive, timer, batch, since, perhaps, done] {
                                      if (*alive) commit(batch, since, perhaps, done);
                                    });
                        });
}

void Inbound::say_failed(store::Error error) {
  if (const auto times = said_.due("failed", context_.clock.now()))
    log::error("inbound", "messages of phones could not be stored; the carrier is told to repeat them", "error",
               store::explain(error), "times", times);
}

}  // namespace smsbridge::bridge
