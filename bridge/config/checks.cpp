// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <optional>

#include "bridge/config/reader.hpp"
#include "bridge/config/tls.hpp"
#include "bridge/config/units.hpp"
#include "bridge/env/network.hpp"
#include "bridge/text/control.hpp"
#include "bridge/text/number.hpp"
#include "bridge/text/sender.hpp"
#include "bridge/text/zone.hpp"

namespace smsbridge::bridge {
namespace {

constexpr std::size_t name_length_max = 64;

// Of an address with a scheme; an IPv6 address without its brackets.
std::string host_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find_first_of("/?#"));
  if (const auto at = url.rfind('@'); at != std::string_view::npos) url.remove_prefix(at + 1);
  if (url.starts_with('[')) return std::string(url.substr(1, url.find(']') - 1));
  return std::string(url.substr(0, url.find(':')));
}

// "08:00" -> minutes of the day; 24:00 is its end.
std::optional<int> parse_clock(const std::string& text) {
  int hours = 0, minutes = 0;
  char behind = 0;
  if (std::sscanf(text.c_str(), "%2d:%2d%c", &hours, &minutes, &behind) != 2 || hours < 0 || minutes < 0 ||
      minutes > 59)
    return std::nullopt;
  const int total = hours * 60 + minutes;
  return total <= 24 * 60 ? std::optional(total) : std::nullopt;
}

}  // namespace

void check_name(ConfigSection& s, const std::string& name) {
  const auto forbidden = [](unsigned char c) { return c == '/' || c < 0x20 || c == 0x7F; };
  if (std::ranges::any_of(name, forbidden))
    s.problem("name", "is a part of addresses: no '/' and no control characters", "bad-value");
  if (name.size() > name_length_max)
    s.problem("name", fmt::format("must have 1 to {} octets", name_length_max), "bad-value");
}

void check_first_delay(ConfigSection& s, const char* first, WallMs first_ms, const char* longest, WallMs longest_ms) {
  if (first_ms > longest_ms)
    s.problem(first, "is longer than '" + std::string(longest) + "', which is " + duration_text(longest_ms),
              "bad-value");
}

void check_country(ConfigSection& s, const std::string& key, const std::string& country) {
  if (!country.empty() && !text::is_known_country(country))
    s.problem(key, "'" + country + "' is not an ISO 3166 country such as KE", "bad-value");
}

void check_zone(ConfigSection& s, const std::string& key, const std::string& zone) {
  if (!text::is_zone(zone)) s.problem(key, "'" + zone + "' is not a time zone such as Africa/Nairobi", "bad-value");
}

void read_clock(ConfigSection& s, const char* key, int& minute_of_day) {
  std::string text;
  s.read(key, text);
  if (text.empty()) return;
  if (const auto parsed = parse_clock(text))
    minute_of_day = *parsed;
  else
    s.problem(key, "'" + text + "' is not a time of day such as 08:00", "bad-value");
}

void check_no_control(ConfigSection& s, const std::string& key, const std::string& value) {
  if (text::has_control(value)) s.problem(key, "holds a control character or a line break", "bad-value");
}

void check_url(ConfigSection& s, const std::string& key, const std::string& url, const std::string& example,
               const std::string& danger) {
  check_no_control(s, key, url);
  if (!url.empty() && !url.starts_with("https://") && !url.starts_with("http://"))
    s.problem(key, "is not an address such as " + example, "bad-value");
  else if (url.starts_with("http://") && is_public(host_of(url)))
    s.problem(key, danger + " to a public name or address: use https://", "unsafe", true);
}

void check_networks(ConfigSection& s, const std::string& key, const std::vector<std::string>& networks) {
  for (const auto& text : networks)
    if (!parse_network(text))
      s.problem(key, "'" + text + "' is not an address or a block such as 10.0.0.0/8", "bad-value");
}

void check_sender(ConfigSection& s, const std::string& sender, std::string_view country) {
  if (const auto why = text::why_not_a_sender(sender, country); !why.empty())
    s.problem("sender", "'" + sender + "' is no sender: " + why, "bad-value");
}

}  // namespace smsbridge::bridge
