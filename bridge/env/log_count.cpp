// SPDX-License-Identifier: MPL-2.0
#include "bridge/env/log_count.hpp"

#include "bridge/env/log.hpp"

namespace smsbridge::bridge::log {
namespace {

metrics::Metrics* counts = nullptr;  // spdlog calls a plain function

void count_line(spdlog::level::level_enum level) {
  if (!counts) return;
  using metrics::LogLevel;
  const auto label = level >= spdlog::level::critical ? LogLevel::critical
                     : level == spdlog::level::err    ? LogLevel::error
                     : level == spdlog::level::warn   ? LogLevel::warning
                     : level == spdlog::level::info   ? LogLevel::info
                                                      : LogLevel::debug;
  counts->log().events[label]->Increment();
}

}  // namespace

void count_into(metrics::Metrics* metrics) {
  if (!metrics) set_counter(nullptr);
  counts = metrics;
  if (metrics) set_counter(count_line);
}

}  // namespace smsbridge::bridge::log
