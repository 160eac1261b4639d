// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <CLI/CLI.hpp>
#include <functional>

namespace smsbridge::bridge {

// Each adds its subcommands to `app` and, when one was chosen, sets `run`.
using Run = std::function<int()>;
void add_serve(CLI::App& app, Run& run);       // serve, check-config, version
void add_keys(CLI::App& app, Run& run);        // keys create|list|remove
void add_messages(CLI::App& app, Run& run);    // send, messages list|show|tail|cancel|retry
void add_gateways(CLI::App& app, Run& run);    // gateways list|show|pause|resume|parse|build
void add_inspect(CLI::App& app, Run& run);     // smpp decode|receipt, text
void add_trying_out(CLI::App& app, Run& run);  // demo, smsc-sim

}  // namespace smsbridge::bridge
