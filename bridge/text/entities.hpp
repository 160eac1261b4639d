// SPDX-License-Identifier: MPL-2.0
// Undoes the HTML escaping of core banking's templates: "Amina O&#39;Brien" is meant to reach the phone as "Amina
// O'Brien".
#pragma once

#include <string>
#include <string_view>

namespace smsbridge::bridge::text {

// Named references (those of HTML 4 for Latin-1, and the common ones for punctuation), decimal and hexadecimal ones.
// One pass: "&amp;lt;" becomes "&lt;", since the text was escaped once. What is unknown, lacks its semicolon or
// names no character stays as it is: a text may contain an ampersand for its own sake.
std::string decode_html_entities(std::string_view text);

// The blanks that rich-text editors put in the place of plain ones (&nbsp; and the typographic widths) become plain,
// and soft hyphens and byte order marks go: nobody means them, and one of them more than doubles what a text costs.
std::string with_plain_blanks(std::string text);

}  // namespace smsbridge::bridge::text
