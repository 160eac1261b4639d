// SPDX-License-Identifier: MPL-2.0
#include "bridge/env/network.hpp"

#include <gtest/gtest.h>

namespace smsbridge::bridge {
namespace {

TEST(Network, KnowsWhatIsNotThePublicInternets) {
  struct {
    const char* address;
    bool want;
  } const cases[] = {
      {"127.0.0.1", true},
      {"127.255.0.9", true},
      {"10.0.0.1", true},
      {"172.16.0.1", true},
      {"172.31.255.255", true},
      {"172.32.0.1", false},
      {"192.168.1.1", true},
      {"192.169.1.1", false},
      {"169.254.169.254", true},
      {"100.64.0.1", true},
      {"100.128.0.1", false},
      {"0.0.0.0", true},
      {"0.1.2.3", true},
      {"224.0.0.1", true},
      {"255.255.255.255", true},
      {"8.8.8.8", false},
      {"41.90.0.1", false},
      {"::", true},
      {"::1", true},
      {"fe80::1", true},
      {"febf::1", true},
      {"fc00::1", true},
      {"fd12:3456::1", true},
      {"ff02::1", true},
      {"2001:4860:4860::8888", false},
      {"::ffff:127.0.0.1", true},
      {"::ffff:8.8.8.8", false},
      {"::127.0.0.1", true},
      {"64:ff9b::10.0.0.1", true},
      {"64:ff9b::8.8.8.8", false},
      {"2002:7f00:1::1", true},
      {"2002:808:808::1", false},
  };
  for (const auto& c : cases) {
    const auto address = ip_address(c.address);
    ASSERT_TRUE(address) << c.address;
    EXPECT_EQ(is_private(*address), c.want) << c.address;
  }
}

TEST(Network, IsABlockOrOneAddress) {
  struct {
    const char *network, *address;
    bool want;
  } const cases[] = {
      {"10.0.0.0/8", "10.255.1.2", true},      {"10.0.0.0/8", "11.0.0.1", false},
      {"10.20.0.0/15", "10.21.9.9", true},     {"10.20.0.0/15", "10.22.0.0", false},
      {"127.0.0.1", "127.0.0.1", true},        {"127.0.0.1", "127.0.0.2", false},
      {"0.0.0.0/0", "192.168.0.1", true},      {"0.0.0.0/0", "::1", false},
      {"fd00::/8", "fd12::1", true},           {"fd00::/8", "fe12::1", false},
      {"10.0.0.0/8", "::ffff:10.1.1.1", true},
  };
  for (const auto& c : cases) {
    const auto network = parse_network(c.network);
    ASSERT_TRUE(network) << c.network;
    EXPECT_EQ(network->holds(*ip_address(c.address)), c.want) << c.network << " " << c.address;
  }
  for (const auto* bad :
       {"", "localhost", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8x", "10.0.0/8", "::/129", "/8", "10.0.0.0/-1"})
    EXPECT_FALSE(parse_network(bad)) << bad;
}

TEST(Network, WhatIsListedMayBeReached) {
  const Targets open, closed{.all = false, .listed = {*parse_network("10.1.0.0/16")}};
  const auto in = [](const char* text) { return *ip_address(text); };
  EXPECT_TRUE(open.allow(in("127.0.0.1")));
  EXPECT_TRUE(closed.allow(in("8.8.8.8")));
  EXPECT_TRUE(closed.allow(in("10.1.2.3")));
  EXPECT_FALSE(closed.allow(in("10.2.2.3")));
  EXPECT_FALSE(closed.allow(in("127.0.0.1")));
}

}  // namespace
}  // namespace smsbridge::bridge
