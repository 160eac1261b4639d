// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/meant.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "bridge/text/nearest.hpp"

namespace smsbridge::bridge {
namespace {

// What the trade, and other programs, call our keys. Where a name stands for several, the first that is known counts.
const std::vector<std::pair<std::string_view, std::string_view>> synonyms = {
    {"tps", "rate"},
    {"throughput", "rate"},
    {"max_tps", "rate"},
    {"max_rate", "rate"},
    {"rate_limit", "rate"},
    {"binds", "sessions"},
    {"bind_count", "sessions"},
    {"connections", "sessions"},
    {"bind_type", "bind"},
    {"bind_mode", "bind"},
    {"username", "system_id"},
    {"user", "system_id"},
    {"passwd", "password"},
    {"pass", "password"},
    {"secret", "password"},
    {"window_size", "window"},
    {"async_depth", "window"},
    {"outstanding", "window"},
    {"source_addr", "sender"},
    {"sender_id", "sender"},
    {"short_code", "sender"},
    {"shortcode", "sender"},
    {"mask", "sender"},
    {"enquire_link", "enquire_link_interval"},
    {"keepalive", "enquire_link_interval"},
    {"ssl", "tls"},
    {"ip", "host"},
    {"address", "host"},
    {"hostname", "host"},
    {"dlr", "receipts"},
    {"delivery_receipts", "receipts"},
    {"http", "api"},
    {"http_api", "api"},
    {"socket", "control"},
    {"prometheus", "metrics"},
    {"country", "default_country"},
    {"country", "countries"},
    {"tenant", "tenants"},
    {"prefix", "prefixes"},
    {"priority", "position"},
    {"app_key", "fineract_app_key"},
};

}  // namespace

std::string meant(const std::string& key, const std::vector<std::string>& known) {
  const auto word = text::lower(key);
  for (const auto& [name, ours] : synonyms)
    if (name == word && std::ranges::find(known, ours) != known.end()) return std::string(ours);
  return text::nearest(key, known);
}

}  // namespace smsbridge::bridge
