// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <string>
#include <vector>

namespace smsbridge::bridge {

// The known key that is meant by another word: by one that the trade uses for it, or mistyped. Empty: none.
std::string meant(const std::string& key, const std::vector<std::string>& known);

}  // namespace smsbridge::bridge
