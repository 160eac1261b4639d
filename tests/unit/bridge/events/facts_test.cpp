// SPDX-License-Identifier: MPL-2.0
#include "bridge/events/facts.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <iterator>

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;
using Is = Truth::Is;

json::object file(const std::string& name) {
  std::ifstream opened(std::string(TEST_DATA) + "/fineract/" + name, std::ios::binary);
  EXPECT_TRUE(opened) << name;
  return json::parse(std::string(std::istreambuf_iterator<char>(opened), {})).as_object();
}

const HookRow& row(std::string_view entity, std::string_view action, std::string_view event) {
  for (const auto* each : hooks_of(entity, action))
    if (each->event == event) return *each;
  throw std::logic_error("no such row");
}

json::object loan_in(std::int64_t status) {
  auto loan = file("loans.response.json");
  loan["status"] = {{"id", status}, {"value", "Some"}};
  return loan;
}

TEST(Facts, AnEventIsTrueInTheStatesThatFollowFromIt) {
  const struct {
    const char *action, *event;
    std::vector<std::int64_t> yes;
  } cases[] = {
      {"APPROVE", "loan-approved", {200, 300, 303, 304, 600, 601, 602, 700}},
      {"REJECT", "loan-rejected", {500}},
      {"WITHDRAW", "loan-withdrawn", {400}},
      {"DISBURSETOSAVINGS", "loan-disbursed", {300, 303, 304, 600, 601, 602, 700}},
      {"DISBURSALUNDO", "loan-disbursal-undone", {100, 200}},
      {"WRITEOFF", "loan-written-off", {601}},
      {"CLOSE", "loan-closed", {600, 700}},
      {"CREATE", "loan-submitted", {100, 200, 300, 303, 304, 400, 500, 600, 601, 602, 700}},
  };
  for (const auto& each : cases)
    for (const std::int64_t state : {100, 200, 300, 303, 304, 400, 500, 600, 601, 602, 700}) {
      const auto truth = truth_of(row("LOAN", each.action, each.event), {.entity = "LOAN", .loan = 12}, loan_in(state));
      const bool is = std::ranges::find(each.yes, state) != each.yes.end();
      EXPECT_EQ(truth.is, is ? Is::true_ : Is::not_yet) << each.event << " in " << state;
      EXPECT_EQ(truth.why.empty(), is);
    }
}

TEST(Facts, ATransactionHasToBeThere) {
  const auto& repayment = row("LOAN", "REPAYMENT", "loan-repayment");
  auto loan = loan_in(300);
  EXPECT_EQ(truth_of(repayment, {.loan = 12, .resource = 45}, loan).is, Is::true_);
  EXPECT_EQ(truth_of(repayment, {.loan = 12, .resource = 46}, loan).is, Is::not_yet);
  EXPECT_EQ(truth_of(repayment, {.loan = 12}, loan).is, Is::not_yet);
  loan["transactions"].as_array()[1].as_object()["manuallyReversed"] = true;
  EXPECT_EQ(truth_of(repayment, {.loan = 12, .resource = 45}, loan).is, Is::false_);
  loan.erase("transactions");
  EXPECT_EQ(truth_of(repayment, {.loan = 12, .resource = 45}, loan).is, Is::not_yet);
}

TEST(Facts, ADisbursalHasItsTransactionAndItsState) {
  const auto& disbursed = row("LOAN", "DISBURSE", "loan-disbursed");
  EXPECT_EQ(truth_of(disbursed, {.loan = 12, .sub_resource = 31}, loan_in(300)).is, Is::true_);
  EXPECT_EQ(truth_of(disbursed, {.loan = 12, .sub_resource = 32}, loan_in(300)).is, Is::not_yet);
  EXPECT_EQ(truth_of(disbursed, {.loan = 12, .sub_resource = 31}, loan_in(200)).is, Is::not_yet);
  EXPECT_EQ(truth_of(disbursed, {.loan = 12}, loan_in(300)).is, Is::true_);
}

TEST(Facts, ARepaymentThatLeavesADebtClosesNothing) {
  const auto& closed = row("LOAN", "REPAYMENT", "loan-closed");
  EXPECT_EQ(truth_of(closed, {.loan = 12, .resource = 45}, loan_in(600)).is, Is::false_) << "a later one closed it";
  EXPECT_EQ(truth_of(closed, {.loan = 12, .resource = 45}, loan_in(300)).is, Is::false_);
  EXPECT_EQ(truth_of(closed, {.loan = 12, .resource = 99}, loan_in(300)).is, Is::not_yet);
}

// The first one that leaves nothing: who looks late sees a loan that all of them left closed, or overpaid.
TEST(Facts, OfSeveralRepaymentsOneClosesTheLoan) {
  const auto& closed = row("LOAN", "REPAYMENT", "loan-closed");
  auto loan = loan_in(700);
  auto& transactions = loan["transactions"].as_array();
  const auto add = [&](std::int64_t id, json::object more) {
    more["id"] = id;
    more["type"] = {{"repayment", true}};
    transactions.push_back(std::move(more));
  };
  add(50, {{"outstandingLoanBalance", 100.0}});
  add(51, {{"outstandingLoanBalance", 0}, {"manuallyReversed", true}});
  add(52, {{"outstandingLoanBalance", 0}});
  add(53, {{"outstandingLoanBalance", 0}});
  add(54, {});
  const auto is = [&](std::int64_t id) { return truth_of(closed, {.loan = 12, .resource = id}, loan).is; };
  EXPECT_EQ(is(50), Is::false_);
  EXPECT_EQ(is(51), Is::false_);
  EXPECT_EQ(is(52), Is::true_);
  EXPECT_EQ(is(53), Is::false_);
  EXPECT_EQ(is(54), Is::true_) << "nothing says what it left";
}

TEST(Facts, AWaivedChargeShowsWhatWasWaived) {
  const auto& waived = row("LOANCHARGE", "WAIVE", "loan-waived");
  auto loan = loan_in(300);
  loan["charges"] = json::array{{{"id", 5}, {"name", "Late fee"}, {"amount", 100.0}, {"amountWaived", 0}}};
  const Heard heard{.loan = 12, .resource = 5};
  EXPECT_EQ(truth_of(waived, heard, loan).is, Is::not_yet) << "the hook comes before the commit";
  loan["charges"].as_array()[0].as_object()["amountWaived"] = 60.0;
  EXPECT_EQ(truth_of(waived, heard, loan).is, Is::true_);
  EXPECT_EQ(concerned_by(Subject::loan, waived, heard, loan).amount, 60.0);
  const auto& added = row("LOANCHARGE", "CREATE", "loan-charge-added");
  EXPECT_EQ(concerned_by(Subject::loan, added, heard, loan).amount, 100.0) << "and not the loan's";
}

TEST(Facts, AChargeHasToBeThere) {
  const auto& added = row("LOANCHARGE", "CREATE", "loan-charge-added");
  auto loan = loan_in(300);
  EXPECT_EQ(truth_of(added, {.loan = 12, .resource = 5}, loan).is, Is::not_yet);
  loan["charges"] = json::array{{{"id", 5}, {"name", "Late fee"}, {"amount", 100.0}}};
  EXPECT_EQ(truth_of(added, {.loan = 12, .resource = 5}, loan).is, Is::true_);
  const auto values = values_of(Subject::loan, added, {.loan = 12, .resource = 5}, loan);
  EXPECT_EQ(values.at("chargeName"), "Late fee");
  EXPECT_EQ(values.at("chargeAmount"), 100.0);
}

TEST(Facts, OfALoanAreWhatTextsName) {
  const auto& repayment = row("LOAN", "REPAYMENT", "loan-repayment");
  const Heard heard{.entity = "LOAN", .loan = 12, .client = 7, .resource = 45, .receipt = "MP77001"};
  const auto values = values_of(Subject::loan, repayment, heard, loan_in(300));
  EXPECT_EQ(json::serialize(values),
            R"({"receiptNumber":"MP77001","repaymentAmount":4.5005E3,"repaymentDate":[2024,11,25],"loanId":12,)"
            R"("loanAccountId":"000000012","loanAmount":5E4,"approvedAmount":5E4,"productName":"Biashara",)"
            R"("loanOfficerId":3,"loanOfficerName":"Otieno, Peter","numberOfInstallments":12,"annualInterestRate":)"
            R"(1.45E1,"approvedOnDate":[2024,10,24],"disbursementDate":[2024,10,25],"maturityDate":[2025,10,25],)"
            R"("loanOutstanding":4.95055E4,"totalOverdue":0,"totalFullyPaid":4.5005E3,"paymentDueDate":[2024,12,25],)"
            R"("installmentAmount":4.5005E3,"totalDue":4.5005E3,"currencyCode":"KES"})");
  const auto& disbursed = row("LOAN", "DISBURSE", "loan-disbursed");
  EXPECT_EQ(values_of(Subject::loan, disbursed, {.loan = 12, .sub_resource = 31}, loan_in(300)).at("loanDisbursed"),
            5E4);
  const auto concerned = concerned_by(Subject::loan, repayment, heard, loan_in(300));
  EXPECT_EQ(concerned.client, 7);
  EXPECT_EQ(concerned.officer, 3);
  EXPECT_EQ(concerned.office, 1);
  EXPECT_EQ(concerned.product, "Biashara");
  EXPECT_EQ(concerned.amount, 4500.5);
}

TEST(Facts, OfALoanOfAGroupConcernTheGroup) {
  auto loan = loan_in(200);
  loan.erase("clientId");
  loan["group"] = {{"id", 4}, {"name", "Umoja"}};
  const auto concerned = concerned_by(Subject::loan, row("LOAN", "APPROVE", "loan-approved"), {.loan = 12}, loan);
  EXPECT_EQ(concerned.client, 0);
  EXPECT_EQ(concerned.group, 4);
}

TEST(Facts, OfSavingsAreWhatTextsName) {
  auto account = file("savingsaccounts.response.json");
  account["transactions"] = json::array{
      {{"id", 90}, {"transactionType", {{"interestPosting", true}}}, {"amount", 12.5}, {"date", {2024, 10, 31}}},
      {{"id", 88},
       {"transactionType", {{"deposit", true}}},
       {"amount", 1250.75},
       {"date", {2024, 10, 26}},
       {"runningBalance", 1250.75}},
      {{"id", 85}, {"transactionType", {{"interestPosting", true}}}, {"amount", 11}},
      {{"id", 91}, {"transactionType", {{"interestPosting", true}}}, {"amount", 99}, {"reversed", true}}};
  const auto& deposit = row("SAVINGSACCOUNT", "DEPOSIT", "savings-deposit");
  const Heard heard{.entity = "SAVINGSACCOUNT", .savings = 3, .resource = 88};
  ASSERT_EQ(truth_of(deposit, heard, account).is, Is::true_);
  const auto values = values_of(Subject::savings, deposit, heard, account);
  EXPECT_EQ(values.at("depositAmount"), 1250.75);
  EXPECT_EQ(values.at("balance"), 1250.75);
  EXPECT_EQ(values.at("savingsAccountNo"), "000000003");
  const auto& interest = row("SAVINGSACCOUNT", "POSTINTEREST", "savings-interest-posted");
  const auto posted = values_of(Subject::savings, interest, {.entity = "SAVINGSACCOUNT", .savings = 3}, account);
  EXPECT_EQ(posted.at("interestAmount"), 12.5);
  EXPECT_EQ(posted.at("balance"), 1050.75);
}

}  // namespace
}  // namespace smsbridge::bridge
