// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <string>
#include <string_view>

// Numbers as providers want them.
namespace smsbridge::http_gateways {

std::string digits_of(std::string_view e164);  // without '+'
// "+254..." of 7 to 15 bare digits; short codes and names stay as they are.
std::string with_plus(std::string_view number);

}  // namespace smsbridge::http_gateways
