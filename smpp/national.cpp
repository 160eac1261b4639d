// SPDX-License-Identifier: MPL-2.0
#include "smpp/national.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "smpp/utf8.hpp"

namespace smsbridge::smpp {
namespace {

// The way back, in the order of the characters. Where a table has a character twice the first code counts: the second
// one of '¡' is a later addition that older phones lack.
using Codes = std::vector<std::pair<char16_t, std::uint8_t>>;

Codes codes_of(const NationalTable* table) {
  Codes codes;
  if (table == nullptr) return codes;
  for (std::uint8_t code = 0; code < table->size(); ++code)
    if ((*table)[code] != 0) codes.emplace_back((*table)[code], code);
  std::ranges::stable_sort(codes, {}, &Codes::value_type::first);
  return codes;
}

struct BothWays {
  Codes locking, single;
};

const BothWays& codes_of(const NationalLanguage& language) {
  static const std::vector<BothWays> all = [] {
    std::vector<BothWays> made;
    for (const auto& each : national_languages())
      made.push_back({.locking = codes_of(each.locking), .single = codes_of(each.single)});
    return made;
  }();
  return all[language.id - 1U];
}

std::uint16_t code_in(const Codes& codes, char32_t value) {
  if (value > 0xFFFF) return gsm7_outside;
  const auto found = std::ranges::lower_bound(codes, static_cast<char16_t>(value), {}, &Codes::value_type::first);
  return found != codes.end() && found->first == value ? found->second : gsm7_outside;
}

}  // namespace

const NationalLanguage* national_language(std::uint8_t id) {
  const auto languages = national_languages();
  return id >= 1 && id <= languages.size() ? &languages[id - 1U] : nullptr;
}

std::uint16_t gsm7_code(char32_t value, Shift shift) {
  const auto* locking = national_language(shift.locking);
  const auto* single = national_language(shift.single);
  const std::uint16_t usual = gsm7_code(value);
  const bool is_escaped = usual != gsm7_outside && usual > 0x7F;
  if (locking != nullptr && locking->locking != nullptr) {
    if (const auto code = code_in(codes_of(*locking).locking, value); code != gsm7_outside) return code;
  } else if (usual != gsm7_outside && !is_escaped) {
    return usual;
  }
  if (single == nullptr) return is_escaped ? usual : gsm7_outside;
  const auto code = code_in(codes_of(*single).single, value);
  return code == gsm7_outside ? gsm7_outside : static_cast<std::uint16_t>(gsm7_escape << 8 | code);
}

std::string gsm7_decode(std::span<const std::uint8_t> septets, Shift shift) {
  const auto* locking = national_language(shift.locking);
  const auto* single = national_language(shift.single);
  const NationalTable* base = locking != nullptr ? locking->locking : nullptr;
  if (base == nullptr && single == nullptr) return gsm7_decode(septets);
  std::string out;
  out.reserve(2 * septets.size());
  const auto append = [&](std::uint8_t code) {
    if (base == nullptr)
      out += gsm7_decode(std::span(&code, 1));
    else
      append_utf8(out, (*base)[code] != 0 ? (*base)[code] : U' ');
  };
  for (std::size_t at = 0; at < septets.size(); ++at) {
    const std::uint8_t code = septets[at] & 0x7F;
    if (code != gsm7_escape) {
      append(code);
      continue;
    }
    const std::uint8_t escaped = at + 1 < septets.size() ? septets[++at] & 0x7F : gsm7_escape;
    if (escaped == gsm7_escape) {
      out.push_back(' ');
    } else if (single == nullptr) {
      const std::uint8_t pair[] = {gsm7_escape, escaped};
      out += gsm7_decode(pair);
    } else if ((*single->single)[escaped] != 0) {
      append_utf8(out, (*single->single)[escaped]);
    } else if (escaped != 0x0D) {
      append(escaped);
    }
  }
  return out;
}

}  // namespace smsbridge::smpp
