// SPDX-License-Identifier: MPL-2.0
// What a reader takes for one character: letter and accents, an emoji of several code points, a syllable with its signs
// (Unicode Standard Annex 29). The rules and their data are utf8proc's: 350 kB without dependencies, where ICU is 38
// MB.
#pragma once

#include <string>
#include <string_view>

namespace smsbridge::bridge::text {

// Takes the first cluster off `rest`, which is valid UTF-8 and not empty.
std::string_view take_cluster(std::string_view& rest);

// In Normalization Form C, so that an accent that stands by itself finds its letter's own code in an alphabet. What has
// no accents of the Latin, Greek and Cyrillic scripts comes back empty: there is nothing to put together.
std::string composed(std::string_view utf8);

}  // namespace smsbridge::bridge::text
