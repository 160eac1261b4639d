// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <cstdint>
#include <string>

namespace smsbridge::bridge {

struct ListenAddress {
  std::string host;
  std::uint16_t port = 0;
};

}  // namespace smsbridge::bridge
