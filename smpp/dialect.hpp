// SPDX-License-Identifier: MPL-2.0
// What differs between message centres, as data. The defaults suit most of them.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>

#include "smpp/status.hpp"

namespace smsbridge::smpp {

enum class IdNotation : std::uint8_t {
  automatic,    // unknown: try both number bases when the id itself is not found
  string,       // an opaque string: never converted
  decimal,      // a decimal number
  hexadecimal,  // a hexadecimal number
};

enum class Alphabet : std::uint8_t {
  gsm7,    // GSM 03.38, a septet in each octet
  latin1,  // ISO 8859-1
  ascii,   // IA5
  utf8,    // not in any standard, but met
};

enum class LongText : std::uint8_t {
  udh8,     // user data header with an 8 bit reference
  udh16,    // user data header with a 16 bit reference
  sar,      // sar_* TLVs; the message centre builds the header
  payload,  // one PDU with message_payload
};

enum class ValidityForm : std::uint8_t {
  relative,  // "000002000000000R": independent of clocks
  absolute,  // "YYMMDDhhmmsstnnp": for message centres that take nothing else
  omitted,   // the message centre's own default
};

enum class DestinationForm : std::uint8_t {
  digits,  // 491701234567, TON/NPI 1/1
  plus,    // +491701234567; refused with 0x0B elsewhere
  zeros,   // 00491701234567
};

struct Dialect {
  // Message ids: how they are written in the response to the submit and in the receipt.
  IdNotation response_id = IdNotation::string;
  IdNotation receipt_id = IdNotation::string;

  // Receipts.
  bool receipts_by_text = false;             // deliver_sm with esm_class 0 whose text has the form of a receipt is one
  bool sme_ack_is_receipt = false;           // esm_class 0x08, acknowledgement of the handset, is one
  bool accepted_is_final = false;            // ACCEPTD ends the waiting, as the standard says; carriers rarely mean it
  bool address_may_differ = false;           // a receipt's source address need not be the message's destination
  bool failure_may_become_success = false;   // a later DELIVRD replaces an earlier final failure
  std::chrono::minutes time_zone_offset{0};  // of the dates in the text, which carry no zone: local time minus UTC

  // Text.
  Alphabet default_alphabet = Alphabet::gsm7;  // what data_coding 0 means
  std::uint8_t gsm7_data_coding = 0;           // 1 at some accounts
  bool udh_allowed = true;
  LongText long_text = LongText::udh8;
  bool national_tables = false;
  bool packed_septets = false;

  // Submits.
  std::uint8_t esm_class_mode = 0;  // 0 or 3, SMPP 3.4 section 5.2.12
  DestinationForm destination_form = DestinationForm::digits;
  ValidityForm validity_form = ValidityForm::relative;
  std::optional<std::chrono::seconds> validity_max;
  bool optional_parameters = true;  // false for version 3.3: no TLVs are sent

  // Classes that replace those of the status table, by code.
  std::map<std::uint32_t, StatusClass> status_overrides;

  StatusClass class_of(std::uint32_t status) const {
    const auto found = status_overrides.find(status);
    return found == status_overrides.end() ? status_info(status).status_class : found->second;
  }
};

}  // namespace smsbridge::smpp
