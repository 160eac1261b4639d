// SPDX-License-Identifier: MPL-2.0
#include "bridge/http/request.hpp"

#include <algorithm>
#include <boost/beast/core/string.hpp>

#include "bridge/text/ucs2.hpp"

namespace smsbridge::bridge {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string percent_decoded(std::string_view text, bool plus_is_space, bool& ok) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1,
                low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0) {
        ok = false;
        return decoded;
      }
      decoded.push_back(static_cast<char>(high * 16 + low));
      i += 2;
    } else {
      decoded.push_back(plus_is_space && text[i] == '+' ? ' ' : text[i]);
    }
  }
  return decoded;
}

namespace {

// POST http://host/sms is POST /sms (RFC 9112 section 3.2.2): what a client says that takes us for a proxy.
std::string_view without_authority(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!boost::beast::iequals(target.substr(0, scheme.size()), scheme)) continue;
    target.remove_prefix(scheme.size());
    return target.substr(std::min(target.find_first_of("/?"), target.size()));
  }
  return target;
}

}  // namespace

// What the escapes stand for is made valid UTF-8 here: answers and logs repeat it.
bool parse_target(std::string_view target, std::string& path, std::map<std::string, std::string>& query) {
  bool ok = true;
  target = without_authority(target);
  std::string_view query_text;
  if (const auto mark = target.find('?'); mark != std::string_view::npos) {
    query_text = target.substr(mark + 1);
    target = target.substr(0, mark);
  }
  path.clear();
  if (target.empty()) target = "/";
  for (const char c : text::repaired_utf8(percent_decoded(target, false, ok)))
    if (c != '/' || path.empty() || path.back() != '/') path.push_back(c);
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  while (!query_text.empty()) {
    const auto end = std::min(query_text.find('&'), query_text.size());
    const auto pair = query_text.substr(0, end);
    const auto equals = std::min(pair.find('='), pair.size());
    auto name = text::repaired_utf8(percent_decoded(pair.substr(0, equals), true, ok));
    if (!name.empty())
      query[std::move(name)] =
          equals < pair.size() ? text::repaired_utf8(percent_decoded(pair.substr(equals + 1), true, ok)) : "";
    query_text.remove_prefix(std::min(end + 1, query_text.size()));
  }
  return ok;
}

}  // namespace smsbridge::bridge
