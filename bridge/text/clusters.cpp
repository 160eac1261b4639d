// SPDX-License-Identifier: MPL-2.0
#include "bridge/text/clusters.hpp"

#include <utf8proc.h>

#include <cstdlib>
#include <memory>

#include "bridge/text/utf8.hpp"

namespace smsbridge::bridge::text {
namespace {

constexpr char32_t first_combining = 0x300, last_combining = 0x36F;

}  // namespace

std::string_view take_cluster(std::string_view& rest) {
  auto behind = rest;
  auto value = take_code_point(behind);
  for (utf8proc_int32_t state = 0; !behind.empty();) {
    auto next = behind;
    const auto following = take_code_point(next);
    // Below the first combining mark only a line's end has two characters: most texts need no table.
    if (value < first_combining && following < first_combining) {
      if (value != U'\r' || following != U'\n') break;
    } else if (utf8proc_grapheme_break_stateful(static_cast<utf8proc_int32_t>(value),
                                                static_cast<utf8proc_int32_t>(following), &state)) {
      break;
    }
    value = following;
    behind = next;
  }
  const auto cluster = rest.substr(0, rest.size() - behind.size());
  rest = behind;
  return cluster;
}

std::string composed(std::string_view utf8) {
  bool has_marks = false;
  for (auto rest = utf8; !rest.empty() && !has_marks;) {
    const auto value = take_code_point(rest);
    if (value == invalid_code_point) return {};
    has_marks = value >= first_combining && value <= last_combining;
  }
  if (!has_marks) return {};
  utf8proc_uint8_t* made = nullptr;
  const auto size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(utf8.data()), static_cast<utf8proc_ssize_t>(utf8.size()),
                   &made, static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owned(made, &std::free);
  return size < 0 ? std::string() : std::string(reinterpret_cast<const char*>(made), static_cast<std::size_t>(size));
}

}  // namespace smsbridge::bridge::text
