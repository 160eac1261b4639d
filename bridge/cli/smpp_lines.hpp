// SPDX-License-Identifier: MPL-2.0
// `smsbridge smpp decode` and `smsbridge smpp receipt`: show a PDU that somebody captured as the bridge reads it.
#pragma once

#include <iosfwd>

namespace smsbridge::bridge {

// Both read the hex of one PDU a line, blanks tolerated, and write exactly one JSON object a line. A line that is
// refused is answered with {"error":{"code","detail","action"}} and does not end the run; `action` is what a session
// would do: "wait" for the rest, "close" the connection, answer with a "nack", or "ignore" it. The exit status is 0, or
// 1 when the output cannot be written.
//
// decode: {"command_length", "command_id", "command", "command_status", "command_status_name", "sequence_number",
//          "body": {the fields as SMPP 3.4 names them}, "tlvs": [{tag, name, length, value_hex}]}, and for submit_sm,
//          deliver_sm and data_sm "text" (null when binary) and "udh" ([{iei, length, data_hex}] or null).
// receipt: {"is_receipt", "id", "ids", "state", "state_word", "final", "err", "submit_date", "done_date", "text"}.
int smpp_decode_lines(std::istream& in, std::ostream& out);
int smpp_receipt_lines(std::istream& in, std::ostream& out);

}  // namespace smsbridge::bridge
