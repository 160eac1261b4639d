// SPDX-License-Identifier: MPL-2.0
#include "bridge/events/catalogue.hpp"

namespace smsbridge::bridge {
namespace {

// Loans: 100 submitted, 200 approved, 300 active, 303 and 304 being transferred, 400 withdrawn, 500 rejected, 600
// closed, 601 written off, 602 rescheduled, 700 overpaid. What goes on from a state still was in it.
const std::vector<std::int64_t> paid_out{300, 303, 304, 600, 601, 602, 700};
const std::vector<std::int64_t> approved{200, 300, 303, 304, 600, 601, 602, 700};
const std::vector<std::int64_t> repaid{600, 700};
// Accounts and people: 300 active, 303 and 304 being transferred, 600 closed.
const std::vector<std::int64_t> active{300, 303, 304};
const std::vector<std::int64_t> activated{300, 303, 304, 600, 700, 800};

const std::vector<HookRow>& hooks() {
  static const std::vector<HookRow> rows{
      {"LOAN", "CREATE", "loan-submitted"},
      {"LOAN", "APPROVE", "loan-approved", Proof::state, approved},
      {"LOAN", "REJECT", "loan-rejected", Proof::state, {500}},
      {"LOAN", "WITHDRAW", "loan-withdrawn", Proof::state, {400}},
      {"LOAN", "DISBURSE", "loan-disbursed", Proof::sub_transaction, paid_out},
      {"LOAN", "DISBURSETOSAVINGS", "loan-disbursed", Proof::state, paid_out, true},
      {"LOAN", "DISBURSEWITHOUTAUTODOWNPAYMENT", "loan-disbursed", Proof::sub_transaction, paid_out},
      {"LOAN", "DISBURSALUNDO", "loan-disbursal-undone", Proof::state, {100, 200}},
      {"LOAN", "REPAYMENT", "loan-repayment", Proof::transaction},
      {"LOAN", "REPAYMENT", "loan-closed", Proof::closing, repaid},
      {"LOAN", "RECOVERYPAYMENT", "loan-repayment", Proof::transaction},
      {"LOAN", "DOWNPAYMENT", "loan-repayment", Proof::transaction},
      {"LOAN", "WAIVEINTERESTPORTION", "loan-waived", Proof::transaction},
      {"LOANCHARGE", "WAIVE", "loan-waived", Proof::waived_charge},
      {"LOAN", "WRITEOFF", "loan-written-off", Proof::state, {601}},
      {"LOAN", "CLOSE", "loan-closed", Proof::state, repaid},
      {"LOAN", "FORECLOSURE", "loan-closed", Proof::state, repaid},
      {"LOAN", "CLOSEASRESCHEDULED", "loan-rescheduled", Proof::state, {602}},
      {"RESCHEDULELOAN", "APPROVE", "loan-rescheduled", Proof::state, paid_out, true},
      {"LOANCHARGE", "CREATE", "loan-charge-added", Proof::charge},
      {"CLIENT", "CREATE", "client-created"},
      {"CLIENT", "ACTIVATE", "client-activated", Proof::state, activated},
      {"CLIENT", "REJECT", "client-rejected", Proof::state, {700}},
      {"CLIENT", "ACCEPTTRANSFER", "client-transferred", Proof::state, {300}},
      {"CLIENT", "PROPOSEANDACCEPTTRANSFER", "client-transferred", Proof::state, active, true},
      {"SAVINGSACCOUNT", "ACTIVATE", "savings-activated", Proof::state, activated},
      {"SAVINGSACCOUNT", "DEPOSIT", "savings-deposit", Proof::transaction},
      {"SAVINGSACCOUNT", "WITHDRAWAL", "savings-withdrawal", Proof::transaction},
      {"SAVINGSACCOUNT", "POSTINTEREST", "savings-interest-posted", Proof::state, active, true},
      {"SAVINGSACCOUNT", "CLOSE", "savings-closed", Proof::state, {600}},
      {"GROUP", "ACTIVATE", "group-activated", Proof::state, activated},
      {"SHAREACCOUNT", "ACTIVATE", "shares-activated", Proof::state, activated},
      {"FIXEDDEPOSITACCOUNT", "ACTIVATE", "fixed-deposit-activated", Proof::state, activated},
      {"FIXEDDEPOSITACCOUNT", "CLOSE", "fixed-deposit-matured", Proof::state, {600}},
  };
  return rows;
}

}  // namespace

std::span<const HookRow> hook_table() { return hooks(); }

std::vector<const HookRow*> hooks_of(std::string_view entity, std::string_view action) {
  std::vector<const HookRow*> rows;
  for (const auto& row : hooks())
    if (row.entity == entity && row.action == action) rows.push_back(&row);
  return rows;
}

}  // namespace smsbridge::bridge
