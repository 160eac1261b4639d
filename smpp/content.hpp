// SPDX-License-Identifier: MPL-2.0
// What a submitted message says: its text, and which part of a long message it is.
#pragma once

#include <cstdint>
#include <string>

#include "smpp/dialect.hpp"
#include "smpp/national.hpp"
#include "smpp/pdu.hpp"
#include "smpp/text.hpp"

namespace smsbridge::smpp {

struct Part {
  std::uint16_t reference = 0;
  int number = 1;
  int total = 1;
};

// From the user data header (3GPP TS 23.040 sections 9.2.3.24.1 and .8), otherwise from the sar_* TLVs.
Part part_of(const smpp::Message& message, const smpp::UserData& data);

enum class Coding : std::uint8_t { gsm7, ucs2, octets };

// data_coding 0, 1 and 8, and the forms with a message class. Everything else is octets, shown as ISO 8859-1.
Coding coding_of(std::uint8_t data_coding);

std::string utf8_of(smpp::Octets body, std::uint8_t data_coding);

// The national tables that the header names (3GPP TS 23.040 sections 9.2.3.24.15 and .16).
Shift shift_of(const UserData& data);

// The text of a message: by the header's national tables, and as this message centre carries its alphabets.
std::string utf8_of(const UserData& data, std::uint8_t data_coding, const Dialect& dialect = {});

// The first `size` characters in the GSM alphabet, for the text of a receipt; what the alphabet lacks becomes '?'.
void append_quote(std::string& out, smpp::Octets body, std::uint8_t data_coding, std::size_t size);

}  // namespace smsbridge::smpp
