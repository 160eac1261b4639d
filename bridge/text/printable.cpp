// SPDX-License-Identifier: MPL-2.0
#include "bridge/text/printable.hpp"

#include <fmt/format.h>

#include "bridge/text/ucs2.hpp"

namespace smsbridge::bridge::text {
namespace {

// Octets of the control character that `text`, valid UTF-8, begins with; 0: it begins with another one.
std::size_t control_at(std::string_view text, unsigned& code) {
  const auto octet = [&](std::size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0u; };
  if (octet(0) < 0x20 || octet(0) == 0x7F) return code = octet(0), 1;
  if (octet(0) == 0xC2 && octet(1) < 0xA0) return code = octet(1), 2;
  if (octet(0) != 0xE2 || (octet(1) != 0x80 && octet(1) != 0x81)) return 0;
  code = 0x2000 + ((octet(1) & 0x3F) << 6) + (octet(2) & 0x3F);
  return (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069) ? 3 : 0;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string repaired;
  if (!is_valid_utf8(text)) text = repaired = repaired_utf8(std::string(text));
  std::string shown;
  shown.reserve(text.size());
  while (!text.empty()) {
    unsigned code = 0;
    const auto size = control_at(text, code);
    if (size == 0)
      shown += text.front();
    else if (code == '\n' || code == '\r' || code == '\t')
      shown.append({'\\', code == '\n' ? 'n' : code == '\r' ? 'r' : 't'});
    else
      shown += fmt::format("\\u{:04x}", code);
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return shown;
}

}  // namespace smsbridge::bridge::text
