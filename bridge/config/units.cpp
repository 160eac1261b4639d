// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/units.hpp"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

namespace smsbridge::bridge {
namespace {

// A thousand years; far from where sums overflow.
constexpr WallMs duration_max_ms = 1000ll * 366 * 86'400'000;

// "ms" is looked for before "m".
const std::vector<std::pair<std::string_view, WallMs>> duration_units = {
    {"ms", 1}, {"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}};

const std::vector<std::pair<std::string_view, int>> size_units = {{"", 0},     {"B", 0},    {"KiB", 10},
                                                                  {"MiB", 20}, {"GiB", 30}, {"TiB", 40}};

}  // namespace

std::string duration_text(WallMs ms) {
  std::pair<std::string_view, WallMs> largest = duration_units.front();
  for (const auto& unit : duration_units)
    if (ms % unit.second == 0 && unit.second > largest.second) largest = unit;
  return ms == 0 ? "0s" : std::to_string(ms / largest.second) + std::string(largest.first);
}

std::optional<WallMs> parse_duration_ms(std::string_view text) {
  WallMs total = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    WallMs value = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (ec != std::errc() || text.front() == '-' || value > 1'000'000'000) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const auto unit = std::ranges::find_if(duration_units, [&](const auto& u) { return text.starts_with(u.first); });
    if (unit == duration_units.end()) return std::nullopt;
    total += value * unit->second;
    if (total > duration_max_ms) return std::nullopt;
    text.remove_prefix(unit->first.size());
  }
  return total;
}

std::optional<std::uint64_t> parse_size_bytes(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc()) return std::nullopt;
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  for (const auto& [name, shift] : size_units)
    if (unit == name && value <= (~std::uint64_t{0} >> shift)) return value << shift;
  return std::nullopt;
}

std::string size_text(std::uint64_t octets) {
  const auto* unit = &size_units[1];
  for (const auto& larger : size_units)
    if (octets != 0 && octets % (std::uint64_t{1} << larger.second) == 0 && larger.second > unit->second)
      unit = &larger;
  return std::to_string(octets >> unit->second) + std::string(unit->first);
}

}  // namespace smsbridge::bridge
