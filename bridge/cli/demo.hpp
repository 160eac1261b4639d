// SPDX-License-Identifier: MPL-2.0
// The demonstration: the daemon, a simulated carrier, and a Fineract that posts a batch and polls until each message is
// delivered. Everything is real but the carrier's phones.
#pragma once
#include <cstdint>
#include <string>

namespace smsbridge::bridge {

struct DemoOptions {
  bool once = false;
  int messages = 5;
  std::uint16_t api_port = 9190, fineract_port = 9191, smsc_port = 0;
  std::string folder;  // empty: a temporary one
};

// Returns the exit code: done only if all was delivered.
int run_demo(const DemoOptions& options);

}  // namespace smsbridge::bridge
