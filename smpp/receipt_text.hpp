// SPDX-License-Identifier: MPL-2.0
// The text of a receipt, "id:... sub:... dlvrd:... submit date:... done date:... stat:... err:... text:..." (SMPP 3.4
// appendix B), taken apart. By the standard the form is the vendor's matter, so nothing is required and nothing fails.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace smsbridge::smpp {

// Views into the text that was parsed. A key that is not there has no value.
struct ReceiptText {
  std::optional<std::string_view> id, sub, dlvrd, submit_date, done_date, stat, err, text;
  std::string_view id_line;    // the id as far as the next key, for ids with blanks inside
  std::string_view free_word;  // a word without a key behind a date: where `stat:` is lost, it is the state
};

ReceiptText parse_receipt_text(std::string_view text);

}  // namespace smsbridge::smpp
