// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/asio/any_io_executor.hpp>

#include "bridge/env/random.hpp"

namespace smsbridge::bridge {

// A shard, as what lives on it needs it. The executor runs one handler at a time.
struct ShardPlace {
  boost::asio::any_io_executor executor;
  Random& random;
};

}  // namespace smsbridge::bridge
