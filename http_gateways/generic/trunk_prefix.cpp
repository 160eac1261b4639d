// SPDX-License-Identifier: MPL-2.0
#include "http_gateways/generic/trunk_prefix.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace smsbridge::http_gateways {
namespace {

// Sorted as texts. With 1 and 692 there is a 1 to be dialled, but who asks for a national number means ten digits.
constexpr auto without = std::to_array<std::string_view>(
    {"1",   "216", "220", "221", "222", "223", "224", "225", "226", "227", "228", "229", "230", "235",
     "236", "237", "238", "239", "240", "242", "244", "245", "246", "247", "248", "253", "257", "258",
     "266", "267", "268", "269", "290", "297", "298", "299", "30",  "34",  "350", "351", "352", "354",
     "356", "357", "371", "372", "376", "378", "39",  "420", "45",  "47",  "48",  "500", "501", "502",
     "503", "504", "505", "506", "507", "509", "52",  "56",  "592", "597", "599", "65",  "670", "672",
     "673", "674", "675", "676", "677", "678", "679", "680", "681", "682", "683", "685", "687", "688",
     "689", "690", "691", "692", "852", "853", "960", "965", "968", "973", "974", "975", "992", "998"});
static_assert(std::ranges::is_sorted(without));

constexpr auto others = std::to_array<std::pair<std::string_view, std::string_view>>(
    {{"36", "06"}, {"375", "8"}, {"7", "8"}, {"993", "8"}});

}  // namespace

std::string_view trunk_prefix(std::string_view country_code) {
  if (std::ranges::binary_search(without, country_code)) return "";
  const auto* it = std::ranges::find(others, country_code, &std::pair<std::string_view, std::string_view>::first);
  return it == others.end() ? "0" : it->second;
}

}  // namespace smsbridge::http_gateways
