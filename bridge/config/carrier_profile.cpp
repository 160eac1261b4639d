// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/carrier_profile.hpp"

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "bridge/config/embedded.hpp"
#include "bridge/config/gateway.hpp"
#include "bridge/config/keys.hpp"
#include "bridge/text/nearest.hpp"

// The build lists them in this file: PROFILE(number, name, path).
#define PROFILE(number, name, file) SMSBRIDGE_EMBED(smsbridge_carrier_##number, file)
#include SMSBRIDGE_CARRIERS
#undef PROFILE

namespace smsbridge::bridge {
namespace {

constexpr std::size_t profile_octets_max = 64 * 1024;

// What is the gateway's own: who it is, where it goes, and its secrets.
const std::set<std::string>& own_keys() {
  static const std::set<std::string> keys = [] {
    std::set<std::string> own{"profile", "kind", "description", "tenants"};
    for (auto* infos : {gateway_infos, smpp_infos})
      for (const auto& key : infos())
        if (key.required || key.of_file || key.decides_address || key.type == KeyInfo::Type::secret)
          own.insert(key.name);
    return own;
  }();
  return keys;
}

bool is_path(const std::string& profile) {
  return profile.find('/') != std::string::npos || profile.ends_with(".yaml") || profile.ends_with(".yml");
}

std::string known_profiles() {
  std::string names;
  for (const auto& profile : carrier_profiles()) names.append(names.empty() ? "" : ", ").append(profile.name);
  return names;
}

// Empty: a problem was told.
std::string text_of_profile(ConfigSection& s, const std::string& profile) {
  const auto refuse = [&](const std::string& why) {
    s.problem("profile", why, "bad-value");
    return std::string();
  };
  if (const auto* known = find_carrier_profile(profile)) return std::string(known->file);
  if (!is_path(profile)) {
    std::vector<std::string> names;
    for (const auto& known : carrier_profiles()) names.emplace_back(known.name);
    const auto close = text::nearest(profile, names);
    return refuse("there is no carrier profile '" + profile + "'" +
                  (close.empty() ? "" : "; did you mean '" + close + "'?") + " There are: " + known_profiles());
  }
  if (!s.is_file()) return refuse("only a configuration file may name a file: '" + profile + "'");
  const auto path = s.folder() / profile;
  std::ifstream in(path, std::ios::binary);
  std::string text(profile_octets_max + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (!in.eof()) return refuse("cannot read the file " + path.string() + ", or it has more than 64 KiB");
  if (text.empty()) return refuse("the file " + path.string() + " is empty");
  return text;
}

}  // namespace

std::string CarrierProfile::about() const {
  const auto about = YAML::Load(std::string(file))["about"];
  return about.IsDefined() && about.IsScalar() ? about.Scalar() : std::string();
}

const std::vector<CarrierProfile>& carrier_profiles() {
  static const std::vector<CarrierProfile> profiles = [] {
    std::vector<CarrierProfile> all{
#define PROFILE(number, name, file)     \
  {name,                                \
   {smsbridge_carrier_##number##_begin, \
    static_cast<std::size_t>(smsbridge_carrier_##number##_end - smsbridge_carrier_##number##_begin)}},
#include SMSBRIDGE_CARRIERS
#undef PROFILE
    };
    std::ranges::sort(all, {}, &CarrierProfile::name);
    return all;
  }();
  return profiles;
}

const CarrierProfile* find_carrier_profile(std::string_view name) {
  const auto it = std::ranges::find(carrier_profiles(), name, &CarrierProfile::name);
  return it == carrier_profiles().end() ? nullptr : &*it;
}

boost::json::object lend_profile(ConfigSection& s, const std::string& profile) {
  const auto text = text_of_profile(s, profile);
  if (text.empty()) return {};
  const auto refuse = [&](const std::string& why) {
    s.problem("profile", "'" + profile + "' " + why, "bad-value");
    return boost::json::object();
  };
  try {
    std::istringstream in(text);
    const auto file = read_yaml(in).tree;
    const auto settings = file.IsMap() ? file["settings"] : YAML::Node();
    if (!settings.IsDefined() || !settings.IsMap())
      return refuse("is no carrier profile: it has 'about', one line, and 'settings', keys of a gateway");
    for (const auto& entry : file)
      if (const auto& key = entry.first.Scalar(); key != "about" && key != "settings")
        return refuse("has the key '" + key + "': a carrier profile has 'about' and 'settings'");
    for (const auto& entry : settings)
      if (const auto& key = entry.first.Scalar(); own_keys().contains(key))
        return refuse("sets '" + key + "', which is each gateway's own");
    s.lend(settings, "the profile '" + profile + "'");
    return to_json(settings).as_object();
  } catch (const YAML::Exception& error) {
    return refuse("is not readable YAML: " + error.msg);
  }
}

}  // namespace smsbridge::bridge
