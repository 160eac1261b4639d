// SPDX-License-Identifier: MPL-2.0
#include "bridge/text/segments.hpp"

#include <algorithm>
#include <span>

#include "bridge/text/alphabet.hpp"
#include "bridge/text/gsm7.hpp"

namespace smsbridge::bridge::text {
namespace {

// A concatenation header counts its parts in one octet (TS 23.040 section 9.2.3.24.1).
constexpr std::size_t segments_limit = 255;

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

// Where a forced charset lacks a character it has one '?', also for one that is two UTF-16 units.
void append(std::vector<std::uint8_t>& body, char32_t value, const Alphabet& alphabet) {
  const auto put = [&body](char32_t octet) { body.push_back(static_cast<std::uint8_t>(octet & 0xFF)); };
  if (alphabet.encoding != Encoding::ucs2) {
    auto code = code_in(alphabet, value);
    if (code == not_there) code = code_in(alphabet, U'?');
    if (alphabet.encoding == Encoding::gsm7 && code > 0x7F) put(gsm7_escape);
    return put(code);
  }
  const auto put_unit = [&put](char32_t unit) {
    put(unit >> 8);
    put(unit);
  };
  if (value <= 0xFFFF) return put_unit(value);
  put_unit(0xD800 + ((value - 0x10000) >> 10));
  put_unit(0xDC00 + ((value - 0x10000) & 0x3FF));
}

std::vector<std::uint8_t> encoded(std::string_view utf8, const Alphabet& alphabet, std::size_t units) {
  std::vector<std::uint8_t> body;
  body.reserve(alphabet.encoding == Encoding::ucs2 ? 2 * units : units);
  while (!utf8.empty()) append(body, take_code_point(utf8), alphabet);
  return body;
}

// Empty when there is nothing to say in it. `total` 1: the parts are not numbered in it.
std::vector<std::uint8_t> header(const TextOptions& options, const Shift& shift, std::size_t total,
                                 std::size_t number) {
  if (total == 1 && shift.is_default()) return {};
  std::vector<std::uint8_t> elements{0};
  const auto low = static_cast<std::uint8_t>(options.reference & 0xFF);
  const auto high = static_cast<std::uint8_t>(options.reference >> 8);
  const auto parts = static_cast<std::uint8_t>(total);
  const auto part = static_cast<std::uint8_t>(number);
  if (total > 1 && options.concat == Concat::udh8) elements.insert(elements.end(), {0x00, 0x03, low, parts, part});
  if (total > 1 && options.concat == Concat::udh16)
    elements.insert(elements.end(), {0x08, 0x04, high, low, parts, part});
  if (shift.single != 0) elements.insert(elements.end(), {smpp::element_single_shift, 1, shift.single});
  if (shift.locking != 0) elements.insert(elements.end(), {smpp::element_locking_shift, 1, shift.locking});
  if (elements.size() == 1) return {};
  elements[0] = static_cast<std::uint8_t>(elements.size() - 1);
  return elements;
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
  // Most texts are GSM 7 bit, and then they are encoded in the first look at them.
  auto septets = takes_gsm7(options.charset) ? gsm7_encode(utf8) : std::nullopt;
  const auto laid = septets ? tl::expected<Laid, TextError>(laid_out(utf8, {}, septets->size(), options))
                            : choose_alphabet(utf8, options);
  if (!laid) return tl::make_unexpected(laid.error());
  if (laid->parts > std::min(segments_max, segments_limit)) return tl::make_unexpected(TextError::too_many_segments);
  if (!laid->text.empty()) utf8 = laid->text;
  const auto& alphabet = laid->alphabet;

  Segmented out;
  out.encoding = alphabet.encoding;
  out.shift = alphabet.shift;
  out.data_coding = data_coding_of(alphabet.encoding);
  out.parts = laid->parts;
  out.units = laid->units;
  out.units_per_segment = laid->units_per_part;
  out.replaced = laid->replaced;

  auto body = septets ? *std::move(septets) : encoded(utf8, alphabet, laid->units);
  const std::size_t unit_size = alphabet.encoding == Encoding::ucs2 ? 2 : 1;
  const bool divided = laid->parts > 1 && options.concat != Concat::payload;
  const auto total = laid->parts;
  if (!divided) {
    out.segments.push_back({.udh = header(options, alphabet.shift, 1, 1), .body = std::move(body), .number = 1});
    out.udhi = !out.segments.front().udh.empty();
    return out;
  }
  out.segments.reserve(total);
  std::size_t begin = 0;
  const auto add = [&](std::size_t end_units) {
    const auto end = end_units * unit_size, number = out.segments.size() + 1;
    const auto part = std::span(body).subspan(begin, end - begin);
    out.segments.push_back({.udh = header(options, alphabet.shift, total, number),
                            .body = {part.begin(), part.end()},
                            .number = static_cast<std::uint16_t>(number)});
    begin = end;
  };
  cut(utf8, alphabet, laid->units_per_part, options.clusters, add);
  add(laid->units);
  out.udhi = !out.segments.front().udh.empty();
  return out;
}

Measure measure(std::string_view utf8, const TextOptions& options) {
  const auto laid = choose_alphabet(utf8, options);
  if (!laid) return {};
  return {.encoding = laid->alphabet.encoding,
          .shift = laid->alphabet.shift,
          .units = laid->units,
          .units_per_segment = laid->units_per_part,
          .parts = laid->parts,
          .replaced = laid->replaced};
}

}  // namespace smsbridge::bridge::text
