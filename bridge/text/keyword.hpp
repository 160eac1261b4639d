// SPDX-License-Identifier: MPL-2.0
// What a phone wrote, as keywords are compared: people write "Arrêt.", "STOP!!" and "stop" and mean one word.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace smsbridge::bridge::text {

// The words of a text without what stands around them, in lower case and without accents (of Latin letters: in other
// scripts marks are letters): "arret" of "ARRÊT!". Looks at the first `words_max` words only.
std::vector<std::string> words_of(std::string_view utf8, std::size_t words_max = 3);

}  // namespace smsbridge::bridge::text
