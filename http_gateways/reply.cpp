// SPDX-License-Identifier: MPL-2.0
#include "http_gateways/reply.hpp"

#include <algorithm>
#include <ctime>

#include "http_gateways/coding.hpp"
#include "http_gateways/readable.hpp"

namespace smsbridge::http_gateways {
namespace {

constexpr std::size_t detail_max_bytes = 200;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF", spaces = " \t\r\n";
constexpr std::int64_t retry_after_min_s = 1, retry_after_max_s = 3600;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::string_view find_header(const Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers)
    if (lower(key) == lower(name)) return value;
  return {};
}

std::optional<std::int64_t> http_date(std::string_view text) {
  std::tm when{};
  if (!::strptime(std::string(text).c_str(), "%a, %d %b %Y %H:%M:%S GMT", &when)) return std::nullopt;
  return static_cast<std::int64_t>(::timegm(&when));
}

std::string media_type(const Headers& headers) {
  const auto type = find_header(headers, "Content-Type");
  return lower(trimmed(type.substr(0, type.find(';'))));
}

std::optional<std::int64_t> retry_after_ms(const Headers& headers, std::int64_t now_s) {
  const std::string value(find_header(headers, "Retry-After"));
  if (value.empty()) return std::nullopt;
  std::int64_t seconds = 0;
  if (std::ranges::all_of(value, is_digit) && value.size() < 12) {
    seconds = std::stoll(value);
  } else {
    const auto when = http_date(value);
    if (!when) return std::nullopt;
    seconds = *when - now_s;
  }
  return std::clamp(seconds, retry_after_min_s, retry_after_max_s) * 1000;
}

std::string detail_of(std::string_view own, const OutboundSms& sms) {
  if (!sms.text.empty() && own.find(sms.text) != std::string_view::npos) return {};
  const auto text = readable(own);
  const std::string_view words = trimmed(text);
  std::string out;
  for (std::size_t i = 0; i < words.size() && out.size() < detail_max_bytes;) {
    // A number that begins here: digits, and what people put between them.
    std::size_t digits = 0, end = i;
    for (auto k = i; k < words.size(); ++k) {
      if (is_digit(words[k])) {
        ++digits;
        end = k + 1;
      } else if (digits == 0 || std::string_view(" -()").find(words[k]) == std::string_view::npos) {
        break;
      }
    }
    if (digits >= 7)
      out += "...";
    else
      out += words.substr(i, std::max(end - i, std::size_t{1}));
    i = std::max(end, i + 1);
  }
  // The last character may be cut.
  return out.size() < detail_max_bytes ? out : readable(out);
}

std::string own_words(std::string_view words, const OutboundSms& sms) {
  const auto text = lower(words), ours = lower(trimmed(sms.text));
  if (ours.empty()) return text;
  std::string own;
  std::size_t from = 0;
  for (auto at = text.find(ours); at != std::string::npos; at = text.find(ours, from)) {
    own.append(text, from, at - from);
    from = at + ours.size();
  }
  return own.append(text, from);
}

bool is_web_page(const Reply& reply) {
  std::string_view body = reply.body;
  if (body.starts_with(byte_order_mark)) body.remove_prefix(byte_order_mark.size());
  body.remove_prefix(std::min(body.find_first_not_of(spaces), body.size()));
  const auto begin = lower(body.substr(0, 32));
  if (begin.starts_with("<!doctype html") || begin.starts_with("<html")) return true;
  return begin.starts_with('<') && lower(find_header(reply.headers, "Content-Type")).starts_with("text/html");
}

ErrorClass failure_of(const Reply& reply) {
  const auto error_class = by_http_status(reply, 0).error_class;
  return error_class == ErrorClass::none ? ErrorClass::temporary : error_class;
}

}  // namespace smsbridge::http_gateways
