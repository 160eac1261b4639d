// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <functional>
#include <string>

#include "bridge/config/config.hpp"
#include "bridge/env/clock.hpp"
#include "store/store.hpp"

namespace smsbridge::bridge {

// Who may come in is kept in the store's file, which the running daemon reads too: no restart is needed. The exit code;
// what is wrong with the configuration was said.
int with_host_store(const std::string& config_file,
                    const std::function<int(const Config&, store::Store&, Clock&)>& work);

// In the system's log: the daemon does not see what is done to its store, and this line outlives the terminal.
void note_on_host(const char* kind, const std::string& name, const char* what);

}  // namespace smsbridge::bridge
