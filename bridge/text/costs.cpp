// SPDX-License-Identifier: MPL-2.0
#include "bridge/text/costs.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "bridge/text/alphabet.hpp"
#include "bridge/text/gsm7.hpp"
#include "bridge/text/transliteration.hpp"

namespace smsbridge::bridge::text {

std::vector<Forcing> forcing_ucs2(std::string_view utf8, std::size_t count_max) {
  std::vector<Forcing> found;
  // What only lacked its accents on their letters forces nothing.
  const auto together = composed(utf8);
  if (!together.empty()) utf8 = together;
  for (std::size_t position = 1; !utf8.empty() && found.size() < count_max; ++position) {
    const auto value = take_code_point(utf8);
    if (value == invalid_code_point) break;
    if (gsm7_code(value) != gsm7_outside) continue;
    auto& forcing = found.emplace_back();
    append_utf8(forcing.character, value);
    forcing.code_point = fmt::format("U+{:04X}", static_cast<std::uint32_t>(value));
    forcing.position = position;
    if (const auto other = replacement(value)) {
      forcing.replaceable = true;
      forcing.replacement = *other;
    }
  }
  return found;
}

std::vector<Cost> costs(std::string_view utf8, TextOptions options) {
  std::vector<Cost> all;
  const auto add = [&all](const std::optional<Laid>& laid, bool transliterated = false) {
    if (laid)
      all.push_back({.encoding = laid->alphabet.encoding,
                     .shift = laid->alphabet.shift,
                     .transliterated = transliterated,
                     .parts = laid->parts,
                     .units = laid->units,
                     .units_per_part = laid->units_per_part});
  };
  const auto together = composed(utf8);
  const auto best = [&](const auto& lay_in) {
    auto laid = lay_in(utf8);
    return laid || together.empty() ? laid : lay_in(together);
  };
  const auto in = [&](Encoding encoding) {
    return best([&](std::string_view text) { return lay(text, {.encoding = encoding, .shift = {}}, options); });
  };
  const auto plain = in(Encoding::gsm7);
  add(plain);
  if (!plain)
    for (const auto& language : smpp::national_languages()) {
      options.national = {};
      options.national.allow(language.id);
      add(best([&](std::string_view text) { return lay_national(text, options); }));
    }
  add(in(Encoding::latin1));
  add(lay(utf8, {.encoding = Encoding::ucs2, .shift = {}}, options));
  if (const auto other = transliterated(utf8)) add(lay(*other, {}, options), true);
  return all;
}

std::string how_to_allow(const Cost& cost, const TextOptions& options, bool transliterate) {
  const auto charset = options.charset;
  if (cost.encoding == Encoding::ucs2)
    return charset == Charset::gsm7 || charset == Charset::latin1 ? "charset: auto at the gateway" : "";
  if (cost.encoding == Encoding::latin1) return takes_latin1(charset) ? "" : "charset: gsm7_latin1 at the gateway";
  if (!takes_gsm7(charset)) return "charset: auto at the gateway";
  if (cost.transliterated) return transliterate ? "" : "transliterate: true in the message, or at the tenant";
  const auto& national = options.national;
  const auto& shift = cost.shift;
  const auto* language = smpp::national_language(std::max(shift.single, shift.locking));
  if (language == nullptr) return {};
  if ((national.languages >> language->id & 1U) == 0)
    return fmt::format("national: [{}] at the gateway, where the carrier passes it on", language->iso);
  const bool tables = (shift.single == 0 || national.single) && (shift.locking == 0 || national.locking);
  return tables ? "" : "national_tables: both at the gateway, where the carrier passes them on";
}

std::string_view table_name(std::uint8_t language) {
  const auto* found = smpp::national_language(language);
  return found != nullptr ? found->name : "default";
}

}  // namespace smsbridge::bridge::text
