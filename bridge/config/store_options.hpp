// SPDX-License-Identifier: MPL-2.0
#pragma once
#include "bridge/config/config.hpp"
#include "store/store.hpp"

namespace smsbridge::bridge {

// How the store of this configuration is opened, by the daemon and by the commands that open it themselves.
store::Options store_options(const Config& config, Clock& clock);

}  // namespace smsbridge::bridge
