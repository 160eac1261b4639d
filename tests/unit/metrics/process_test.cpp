// SPDX-License-Identifier: MPL-2.0
#include "metrics/process.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <map>
#include <string>

namespace smsbridge::metrics {
namespace {

std::map<std::string, double> collected() {
  std::map<std::string, double> out;
  for (const auto& family : collect_process()) {
    const auto& metric = family.metric.at(0);
    out[family.name] = family.type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value;
  }
  return out;
}

TEST(Process, IsPlausible) {
  const auto values = collected();
  const auto now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  ASSERT_EQ(values.size(), 6U);
  EXPECT_GE(values.at("process_cpu_seconds_total"), 0);
  EXPECT_LT(values.at("process_cpu_seconds_total"), 3600);
  EXPECT_GT(values.at("process_resident_memory_bytes"), 1e6);
  EXPECT_GT(values.at("process_virtual_memory_bytes"), values.at("process_resident_memory_bytes"));
  EXPECT_GE(values.at("process_max_fds"), values.at("process_open_fds"));
  EXPECT_GT(values.at("process_start_time_seconds"), now - 3600);
  EXPECT_LT(values.at("process_start_time_seconds"), now + 5);
}

TEST(Process, CountsOpenFiles) {
  const auto before = collected().at("process_open_fds");
  std::ifstream file("/proc/self/stat");
  EXPECT_EQ(collected().at("process_open_fds"), before + 1);
}

}  // namespace
}  // namespace smsbridge::metrics
