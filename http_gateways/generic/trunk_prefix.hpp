// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <string_view>

namespace smsbridge::http_gateways {

// What is dialled before a national number inside the country with this calling code: "0" in most, nothing where the
// plan has no trunk prefix. Facts of the ITU-T national numbering plans, as libphonenumber's metadata has them; a test
// compares them with the numbering table of bridge/text, which this folder must not include.
std::string_view trunk_prefix(std::string_view country_code);

}  // namespace smsbridge::http_gateways
