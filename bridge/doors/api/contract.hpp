// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <string>
#include <string_view>

namespace smsbridge::bridge {

// openapi.yaml, built into the program, and the same as JSON.
std::string_view contract_yaml();
const std::string& contract_json();

}  // namespace smsbridge::bridge
