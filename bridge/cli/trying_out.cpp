// SPDX-License-Identifier: MPL-2.0
#include <memory>

#include "bridge/cli/command_line.hpp"
#include "bridge/cli/commands.hpp"
#include "bridge/cli/demo.hpp"
#include "bridge/cli/smsc_sim_options.hpp"
#include "bridge/env/process.hpp"

namespace smsbridge::bridge {

void add_trying_out(CLI::App& app, Run& run, const Programs& programs) {
  auto options = std::make_shared<DemoOptions>();
  auto* show = app.add_subcommand("demo",
                                  "The bridge between a simulated bank and carrier: a batch as Fineract posts it, and "
                                  "a text of an event, until they are delivered");
  show->add_flag("--once", options->once, "End after delivery");
  show->add_option("--messages", options->messages, "Size of the batch")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  show->add_option("--api-port", options->api_port, "Port of API and metrics, 0: any")->capture_default_str();
  show->add_option("--fineract-port", options->fineract_port, "Port of the Fineract listener, 0: any")
      ->capture_default_str();
  show->add_option("--smsc-port", options->smsc_port, "Port of the simulated carrier, 0: any")->capture_default_str();
  show->add_option("--folder", options->folder, "Keep configuration and store here; a temporary folder otherwise");
  show->callback([options, &run, demo = programs.demo] { run = [options, demo] { return demo(*options); }; });

  auto centre = std::make_shared<smsc_sim::CommandOptions>();
  auto* simulator = app.add_subcommand("smsc-sim", "A simulated message centre: for trying out, load and faults");
  add_smsc_sim_options(*simulator, *centre);
  simulator->callback([centre, &run] {
    run = [centre] {
      process::ignore_broken_pipes();
      return smsc_sim::run(*centre);
    };
  });
}

}  // namespace smsbridge::bridge
