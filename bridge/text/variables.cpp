// SPDX-License-Identifier: MPL-2.0
#include "bridge/text/variables.hpp"

#include <algorithm>

namespace smsbridge::bridge::text {
namespace variable_table {

using enum VariableKind;

constexpr std::string_view name_typical = "Wanjiru Kamau", name_longest = "Mwanaisha Khadija Abdirahman-Nyirahabimana";
constexpr std::string_view amount_typical = "4500.000000", amount_longest = "12345678.900000";
constexpr std::string_view day_typical = "2026-11-04", day_longest = "2026-09-30";

// The names of Fineract's rules for SMS (reports 166 to 187 and what CampaignHelper builds), one row for each thing.
constexpr Variable rows[] = {
    {"firstName", text, "first name of the client", "Wanjiru", "Mwanaisha Khadija", "", true},
    {"middleName", text, "middle name of the client", "Njeri", "Abdirahman", ""},
    {"lastName", text, "family name of the client", "Kamau", "Nyirahabimana", "surname", true},
    {"fullName", text, "whole name of the client", name_typical, name_longest, "displayName clientName", true},
    {"mobileNo", text, "number of the client", "+254712345678", "+254712345678", "mobileNumber phoneNumber"},
    {"id", text, "id of the client in Fineract", "1042", "1234567", "clientId"},
    {"dateOfBirth", day, "birthday of the client", "1984-03-21", "1984-09-30", ""},
    {"age", number, "age in years", "42", "102", ""},
    {"groupName", text, "name of the group", "Umoja", "Kikundi cha Wanawake Maendeleo", "", true},
    {"guarantorName", text, "whole name of the guarantor", name_typical, name_longest, "guarantorFullName"},
    {"guarantorLastName", text, "family name of the guarantor", "Kamau", "Nyirahabimana", ""},
    {"numberOfGuarantors", number, "how many guarantors the loan has", "2", "12", ""},
    {"staffName", text, "name of the member of staff", "Otieno Odhiambo", name_longest, "staffFullName", true},
    {"loanOfficerName", text, "name of the loan officer", "Otieno Odhiambo", name_longest, "officerName", true},
    {"loanOfficerId", text, "id of the loan officer", "12", "123456", ""},
    {"officeName", text, "name of the office", "Nakuru", "Ofisi ya Wilaya ya Kakamega", "branchName"},
    {"officeNumber", text, "number of the office", "+254700000001", "+254700000001", "officePhone"},
    {"officeId", text, "id of the office", "3", "12345", ""},
    {"productName", text, "name of the product", "Biashara", "Mkopo wa Biashara Ndogo",
     "loanProductName savingsProductName"},
    {"currencyCode", text, "currency of the amounts", "KES", "KES", "currency"},
    {"loanId", text, "id of the loan", "4711", "1234567", ""},
    {"loanAccountId", text, "number of the loan account", "000004711", "NAK-LN-000004711",
     "loanAccountNumber loanAccountNo accountNumber accountNo"},
    {"loanAmount", amount, "amount of the loan", amount_typical, amount_longest, "principal loanPrincipal"},
    {"approvedAmount", amount, "amount that was approved", amount_typical, amount_longest,
     "approvedLoanAmount approvedPrincipal"},
    {"loanDisbursed", amount, "amount that was paid out", amount_typical, amount_longest,
     "disbursedAmount netDisbursalAmount"},
    {"loanOutstanding", amount, "what is still owed", amount_typical, amount_longest,
     "outstandingBalance totalOutstanding"},
    {"installmentAmount", amount, "next instalment", "950.000000", amount_longest, "instalmentAmount amountDue"},
    {"numberOfInstallments", number, "how many instalments", "12", "120", "numberOfRepayments"},
    {"annualInterestRate", number, "interest in a year, in percent", "18.500000", "118.500000", "interestRate"},
    {"totalDue", amount, "due now", "950.000000", amount_longest, "dueAmount"},
    {"totalOverdue", amount, "overdue", "1900.000000", amount_longest, "overdueAmount arrears"},
    {"totalFullyPaid", amount, "paid in all", amount_typical, amount_longest, ""},
    {"repaymentAmount", amount, "amount of the repayment", "950.000000", amount_longest,
     "transactionAmount amountPaid"},
    {"chargeAmount", amount, "amount of the charge", "100.000000", amount_longest, "feeAmount"},
    {"chargeName", text, "name of the charge", "Late fee", "Ada ya kuchelewa kulipa mkopo", "feeName"},
    {"waivedAmount", amount, "what was waived", "100.000000", amount_longest, ""},
    {"writtenOffAmount", amount, "what was written off", amount_typical, amount_longest, "totalWrittenOff"},
    {"interestAmount", amount, "interest", "37.500000", amount_longest, "interestPosted"},
    {"paymentDueDate", day, "when the payment is due", day_typical, day_longest, "dueDate repaymentDueDate"},
    {"daysOverdue", number, "days since it was due", "7", "365", "daysInArrears"},
    {"repaymentDate", day, "when it was paid", day_typical, day_longest, "transactionDate"},
    {"repaymentTime", text, "time of day when it was paid", "14:05", "14:05", "transactionTime"},
    {"receiptNumber", text, "number of the receipt", "QK71A2B3C4", "QK71A2B3C4D5E6", ""},
    {"approvedOnDate", day, "when it was approved", day_typical, day_longest, "approvalDate"},
    {"disbursementDate", day, "when it was, or is to be, paid out", day_typical, day_longest,
     "actualDisbursementDate expectedDisbursementDate disbursedOnDate"},
    {"maturityDate", day, "when the deposit is due", day_typical, day_longest, "expectedMaturityDate"},
    {"maturityAmount", amount, "what the deposit comes to", amount_typical, amount_longest, ""},
    {"savingsId", text, "id of the savings account", "815", "1234567", ""},
    {"savingsAccountNo", text, "number of the savings account", "000000815", "NAK-SV-000000815",
     "savingsAccountNumber accountNumber accountNo"},
    {"savingsTransactionId", text, "id of the transaction", "90210", "123456789", "transactionId"},
    {"depositAmount", amount, "amount that was paid in", "1000.000000", amount_longest, "transactionAmount"},
    {"withdrawAmount", amount, "amount that was taken out", "1000.000000", amount_longest,
     "withdrawalAmount transactionAmount"},
    {"balance", amount, "balance of the account", amount_typical, amount_longest, "accountBalance runningBalance"},
    {"numberOfShares", number, "how many shares", "10", "10000", "shares"},
    {"dormant", number, "months without any movement", "6", "120", ""},
    {"keyword", text, "word that the phone sent", "SALIO", "UNSUBSCRIBE", ""},
    {"token", text, "login code", "482913", "48291375", "otp"},
    {"username", text, "name at login", "wanjiru", "wanjiru.kamau@umoja", ""},
};

}  // namespace variable_table
namespace {

using variable_table::rows;

char small_letter(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

std::string_view take_word(std::string_view& words) {
  const auto word = words.substr(0, words.find(' '));
  words.remove_prefix(std::min(words.size(), word.size() + 1));
  return word;
}

bool has_name(const Variable& row, std::string_view name) {
  if (equal_names(row.name, name)) return true;
  for (auto rest = row.others; !rest.empty();)
    if (equal_names(take_word(rest), name)) return true;
  return false;
}

}  // namespace

std::span<const Variable> known_variables() { return rows; }

bool equal_names(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, small_letter, small_letter);
}

const Variable* find_variable(std::string_view name) {
  for (const auto& row : rows)
    if (has_name(row, name)) return &row;
  return nullptr;
}

std::vector<std::string_view> other_names(std::string_view name) {
  std::vector<std::string_view> names;
  for (const auto& row : rows) {
    if (!has_name(row, name)) continue;
    if (!equal_names(row.name, name)) names.push_back(row.name);
    for (auto rest = row.others; !rest.empty();)
      if (const auto other = take_word(rest); !equal_names(other, name)) names.push_back(other);
  }
  return names;
}

}  // namespace smsbridge::bridge::text
