// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <string>
#include <string_view>

// Lines of key=value (or JSON) over spdlog, which does levels, sinks and asynchrony. Never a text, never a
// secret, and a whole number only where that is wanted.
namespace smsbridge::bridge::log {

enum class Format { logfmt, json, pretty };
void set_up(std::string_view level, std::string_view format);  // format: auto, logfmt, json, pretty
Format format();
// Called for each line written, with its level; for the metric.
void set_counter(void (*count)(spdlog::level::level_enum));

// The last three digits stay: enough to recognise a number one knows.
std::string masked(std::string_view number);
// As it stands in the log: masked, unless whoever runs the daemon wants it whole. Before the threads begin.
void show_full_numbers(bool full);
std::string phone(std::string_view number);

void append_field(std::string& line, std::string_view key, std::string_view value);
void write(spdlog::level::level_enum level, std::string_view component, std::string_view message,
           const std::string& fields);

inline void append_fields(std::string&) {}
template <class Value, class... Rest>
void append_fields(std::string& line, std::string_view key, const Value& value, const Rest&... rest) {
  append_field(line, key, fmt::format("{}", value));
  append_fields(line, rest...);
}

// log::info("gateway", "bound", "gateway", name, "session", 2)
template <class... Fields>
void line(spdlog::level::level_enum level, std::string_view component, std::string_view message,
          const Fields&... fields) {
  if (!spdlog::should_log(level)) return;
  std::string text;
  append_fields(text, fields...);
  write(level, component, message, text);
}
template <class... Fields>
void debug(std::string_view component, std::string_view message, const Fields&... fields) {
  line(spdlog::level::debug, component, message, fields...);
}
template <class... Fields>
void info(std::string_view component, std::string_view message, const Fields&... fields) {
  line(spdlog::level::info, component, message, fields...);
}
template <class... Fields>
void warn(std::string_view component, std::string_view message, const Fields&... fields) {
  line(spdlog::level::warn, component, message, fields...);
}
// A person should act.
template <class... Fields>
void error(std::string_view component, std::string_view message, const Fields&... fields) {
  line(spdlog::level::err, component, message, fields...);
}

}  // namespace smsbridge::bridge::log
