// SPDX-License-Identifier: MPL-2.0
#include "metrics/process.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

namespace smsbridge::metrics {
namespace {

struct Stat {
  double cpu_seconds = 0;
  double started_seconds = 0;  // after the machine
  double virtual_bytes = 0;
  double resident_bytes = 0;
};

// proc(5): the second field is the program's name in brackets and may contain anything, so reading starts behind the
// last bracket, with the third.
std::optional<Stat> read_stat() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  const auto bracket = line.rfind(')');
  if (bracket == std::string::npos) return std::nullopt;
  std::istringstream fields(line.substr(bracket + 1));
  constexpr int utime = 14, stime = 15, starttime = 22, vsize = 23, rss = 24;
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  Stat out;
  std::string field;
  for (int number = 3; number <= rss; ++number) {
    if (!(fields >> field)) return std::nullopt;
    if (number == utime || number == stime) out.cpu_seconds += std::stod(field) / ticks;
    if (number == starttime) out.started_seconds = std::stod(field) / ticks;
    if (number == vsize) out.virtual_bytes = std::stod(field);
    if (number == rss) out.resident_bytes = std::stod(field) * static_cast<double>(sysconf(_SC_PAGESIZE));
  }
  return out;
}

std::optional<double> read_boot_time() {
  std::ifstream file("/proc/stat");
  for (std::string word; file >> word;) {
    double seconds = 0;
    if (word == "btime" && file >> seconds) return seconds;
  }
  return std::nullopt;
}

std::optional<double> count_open_files() {
  std::error_code error;
  double count = 0;
  for (std::filesystem::directory_iterator entry("/proc/self/fd", error), end; !error && entry != end;
       entry.increment(error))
    ++count;
  if (error) return std::nullopt;
  return count - 1;  // the one that reads the directory
}

std::optional<double> open_files_max() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return std::nullopt;
  return static_cast<double>(limit.rlim_cur);
}

prometheus::MetricFamily family(const char* name, const char* help, prometheus::MetricType type, double value) {
  prometheus::ClientMetric metric;
  (type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
  return {.name = name, .help = help, .type = type, .metric = {metric}};
}

}  // namespace

std::vector<prometheus::MetricFamily> collect_process() {
  using prometheus::MetricType;
  std::vector<prometheus::MetricFamily> out;
  if (const auto stat = read_stat()) {
    out.push_back(
        family("process_cpu_seconds_total", "User and system time spent.", MetricType::Counter, stat->cpu_seconds));
    out.push_back(family("process_resident_memory_bytes", "Memory in RAM.", MetricType::Gauge, stat->resident_bytes));
    out.push_back(family("process_virtual_memory_bytes", "Memory mapped, the whole store included.", MetricType::Gauge,
                         stat->virtual_bytes));
    if (const auto boot = read_boot_time())
      out.push_back(family("process_start_time_seconds", "Start of the process since the epoch.", MetricType::Gauge,
                           *boot + stat->started_seconds));
  }
  if (const auto count = count_open_files())
    out.push_back(family("process_open_fds", "Open file descriptors.", MetricType::Gauge, *count));
  if (const auto limit = open_files_max())
    out.push_back(family("process_max_fds", "File descriptors that may be open.", MetricType::Gauge, *limit));
  return out;
}

}  // namespace smsbridge::metrics
