// SPDX-License-Identifier: MPL-2.0
#include "http_gateways/json.hpp"

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>

#include "http_gateways/readable.hpp"

namespace smsbridge::http_gateways {
namespace {

constexpr std::int64_t parts_max = 255;  // of one message: a UDH cannot say more

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Puts quotes around integers that 64 bits cannot hold.
std::string with_long_integers_as_text(std::string_view body) {
  std::string out;
  out.reserve(body.size() + 16);
  bool quoted = false;
  for (std::size_t i = 0; i < body.size(); ++i) {
    const char c = body[i];
    if (quoted) {
      out += c;
      if (c == '\\' && i + 1 < body.size()) out += body[++i];
      if (c == '"') quoted = false;
      continue;
    }
    if (c == '"') quoted = true;
    if (c != '-' && !is_digit(c)) {
      out += c;
      continue;
    }
    auto end = i + 1;
    while (end < body.size() && (is_digit(body[end]) || std::string_view(".eE+-").find(body[end]) != std::string::npos))
      ++end;
    const auto number = body.substr(i, end - i);
    const bool integer = std::ranges::all_of(number.substr(c == '-' ? 1 : 0), is_digit);
    const bool longer = integer && number.size() > 18;
    if (longer) out += '"';
    out += number;
    if (longer) out += '"';
    i = end - 1;
  }
  return out;
}

}  // namespace

std::optional<boost::json::value> parse_json(std::string_view body) {
  const auto text = readable(body);
  boost::json::error_code ec;
  auto value = boost::json::parse(with_long_integers_as_text(trimmed(text)), ec);
  if (ec) value = boost::json::parse(with_long_integers_as_text(repaired_json(trimmed(text))), ec);
  if (ec) return std::nullopt;
  return value;
}

const boost::json::value* at(const boost::json::value& value, std::string_view pointer) {
  boost::json::error_code ec;
  const auto* found = value.find_pointer(pointer, ec);
  return !ec && found && !found->is_null() ? found : nullptr;
}

std::string text_of(const boost::json::value* value) {
  if (!value) return {};
  if (const auto* text = value->if_string()) return std::string(*text);
  if (const auto* number = value->if_double()) {
    std::array<char, 64> digits{};
    const auto [end, ec] =
        std::to_chars(digits.data(), digits.data() + digits.size(), *number, std::chars_format::fixed);
    return ec == std::errc() ? std::string(digits.data(), end) : std::string();
  }
  if (value->is_number() || value->is_bool()) return boost::json::serialize(*value);
  return {};
}

std::string text_at(const boost::json::value& value, std::string_view pointer) { return text_of(at(value, pointer)); }

std::string word_at(const boost::json::value& value, std::string_view pointer) {
  return std::string(trimmed(text_at(value, pointer)));
}

std::optional<std::int64_t> integer_of(const boost::json::value* value) {
  const auto whole = text_of(value);
  const auto text = trimmed(whole);
  std::int64_t number = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (ec != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

std::optional<bool> boolean_of(const boost::json::value* value) {
  const auto text = text_of(value);
  if (text == "true") return true;
  if (text == "false") return false;
  return std::nullopt;
}

std::optional<int> parts_of(const boost::json::value* value) {
  const auto count = integer_of(value);
  if (!count || *count < 1 || *count > parts_max) return std::nullopt;
  return static_cast<int>(*count);
}

std::string text_setting(const boost::json::object& settings, std::string_view name, std::string_view otherwise) {
  const auto* value = settings.if_contains(name);
  return value && !value->is_null() ? text_of(value) : std::string(otherwise);
}

bool flag_setting(const boost::json::object& settings, std::string_view name, bool otherwise) {
  const auto* value = settings.if_contains(name);
  return boolean_of(value).value_or(otherwise);
}

}  // namespace smsbridge::http_gateways
