// SPDX-License-Identifier: MPL-2.0
#include "bridge/env/log.hpp"

#include <spdlog/async.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>

#include <atomic>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

#include "bridge/text/printable.hpp"

namespace smsbridge::bridge::log {
namespace {

std::atomic<Format> format_{Format::logfmt};
std::atomic<void (*)(spdlog::level::level_enum)> counter_{nullptr};
bool full_numbers_ = false;

// JSON escapes what is below a blank; the other controls of terminals, and what is no UTF-8, come from peers as well.
std::string quoted(std::string_view value) {
  return text::printable(boost::json::serialize(boost::json::string(value)));
}

bool is_bare(std::string_view value) {
  return !value.empty() && value.find_first_of(" \"=\\") == std::string_view::npos;
}

}  // namespace

void set_up(std::string_view level, std::string_view format) {
  spdlog::drop_all();
  spdlog::init_thread_pool(8192, 1);
  // A full queue drops the oldest line rather than stop a message.
  auto logger = spdlog::create_async_nb<spdlog::sinks::stderr_sink_mt>("smsbridge");
  spdlog::set_default_logger(logger);
  const bool terminal = ::isatty(STDERR_FILENO) != 0;
  format_ = format == "json"                                       ? Format::json
            : format == "pretty" || (format == "auto" && terminal) ? Format::pretty
                                                                   : Format::logfmt;
  if (format_ == Format::json)
    spdlog::set_pattern("{\"ts\":\"%Y-%m-%dT%H:%M:%S.%eZ\",\"level\":\"%l\",%v}", spdlog::pattern_time_type::utc);
  else if (format_ == Format::pretty)
    spdlog::set_pattern("%H:%M:%S.%e %-7l %v");
  else
    spdlog::set_pattern("ts=%Y-%m-%dT%H:%M:%S.%eZ level=%l %v", spdlog::pattern_time_type::utc);
  spdlog::set_level(spdlog::level::from_str(std::string(level)));
  spdlog::flush_on(spdlog::level::warn);
  spdlog::flush_every(std::chrono::seconds(1));
}

Format format() { return format_; }
void set_counter(void (*count)(spdlog::level::level_enum)) { counter_ = count; }

std::string masked(std::string_view number) {
  if (number.size() <= 3) return "***";
  return std::string(number.size() - 3, '*') + std::string(number.substr(number.size() - 3));
}

void show_full_numbers(bool full) { full_numbers_ = full; }

std::string phone(std::string_view number) { return full_numbers_ ? std::string(number) : masked(number); }

void append_field(std::string& line, std::string_view key, std::string_view value) {
  if (format_ == Format::json) {
    line += ',' + quoted(key) + ':' + quoted(value);
  } else {
    line += ' ';
    line += key;
    line += '=';
    // An escape has a backslash, and so is quoted.
    if (const auto shown = text::printable(value); is_bare(shown))
      line += shown;
    else
      line += quoted(value);
  }
}

void write(spdlog::level::level_enum level, std::string_view component, std::string_view message,
           const std::string& fields) {
  if (auto* count = counter_.load()) count(level);
  if (format_ == Format::json)
    spdlog::log(level, "\"component\":{},\"msg\":{}{}", quoted(component), quoted(message), fields);
  else if (format_ == Format::pretty)
    spdlog::log(level, "{:<8} {}{}", component, text::printable(message), fields);
  else
    spdlog::log(level, "component={} msg={}{}", component,
                is_bare(text::printable(message)) ? text::printable(message) : quoted(message), fields);
}

}  // namespace smsbridge::bridge::log
