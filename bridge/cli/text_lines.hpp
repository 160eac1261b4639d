// SPDX-License-Identifier: MPL-2.0
// `smsbridge text`: shows what a text costs and how it would be carried, and how numbers are read, without sending
// anything.
#pragma once

#include <iosfwd>

namespace smsbridge::bridge {

// Reads one JSON object a line and writes one JSON object a line, in order. A line that is refused is answered with
// {"error":{"code":...,"detail":...}} and does not end the run, so a file of a thousand texts shows all its mistakes.
// Returns the exit status: 0, or 1 when the output cannot be written.
//
// In:  {"text", "charset": "auto|gsm7|latin1|ucs2|gsm7_latin1|latin1_ucs2", "concat": "udh8|udh16|sar|payload",
//       "ref": 0-65535, "national": null | {"langs": ["tr"], "modes": ["single", "locking"]}, "translit": false,
//       "grapheme": false, "explain": false}; all but text optional. A gateway cuts as with "grapheme": true.
// Out: {"encoding", "data_coding", "segments", "units", "units_per_segment", "udhi", "segment": [{udh_hex, body_hex}]};
//      "national" and "text" where tables are used, and where the text was transliterated; and with "explain" "parts",
//      "replaced", "forces_ucs2" and "choices" as the preview of the API has them.
// In:  {"number", "country": "KE", "check_number_length": true}; the country and the check are those of the tenant.
// Out: {"e164", "country", "pattern_matched"}
int text_lines(std::istream& in, std::ostream& out);

}  // namespace smsbridge::bridge
