// SPDX-License-Identifier: MPL-2.0
#include "bridge/events/answers.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <ranges>

#include "bridge/env/log.hpp"
#include "bridge/events/fineract_json.hpp"
#include "bridge/text/keyword.hpp"
#include "bridge/text/number.hpp"
#include "http_gateways/coding.hpp"
#include "http_gateways/digest.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using Action = InboundRuleSettings::Action;
using metrics::EventResult;

const std::string answer_tasks = "account-answer";
constexpr std::size_t questions_at_once = 4;
constexpr Duration not_older = 0s;
constexpr WallMs place_taken_ms = 86'400'000;
const std::string answered_scope = "answered";
constexpr WallMs worth_ms = 3'600'000;  // an answer that comes later answers nothing
constexpr WallMs again_longest_ms = 60'000;
constexpr std::size_t accounts_most = 4, transactions_most = 3, sharers_most = 20, names_most = 6;
constexpr std::size_t searched_digits_most = 9, shown_digits = 4;

bool is_active(const json::object& account) {
  const auto* status = object_at(account, "status");
  return status && is_true_at(*status, "active");
}

// Fineract's states of clients: active, being transferred.
bool may_ask(std::int64_t status) { return status == 300 || status == 303 || status == 304; }

void put_currency(json::object& shown, const json::object& account) {
  if (const auto* currency = object_at(account, "currency")) shown["currencyCode"] = text_at(*currency, "code");
}

json::object shown_account(const json::object& account, std::string_view amount_key) {
  json::object shown{{"account", masked_account(text_at(account, "accountNo"))},
                     {"productName", text_at(account, "productName")}};
  if (const auto* amount = account.if_contains(amount_key)) shown["balance"] = *amount;
  put_currency(shown, account);
  return shown;
}

void note_next_payment(json::array& payments, const json::object& loan) {
  const auto* period = next_period(loan);
  if (!period) return;
  json::object payment{{"account", masked_account(text_at(loan, "accountNo"))},
                       {"productName", text_at(loan, "loanProductName")}};
  if (const auto* day = period->if_contains("dueDate")) payment["paymentDueDate"] = *day;
  const auto* amount = period->if_contains("totalOutstandingForPeriod");
  if (!amount) amount = period->if_contains("totalDueForPeriod");
  if (amount) payment["installmentAmount"] = *amount;
  put_currency(payment, loan);
  payments.push_back(std::move(payment));
}

const json::object* type_of(const json::object& transaction) {
  const auto* type = object_at(transaction, "transactionType");
  return type ? type : object_at(transaction, "type");
}

// Fineract's own bookkeeping, each day perhaps: nothing was paid.
bool is_accrual(const json::object& transaction) {
  const auto* type = type_of(transaction);
  return type && is_true_at(*type, "accrual");
}

// The newest first, whatever order Fineract lists them in.
void note_transactions(json::array& noted, const json::object& account) {
  std::vector<const json::object*> newest;
  for (const auto& each : list_at(account, "transactions"))
    if (const auto* one = each.if_object(); one && !is_reversed(*one) && !is_accrual(*one)) newest.push_back(one);
  std::ranges::sort(newest, std::greater(), [](const json::object* one) { return id_at(*one, "id"); });
  if (newest.size() > transactions_most) newest.resize(transactions_most);
  for (const auto* one : newest) {
    const auto* type = type_of(*one);
    json::object shown{{"account", masked_account(text_at(account, "accountNo"))},
                       {"kind", type ? text_at(*type, "value") : std::string()}};
    if (const auto* day = one->if_contains("date")) shown["transactionDate"] = *day;
    if (const auto* amount = one->if_contains("amount")) shown["amount"] = *amount;
    put_currency(shown, account);
    noted.push_back(std::move(shown));
  }
}

}  // namespace

std::string masked_account(const std::string& number) {
  return number.size() <= shown_digits ? number : ".." + number.substr(number.size() - shown_digits);
}

std::string searched_digits(const std::string& phone, const std::string& country) {
  const auto national = text::national_digits(phone, country);
  const auto digits = national.empty() ? text::digits_of(phone) : std::string_view(national);
  return std::string(digits.size() > searched_digits_most ? digits.substr(digits.size() - searched_digits_most)
                                                          : digits);
}

std::vector<std::int64_t> clients_with(const json::value& found, const std::string& phone, const std::string& country) {
  std::vector<std::int64_t> ids;
  if (!found.is_array()) return ids;
  for (const auto& each : found.get_array()) {
    const auto* entity = each.if_object();
    if (!entity || text_at(*entity, "entityType") != "CLIENT") continue;
    // Who left may have given the number to somebody else.
    if (const auto* status = object_at(*entity, "entityStatus"); status && !may_ask(id_at(*status, "id"))) continue;
    const auto number = text::normalise_number(text_at(*entity, "entityMobileNo"), country, text::Lengths::any);
    if (number && number->e164 == phone) ids.push_back(id_at(*entity, "entityId"));
  }
  return ids;
}

// Who of those with one phone is meant: BAL AMINA, or BAL AMINA OTIENO where two are called so.
std::vector<Person> named_in(const std::string& question, const std::vector<Person>& clients) {
  if (clients.size() == 1) return clients;
  const auto words = text::words_of(question, 3);
  std::vector<Person> meant;
  for (const auto& client : clients) {
    const auto first = text::words_of(text_at(client.values, "firstName"), 1);
    const auto last = text::words_of(text_at(client.values, "lastName"), 1);
    if (words.size() > 1 && !first.empty() && first.front() == words[1] &&
        (words.size() == 2 || (!last.empty() && last.front() == words[2])))
      meant.push_back(client);
  }
  return meant;
}

struct Answers::Job {
  store::ClaimedTask task;
  TaskWorker::Done done;
  const Tenant* tenant = nullptr;
  Question question;
  InboundRulePtr rule;
  WallMs asked_at = 0;
  std::vector<std::int64_t> sharing;  // clients with this number that are not read yet
  std::vector<Person> clients;
  Person client;
  std::vector<std::string> left;  // addresses of accounts
  json::array found;              // accounts, payments or transactions
  EventLine line;
};

Answers::Answers(Context context)
    : context_(std::move(context)),
      worker_({.executor = context_.executor, .clock = context_.clock, .store = context_.store}, answer_tasks,
              questions_at_once,
              [this](const store::ClaimedTask& task, TaskWorker::Done done) { work(task, std::move(done)); }) {}

// What a carrier kept back comes in one millisecond: another text is another question.
void Answers::ask(store::Batch& batch, const Tenant& tenant, const Question& question) const {
  const auto now = context_.clock.wall();
  const auto text = http_gateways::hex(http_gateways::digest(http_gateways::Hash::sha256, question.text)).substr(0, 32);
  batch.tasks.push_back({.task = {.tenant = tenant.id,
                                  .kind = answer_tasks,
                                  .key = question.phone + "/" + std::to_string(now) + "/" + text},
                         .due_at = now,
                         .body = json::serialize(json::object{{"phone", question.phone},
                                                              {"to", question.to},
                                                              {"text", question.text},
                                                              {"keyword", question.keyword},
                                                              {"rule", question.rule},
                                                              {"at", now}})});
}

void Answers::due(const store::Tasks::DueByKind& kinds) {
  if (const auto it = kinds.find(answer_tasks); it != kinds.end()) worker_.due(it->second);
}

void Answers::work(const store::ClaimedTask& task, TaskWorker::Done done) {
  const auto job = std::make_shared<Job>();
  job->task = task;
  job->done = std::move(done);
  job->tenant = context_.tenants.find(task.task.tenant);
  json::error_code error;
  const auto body = json::parse(task.body, error);
  const auto* object = error ? nullptr : body.if_object();
  if (!object || !job->tenant) return job->done({});
  job->question = {.phone = text_at(*object, "phone"),
                   .to = text_at(*object, "to"),
                   .text = text_at(*object, "text"),
                   .keyword = text_at(*object, "keyword"),
                   .rule = text_at(*object, "rule")};
  job->asked_at = id_at(*object, "at");
  job->rule = context_.router.table()->inbound_rule(job->question.rule);
  job->line = {.occurrence = "ask_" + std::to_string(job->asked_at),
               .event = "question " + job->question.keyword,
               .notice = job->question.rule,
               .number = job->question.phone};
  if (!job->rule || !asks_bank(job->rule->action))
    return close(job, EventResult::disabled, "the rule is another one by now");
  if (!job->tenant->config.fineract) return close(job, EventResult::given_up, "the tenant has no 'fineract'");
  if (free_place(*job).empty()) return close_at_limit(job);
  get(job,
      "search?query=" + searched_digits(job->question.phone, job->tenant->config.default_country) +
          "&resource=clients&exactMatch=false",
      [this, job](const json::value& found) { took_search(job, found); });
}

// What Fineract does not answer is asked again, as long as the answer is worth something.
void Answers::get(const JobPtr& job, const std::string& path, std::function<void(const json::value&)> took) {
  context_.fineracts.get(job->tenant->config.name, path, not_older,
                         [this, job, took = std::move(took)](const FineractAnswer& answer) {
                           if (answer.ok() || answer.end == FineractAnswer::End::not_found) return took(answer.body);
                           ask_again(job, answer.detail);
                         });
}

void Answers::ask_again(const JobPtr& job, const std::string& why) {
  const auto now = context_.clock.wall();
  if (now - job->asked_at >= worth_ms) return close(job, EventResult::given_up, why);
  job->done({.again_at = now + again_after(job->task.attempt, again_longest_ms)});
}

void Answers::took_search(const JobPtr& job, const json::value& found) {
  if (job->clients.empty() && job->sharing.empty()) {
    job->sharing = clients_with(found, job->question.phone, job->tenant->config.default_country);
    if (job->sharing.empty()) return close(job, EventResult::no_recipient, "no client in Fineract has this number");
    if (job->sharing.size() > sharers_most) job->sharing.resize(sharers_most);
  }
  if (job->sharing.empty()) {
    // Who shares a phone says who she is: BAL AMINA.
    const auto meant = named_in(job->question.text, job->clients);
    if (meant.size() == 1) return took_client(job, meant.front());
    json::array names;
    for (const auto& client : job->clients | std::views::take(names_most))
      names.push_back(json::object{{"firstName", text_at(client.values, "firstName")}});
    job->client = job->clients.front();
    return say(job, "which-client", {{"clients", std::move(names)}});
  }
  const auto id = job->sharing.back();
  job->sharing.pop_back();
  context_.people.client(job->tenant->config, id, [this, job](tl::expected<Person, FineractAnswer> client) {
    if (client && client->values.contains("firstName")) job->clients.push_back(std::move(*client));
    if (!client && client.error().end != FineractAnswer::End::not_found) return ask_again(job, client.error().detail);
    if (job->sharing.empty() && job->clients.empty())
      return close(job, EventResult::no_recipient, "no client in Fineract has this number");
    took_search(job, nullptr);
  });
}

void Answers::took_client(const JobPtr& job, Person client) {
  job->client = std::move(client);
  get(job, "clients/" + std::to_string(job->client.id) + "/accounts",
      [this, job](const json::value& accounts) { took_accounts(job, accounts); });
}

void Answers::took_accounts(const JobPtr& job, const json::value& accounts) {
  const auto* all = accounts.if_object();
  const auto each_active = [&](const char* list, const auto& take) {
    if (!all) return;
    for (const auto& item : list_at(*all, list))
      if (const auto* account = item.if_object(); account && is_active(*account)) take(*account);
  };
  const auto read = [&](const char* list, const std::string& address, const std::string& query) {
    each_active(list, [&](const json::object& account) {
      if (job->left.size() < accounts_most) job->left.push_back(address + std::to_string(id_at(account, "id")) + query);
    });
  };
  json::array loans;
  switch (job->rule->action) {
    case Action::balance:
      each_active("savingsAccounts",
                  [&](const json::object& account) { job->found.push_back(shown_account(account, "accountBalance")); });
      each_active("loanAccounts",
                  [&](const json::object& account) { loans.push_back(shown_account(account, "loanBalance")); });
      // Of many, some of each kind.
      loans.resize(std::min(loans.size(),
                            std::max(accounts_most / 2, accounts_most - std::min(accounts_most, job->found.size()))));
      job->found.resize(std::min(job->found.size(), accounts_most - loans.size()));
      for (auto& loan : loans) job->found.push_back(std::move(loan));
      break;
    case Action::next_due:
      read("loanAccounts", "loans/", "?associations=repaymentSchedule");
      break;
    default:
      read("savingsAccounts", "savingsaccounts/", "?associations=transactions");
      read("loanAccounts", "loans/", "?associations=transactions");
  }
  std::ranges::reverse(job->left);
  read_next_account(job);
}

void Answers::read_next_account(const JobPtr& job) {
  if (job->left.empty()) return answer(job);
  const auto path = std::move(job->left.back());
  job->left.pop_back();
  get(job, path, [this, job](const json::value& read) {
    if (const auto* account = read.if_object()) {
      if (job->rule->action == Action::next_due)
        note_next_payment(job->found, *account);
      else
        note_transactions(job->found, *account);
    }
    read_next_account(job);
  });
}

void Answers::answer(const JobPtr& job) {
  const auto list = job->rule->action == Action::balance    ? "accounts"
                    : job->rule->action == Action::next_due ? "payments"
                                                            : "transactions";
  if (job->rule->action == Action::last)
    std::ranges::stable_sort(job->found, std::greater(),
                             [](const json::value& one) { return day_at(one.get_object(), "transactionDate"); });
  if (job->found.size() > accounts_most) job->found.resize(accounts_most);
  auto values = job->client.values;
  if (!job->found.empty()) values[list] = std::move(job->found);
  say(job, job->rule->by_template, std::move(values));
}

void Answers::say(const JobPtr& job, const std::string& by_template, json::object values) {
  // Others of this phone were worked on meanwhile.
  const auto place = free_place(*job);
  if (place.empty()) return close_at_limit(job);
  values["keyword"] = job->question.keyword;
  Submission submission{.source = store::Source::event};
  submission.to = job->question.phone;
  submission.lane = store::Lane::transaction;
  submission.target_user = job->client.name;
  submission.triggered_by = "inbound rule " + job->question.rule;
  // From the number that it wrote to, where that is the tenant's own: the phone can ask again.
  for (const auto& number : job->tenant->config.numbers)
    if (text::digits_of(number) == text::digits_of(job->question.to)) submission.from = number;
  submission.by_template =
      ByTemplate{.name = by_template,
                 .language = job->client.language.empty() ? job->rule->language : job->client.language,
                 .values = std::move(values)};
  auto prepared = context_.intake.prepare(std::move(submission), *job->tenant);
  job->line.person = job->client.name;
  if (prepared.refusal) return close(job, event_result_of(*prepared.refusal), prepared.refusal->detail);
  job->line.result = EventResult::sent;
  places_.insert(place);
  store::Batch batch;
  batch.marks.push_back(
      {.scope = answered_scope, .key = place, .value = {}, .expires_at = context_.clock.wall() + place_taken_ms});
  batch.enqueue.push_back(std::move(prepared.enqueue));
  batch.journal.push_back(journal_line(job->tenant->id, job->line));
  job->done({.batch = std::move(batch), .written = [this, job, place](const store::BatchResult& written) {
               places_.erase(place);
               if (written.error != store::Error::none || written.unmet) return;
               job->tenant->metrics.events[EventResult::sent]->Increment();
               job->tenant->metrics.accepted[metrics::Source::event]->Increment();
             }});
}

void Answers::close_at_limit(const JobPtr& job) {
  close(job, EventResult::not_wanted,
        "this phone got " + std::to_string(job->rule->daily_limit) + " answers within a day");
}

void Answers::close(const JobPtr& job, EventResult result, const std::string& detail) {
  job->line.result = result;
  job->line.detail = detail;
  if (result == EventResult::given_up || result == EventResult::template_error || result == EventResult::not_accepted)
    if (const auto times = said_.due(job->tenant->config.name, context_.clock.now()))
      log::error("events", "a question by SMS was not answered", "tenant", job->tenant->config.name, "rule",
                 job->question.rule, "why", detail, "times", times);
  store::Batch batch;
  batch.journal.push_back(journal_line(job->tenant->id, job->line));
  job->done({.batch = std::move(batch), .written = [job, result](const store::BatchResult&) {
               job->tenant->metrics.events[result]->Increment();
             }});
}

// A phone has so many places for answers, each of which is taken for a day. Empty: all of them are.
std::string Answers::free_place(const Job& job) const {
  for (int place = 0; place < job.rule->daily_limit; ++place) {
    auto key = std::to_string(job.tenant->id) + "/" + job.question.phone + "/" + std::to_string(place);
    if (!places_.contains(key) && !context_.store.reader().mark(answered_scope, key, context_.clock.wall())) return key;
  }
  return {};
}

}  // namespace smsbridge::bridge
