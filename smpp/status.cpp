// SPDX-License-Identifier: MPL-2.0
#include "smpp/status.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace smsbridge::smpp {
namespace {

// SMPP 3.4 section 5.1.3 and SMPP 5.0 section 4.7.6, sorted by code. The last two columns are our judgement and can be
// overridden per message centre (Dialect::status_overrides). tests/data/smpp/command_status.json is the same table with
// remarks; a test compares the two.
constexpr std::array<StatusInfo, 67> table{{
    {0x00000000, "ESME_ROK", "no error", StatusClass::ok, StatusClass::ok},
    {0x00000001, "ESME_RINVMSGLEN", "message length invalid", StatusClass::permanent_message_failure,
     StatusClass::permanent_message_failure},
    {0x00000002, "ESME_RINVCMDLEN", "command length invalid", StatusClass::permanent_message_failure,
     StatusClass::session_fatal},
    {0x00000003, "ESME_RINVCMDID", "unknown or unsupported command", StatusClass::permanent_message_failure,
     StatusClass::account_refused},
    {0x00000004, "ESME_RINVBNDSTS", "command not allowed in this bind state", StatusClass::session_fatal,
     StatusClass::transient_retry},
    {0x00000005, "ESME_RALYBND", "already bound", StatusClass::session_fatal, StatusClass::transient_retry},
    {0x00000006, "ESME_RINVPRTFLG", "priority_flag invalid", StatusClass::permanent_message_failure,
     StatusClass::permanent_message_failure},
    {0x00000007, "ESME_RINVREGDLVFLG", "registered_delivery invalid", StatusClass::permanent_message_failure,
     StatusClass::permanent_message_failure},
    {0x00000008, "ESME_RSYSERR", "system error", StatusClass::transient_retry, StatusClass::transient_retry},
    {0x0000000A, "ESME_RINVSRCADR", "source address invalid", StatusClass::permanent_message_failure,
     StatusClass::permanent_message_failure},
    {0x0000000B, "ESME_RINVDSTADR", "destination address invalid", StatusClass::permanent_message_failure,
     StatusClass::permanent_message_failure},
    {0x0000000C, "ESME_RINVMSGID", "message_id invalid", StatusClass::permanent_message_failure,
     StatusClass::permanent_message_failure},
    {0x0000000D, "ESME_RBINDFAIL", "bind failed", StatusClass::account_refused, StatusClass::transient_retry},
    {0x0000000E, "ESME_RINVPASWD", "password invalid", StatusClass::account_refused, StatusClass::account_refused},
    {0x0000000F, "ESME_RINVSYSID", "system_id invalid", StatusClass::account_refused, StatusClass::account_refused},
    {0x00000011, "ESME_RCANCELFAIL", "cancel_sm failed", StatusClass::permanent_message_failure,
     StatusClass::permanent_message_failure},
    {0x00000013, "ESME_RREPLACEFAIL", "replace_sm failed", StatusClass::permanent_message_failure,
     StatusClass::permanent_message_failure},
    {0x00000014, "ESME_RMSGQFUL", "message queue full", StatusClass::throttle, StatusClass::transient_retry},
    {0x00000015, "ESME_RINVSERTYP", "service_type invalid", StatusClass::account_refused, StatusClass::account_refused},
    {0x00000033, "ESME_RINVNUMDESTS", "number of destinations invalid", StatusClass::permanent_message_failure,
     StatusClass::permanent_message_failure},
    {0x00000034, "ESME_RINVDLNAME", "distribution list name invalid", StatusClass::permanent_message_failure,
     StatusClass::permanent_message_failure},
    {0x00000040, "ESME_RINVDESTFLAG", "dest_flag invalid", StatusClass::permanent_message_failure,
     StatusClass::permanent_message_failure},
    {0x00000042, "ESME_RINVSUBREP", "submit with replace not valid", StatusClass::permanent_message_failure,
     StatusClass::permanent_message_failure},
    {0x00000043, "ESME_RINVESMCLASS", "esm_class invalid", StatusClass::permanent_message_failure,
     StatusClass::permanent_message_failure},
    {0x00000044, "ESME_RCNTSUBDL", "cannot submit to distribution list", StatusClass::permanent_message_failure,
     StatusClass::permanent_message_failure},
    {0x00000045, "ESME_RSUBMITFAIL", "submit_sm failed", StatusClass::permanent_message_failure,
     StatusClass::permanent_message_failure},
    {0x00000048, "ESME_RINVSRCTON", "source TON invalid", StatusClass::permanent_message_failure,
     StatusClass::permanent_message_failure},
    {0x00000049, "ESME_RINVSRCNPI", "source NPI invalid", StatusClass::permanent_message_failure,
     StatusClass::permanent_message_failure},
    {0x00000050, "ESME_RINVDSTTON", "destination TON invalid", StatusClass::permanent_message_failure,
     StatusClass::permanent_message_failure},
    {0x00000051, "ESME_RINVDSTNPI", "destination NPI invalid", StatusClass::permanent_message_failure,
     StatusClass::permanent_message_failure},
    {0x00000053, "ESME_RINVSYSTYP", "system_type invalid", StatusClass::account_refused, StatusClass::account_refused},
    {0x00000054, "ESME_RINVREPFLAG", "replace_if_present invalid", StatusClass::permanent_message_failure,
     StatusClass::permanent_message_failure},
    {0x00000055, "ESME_RINVNUMMSGS", "number of messages invalid", StatusClass::permanent_message_failure,
     StatusClass::permanent_message_failure},
    {0x00000058, "ESME_RTHROTTLED", "throttled, rate limit exceeded", StatusClass::throttle, StatusClass::throttle},
    {0x00000061, "ESME_RINVSCHED", "schedule_delivery_time invalid", StatusClass::permanent_message_failure,
     StatusClass::permanent_message_failure},
    {0x00000062, "ESME_RINVEXPIRY", "validity_period invalid", StatusClass::permanent_message_failure,
     StatusClass::permanent_message_failure},
    {0x00000063, "ESME_RINVDFTMSGID", "predefined message invalid", StatusClass::permanent_message_failure,
     StatusClass::permanent_message_failure},
    {0x00000064, "ESME_RX_T_APPN", "receiver temporary application error", StatusClass::transient_retry,
     StatusClass::transient_retry},
    {0x00000065, "ESME_RX_P_APPN", "receiver permanent application error", StatusClass::permanent_message_failure,
     StatusClass::permanent_message_failure},
    {0x00000066, "ESME_RX_R_APPN", "receiver rejected the message", StatusClass::permanent_message_failure,
     StatusClass::permanent_message_failure},
    {0x00000067, "ESME_RQUERYFAIL", "query_sm failed", StatusClass::permanent_message_failure,
     StatusClass::permanent_message_failure},
    {0x000000C0, "ESME_RINVOPTPARSTREAM", "TLV part malformed", StatusClass::permanent_message_failure,
     StatusClass::permanent_message_failure},
    {0x000000C1, "ESME_ROPTPARNOTALLWD", "TLV not allowed", StatusClass::permanent_message_failure,
     StatusClass::permanent_message_failure},
    {0x000000C2, "ESME_RINVPARLEN", "TLV or parameter length invalid", StatusClass::permanent_message_failure,
     StatusClass::permanent_message_failure},
    {0x000000C3, "ESME_RMISSINGOPTPARAM", "expected TLV missing", StatusClass::permanent_message_failure,
     StatusClass::permanent_message_failure},
    {0x000000C4, "ESME_RINVOPTPARAMVAL", "TLV value invalid", StatusClass::permanent_message_failure,
     StatusClass::permanent_message_failure},
    {0x000000FE, "ESME_RDELIVERYFAILURE", "delivery failure", StatusClass::permanent_message_failure,
     StatusClass::permanent_message_failure},
    {0x000000FF, "ESME_RUNKNOWNERR", "unknown error", StatusClass::permanent_message_failure,
     StatusClass::transient_retry},
    {0x00000100, "ESME_RSERTYPUNAUTH", "service_type not authorised", StatusClass::account_refused,
     StatusClass::account_refused},
    {0x00000101, "ESME_RPROHIBITED", "operation prohibited for this ESME", StatusClass::account_refused,
     StatusClass::account_refused},
    {0x00000102, "ESME_RSERTYPUNAVAIL", "service_type unavailable", StatusClass::transient_retry,
     StatusClass::transient_retry},
    {0x00000103, "ESME_RSERTYPDENIED", "service_type denied", StatusClass::account_refused,
     StatusClass::account_refused},
    {0x00000104, "ESME_RINVDCS", "data coding invalid", StatusClass::permanent_message_failure,
     StatusClass::permanent_message_failure},
    {0x00000105, "ESME_RINVSRCADDRSUBUNIT", "source address subunit invalid", StatusClass::permanent_message_failure,
     StatusClass::permanent_message_failure},
    {0x00000106, "ESME_RINVDSTADDRSUBUNIT", "destination address subunit invalid",
     StatusClass::permanent_message_failure, StatusClass::permanent_message_failure},
    {0x00000107, "ESME_RINVBCASTFREQINT", "broadcast frequency interval invalid",
     StatusClass::permanent_message_failure, StatusClass::permanent_message_failure},
    {0x00000108, "ESME_RINVBCASTALIAS_NAME", "broadcast alias name invalid", StatusClass::permanent_message_failure,
     StatusClass::permanent_message_failure},
    {0x00000109, "ESME_RINVBCASTAREAFMT", "broadcast area format invalid", StatusClass::permanent_message_failure,
     StatusClass::permanent_message_failure},
    {0x0000010A, "ESME_RINVNUMBCAST_AREAS", "number of broadcast areas invalid", StatusClass::permanent_message_failure,
     StatusClass::permanent_message_failure},
    {0x0000010B, "ESME_RINVBCASTCNTTYPE", "broadcast content type invalid", StatusClass::permanent_message_failure,
     StatusClass::permanent_message_failure},
    {0x0000010C, "ESME_RINVBCASTMSGCLASS", "broadcast message class invalid", StatusClass::permanent_message_failure,
     StatusClass::permanent_message_failure},
    {0x0000010D, "ESME_RBCASTFAIL", "broadcast_sm failed", StatusClass::permanent_message_failure,
     StatusClass::permanent_message_failure},
    {0x0000010E, "ESME_RBCASTQUERYFAIL", "query_broadcast_sm failed", StatusClass::permanent_message_failure,
     StatusClass::permanent_message_failure},
    {0x0000010F, "ESME_RBCASTCANCELFAIL", "cancel_broadcast_sm failed", StatusClass::permanent_message_failure,
     StatusClass::permanent_message_failure},
    {0x00000110, "ESME_RINVBCAST_REP", "number of repeated broadcasts invalid", StatusClass::permanent_message_failure,
     StatusClass::permanent_message_failure},
    {0x00000111, "ESME_RINVBCASTSRVGRP", "broadcast service group invalid", StatusClass::permanent_message_failure,
     StatusClass::permanent_message_failure},
    {0x00000112, "ESME_RINVBCASTCHANIND", "broadcast channel indicator invalid", StatusClass::permanent_message_failure,
     StatusClass::permanent_message_failure},
}};

struct StatusRange {
  std::uint32_t first;
  std::uint32_t last;
  StatusInfo info;
};

// Codes that no version of the standard names. Message centres send them nevertheless.
constexpr std::array<StatusRange, 3> ranges{{
    {0x00000009,
     0x000003FF,
     {0x00000009, "", "codes not listed", StatusClass::permanent_message_failure, StatusClass::transient_retry}},
    {0x00000400,
     0x000004FF,
     {0x00000400, "", "vendor specific", StatusClass::permanent_message_failure, StatusClass::transient_retry}},
    {0x00000500,
     0xFFFFFFFF,
     {0x00000500, "", "reserved", StatusClass::permanent_message_failure, StatusClass::transient_retry}},
}};

}  // namespace

const StatusInfo& status_info(std::uint32_t code) {
  const auto* found = std::ranges::lower_bound(table, code, {}, &StatusInfo::code);
  if (found != table.end() && found->code == code) return *found;
  for (const auto& range : ranges)
    if (code >= range.first && code <= range.last) return range.info;
  return ranges.back().info;
}

std::span<const StatusInfo> status_table() { return table; }

std::string status_name(std::uint32_t code) {
  const auto& info = status_info(code);
  if (!info.name.empty()) return std::string(info.name);
  char text[11];
  std::snprintf(text, sizeof text, "0x%08X", static_cast<unsigned>(code));
  return text;
}

std::string_view status_class_name(StatusClass status_class) {
  switch (status_class) {
    case StatusClass::ok:
      return "ok";
    case StatusClass::throttle:
      return "throttle";
    case StatusClass::transient_retry:
      return "transient-retry";
    case StatusClass::permanent_message_failure:
      return "permanent-message-failure";
    case StatusClass::account_refused:
      return "account-refused";
    case StatusClass::session_fatal:
      return "session-fatal";
  }
  return "permanent-message-failure";
}

}  // namespace smsbridge::smpp
