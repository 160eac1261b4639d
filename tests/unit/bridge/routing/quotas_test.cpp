// SPDX-License-Identifier: MPL-2.0
// What a tenant's limits let in.
#include "bridge/routing/quotas.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "bridge/routing/routing_table.hpp"
#include "tests/unit/bridge/delivery/virtual_clock.hpp"

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;

class QuotasTest : public testing::Test {
 protected:
  QuotasTest() : store_(options(folder_)) {
    store_.open_queue();
    config_.tenants = {{.name = "narrow", .limits = {.queue = 10, .rate = 10}}, {.name = "wide"}};
    tenants_.emplace(RoutingTable(config_).tenants, store_, metrics_, clock_);
  }
  ~QuotasTest() override { std::filesystem::remove_all(folder_); }
  static store::Options options(const std::filesystem::path& folder) {
    store::Options options{.path = folder, .size_limit_bytes = 16u << 20, .prewrite_bytes = 0, .sync = false};
    options.wall_clock = [] { return WallMs{1'790'000'000'000}; };
    return options;
  }
  const Tenant& tenant(std::string_view name) { return *tenants_->find(name); }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("smsbridge-quotas-" + std::to_string(::getpid()));
  store::Store store_;
  metrics::Metrics metrics_{{"", "", ""}};
  VirtualClock clock_;
  Config config_;
  std::optional<Tenants> tenants_;
  Quotas quotas_{store_};
};

TEST_F(QuotasTest, NoMorePlacesThanTheLimit) {
  EXPECT_TRUE(quotas_.take_places(tenant("narrow"), 8));
  EXPECT_FALSE(quotas_.take_places(tenant("narrow"), 3)) << "all of a request or nothing";
  EXPECT_TRUE(quotas_.take_places(tenant("narrow"), 2));
  EXPECT_FALSE(quotas_.take_places(tenant("narrow"), 1));
  EXPECT_TRUE(quotas_.take_places(tenant("wide"), 1'000'000));
  quotas_.refresh();
  EXPECT_TRUE(quotas_.take_places(tenant("narrow"), 10)) << "nothing waits in the store";
}

TEST_F(QuotasTest, ACampaignLocksOutNoLoginCodes) {
  const auto& narrow = tenant("narrow");
  const Time now = clock_.now();
  EXPECT_EQ(quotas_.take_turns(narrow, 50'000, now, true), Duration(4999s));
  EXPECT_EQ(quotas_.take_turns(narrow, 1, now, false), Duration::zero());
  EXPECT_EQ(quotas_.take_turns(narrow, 1, now + 60s, false), Duration::zero());
}

TEST_F(QuotasTest, WhatCanWaitKeepsTheRateAndTheRestIsRefusedBeyondASecond) {
  const auto& narrow = tenant("narrow");
  const Time now = clock_.now();
  EXPECT_EQ(quotas_.take_turns(narrow, 10, now, false), Duration::zero()) << "a second's worth at once";
  EXPECT_EQ(quotas_.take_turns(narrow, 1, now, false), std::nullopt);
  EXPECT_EQ(quotas_.take_turns(narrow, 1, now, true), Duration(100ms));
  EXPECT_EQ(quotas_.take_turns(narrow, 9, now, true), Duration(1s));
  EXPECT_EQ(quotas_.take_turns(narrow, 10, now + 1s, false), Duration::zero()) << "those held back are not ahead";
  EXPECT_EQ(quotas_.take_turns(narrow, 1, now + 1s, false), std::nullopt);
  EXPECT_EQ(quotas_.take_turns(narrow, 1, now + 1s, true), Duration(1100ms)) << "behind both";
  EXPECT_EQ(quotas_.take_turns(narrow, 11, now + 100s, false), std::nullopt)
      << "more than a second's worth in one request";
  EXPECT_EQ(quotas_.take_turns(tenant("wide"), 1'000'000, now, false), Duration::zero());
}

}  // namespace
}  // namespace smsbridge::bridge
