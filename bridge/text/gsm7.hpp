// SPDX-License-Identifier: MPL-2.0
// The GSM 7 bit alphabet: it is SMPP's, and so its table is there.
#pragma once

#include "smpp/gsm7.hpp"

namespace smsbridge::bridge::text {

using smpp::gsm7_code;
using smpp::gsm7_decode;
using smpp::gsm7_encode;
using smpp::gsm7_escape;
using smpp::gsm7_outside;
using smpp::gsm7_septets;

}  // namespace smsbridge::bridge::text
