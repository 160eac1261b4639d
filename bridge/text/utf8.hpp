// SPDX-License-Identifier: MPL-2.0
// One code point at a time, in and out of UTF-8: as smpp/ does it, which stands below.
#pragma once

#include "smpp/utf8.hpp"

namespace smsbridge::bridge::text {

using smpp::append_utf8;
using smpp::invalid_code_point;
using smpp::is_ascii;
using smpp::take_code_point;

}  // namespace smsbridge::bridge::text
