// SPDX-License-Identifier: MPL-2.0
#include "bridge/env/must.hpp"

#include <spdlog/spdlog.h>

#include <cstdlib>

#include "bridge/env/log.hpp"

namespace smsbridge::bridge {

void stop_because_broken(const char* what) {
  log::error("daemon", "stops itself: something is not as it must be; please report this", "what", what);
  spdlog::default_logger()->flush();
  std::abort();
}

}  // namespace smsbridge::bridge
