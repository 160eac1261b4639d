// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <string>

namespace smsbridge::bridge {

struct DaemonOptions {
  std::string config_file = "/etc/smsbridge/smsbridge.yaml";
  std::string log_level, log_format;  // empty: as the configuration says
};

// Until SIGTERM, SIGINT, or the end of the store. Returns the exit code.
int run_daemon(const DaemonOptions& options);

}  // namespace smsbridge::bridge
