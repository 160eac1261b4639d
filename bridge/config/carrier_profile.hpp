// SPDX-License-Identifier: MPL-2.0
// What is known of a kind of carriers, as settings that a gateway takes over by `profile: NAME` and may say otherwise.
// conf/carriers has them, and the program holds them.
#pragma once
#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace smsbridge::bridge {

class ConfigSection;

struct CarrierProfile {
  std::string_view name, file;  // the file as it was written, with the sources of its facts
  std::string about() const;    // one line
};

const std::vector<CarrierProfile>& carrier_profiles();              // by name
const CarrierProfile* find_carrier_profile(std::string_view name);  // nullptr: there is none

// Lays the settings of the profile under those that `s` has: a name, or in a configuration file also the path of a file
// of one's own, which has a slash in it or ends with .yaml. Returns what was lent; what is wrong is a problem of the
// key `profile`.
boost::json::object lend_profile(ConfigSection& s, const std::string& profile);

}  // namespace smsbridge::bridge
