// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <sys/resource.h>

#include <algorithm>
#include <cstddef>

namespace smsbridge::bridge {

// Everything that is open shares one limit (RLIMIT_NOFILE). Clients are given what we do not need ourselves: without a
// reserve a few hundred idle ones keep links to carriers from coming back, and the command line out.
inline constexpr std::size_t own_descriptors = 96;  // store, log, event loops, control socket, gateways made later
inline constexpr std::size_t descriptors_per_session = 2;  // an address beside the one that does not answer
inline constexpr std::size_t clients_min = 8;

inline std::size_t descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return 1u << 20;
  return static_cast<std::size_t>(limit.rlim_cur);
}

// How many clients each of `listeners` sockets may hold beside `sessions` connections of our own.
inline std::size_t clients_per_listener(std::size_t limit, std::size_t sessions, std::size_t listeners,
                                        std::size_t clients_max) {
  const auto own = own_descriptors + descriptors_per_session * sessions;
  const auto left = limit > own ? (limit - own) / std::max<std::size_t>(listeners, 1) : 0;
  return std::clamp(left, clients_min, clients_max);
}

}  // namespace smsbridge::bridge
