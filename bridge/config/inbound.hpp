// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/json/object.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/config/problem.hpp"
#include "bridge/env/clock.hpp"
#include "store/message.hpp"

namespace smsbridge::bridge {

struct KeyInfo;

// How messages of phones are kept.
struct InboundSettings {
  WallMs parts_wait_ms = 3600'000;  // for the parts of a message, from the first that came
  // Equal messages of one phone within it are one that the carrier repeated; 0: never
  WallMs repeat_window_ms = 600'000;
};

// What follows when a phone sends a keyword.
struct InboundRuleSettings {
  boost::json::object settings;  // as they were given
  std::string name;
  store::RouteId id = 0;  // as every object has one; nothing asks for it
  std::string description;
  int position = 100;                // lower ones are asked first, equal ones by name
  std::vector<std::string> tenants;  // none: all
  std::vector<std::string> keywords;
  std::string language;  // of keywords and answer
  enum class Action : std::uint8_t {
    answer,   // nothing else
    forward,  // nothing here: it is for whoever is told of it
    opt_out,  // no more campaigns
    opt_in,   // campaigns again
    // The bank is asked, and what it says is the answer:
    balance,   // of accounts
    next_due,  // when the next repayment is due
    last,      // transactions
  } action = Action::answer;
  std::string answer;       // empty: none
  std::string by_template;  // name of the template that the answer is made of, in `language`; empty: none
  int daily_limit = 5;      // answers of the bank to one phone
};
using InboundRulePtr = std::shared_ptr<const InboundRuleSettings>;

template <class Object>
class Keys;
class ConfigSection;
const Keys<InboundSettings>& inbound_keys();
std::vector<KeyInfo> inbound_rule_infos();
void read_inbound_rule(ConfigSection& s, InboundRuleSettings& rule);
// As read_gateway().
InboundRuleSettings read_inbound_rule(const boost::json::object& settings, const std::filesystem::path& folder,
                                      std::vector<ConfigProblem>& problems);

std::string_view name(InboundRuleSettings::Action action);
bool asks_bank(InboundRuleSettings::Action action);

}  // namespace smsbridge::bridge
