// SPDX-License-Identifier: MPL-2.0
#include "bridge/text/keyword.hpp"

#include <utility>

#include "bridge/text/utf8.hpp"

namespace smsbridge::bridge::text {
namespace {

// The letter below the accent, of U+00C0 to U+017F (Unicode's canonical decompositions, and the strokes of o, d and l);
// '*' where there is none.
constexpr char32_t latin_begin = 0xC0, latin_end = 0x180;
constexpr std::string_view latin_bases =
    "aaaaaa*ceeeeiiii*nooooo*ouuuuy**"   // 00C0
    "aaaaaa*ceeeeiiii*nooooo*ouuuuy*y"   // 00E0
    "aaaaaaccccccccddddeeeeeeeeeegggg"   // 0100
    "gggghh**iiiiiiiii***jjkk*llllll*"   // 0120
    "*llnnnnnn***oooooo**rrrrrrssssss"   // 0140
    "sstttt**uuuuuuuuuuuuwwyyyzzzzzz*";  // 0160
static_assert(latin_bases.size() == latin_end - latin_begin);

// Nothing to see: accents by themselves, joiners of Indic scripts, variants.
bool is_mark(char32_t c) {
  return (c >= 0x300 && c < 0x370) || c == 0x200C || c == 0x200D || (c >= 0xFE00 && c < 0xFE10);
}

// Blanks and punctuation, also of Devanagari (danda) and of the general blocks.
bool is_between(char32_t c) {
  if (c < 0x80) return !((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'));
  return (c >= 0x80 && c < 0xC0) || (c >= 0x2000 && c < 0x2070) || c == 0x964 || c == 0x965 ||
         (c >= 0x3000 && c < 0x3040) || c == 0xFEFF;
}

void append_folded(std::string& out, char32_t c) {
  if (c >= 'A' && c <= 'Z') c = c - 'A' + 'a';
  if (c >= latin_begin && c < latin_end)
    if (const char base = latin_bases[c - latin_begin]; base != '*') c = static_cast<char32_t>(base);
  append_utf8(out, c);
}

}  // namespace

std::vector<std::string> words_of(std::string_view utf8, std::size_t words_max) {
  std::vector<std::string> words;
  std::string word;
  const auto end_word = [&] {
    if (!word.empty()) words.push_back(std::exchange(word, {}));
  };
  while (!utf8.empty() && words.size() < words_max) {
    const auto c = take_code_point(utf8);
    if (c == invalid_code_point) break;
    if (is_mark(c)) continue;
    if (is_between(c))
      end_word();
    else
      append_folded(word, c);
  }
  if (words.size() < words_max) end_word();
  return words;
}

}  // namespace smsbridge::bridge::text
