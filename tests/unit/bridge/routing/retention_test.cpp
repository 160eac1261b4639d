// SPDX-License-Identifier: MPL-2.0
// How long messages are kept, by what file, lanes and tenants say.
#include "bridge/routing/retention.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "bridge/config/keys.hpp"
#include "tests/unit/bridge/delivery/virtual_clock.hpp"

namespace smsbridge::bridge {
namespace {

constexpr WallMs usual = 90 * day;

class RetentionTest : public testing::Test {
 protected:
  RetentionTest() : store_(options(folder_)) {
    store_.open_queue();
    config_.tenants = {{.name = "umoja"}, {.name = "tujenge"}};
  }
  ~RetentionTest() override { std::filesystem::remove_all(folder_); }
  static store::Options options(const std::filesystem::path& folder) {
    store::Options options{.path = folder, .size_limit_bytes = 16u << 20, .prewrite_bytes = 0, .sync = false};
    options.wall_clock = [] { return WallMs{1'790'000'000'000}; };
    return options;
  }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("smsbridge-retention-" + std::to_string(::getpid()));
  store::Store store_;
  metrics::Metrics metrics_{{"", "", ""}};
  VirtualClock clock_;
  Config config_;
};

TEST_F(RetentionTest, TheTenantGoesBeforeTheLaneAndTheLaneBeforeTheStore) {
  using enum store::Lane;
  config_.lanes[static_cast<std::size_t>(otp)].retention_ms = day;
  config_.tenants[0].lanes[static_cast<std::size_t>(otp)].retention_ms = hour;
  config_.tenants[0].lanes[static_cast<std::size_t>(reminder)].retention_ms = week;
  Tenants tenants(RoutingTable(config_).tenants, store_, metrics_, clock_);
  const auto umoja = tenants.find("umoja")->id, tujenge = tenants.find("tujenge")->id;
  const auto now = [&] { return retention_of(RoutingTable(config_), tenants, usual); };
  EXPECT_EQ(now().of(umoja, otp), hour);
  EXPECT_EQ(now().of(umoja, reminder), week);
  EXPECT_EQ(now().of(umoja, transaction), usual);
  EXPECT_EQ(now().of(tujenge, otp), day);
  EXPECT_EQ(now().of(tujenge, reminder), usual);
  EXPECT_EQ(now().durations(), (std::set<WallMs>{hour, day, week, usual}));

  config_.tenants.erase(config_.tenants.begin());
  tenants.take_over(tenants.prepare(RoutingTable(config_).tenants));
  EXPECT_EQ(now().of(umoja, reminder), week) << "what it left behind";
}

}  // namespace
}  // namespace smsbridge::bridge
