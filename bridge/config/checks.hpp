// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "bridge/env/clock.hpp"

// What several objects have, each with the same rule.
namespace smsbridge::bridge {

class ConfigSection;
// The key `name`: it stands in addresses, in the store's keys and in metrics.
void check_name(ConfigSection& s, const std::string& name);
// The key `sender`: one that a phone shows.
void check_sender(ConfigSection& s, const std::string& sender, std::string_view country);
void check_country(ConfigSection& s, const std::string& key, const std::string& country);
void check_no_control(ConfigSection& s, const std::string& key, const std::string& value);
// An http:// or https:// address, such as `example`. `danger`: what of http:// to a public name or address is warned
// of.
void check_url(ConfigSection& s, const std::string& key, const std::string& url, const std::string& example,
               const std::string& danger);
// Addresses, and blocks of them.
void check_networks(ConfigSection& s, const std::string& key, const std::vector<std::string>& networks);
// A time zone of the IANA database.
void check_zone(ConfigSection& s, const std::string& key, const std::string& zone);
// A time of day such as 08:00, in minutes; 24:00 is its end. What is not given stays.
void read_clock(ConfigSection& s, const char* key, int& minute_of_day);
// Delays double up to the longest.
void check_first_delay(ConfigSection& s, const char* first, WallMs first_ms, const char* longest, WallMs longest_ms);

}  // namespace smsbridge::bridge
