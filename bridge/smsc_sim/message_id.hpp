// SPDX-License-Identifier: MPL-2.0
// How a message centre writes the ids of its messages. Many write them in one way in the response to the submit and in
// another in the receipt.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace smsbridge::bridge::smsc_sim {

enum class IdFormat : std::uint8_t {
  decimal,    // 1000017
  decimal10,  // 0001000017
  hex,        // f4251
  hex8,       // 000F4251
  uuid,       // 8 4 4 4 12 hexadecimal digits that follow from the number
};

using IdBuffer = std::array<char, 40>;

// The view is into `buffer`.
std::string_view write_id(IdBuffer& buffer, IdFormat format, std::uint64_t number);

// "dec", "dec10", "hex", "hex8" and "uuid", as on the command line.
std::optional<IdFormat> id_format_of(std::string_view name);

}  // namespace smsbridge::bridge::smsc_sim
