// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <functional>
#include <memory>
#include <sstream>
#include <string>

namespace smsbridge::bridge {

// The lines that are logged meanwhile.
inline std::string logged(const std::function<void()>& happens) {
  std::ostringstream lines;
  const auto usual = spdlog::default_logger();
  spdlog::set_default_logger(
      std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_st>(lines)));
  happens();
  spdlog::set_default_logger(usual);
  return lines.str();
}

}  // namespace smsbridge::bridge
