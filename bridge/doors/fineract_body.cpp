// SPDX-License-Identifier: MPL-2.0
#include "bridge/doors/fineract_body.hpp"

#include <charconv>
#include <cmath>
#include <cstdint>

#include "bridge/http/reading.hpp"
#include "bridge/text/ucs2.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

// Every string of a body becomes text here, each by itself: Fineract before 1.4 sends ISO 8859-1 without saying so, and
// one octet of it must not garble the neighbours.
std::string text_of(const json::string& octets) { return text::repaired_utf8(std::string(std::string_view(octets))); }

// The parser refuses half of a surrogate pair, but one bad text must not cost its batch: it becomes U+FFFD.
std::string without_lone_surrogates(std::string_view body) {
  const auto unit_at = [&](std::size_t at) {
    unsigned unit = 0;
    if (at + 6 > body.size() || body[at] != '\\' || body[at + 1] != 'u') return 0u;
    const auto [end, ec] = std::from_chars(body.data() + at + 2, body.data() + at + 6, unit, 16);
    return ec == std::errc() && end == body.data() + at + 6 ? unit : 0u;
  };
  std::string repaired;
  repaired.reserve(body.size());
  for (std::size_t at = 0; at < body.size();) {
    const unsigned unit = unit_at(at);
    std::size_t size = body[at] == '\\' ? 2 : 1;
    if (unit >= 0xD800 && unit <= 0xDFFF) {
      const unsigned next = unit_at(at + 6);
      const bool pair = unit <= 0xDBFF && next >= 0xDC00 && next <= 0xDFFF;
      if (!pair) {
        repaired += "\\ufffd";
        at += 6;
        continue;
      }
      size = 12;
    }
    repaired += body.substr(at, size);
    at += size;
  }
  return repaired;
}

}  // namespace

json::value parse_body(std::string_view body, const json::storage_ptr& memory, json::error_code& ec) {
  body = without_byte_order_mark(body);
  json::parse_options options;
  options.allow_invalid_utf8 = true;
  auto value = json::parse(body, ec, memory, options);
  return ec ? json::parse(without_lone_surrogates(body), ec, memory, options) : value;
}

std::string scalar_text(const json::value* value) {
  if (!value) return {};
  if (value->is_string()) return text_of(value->get_string());
  if (value->is_int64()) return std::to_string(value->as_int64());
  if (value->is_uint64()) return std::to_string(value->as_uint64());
  // 12.0 is 12 to whoever wrote it; 1.5 is no id.
  if (const auto* number = value->if_double(); number && std::abs(*number) < 9e15 && std::trunc(*number) == *number)
    return std::to_string(static_cast<std::int64_t>(*number));
  return {};
}

std::string string_of(const json::object& entry, std::string_view name) {
  const auto* value = entry.if_contains(name);
  return value && value->is_string() ? text_of(value->get_string()) : std::string();
}

std::string client_ref_of(const json::value* value) {
  return std::string(text::cut_utf8(scalar_text(value), client_ref_max));
}

}  // namespace smsbridge::bridge
