// SPDX-License-Identifier: MPL-2.0
#include "bridge/text/variables.hpp"

#include <gmock/gmock.h>

#include "bridge/text/locale.hpp"

namespace smsbridge::bridge::text {
namespace {

TEST(Variables, OfFineractsRulesAreAllKnown) {
  // Reports 166 to 187 and what is built in code, in each spelling that there is.
  for (const char* name : {"id",
                           "firstName",
                           "firstname",
                           "middleName",
                           "middlename",
                           "lastName",
                           "lastname",
                           "fullName",
                           "FullName",
                           "mobileNo",
                           "officeName",
                           "officename",
                           "officeNumber",
                           "dormant",
                           "loanAmount",
                           "LoanAmount",
                           "loanamount",
                           "loanOutstanding",
                           "LoanOutstanding",
                           "loanDisbursed",
                           "loanAccountId",
                           "LoanAccountId",
                           "accountnumber",
                           "loanAccountNumber",
                           "guarantorLastName",
                           "numberOfGuarantors",
                           "groupName",
                           "GroupName",
                           "paymentDueDate",
                           "totalDue",
                           "totalOverdue",
                           "repaymentAmount",
                           "loanId",
                           "dateOfBirth",
                           "age",
                           "dueDate",
                           "totalFullyPaid",
                           "annualinterestrate",
                           "savingsAccountNo",
                           "officeId",
                           "loanOfficerId",
                           "RepaymentDate",
                           "RepaymentTime",
                           "receiptNumber",
                           "clientId",
                           "savingsId",
                           "depositAmount",
                           "withdrawAmount",
                           "balance",
                           "transactionDate",
                           "savingsTransactionId",
                           "token",
                           "username"})
    EXPECT_NE(find_variable(name), nullptr) << name;
  EXPECT_EQ(find_variable("colour"), nullptr);
}

TEST(Variables, OneThingHasSeveralNames) {
  const auto has = [](const char* name, const char* other) {
    return testing::Value(other_names(name), testing::Contains(other));
  };
  EXPECT_TRUE(has("LOANACCOUNTID", "accountNumber"));
  EXPECT_TRUE(has("accountnumber", "loanAccountId"));
  EXPECT_TRUE(has("accountnumber", "savingsAccountNo"));
  EXPECT_FALSE(has("savingsAccountNo", "loanAccountId")) << "what is called accountNumber both times is not the same";
  EXPECT_TRUE(has("dueDate", "paymentDueDate"));
  EXPECT_FALSE(has("fullName", "FULLNAME"));
  EXPECT_TRUE(other_names("colour").empty());
}

TEST(Variables, SamplesAreOfTheirKind) {
  for (const auto& variable : known_variables())
    for (const auto value : {variable.typical, variable.longest}) {
      SCOPED_TRACE(std::string(variable.name) + " " + std::string(value));
      EXPECT_FALSE(value.empty());
      const bool is_day = variable.kind == VariableKind::day, is_text = variable.kind == VariableKind::text;
      EXPECT_TRUE(!is_day || parse_day(value));
      EXPECT_TRUE(is_day || is_text || parse_decimal(value));
      EXPECT_LE(variable.typical.size(), variable.longest.size());
    }
}

}  // namespace
}  // namespace smsbridge::bridge::text
