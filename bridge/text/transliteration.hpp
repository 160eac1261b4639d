// SPDX-License-Identifier: MPL-2.0
// The same text in the GSM alphabet: typographic quotes and dashes as typed ones, letters without the accents that the
// alphabet lacks. It changes what is read, so it is done on request only, and only where it saves something.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "bridge/text/segments.hpp"

namespace smsbridge::bridge::text {

struct Replacement {
  char16_t character = 0;
  std::string_view text;  // all of it in the GSM alphabet; perhaps nothing
};
// In the order of the characters. Cyrillic, Arabic and small Greek letters are left out on purpose: what comes out
// would not be read as the same word.
std::span<const Replacement> replacements();

// What stands for a character that the GSM alphabet lacks; nothing: it has no replacement.
std::optional<std::string_view> replacement(char32_t value);

// The text with all that the GSM alphabet lacks replaced. Nothing when it lacks nothing, or when something has no
// replacement: a text of which a part was changed costs as much as before.
std::optional<std::string> transliterated(std::string_view utf8);

// The same, where it makes fewer parts than the text has as it stands.
std::optional<std::string> transliterated_to_save(std::string_view utf8, const TextOptions& options);

}  // namespace smsbridge::bridge::text
