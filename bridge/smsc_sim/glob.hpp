// SPDX-License-Identifier: MPL-2.0
#pragma once

#include <string_view>

namespace smsbridge::bridge::smsc_sim {

// `*` stands for any characters, `?` for one. A failed attempt goes back to the last star only, so the time is at most
// the product of the two lengths.
inline bool glob_matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p, ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace smsbridge::bridge::smsc_sim
