// SPDX-License-Identifier: MPL-2.0
#include "bridge/env/network.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace smsbridge::bridge {
namespace {

constexpr int ipv4_offset_bits = 96;

// RFC 6890 and its registries: what is not globally reachable.
const std::vector<Network>& private_networks() {
  static const auto networks = [] {
    std::vector<Network> list;
    for (const auto* text : {"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
                             "172.16.0.0/12", "192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4",
                             "240.0.0.0/4", "::/128", "::1/128", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"})
      list.push_back(*parse_network(text));
    return list;
  }();
  return networks;
}

IpAddress mapped(const std::uint8_t* octets) {
  IpAddress address{};
  address[10] = address[11] = 0xFF;
  std::copy_n(octets, 4, address.begin() + 12);
  return address;
}

// IPv6 addresses whose packets go to an IPv4 address: IPv4-compatible, NAT64 (RFC 6052, RFC 8215), 6to4.
std::optional<IpAddress> wrapped(const IpAddress& address) {
  static const auto compatible = *parse_network("::/96"), nat64 = *parse_network("64:ff9b::/96"),
                    local_nat64 = *parse_network("64:ff9b:1::/48"), six_to_four = *parse_network("2002::/16");
  if (compatible.holds(address) || nat64.holds(address) || local_nat64.holds(address)) return mapped(&address[12]);
  if (six_to_four.holds(address)) return mapped(&address[2]);
  return std::nullopt;
}

}  // namespace

bool Network::holds(const IpAddress& other) const {
  const auto whole = static_cast<std::size_t>(bits / 8);
  if (!std::equal(address.begin(), address.begin() + static_cast<std::ptrdiff_t>(whole), other.begin())) return false;
  const int rest = bits % 8;
  return rest == 0 || (address[whole] ^ other[whole]) >> (8 - rest) == 0;
}

std::optional<IpAddress> ip_address(std::string_view text) {
  const std::string terminated(text);
  IpAddress address{};
  if (::inet_pton(AF_INET6, terminated.c_str(), address.data()) == 1) return address;
  std::array<std::uint8_t, 4> ipv4{};
  if (::inet_pton(AF_INET, terminated.c_str(), ipv4.data()) == 1) return mapped(ipv4.data());
  return std::nullopt;
}

std::optional<IpAddress> ip_address(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    ::sockaddr_in ipv4{};
    std::memcpy(&ipv4, &address, sizeof(ipv4));
    std::array<std::uint8_t, 4> octets{};
    std::memcpy(octets.data(), &ipv4.sin_addr, octets.size());
    return mapped(octets.data());
  }
  if (address.sa_family != AF_INET6) return std::nullopt;
  ::sockaddr_in6 ipv6{};
  std::memcpy(&ipv6, &address, sizeof(ipv6));
  IpAddress octets{};
  std::memcpy(octets.data(), &ipv6.sin6_addr, octets.size());
  return octets;
}

std::optional<Network> parse_network(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = ip_address(text.substr(0, slash));
  if (!address) return std::nullopt;
  Network network{.address = *address, .bits = 128};
  if (slash == std::string_view::npos) return network;
  const int offset = text.find(':') == std::string_view::npos ? ipv4_offset_bits : 0;
  const auto digits = text.substr(slash + 1);
  int bits = 0;
  const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  if (ec != std::errc() || end != digits.data() + digits.size() || bits < 0 || bits + offset > 128) return std::nullopt;
  network.bits = bits + offset;
  return network;
}

bool is_private(const IpAddress& address) {
  if (std::ranges::any_of(private_networks(), [&](const Network& network) { return network.holds(address); }))
    return true;
  const auto ipv4 = wrapped(address);
  return ipv4 && is_private(*ipv4);
}

bool Targets::allow(const IpAddress& address) const {
  return all || !is_private(address) ||
         std::ranges::any_of(listed, [&](const Network& network) { return network.holds(address); });
}

}  // namespace smsbridge::bridge
