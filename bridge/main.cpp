// SPDX-License-Identifier: MPL-2.0
#include <sodium.h>

#include <iostream>
#include <string_view>

#include "bridge/cli/command_line.hpp"
#include "bridge/cli/daemon.hpp"
#include "bridge/cli/demo.hpp"
#include "bridge/cli/exit_codes.hpp"
#include "bridge/env/process.hpp"

int main(int argc, char** argv) {
  using namespace smsbridge::bridge;
  process::open_standard_descriptors();
  // The daemon answers signals once it can; one that comes before is neither lost nor its end.
  if (argc > 1 && std::string_view(argv[1]) == "serve") process::hold_signals_back();
  if (::sodium_init() < 0) {
    std::cerr << "error: libsodium cannot find a source of randomness\n";
    return exit_failed;
  }
  return command_line(argc, argv, {.serve = run_daemon, .demo = run_demo});
}
