// SPDX-License-Identifier: MPL-2.0
#include "bridge/smsc_sim/message_id.hpp"

#include <fmt/format.h>

#include <utility>

namespace smsbridge::bridge::smsc_sim {
namespace {

// splitmix64: neighbouring numbers share no digits.
std::uint64_t mixed(std::uint64_t value) {
  value += 0x9E3779B97F4A7C15U;
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9U;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBU;
  return value ^ (value >> 31);
}

char* write(char* out, IdFormat format, std::uint64_t number) {
  switch (format) {
    case IdFormat::decimal:
      return fmt::format_to(out, "{}", number);
    case IdFormat::decimal10:
      return fmt::format_to(out, "{:010}", number);
    case IdFormat::hex:
      return fmt::format_to(out, "{:x}", number);
    case IdFormat::hex8:
      return fmt::format_to(out, "{:08X}", number);
    case IdFormat::uuid:
      break;
  }
  const auto high = mixed(number), low = mixed(~number);
  return fmt::format_to(out, "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xFFFF, high & 0xFFF,
                        0x8000 | ((low >> 48) & 0x3FFF), low & 0xFFFFFFFFFFFF);
}

}  // namespace

std::string_view write_id(IdBuffer& buffer, IdFormat format, std::uint64_t number) {
  const char* end = write(buffer.data(), format, number);
  return {buffer.data(), static_cast<std::size_t>(end - buffer.data())};
}

std::optional<IdFormat> id_format_of(std::string_view name) {
  static constexpr std::pair<std::string_view, IdFormat> names[] = {{"dec", IdFormat::decimal},
                                                                    {"dec10", IdFormat::decimal10},
                                                                    {"hex", IdFormat::hex},
                                                                    {"hex8", IdFormat::hex8},
                                                                    {"uuid", IdFormat::uuid}};
  for (const auto& [known, format] : names)
    if (known == name) return format;
  return std::nullopt;
}

}  // namespace smsbridge::bridge::smsc_sim
