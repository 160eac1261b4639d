// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <string>

#include "bridge/env/stream.hpp"

namespace smsbridge::bridge {

template <class Object>
class Keys;
const Keys<TlsOptions>& tls_keys();

// No name or address of this machine or of a network of one's own, as far as can be told without asking.
bool is_public(const std::string& host);

}  // namespace smsbridge::bridge
