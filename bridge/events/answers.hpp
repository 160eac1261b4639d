// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "bridge/events/event_line.hpp"
#include "bridge/events/hook_inbox.hpp"
#include "bridge/events/people.hpp"
#include "bridge/events/task_worker.hpp"
#include "bridge/intake/accept.hpp"

namespace smsbridge::bridge {

// What a client wants to know of her accounts, and sent a keyword for.
struct Question {
  std::string phone;  // E.164
  std::string to;     // what it wrote to
  std::string text, keyword, rule;
};

// Answers phones that ask for a balance, the next repayment or the last transactions: only the number that Fineract
// has for the client, and asking who is meant where several have it. A question is a task in the commit that keeps
// it; its answer, the line of the log and the end of the task are one commit. One shard, but for ask().
class Answers {
 public:
  // They outlive it.
  struct Context {
    boost::asio::any_io_executor executor;
    Clock& clock;
    store::Store& store;
    const Router& router;
    const Tenants& tenants;
    const Intake& intake;
    Fineracts& fineracts;
    People& people;
  };
  explicit Answers(Context context);

  // Puts the task into the batch that keeps the question. Any thread.
  void ask(store::Batch& batch, const Tenant& tenant, const Question& question) const;
  void start() { worker_.start(); }
  void due(const store::Tasks::DueByKind& kinds);  // any thread
  void stop(std::function<void()> ended) { worker_.stop(std::move(ended)); }

 private:
  struct Job;
  using JobPtr = std::shared_ptr<Job>;
  void work(const store::ClaimedTask& task, TaskWorker::Done done);
  void get(const JobPtr& job, const std::string& path, std::function<void(const boost::json::value&)> took);
  void ask_again(const JobPtr& job, const std::string& why);
  void took_search(const JobPtr& job, const boost::json::value& found);
  void took_client(const JobPtr& job, Person client);
  void took_accounts(const JobPtr& job, const boost::json::value& accounts);
  void read_next_account(const JobPtr& job);
  void answer(const JobPtr& job);
  void say(const JobPtr& job, const std::string& by_template, boost::json::object values);
  void close_at_limit(const JobPtr& job);
  void close(const JobPtr& job, metrics::EventResult result, const std::string& detail);
  std::string free_place(const Job& job) const;

  const Context context_;
  TaskWorker worker_;
  std::set<std::string> places_;  // that are being written
  log::Throttle said_;
};

// "…0012": who reads over a shoulder sees no account number.
std::string masked_account(const std::string& number);
// The active clients that a search found who have exactly this number, as Fineract writes it.
std::vector<std::int64_t> clients_with(const boost::json::value& found, const std::string& phone,
                                       const std::string& country);
// What is looked for in Fineract's numbers: the digits behind the country code, at most the last nine.
std::string searched_digits(const std::string& phone, const std::string& country);
// Those who may be meant, by the names behind the keyword; the only one without a name.
std::vector<Person> named_in(const std::string& question, const std::vector<Person>& clients);

}  // namespace smsbridge::bridge
