// SPDX-License-Identifier: MPL-2.0
// What the standard demands of a message that a client submits, beyond the layout that the codec checks.
#pragma once

#include <cstdint>
#include <string_view>

#include "smpp/content.hpp"
#include "smpp/pdu.hpp"

namespace smsbridge::smpp {

struct Breach {
  std::uint32_t status = 0;  // 0: nothing is wrong
  std::string_view reason;
};

Breach breach_of(const Message& message, const UserData& data, const Part& part);

}  // namespace smsbridge::smpp
