// SPDX-License-Identifier: MPL-2.0
#include "bridge/events/events.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/json.hpp>

#include "bridge/env/log.hpp"
#include "bridge/events/facts.hpp"
#include "bridge/events/fineract_json.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using End = FineractAnswer::End;
using metrics::EventResult;

constexpr std::size_t at_once = 8;
constexpr WallMs waits_longest_ms = 24ll * 3'600'000;  // for a Fineract that does not answer, or a way out
constexpr WallMs look_again_longest_ms = 60'000, wait_longest_ms = 300'000;
constexpr Duration fresh = 0s;

// Asked again, it says the same.
bool is_last_word(const FineractAnswer& answer) {
  return answer.end == End::not_found || answer.end == End::forbidden || answer.end == End::refused;
}

}  // namespace

// One task: a hook, and a configured event that is for it.
struct Events::Job {
  store::ClaimedTask task;
  TaskWorker::Done done;
  const Tenant* tenant = nullptr;
  std::string occurrence;
  Heard heard;
  const HookRow* row = nullptr;
  Subject subject = Subject::loan;
  EventSettingsPtr notice;
  WallMs received_at = 0;
  json::object values;  // of the subject, and of the client
  Concerned concerned;
  std::size_t recipients = 0;  // that were told, or not
  store::Batch batch;
  std::vector<EventResult> results;
  std::vector<SameTexts::Place> same_texts;  // of the batch's messages
  std::vector<Step>* steps = nullptr;        // it is only looked at what would follow
  std::function<void()> looked;
};

// The jobs of one hook, one after the other.
struct Events::Simulation {
  std::vector<JobPtr> left;  // the last one first
  std::vector<Step> steps;
  std::function<void(std::vector<Step>)> done;
};

Events::Events(Context context)
    : context_(std::move(context)),
      fineracts_({.executor = context_.executor,
                  .clock = context_.clock,
                  .random = context_.random,
                  .router = context_.router,
                  .make_transport = context_.make_transport}),
      people_(fineracts_),
      hooks_({.clock = context_.clock, .store = context_.store, .router = context_.router, .intake = context_.intake}),
      repair_({.executor = context_.executor,
               .aside = context_.aside,
               .clock = context_.clock,
               .store = context_.store,
               .router = context_.router,
               .tenants = context_.tenants,
               .intake = context_.intake,
               .fineracts = fineracts_}),
      answers_({.executor = context_.executor,
                .clock = context_.clock,
                .store = context_.store,
                .router = context_.router,
                .tenants = context_.tenants,
                .intake = context_.intake,
                .fineracts = fineracts_,
                .people = people_}),
      worker_({.executor = context_.executor, .clock = context_.clock, .store = context_.store}, event_tasks, at_once,
              [this](const store::ClaimedTask& task, TaskWorker::Done done) { work(task, std::move(done)); }) {}

void Events::start() {
  boost::asio::post(context_.executor, [this] {
    worker_.start();
    answers_.start();
  });
}

void Events::stop(std::function<void()> ended) {
  worker_.stop([this, ended = std::move(ended)]() mutable { answers_.stop(std::move(ended)); });
}

void Events::due(const store::Tasks::DueByKind& kinds) {
  if (const auto it = kinds.find(event_tasks); it != kinds.end()) worker_.due(it->second);
  answers_.due(kinds);
}

void Events::find(const Tenant& tenant, Audience as, std::int64_t id, const boost::asio::any_io_executor& home,
                  Found done) {
  const Found tell = [home, done = std::move(done)](auto people) {
    boost::asio::post(home, [done, people = std::move(people)]() mutable { done(std::move(people)); });
  };
  boost::asio::post(context_.executor, [this, &tenant, as, id, tell] {
    const auto one = [tell](tl::expected<Person, FineractAnswer> person) {
      if (!person) return tell(tl::unexpected(std::move(person.error())));
      tell(std::vector<Person>{std::move(*person)});
    };
    if (as == Audience::group)
      people_.members(tenant.config, id, tell);
    else if (as == Audience::client)
      people_.client(tenant.config, id, one);
    else
      people_.staff(tenant.config, id, as, one);
  });
}

// ---- what would follow ----

void Events::simulate(const Tenant& tenant, const Hook& hook, const boost::asio::any_io_executor& home,
                      std::function<void(std::vector<Step>)> done) {
  auto simulation = std::make_shared<Simulation>();
  simulation->done = [home, done = std::move(done)](std::vector<Step> steps) {
    boost::asio::post(home, [done, steps = std::move(steps)]() mutable { done(std::move(steps)); });
  };
  EventLine line{.occurrence = occurrence_of(tenant, hook), .event = hook.entity + " " + hook.action};
  const auto heard = hear(hook.entity, hook.action, hook.content_type, hook.body);
  const auto rows = hooks_of(hook.entity, hook.action);
  if (rows.empty() || !heard) {
    line.result = rows.empty()                                     ? EventResult::ignored
                  : heard.error().why == NotHeard::Why::unreadable ? EventResult::unreadable
                                                                   : EventResult::refused;
    line.detail = rows.empty() ? "no event of the catalogue follows from it" : heard.error().detail;
    return simulation->done({{.line = line, .text = {}}});
  }
  const auto table = context_.router.table();
  for (const auto* row : rows) {
    const auto notices = notices_for(*table, row->event, tenant.config.name);
    for (const auto& notice : notices) {
      auto job = std::make_shared<Job>();
      job->tenant = &tenant;
      job->occurrence = line.occurrence;
      job->heard = *heard;
      job->row = row;
      job->notice = notice;
      job->steps = &simulation->steps;
      job->looked = [this, simulation] { simulate_next(simulation); };
      simulation->left.insert(simulation->left.begin(), std::move(job));
    }
    if (!notices.empty()) continue;
    line.event = row->event;
    line.result = EventResult::disabled;
    line.detail = "no event that is configured is for it";
    simulation->steps.push_back({.line = line, .text = {}});
  }
  boost::asio::post(context_.executor, [this, simulation] { simulate_next(simulation); });
}

void Events::simulate_next(std::shared_ptr<Simulation> simulation) {
  if (simulation->left.empty()) return simulation->done(std::move(simulation->steps));
  const auto job = std::move(simulation->left.back());
  simulation->left.pop_back();
  begin(job);
}

// ---- a task is worked on ----

void Events::work(const store::ClaimedTask& task, TaskWorker::Done done) {
  auto job = std::make_shared<Job>();
  job->task = task;
  job->done = std::move(done);
  job->tenant = context_.tenants.find(task.task.tenant);
  json::error_code error;
  const auto body = json::parse(task.body, error);
  const auto* object = error ? nullptr : body.if_object();
  if (!object || !job->tenant) {
    log::error("events", "a hook that was kept cannot be read: nobody is told of it", "key", task.task.key);
    return job->done({});
  }
  job->occurrence = text_at(*object, "occurrence");
  job->received_at = id_at(*object, "at");
  const auto event = text_at(*object, "event");
  if (const auto* heard = object_at(*object, "heard")) job->heard = heard_of(*heard);
  for (const auto* row : hooks_of(job->heard.entity, job->heard.action))
    if (row->event == event) job->row = row;
  if (!job->row) return job->done({});
  job->notice = context_.router.table()->event(text_at(*object, "notice"));
  begin(job);
}

void Events::begin(const JobPtr& job) {
  const std::string event(job->row->event);
  job->subject = find_event(event)->subject;
  if (!job->notice || !job->notice->enabled || job->notice->event != event ||
      !holds(job->notice->tenants, job->tenant->config.name))
    return close(job, EventResult::disabled, "it was switched off meanwhile");
  if (!job->tenant->config.fineract)
    return close(job, EventResult::given_up, "the tenant has no 'fineract': whether it is true cannot be seen");
  const auto id = subject_of(job->heard, job->subject);
  if (!id) return close(job, EventResult::unreadable, "the hook names no " + std::string(name(job->subject)));
  fineracts_.get(job->tenant->config.name, path_of(job->subject, id), fresh,
                 [this, job](const FineractAnswer& answer) { took_subject(job, answer); });
}

void Events::took_subject(const JobPtr& job, const FineractAnswer& answer) {
  if (answer.end == End::not_found) return not_yet(job, "Fineract does not show it");
  if (!answer.ok()) return waits(job, answer.detail);
  const auto* read = answer.body.if_object();
  if (!read) return waits(job, "Fineract's answer is no object");
  const auto truth = truth_of(*job->row, job->heard, *read);
  if (truth.is == Truth::Is::not_yet) return not_yet(job, truth.why);
  if (truth.is == Truth::Is::false_) return close(job, EventResult::not_confirmed, truth.why);
  job->concerned = concerned_by(job->subject, *job->row, job->heard, *read);
  if (const auto why = why_not_wanted(*job->notice, job->concerned); !why.empty())
    return close(job, EventResult::not_wanted, why);
  job->values = values_of(job->subject, *job->row, job->heard, *read);
  if (!job->concerned.client) return next_recipient(job);
  people_.client(job->tenant->config, job->concerned.client, [this, job](tl::expected<Person, FineractAnswer> client) {
    if (!client && !is_last_word(client.error())) return waits(job, client.error().detail);
    if (client) {
      for (const auto& [key, value] : client->values)
        if (!job->values.contains(key)) job->values[key] = value;
      if (!job->concerned.officer) job->concerned.officer = client->officer;
    }
    next_recipient(job);
  });
}

// A hook is sent before its command is committed, and a replica may lag.
void Events::not_yet(const JobPtr& job, const std::string& why) {
  if (job->steps) return close(job, EventResult::not_confirmed, why);
  const auto now = context_.clock.wall();
  const auto until = job->received_at + job->notice->delay_ms + job->tenant->config.fineract->confirm_ms;
  if (now >= until) return close(job, EventResult::not_confirmed, why);
  finish(job, std::min(until, now + again_after(job->task.attempt, look_again_longest_ms)));
}

void Events::waits(const JobPtr& job, const std::string& why) {
  if (job->steps) return close(job, EventResult::waits, why);
  const auto now = context_.clock.wall();
  if (now - job->received_at - job->notice->delay_ms >= waits_longest_ms) return close(job, EventResult::given_up, why);
  job->batch = {};
  job->results.clear();
  job->same_texts.clear();
  if (const auto times = said_.due("waits " + job->tenant->config.name, context_.clock.now()))
    log::warn("events", "events wait", "tenant", job->tenant->config.name, "event", job->row->event, "why", why,
              "times", times);
  if (job->task.attempt == 1) note(job, {.result = EventResult::waits, .detail = why});
  finish(job, now + again_after(job->task.attempt, wait_longest_ms));
}

void Events::next_recipient(const JobPtr& job) {
  const auto& recipients = job->notice->recipients;
  if (job->recipients == recipients.size()) {
    const auto full = job->steps ? std::string() : context_.intake.take_places(*job->tenant, job->batch.enqueue);
    return full.empty() ? finish(job) : waits(job, full);
  }
  const auto& tenant = job->tenant->config;
  const auto& concerned = job->concerned;
  const auto one = [this, job](tl::expected<Person, FineractAnswer> person) {
    if (!person) return tell_all(job, tl::unexpected(std::move(person.error())));
    tell_all(job, std::vector<Person>{std::move(*person)});
  };
  const auto several = [this, job](auto people) { tell_all(job, std::move(people)); };
  switch (recipients[job->recipients].to) {
    case Audience::client:
      if (concerned.client) return people_.client(tenant, concerned.client, one);
      return nobody(job,
                    concerned.group ? "it is a group's: the audience 'group' has its members" : "it has no client");
    case Audience::group:
      return concerned.group ? people_.members(tenant, concerned.group, several) : nobody(job, "it is no group's");
    case Audience::guarantor: {
      const auto loan = job->subject == Subject::loan ? subject_of(job->heard, Subject::loan) : 0;
      return loan ? people_.guarantors(tenant, loan, several) : nobody(job, "it is no loan");
    }
    case Audience::officer:
    case Audience::staff: {
      const auto as = recipients[job->recipients].to;
      return concerned.officer ? people_.staff(tenant, concerned.officer, as, one)
                               : nobody(job, "nobody of the staff looks after it");
    }
  }
}

void Events::nobody(const JobPtr& job, const std::string& why, EventResult result) {
  if (result == EventResult::given_up) say_given_up(job, why);
  note(job,
       {.result = result, .detail = why, .audience = std::string(name(job->notice->recipients[job->recipients].to))});
  ++job->recipients;
  next_recipient(job);
}

void Events::tell_all(const JobPtr& job, tl::expected<std::vector<Person>, FineractAnswer> people) {
  if (!people && !is_last_word(people.error())) return waits(job, people.error().detail);
  if (!people && people.error().end != End::not_found) return nobody(job, people.error().detail, EventResult::given_up);
  if (!people || people->empty()) return nobody(job, "Fineract shows nobody");
  for (const auto& person : *people)
    if (const auto waits_for = tell(job, person); !waits_for.empty()) return waits(job, waits_for);
  ++job->recipients;
  next_recipient(job);
}

// What it has to wait for before anybody is told; empty: nothing.
std::string Events::tell(const JobPtr& job, const Person& person) {
  const auto& recipient = job->notice->recipients[job->recipients];
  EventLine line{.audience = std::string(name(recipient.to)), .person = person.name, .number = person.number};
  line.detail = why_no_consent(*job->notice, person, *job->tenant->config.fineract);
  if (!line.detail.empty() || person.number.empty()) {
    line.result = line.detail.empty() ? EventResult::no_number : EventResult::opted_out;
    if (line.detail.empty()) line.detail = no_phone_number;
    return note(job, std::move(line)), std::string();
  }
  auto values = job->values;
  for (const auto& [key, value] : person.values) values[key] = value;
  Submission submission{.source = store::Source::event};
  submission.to = person.number;
  submission.from = job->notice->sender;
  submission.lane = job->notice->lane;
  submission.at_night = job->notice->quiet_hours;
  submission.target_user = person.name;
  submission.triggered_by = "event " + job->notice->name;
  submission.client_ref =
      "event:" + job->occurrence + ":" + job->notice->name + ":" + std::to_string(job->results.size());
  submission.by_template = ByTemplate{.name = recipient.by_template,
                                      .language = recipient.language.empty() ? person.language : recipient.language,
                                      .values = std::move(values)};
  line.client_ref = submission.client_ref;
  auto prepared = job->steps ? context_.intake.prepare(std::move(submission), *job->tenant)
                             : context_.intake.prepare_to_send(std::move(submission), *job->tenant);
  if (prepared.refusal && prepared.refusal->code == ProblemCode::no_route && !job->steps)
    return prepared.refusal->detail;
  if (prepared.refusal) {
    line.result = event_result_of(*prepared.refusal);
    line.detail = prepared.refusal->detail;
    line.client_ref.clear();
  } else {
    line.result = EventResult::sent;
    job->batch.enqueue.push_back(std::move(prepared.enqueue));
    if (prepared.same_text) job->same_texts.push_back(std::move(*prepared.same_text));
  }
  note(job, std::move(line));
  if (!job->steps || job->batch.enqueue.empty() || job->results.back() != EventResult::sent) return {};
  const auto& content = job->batch.enqueue.back().content;
  job->steps->back().text = content.text;
  job->steps->back().parts = content.parts;
  return {};
}

void Events::note(const JobPtr& job, EventLine line) {
  line.occurrence = job->occurrence;
  line.event = job->row->event;
  line.notice = job->notice ? job->notice->name : std::string();
  line.subject = std::string(name(job->subject)) + " " + std::to_string(subject_of(job->heard, job->subject));
  line.by = job->heard.by;
  job->results.push_back(line.result);
  if (job->steps) job->steps->push_back({.line = line, .text = {}});
  job->batch.journal.push_back(journal_line(job->tenant->id, line));
}

void Events::close(const JobPtr& job, EventResult result, const std::string& detail) {
  job->batch = {};
  job->results.clear();
  job->same_texts.clear();
  note(job, {.result = result, .detail = detail});
  if (result == EventResult::given_up) say_given_up(job, detail);
  finish(job);
}

void Events::say_given_up(const JobPtr& job, const std::string& why) {
  if (const auto times = said_.due("given up " + job->tenant->config.name, context_.clock.now()))
    log::error("events", "an event was given up: who was to be told is not", "tenant", job->tenant->config.name,
               "event", job->row->event, "why", why, "times", times);
}

void Events::finish(const JobPtr& job, WallMs again_at) {
  if (job->steps) return job->looked();
  job->done(
      {.batch = std::move(job->batch), .again_at = again_at, .written = [this, job](const store::BatchResult& written) {
         if (written.error != store::Error::none || written.unmet) return;
         const auto& metrics = job->tenant->metrics;
         for (auto& place : job->same_texts) place.keep();
         for (const auto result : job->results) metrics.events[result]->Increment();
         for (const auto& enqueued : written.enqueued)
           if (enqueued.kind == store::Enqueued::Kind::stored) metrics.accepted[metrics::Source::event]->Increment();
         for (const auto result : job->results)
           if (result == EventResult::template_error)
             if (const auto times = said_.due("template " + job->notice->name, context_.clock.now()))
               log::error("events", "the text of an event could not be made: see 'smsbridge events log'", "tenant",
                          job->tenant->config.name, "event", job->notice->name, "times", times);
       }});
}

}  // namespace smsbridge::bridge
