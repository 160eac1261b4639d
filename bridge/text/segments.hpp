// SPDX-License-Identifier: MPL-2.0
// What a text costs and how it is carried: the choice of alphabet, and the parts it is sent in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "smpp/national.hpp"

namespace smsbridge::bridge::text {

enum class Charset {
  automatic,    // GSM 7 bit when every character is in the default alphabet or its extension, else UCS2
  gsm7,         // forced: what the alphabet lacks becomes '?'
  latin1,       // forced: what ISO 8859-1 lacks becomes '?'
  ucs2,         // forced: everything fits
  gsm7_latin1,  // as automatic, with ISO 8859-1 between the two
  latin1_ucs2,  // ISO 8859-1 when every character is in it, else UCS2
};

enum class Concat {
  udh8,     // user data header, 8 bit reference (TS 23.040 section 9.2.3.24.1)
  udh16,    // user data header, 16 bit reference (section 9.2.3.24.8)
  sar,      // the sar_* TLVs; the message centre builds the header, so it costs the same room
  payload,  // message_payload: one PDU with the whole text, the message centre splits it
};

enum class Encoding {
  gsm7,    // data_coding 0
  latin1,  // data_coding 3
  ucs2,    // data_coding 8
};

using smpp::Shift;

// The national tables that may be used where they save parts. None for a text of the default alphabet.
struct National {
  std::uint16_t languages = 0;  // bit n: the language with id n
  bool single = true;           // tables behind the escape
  bool locking = true;          // tables instead of the default alphabet
  void allow(std::uint8_t language) { languages = static_cast<std::uint16_t>(languages | 1U << language); }
  bool operator==(const National&) const = default;
};

struct TextOptions {
  Charset charset = Charset::automatic;
  Concat concat = Concat::udh8;
  National national;
  bool clusters = true;         // parts end between what readers take for characters; else between code points
  std::uint16_t reference = 0;  // udh8 uses the low octet
  bool operator==(const TextOptions&) const = default;
};

struct Segment {
  std::vector<std::uint8_t> udh;   // with its length octet, empty when the text is sent without a header
  std::vector<std::uint8_t> body;  // GSM text unpacked, one septet an octet; UCS2 big-endian
  std::uint16_t number = 1;        // from 1
};

struct Segmented {
  Encoding encoding = Encoding::gsm7;
  Shift shift;  // the national tables of a text in gsm7
  std::uint8_t data_coding = 0;
  std::vector<Segment> segments;
  std::size_t parts = 1;              // that phones get and carriers bill; in payload mode more than there are segments
  std::size_t units = 0;              // septets, octets or UTF-16 units of the text, without headers
  std::size_t units_per_segment = 0;  // room of each part: that of a single one when the text fits
  bool udhi = false;                  // esm_class 0x40
  std::size_t replaced = 0;           // characters replaced by '?' in a forced charset
};

enum class TextError {
  invalid_utf8,       // refused, not repaired
  nul_character,      // many centres and handsets end the text there
  too_many_segments,  // more parts than the caller allows; part of a message is never sent
};

std::string_view explain(TextError error);

// At least one segment, also for an empty text. In payload mode the parts the centre will make count against
// `segments_max`, since those are what is sent and billed.
tl::expected<Segmented, TextError> segment(std::string_view utf8, const TextOptions& options = {},
                                           std::size_t segments_max = 255);

// What `segment` would make of a text, whatever its number of parts; 0 parts for a text that it would refuse. Allocates
// nothing, unless accents stand by themselves.
struct Measure {
  Encoding encoding = Encoding::gsm7;
  Shift shift;
  std::size_t units = 0, units_per_segment = 0;
  std::size_t parts = 0;
  std::size_t replaced = 0;
};
Measure measure(std::string_view utf8, const TextOptions& options = {});

}  // namespace smsbridge::bridge::text
