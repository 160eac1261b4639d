// SPDX-License-Identifier: MPL-2.0
#include "bridge/version.hpp"

namespace smsbridge::bridge {

const metrics::BuildInfo& build_info() {
  static const metrics::BuildInfo info{
      .version = SMSBRIDGE_VERSION, .revision = SMSBRIDGE_REVISION, .compiler = SMSBRIDGE_COMPILER};
  return info;
}

}  // namespace smsbridge::bridge
