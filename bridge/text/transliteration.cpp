// SPDX-License-Identifier: MPL-2.0
#include "bridge/text/transliteration.hpp"

#include <algorithm>

#include "bridge/text/clusters.hpp"
#include "bridge/text/gsm7.hpp"
#include "bridge/text/utf8.hpp"

namespace smsbridge::bridge::text {

std::optional<std::string_view> replacement(char32_t value) {
  if (value > 0xFFFF) return std::nullopt;
  const auto all = replacements();
  const auto found = std::ranges::lower_bound(all, static_cast<char16_t>(value), {}, &Replacement::character);
  if (found == all.end() || found->character != value) return std::nullopt;
  return found->text;
}

std::optional<std::string> transliterated(std::string_view utf8) {
  // An accent that stands by itself has no replacement; its letter with it has.
  const auto together = composed(utf8);
  if (!together.empty()) utf8 = together;
  std::string out;
  bool changed = false;
  while (!utf8.empty()) {
    const auto value = take_code_point(utf8);
    if (value == invalid_code_point) return std::nullopt;
    if (gsm7_code(value) != gsm7_outside) {
      append_utf8(out, value);
      continue;
    }
    const auto other = replacement(value);
    if (!other) return std::nullopt;
    out += *other;
    changed = true;
  }
  // Nothing is left of what was nothing but marks.
  return changed && !out.empty() ? std::optional(std::move(out)) : std::nullopt;
}

std::optional<std::string> transliterated_to_save(std::string_view utf8, const TextOptions& options) {
  const auto before = measure(utf8, options);
  if (before.parts < 2 || (before.encoding == Encoding::gsm7 && before.shift.is_default())) return std::nullopt;
  auto other = transliterated(utf8);
  if (!other || measure(*other, options).parts >= before.parts) return std::nullopt;
  return other;
}

}  // namespace smsbridge::bridge::text
