// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <string>
#include <vector>

namespace smsbridge::bridge::text {

std::string lower(std::string text);  // ASCII letters
// The known word nearest to a mistyped one, empty if none is near.
std::string nearest(const std::string& given, const std::vector<std::string>& known);

}  // namespace smsbridge::bridge::text
