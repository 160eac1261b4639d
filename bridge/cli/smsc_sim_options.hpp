// SPDX-License-Identifier: MPL-2.0
#pragma once
#include "bridge/smsc_sim/command.hpp"

namespace CLI {
class App;
}

namespace smsbridge::bridge {

// The options of `smsbridge smsc-sim`, as its help shows them.
void add_smsc_sim_options(CLI::App& subcommand, smsc_sim::CommandOptions& options);

}  // namespace smsbridge::bridge
