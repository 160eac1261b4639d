// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct sockaddr;

namespace smsbridge::bridge {

using IpAddress = std::array<std::uint8_t, 16>;  // IPv4 as ::ffff:a.b.c.d

// A block of addresses such as 10.0.0.0/8, or a single one.
struct Network {
  IpAddress address{};
  int bits = 128;
  bool holds(const IpAddress& other) const;
};

std::optional<IpAddress> ip_address(std::string_view text);
std::optional<IpAddress> ip_address(const sockaddr& address);  // nothing: of another family
std::optional<Network> parse_network(std::string_view text);
// Loopback, private, link-local and whatever else is not the public internet's; also when IPv6 wraps such an address.
bool is_private(const IpAddress& address);

// Where somebody may make us connect to.
struct Targets {
  bool all = true;              // whatever this machine reaches
  std::vector<Network> listed;  // otherwise: what is public, and these
  bool allow(const IpAddress& address) const;
};

}  // namespace smsbridge::bridge
