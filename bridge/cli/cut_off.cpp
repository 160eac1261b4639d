// SPDX-License-Identifier: MPL-2.0
#include "bridge/cli/cut_off.hpp"

#include <unistd.h>

#include <boost/json.hpp>
#include <iostream>

#include "bridge/cli/exit_codes.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

std::string joined(const json::array& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + std::string(word.as_string());
  return text;
}

}  // namespace

std::string cut_off_lines(const json::object& cut_off) {
  std::string lines;
  if (const auto& tenants = cut_off.at("tenants").as_array(); !tenants.empty())
    lines += "  tenants without any way out: " + joined(tenants) + "\n";
  for (const auto& item : cut_off.at("destinations").as_array()) {
    const auto& place = item.as_object();
    lines += "  nothing goes to " + text_of(place, "name") + " any more, of " + joined(place.at("tenants").as_array()) +
             "\n";
  }
  for (const auto& item : cut_off.at("providers").as_array()) {
    const auto& provider = item.as_object();
    lines += "  Fineract's provider " + text_of(provider, "id") + " (" + text_of(provider, "name") +
             ") takes nothing any more, of " + joined(provider.at("tenants").as_array()) + "\n";
  }
  return lines;
}

void confirm_cut_off(const ClientAnswer& dry_run, bool yes) {
  const auto* body = dry_run.body.if_object();
  const auto* cut_off = body ? body->if_contains("cut_off") : nullptr;
  const auto lines = cut_off && cut_off->is_object() ? cut_off_lines(cut_off->get_object()) : std::string();
  if (lines.empty()) return;
  std::cerr << "This cuts off:\n" << lines;
  if (yes) return;
  if (::isatty(STDIN_FILENO) == 0) throw ClientError(exit_usage, "nothing was done; say --yes to do it all the same");
  std::cerr << "Do it all the same? [y/N] ";
  std::string typed;
  std::getline(std::cin, typed);
  if (typed != "y" && typed != "Y" && typed != "yes") throw ClientError(exit_usage, "nothing was done");
}

}  // namespace smsbridge::bridge
