// SPDX-License-Identifier: MPL-2.0
#include "bridge/cli/host_store.hpp"

#include <syslog.h>

#include <iostream>

#include "bridge/cli/client.hpp"
#include "bridge/cli/exit_codes.hpp"
#include "bridge/config/store_options.hpp"

namespace smsbridge::bridge {

int with_host_store(const std::string& config_file,
                    const std::function<int(const Config&, store::Store&, Clock&)>& work) {
  const auto loaded = load_config(config_file);
  if (!loaded.ok()) {
    for (const auto& problem : loaded.problems) std::cerr << describe(problem) << "\n";
    return exit_bad_config;
  }
  SystemClock clock;
  auto settings = store_options(loaded.config, clock);
  settings.prewrite_bytes = 0;
  store::Store store(std::move(settings));
  return work(loaded.config, store, clock);
}

void note_on_host(const char* kind, const std::string& name, const char* what) {
  const auto by = local_user();
  ::openlog("smsbridge", LOG_PID, LOG_AUTHPRIV);
  ::syslog(LOG_INFO, "%s %s was %s by %s", kind, name.c_str(), what, by.c_str());
  ::closelog();
}

}  // namespace smsbridge::bridge
