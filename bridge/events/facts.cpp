// SPDX-License-Identifier: MPL-2.0
#include "bridge/events/facts.hpp"

#include <algorithm>
#include <array>

#include "bridge/events/fineract_json.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;
using Is = Truth::Is;

constexpr std::string_view left_to_pay = "outstandingLoanBalance";  // behind a transaction

// Shown so, and compared so: a millionth of a currency's unit.
Micro micro_of(double amount) { return static_cast<Micro>(amount * 1e6 + (amount < 0 ? -0.5 : 0.5)); }

const json::object* with_id(const json::object& subject, std::string_view list, std::int64_t id) {
  if (!id) return nullptr;
  for (const auto& item : list_at(subject, list))
    if (const auto* object = item.if_object(); object && id_at(*object, "id") == id) return object;
  return nullptr;
}

// The transaction or charge that the hook names.
const json::object* part_of(const HookRow& row, const Heard& heard, const json::object& subject) {
  switch (row.proof) {
    case Proof::transaction:
    case Proof::closing:
      return with_id(subject, "transactions", heard.resource);
    case Proof::sub_transaction:
      return with_id(subject, "transactions", heard.sub_resource);
    case Proof::charge:
    case Proof::waived_charge:
      return with_id(subject, "charges", heard.resource);
    case Proof::state:
      return nullptr;
  }
  return nullptr;
}

bool is_in_state(const HookRow& row, const json::object& subject) {
  return row.states.empty() || std::ranges::find(row.states, status_at(subject)) != row.states.end();
}

std::optional<double> number_in(const json::object& values, std::string_view key) {
  const auto* value = values.if_contains(key);
  if (!value || !value->is_number()) return std::nullopt;
  return value->to_number<double>();
}

std::string state_text(const json::object& subject) {
  const auto* status = object_at(subject, "status");
  const auto text = status ? text_at(*status, "value") : std::string();
  return text.empty() ? "unknown" : text;
}

// Puts in what is there, under the name that templates have for it.
class Values {
 public:
  explicit Values(json::object& values) : values_(values) {}

  void take(const json::object* from, std::string_view key, std::string_view as) {
    const auto* value = from ? from->if_contains(key) : nullptr;
    if (value && !value->is_null() && !values_.contains(as)) values_[as] = *value;
  }
  void take_inner(const json::object& from, std::string_view inner, std::string_view key, std::string_view as) {
    take(object_at(from, inner), key, as);
  }
  void put(std::string_view as, const std::string& text) {
    if (!text.empty()) values_[as] = text;
  }

 private:
  json::object& values_;
};

void take_loan(Values& values, const json::object& loan) {
  values.take(&loan, "id", "loanId");
  values.take(&loan, "accountNo", "loanAccountId");
  values.take(&loan, "principal", "loanAmount");
  values.take(&loan, "approvedPrincipal", "approvedAmount");
  values.take(&loan, "loanProductName", "productName");
  values.take(&loan, "loanOfficerId", "loanOfficerId");
  values.take(&loan, "loanOfficerName", "loanOfficerName");
  values.take(&loan, "numberOfRepayments", "numberOfInstallments");
  values.take(&loan, "annualInterestRate", "annualInterestRate");
  values.take_inner(loan, "timeline", "approvedOnDate", "approvedOnDate");
  values.take_inner(loan, "timeline", "actualDisbursementDate", "disbursementDate");
  values.take_inner(loan, "timeline", "expectedDisbursementDate", "disbursementDate");
  values.take_inner(loan, "timeline", "expectedMaturityDate", "maturityDate");
  values.take_inner(loan, "summary", "totalOutstanding", "loanOutstanding");
  values.take_inner(loan, "summary", "totalOverdue", "totalOverdue");
  values.take_inner(loan, "summary", "totalRepayment", "totalFullyPaid");
  values.take_inner(loan, "summary", "totalWrittenOff", "writtenOffAmount");
  const auto* period = next_period(loan);
  values.take(period, "dueDate", "paymentDueDate");
  values.take(period, "totalOutstandingForPeriod", "installmentAmount");
  values.take(period, "totalDueForPeriod", "installmentAmount");
  values.take(period, "totalDueForPeriod", "totalDue");
}

// What the transaction or charge is called, by the event that it makes.
void take_loan_part(Values& values, std::string_view event, const json::object& part) {
  if (event == "loan-disbursed") values.take(&part, "amount", "loanDisbursed");
  if (event == "loan-repayment" || event == "loan-closed") values.take(&part, "amount", "repaymentAmount");
  if (event == "loan-waived") {
    values.take(&part, "amountWaived", "waivedAmount");
    values.take(&part, "amount", "waivedAmount");
  }
  if (event == "loan-charge-added" || event == "loan-waived") {
    values.take(&part, "name", "chargeName");
    values.take(&part, "amount", "chargeAmount");
  }
  values.take(&part, "date", "repaymentDate");
  values.take_inner(part, "paymentDetailData", "receiptNumber", "receiptNumber");
}

// What was paid out in all, where no transaction tells it.
void take_disbursed(Values& values, const json::object& loan) {
  values.take_inner(loan, "summary", "principalDisbursed", "loanDisbursed");
  values.take(&loan, "netDisbursalAmount", "loanDisbursed");
  values.take(&loan, "principal", "loanDisbursed");
}

void take_savings(Values& values, const json::object& account) {
  values.take(&account, "id", "savingsId");
  values.take(&account, "accountNo", "savingsAccountNo");
  values.take(&account, "savingsProductName", "productName");
  values.take(&account, "depositProductName", "productName");
  values.take(&account, "fieldOfficerName", "loanOfficerName");
  values.take_inner(account, "summary", "accountBalance", "balance");
  // Fixed deposits.
  values.take(&account, "depositAmount", "depositAmount");
  values.take(&account, "maturityDate", "maturityDate");
  values.take(&account, "maturityAmount", "maturityAmount");
}

// The first payment that left nothing to pay: those that follow close nothing. Old versions do not say what is left.
bool pays_the_rest(const json::object& loan, const json::object& payment) {
  const auto is_rest = [](const json::object& transaction) { return number_in(transaction, left_to_pay) == 0.0; };
  if (!payment.contains(left_to_pay)) return true;
  return is_rest(payment) && std::ranges::none_of(list_at(loan, "transactions"), [&](const json::value& each) {
           const auto* other = each.if_object();
           const auto* type = other ? object_at(*other, "type") : nullptr;
           return type && is_true_at(*type, "repayment") && !is_reversed(*other) && is_rest(*other) &&
                  id_at(*other, "id") < id_at(payment, "id");
         });
}

// The last one of a kind, the newest first as Fineract lists them or not.
const json::object* last_interest(const json::object& account) {
  const json::object* last = nullptr;
  for (const auto& each : list_at(account, "transactions")) {
    const auto* transaction = each.if_object();
    const auto* type = transaction ? object_at(*transaction, "transactionType") : nullptr;
    if (!type || !is_true_at(*type, "interestPosting") || is_reversed(*transaction)) continue;
    if (!last || id_at(*transaction, "id") > id_at(*last, "id")) last = transaction;
  }
  return last;
}

void take_savings_part(Values& values, std::string_view event, const json::object& part) {
  if (event == "savings-deposit") values.take(&part, "amount", "depositAmount");
  if (event == "savings-withdrawal") values.take(&part, "amount", "withdrawAmount");
  values.take(&part, "id", "savingsTransactionId");
  values.take(&part, "date", "transactionDate");
  values.take(&part, "runningBalance", "balance");
  values.take_inner(part, "paymentDetailData", "receiptNumber", "receiptNumber");
}

}  // namespace

bool holds(const std::vector<std::string>& list, std::string_view value) {
  return list.empty() || std::ranges::find(list, value) != list.end();
}

std::string path_of(Subject subject, std::int64_t id) {
  const auto number = std::to_string(id);
  switch (subject) {
    case Subject::loan:
      return "loans/" + number + "?associations=repaymentSchedule,transactions,charges";
    case Subject::savings:
      return "savingsaccounts/" + number + "?associations=transactions";
    case Subject::fixed_deposit:
      return "fixeddepositaccounts/" + number;
    case Subject::shares:
      return "accounts/share/" + number;
    case Subject::client:
      return "clients/" + number;
    case Subject::group:
      return "groups/" + number;
  }
  return {};
}

Truth truth_of(const HookRow& row, const Heard& heard, const json::object& subject) {
  const auto* part = part_of(row, heard, subject);
  const bool is_charge = row.proof == Proof::charge || row.proof == Proof::waived_charge;
  const bool needs_part = is_charge || row.proof == Proof::transaction || row.proof == Proof::closing ||
                          (row.proof == Proof::sub_transaction && heard.sub_resource);
  if (needs_part && !part)
    return {.is = Is::not_yet,
            .why = is_charge ? "Fineract does not show the charge" : "Fineract does not show the transaction"};
  if (row.proof == Proof::waived_charge && number_in(*part, "amountWaived").value_or(0) <= 0)
    return {.is = Is::not_yet, .why = "nothing of the charge was waived"};
  if (part && !is_charge && is_reversed(*part)) return {.is = Is::false_, .why = "the transaction was reversed"};
  if (row.proof == Proof::closing && !pays_the_rest(subject, *part))
    return {.is = Is::false_, .why = "the transaction did not pay the rest"};
  if (is_in_state(row, subject)) return {.is = Is::true_, .why = {}};
  const auto state = "it is in the state '" + state_text(subject) + "'";
  // A repayment that left something to pay closes nothing.
  return {.is = row.proof == Proof::closing ? Is::false_ : Is::not_yet, .why = state};
}

std::string why_not_wanted(const EventSettings& notice, const Concerned& concerned) {
  if (!holds(notice.products, concerned.product)) return "its product is '" + concerned.product + "'";
  if (!holds(notice.offices, std::to_string(concerned.office)))
    return "its office is " + std::to_string(concerned.office);
  if (!notice.amount_min && !notice.amount_max) return {};
  if (!concerned.amount) return "it has no amount";
  const auto amount = micro_of(*concerned.amount);
  if (notice.amount_min && amount < *notice.amount_min) return "its amount is " + money_text(amount);
  if (notice.amount_max && amount > *notice.amount_max) return "its amount is " + money_text(amount);
  return {};
}

Concerned concerned_by(Subject subject, const HookRow& row, const Heard& heard, const json::object& read) {
  Concerned concerned;
  if (subject == Subject::client) {
    concerned.client = id_at(read, "id");
  } else if (subject == Subject::group) {
    concerned.group = id_at(read, "id");
  } else {
    concerned.client = id_at(read, "clientId");
    const auto* group = object_at(read, "group");
    concerned.group = group ? id_at(*group, "id") : id_at(read, "groupId");
    if (!concerned.client && !concerned.group) {
      concerned.client = heard.client;
      concerned.group = heard.group;
    }
  }
  for (const auto* key : {"loanOfficerId", "fieldOfficerId", "staffId"})
    if (!concerned.officer) concerned.officer = id_at(read, key);
  for (const auto* key : {"clientOfficeId", "officeId"})
    if (!concerned.office) concerned.office = id_at(read, key);
  if (!concerned.office) concerned.office = heard.office;
  for (const auto* key : {"loanProductName", "savingsProductName", "depositProductName", "productName"})
    if (concerned.product.empty()) concerned.product = text_at(read, key);
  const auto values = values_of(subject, row, heard, read);
  // What the event itself is about, before what else its subject has.
  const auto own = row.event == "loan-charge-added"  ? "chargeAmount"
                   : row.event == "loan-waived"      ? "waivedAmount"
                   : row.event == "loan-written-off" ? "writtenOffAmount"
                                                     : "repaymentAmount";
  for (const auto* key : {own, "repaymentAmount", "loanDisbursed", "approvedAmount", "loanAmount", "withdrawAmount",
                          "depositAmount", "interestAmount"})
    if (!concerned.amount) concerned.amount = number_in(values, key);
  return concerned;
}

json::object values_of(Subject subject, const HookRow& row, const Heard& heard, const json::object& read) {
  json::object object;
  Values values(object);
  const auto* part = part_of(row, heard, read);
  values.put("receiptNumber", heard.receipt);
  if (subject == Subject::loan) {
    if (part) take_loan_part(values, row.event, *part);
    take_loan(values, read);
    if (row.event == "loan-disbursed") take_disbursed(values, read);
    values.take_inner(read, "group", "name", "groupName");
  } else if (subject == Subject::group) {
    values.take(&read, "name", "groupName");
    values.take(&read, "officeName", "officeName");
  } else if (subject == Subject::shares) {
    values.take(&read, "productName", "productName");
    values.take_inner(read, "summary", "totalApprovedShares", "numberOfShares");
    values.take(&read, "totalApprovedShares", "numberOfShares");
  } else if (subject != Subject::client) {
    if (part) take_savings_part(values, row.event, *part);
    if (row.event == "savings-interest-posted") values.take(last_interest(read), "amount", "interestAmount");
    take_savings(values, read);
  }
  values.take_inner(read, "currency", "code", "currencyCode");
  return object;
}

}  // namespace smsbridge::bridge
