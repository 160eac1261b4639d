// SPDX-License-Identifier: MPL-2.0
#pragma once
#include "smpp/dialect.hpp"

namespace smsbridge::bridge {

template <class Object>
class Keys;
// The section `dialect` of a gateway by SMPP.
const Keys<smpp::Dialect>& dialect_keys();

}  // namespace smsbridge::bridge
