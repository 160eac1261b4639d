// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/json/object.hpp>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/config/problem.hpp"
#include "bridge/config/template.hpp"
#include "bridge/env/clock.hpp"
#include "bridge/text/money.hpp"
#include "store/message.hpp"

namespace smsbridge::bridge {

struct KeyInfo;

// What an event is about.
enum class Subject : std::uint8_t { loan, savings, fixed_deposit, shares, client, group };
std::string_view name(Subject subject);

// What can happen at the bank that somebody may be told of. By which hooks it is known: events/catalogue.
struct EventRow {
  std::string_view name;     // as in configuration, templates and metrics
  std::string_view meaning;  // "a loan was approved"
  Subject subject = Subject::loan;
};
std::span<const EventRow> event_catalogue();
const EventRow* find_event(std::string_view name);  // nullptr: there is none

// Whom an event at the bank is told to, and how. Several may be of the same event, for different products say.
struct EventSettings {
  boost::json::object settings;  // as they were given
  std::string name;
  store::RouteId id = 0;  // as every object has one; nothing asks for it
  std::string description;
  std::string event;                 // of the catalogue; empty: what it is called
  std::vector<std::string> tenants;  // none: all
  bool enabled = true;
  struct Recipient {
    Audience to = Audience::client;
    std::string by_template;  // empty: the one called as the event
    std::string language;     // empty: the person's own, else the tenant's
  };
  std::vector<Recipient> recipients;  // none: the client
  // Every one that is given must hold.
  std::vector<std::string> products;  // names in Fineract
  std::vector<std::string> offices;   // Fineract's ids
  std::optional<Micro> amount_min, amount_max;
  WallMs delay_ms = 0;  // after the hook; it is looked at then whether it is true
  std::optional<store::Lane> lane;
  std::string sender;
  store::AtNight quiet_hours = store::AtNight::by_lane;
  // Columns of the tenant's data tables; empty: nobody is asked. Both are about who is a client.
  std::string opt_in_field;   // only those are told for whom it is true
  std::string opt_out_field;  // and only those for whom it is not
};
using EventSettingsPtr = std::shared_ptr<const EventSettings>;

class ConfigSection;
std::vector<KeyInfo> event_infos();
void read_event(ConfigSection& s, EventSettings& event);
// As read_gateway().
EventSettings read_event(const boost::json::object& settings, const std::filesystem::path& folder,
                         std::vector<ConfigProblem>& problems);

}  // namespace smsbridge::bridge
