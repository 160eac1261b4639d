// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/env/log_throttle.hpp"
#include "bridge/events/answers.hpp"
#include "bridge/events/event_line.hpp"
#include "bridge/events/facts.hpp"
#include "bridge/events/fineracts.hpp"
#include "bridge/events/hook.hpp"
#include "bridge/events/hook_inbox.hpp"
#include "bridge/events/people.hpp"
#include "bridge/events/repair.hpp"
#include "bridge/events/task_worker.hpp"
#include "bridge/intake/accept.hpp"

namespace smsbridge::bridge {

// What happens at the bank becomes messages.
//
// A hook is kept as one task for each configured event that is for it, with the mark that tells its repetition, before
// it is answered. Whether it is true shows Fineract's API, which is asked until it is, or until its time is up; then
// the people are read, and one batch holds their messages, the lines of the log and the end of the task: so everybody
// is told once, whatever is repeated and wherever the process dies.
class Events {
 public:
  // They outlive it.
  struct Context {
    boost::asio::any_io_executor executor;
    Clock& clock;
    Random& random;
    store::Store& store;
    const Router& router;
    const Tenants& tenants;
    Intake& intake;
    MakeHttpTransport make_transport;
    boost::asio::any_io_executor aside;  // of a thread that may read for long
  };
  explicit Events(Context context);

  // What a hook would do now, step by step; nothing is kept or sent. `done` is called once, on `home`.
  struct Step {
    EventLine line;
    std::string text;  // that a person would get
    int parts = 0;
  };
  void simulate(const Tenant& tenant, const Hook& hook, const boost::asio::any_io_executor& home,
                std::function<void(std::vector<Step>)> done);
  void start();
  // Tasks that are due from then on. Any thread.
  void due(const store::Tasks::DueByKind& kinds);
  void stop(std::function<void()> ended);

  // People of the tenant's Fineract. Any thread; `done` is called once, on `home`.
  using Found = std::function<void(tl::expected<std::vector<Person>, FineractAnswer>)>;
  void find(const Tenant& tenant, Audience as, std::int64_t id, const boost::asio::any_io_executor& home, Found done);

  Fineracts& fineracts() { return fineracts_; }
  People& people() { return people_; }
  HookInbox& hooks() { return hooks_; }
  Repair& repair() { return repair_; }
  Answers& answers() { return answers_; }

 private:
  struct Job;
  using JobPtr = std::shared_ptr<Job>;
  struct Simulation;
  void simulate_next(std::shared_ptr<Simulation> simulation);
  void begin(const JobPtr& job);
  void work(const store::ClaimedTask& task, TaskWorker::Done done);
  void took_subject(const JobPtr& job, const FineractAnswer& answer);
  void not_yet(const JobPtr& job, const std::string& why);
  void waits(const JobPtr& job, const std::string& why);
  void next_recipient(const JobPtr& job);
  void tell_all(const JobPtr& job, tl::expected<std::vector<Person>, FineractAnswer> people);
  std::string tell(const JobPtr& job, const Person& person);
  void nobody(const JobPtr& job, const std::string& why,
              metrics::EventResult result = metrics::EventResult::no_recipient);
  void close(const JobPtr& job, metrics::EventResult result, const std::string& detail);
  void say_given_up(const JobPtr& job, const std::string& why);
  void finish(const JobPtr& job, WallMs again_at = 0);
  void note(const JobPtr& job, EventLine line);

  const Context context_;
  Fineracts fineracts_;
  People people_;
  HookInbox hooks_;
  Repair repair_;
  Answers answers_;
  TaskWorker worker_;
  log::Throttle said_;
};

}  // namespace smsbridge::bridge
