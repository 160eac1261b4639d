// SPDX-License-Identifier: MPL-2.0
#include "bridge/text/segments.hpp"

#include <algorithm>
#include <span>

#include "bridge/text/gsm7.hpp"
#include "bridge/text/ucs2.hpp"
#include "bridge/text/utf8.hpp"

namespace smsbridge::bridge::text {
namespace {

// A concatenation header counts its parts in one octet (TS 23.040 section 9.2.3.24.1).
constexpr std::size_t segments_limit = 255;

// Room on the air interface in units of the encoding: 140 octets less the header, 8 x octets / 7 for septets.
struct Capacity {
  std::size_t single;
  std::size_t udh8;   // header of 6 octets
  std::size_t udh16;  // header of 7 octets
};
constexpr Capacity capacity_of(Encoding encoding) {
  switch (encoding) {
    case Encoding::gsm7:
      return {160, 153, 152};
    case Encoding::latin1:
      return {140, 134, 133};
    case Encoding::ucs2:
      break;
  }
  return {70, 67, 66};
}

constexpr std::uint8_t data_coding_of(Encoding encoding) {
  switch (encoding) {
    case Encoding::gsm7:
      return 0;
    case Encoding::latin1:
      return 3;
    case Encoding::ucs2:
      break;
  }
  return 8;
}

struct Encoded {
  Encoding encoding = Encoding::gsm7;
  std::vector<std::uint8_t> body;
  std::size_t replaced = 0;
};

Encoded encode_ucs2(std::u16string_view units) {
  Encoded out{.encoding = Encoding::ucs2, .body = std::vector<std::uint8_t>(2 * units.size()), .replaced = 0};
  std::size_t at = 0;
  for (const char16_t unit : units) {
    out.body[at++] = static_cast<std::uint8_t>(unit >> 8);
    out.body[at++] = static_cast<std::uint8_t>(unit & 0xFF);
  }
  return out;
}

// A forced charset: one '?' a character that does not fit, also for one that is two UTF-16 units.
Encoded encode_replacing(std::string_view utf8, Encoding encoding) {
  Encoded out{.encoding = encoding, .body = {}, .replaced = 0};
  out.body.reserve(utf8.size());
  while (!utf8.empty()) {
    const char32_t value = take_code_point(utf8);
    std::uint16_t code = encoding == Encoding::gsm7 ? gsm7_code(value)
                         : value <= 0xFF            ? static_cast<std::uint16_t>(value)
                                                    : gsm7_outside;
    if (code == gsm7_outside) {
      ++out.replaced;
      code = '?';
    }
    if (code > 0xFF) out.body.push_back(gsm7_escape);
    out.body.push_back(static_cast<std::uint8_t>(code & 0xFF));
  }
  return out;
}

tl::expected<Encoded, TextError> encode(std::string_view utf8, Charset charset) {
  if (utf8.find('\0') != std::string_view::npos) return tl::make_unexpected(TextError::nul_character);
  // Most texts are GSM 7 bit: try that first and look for the reason only when it fails.
  if (charset == Charset::automatic || charset == Charset::gsm7)
    if (auto septets = gsm7_encode(utf8))
      return Encoded{.encoding = Encoding::gsm7, .body = *std::move(septets), .replaced = 0};
  const auto units = utf16_from_utf8(utf8);
  if (!units) return tl::make_unexpected(TextError::invalid_utf8);
  switch (charset) {
    case Charset::gsm7:
      return encode_replacing(utf8, Encoding::gsm7);
    case Charset::latin1:
      return encode_replacing(utf8, Encoding::latin1);
    case Charset::automatic:
    case Charset::ucs2:
      break;
  }
  return encode_ucs2(*units);
}

// Where the part that begins at `begin` ends, in octets of the body. It never ends between an escape and its septet
// (that part is 152 septets) or between two surrogates (66 units): a handset decodes each part on its own, and would
// show two wrong characters.
std::size_t part_end(const Encoded& encoded, std::size_t begin, std::size_t units_max) {
  const auto& body = encoded.body;
  const std::size_t room = encoded.encoding == Encoding::ucs2 ? 2 * units_max : units_max;
  if (body.size() - begin <= room) return body.size();
  const std::size_t end = begin + room;
  switch (encoded.encoding) {
    case Encoding::gsm7:
      return body[end - 1] == gsm7_escape ? end - 1 : end;
    case Encoding::ucs2:
      return (body[end - 2] & 0xFC) == 0xD8 ? end - 2 : end;
    case Encoding::latin1:
      break;
  }
  return end;
}

std::vector<std::uint8_t> concat_header(const TextOptions& options, std::size_t total, std::size_t number) {
  const auto low = static_cast<std::uint8_t>(options.reference & 0xFF);
  const auto high = static_cast<std::uint8_t>(options.reference >> 8);
  const auto parts = static_cast<std::uint8_t>(total);
  const auto part = static_cast<std::uint8_t>(number);
  if (options.concat == Concat::udh8) return {0x05, 0x00, 0x03, low, parts, part};
  if (options.concat == Concat::udh16) return {0x06, 0x08, 0x04, high, low, parts, part};
  return {};
}

}  // namespace

std::string_view explain(TextError error) {
  switch (error) {
    case TextError::invalid_utf8:
      return "the text is not valid UTF-8";
    case TextError::nul_character:
      return "the text contains a NUL character";
    case TextError::too_many_segments:
      break;
  }
  return "the text needs more parts than allowed";
}

tl::expected<Segmented, TextError> segment(std::string_view utf8, const TextOptions& options,
                                           std::size_t segments_max) {
  auto encoded = encode(utf8, options.charset);
  if (!encoded) return tl::make_unexpected(encoded.error());
  const std::size_t limit = std::min(segments_max, segments_limit);
  const Capacity capacity = capacity_of(encoded->encoding);

  Segmented out;
  out.encoding = encoded->encoding;
  out.data_coding = data_coding_of(encoded->encoding);
  out.units = encoded->encoding == Encoding::ucs2 ? encoded->body.size() / 2 : encoded->body.size();
  out.replaced = encoded->replaced;

  if (out.units <= capacity.single) {
    if (limit < 1) return tl::make_unexpected(TextError::too_many_segments);
    out.units_per_segment = capacity.single;
    out.segments.push_back({.udh = {}, .body = std::move(encoded->body), .number = 1});
    return out;
  }

  out.units_per_segment = options.concat == Concat::udh16 ? capacity.udh16 : capacity.udh8;
  // Counted by splitting: parts cut short before a pair can make one more than a division says.
  std::vector<std::size_t> ends;
  for (std::size_t begin = 0; begin < encoded->body.size(); begin = ends.back()) {
    if (ends.size() == limit) return tl::make_unexpected(TextError::too_many_segments);
    ends.push_back(part_end(*encoded, begin, out.units_per_segment));
  }

  out.parts = ends.size();
  if (options.concat == Concat::payload) {
    out.segments.push_back({.udh = {}, .body = std::move(encoded->body), .number = 1});
    return out;
  }
  out.udhi = options.concat == Concat::udh8 || options.concat == Concat::udh16;
  out.segments.reserve(ends.size());
  std::span<const std::uint8_t> body = encoded->body;
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    const auto part = body.subspan(begin, end - begin);
    const std::size_t number = out.segments.size() + 1;
    out.segments.push_back({.udh = concat_header(options, ends.size(), number),
                            .body = {part.begin(), part.end()},
                            .number = static_cast<std::uint16_t>(number)});
    begin = end;
  }
  return out;
}

namespace {

// Fills parts with characters of one or two units and never divides a character.
class PartCounter {
 public:
  explicit PartCounter(std::size_t room) : room_(room) {}
  void add(std::size_t units) {
    total_ += units;
    used_ += units;
    if (used_ > room_) {
      ++parts_;
      used_ = units;
    }
  }
  // A text that fits into `single` units needs no header and is one part.
  std::size_t parts(std::size_t single) const { return total_ <= single ? 1 : parts_; }

 private:
  std::size_t room_;
  std::size_t used_ = 0;
  std::size_t parts_ = 1;
  std::size_t total_ = 0;
};

}  // namespace

Measure measure(std::string_view utf8) {
  constexpr auto gsm7 = capacity_of(Encoding::gsm7);
  constexpr auto ucs2 = capacity_of(Encoding::ucs2);
  if (utf8.find('\0') != std::string_view::npos) return {};
  // As in encode(): most texts are GSM 7 bit, and only the others are read again.
  PartCounter septets(gsm7.udh8);
  std::uint16_t code = 0;
  for (auto rest = utf8; !rest.empty() && code != gsm7_outside;) {
    code = gsm7_code(take_code_point(rest));
    septets.add(code > 0x7F ? 2 : 1);
  }
  if (code != gsm7_outside) return {Encoding::gsm7, septets.parts(gsm7.single)};

  PartCounter units(ucs2.udh8);
  while (!utf8.empty()) {
    const char32_t value = take_code_point(utf8);
    if (value == invalid_code_point) return {};
    units.add(value > 0xFFFF ? 2 : 1);
  }
  return {Encoding::ucs2, units.parts(ucs2.single)};
}

}  // namespace smsbridge::bridge::text
