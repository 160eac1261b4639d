// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/json/object.hpp>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bridge/config/problem.hpp"
#include "bridge/env/clock.hpp"
#include "bridge/text/cron.hpp"
#include "store/message.hpp"

namespace smsbridge::bridge {

struct KeyInfo;

// What is read from a tenant's Fineract at a time, again and again, and made into a message a row, or into one of
// several rows.
struct ScheduleSettings {
  boost::json::object settings;  // as they were given
  std::string name;
  store::RouteId id = 0;  // as every object has one; nothing asks for it
  std::string description;
  std::string tenant;
  bool enabled = true;
  // When: again and again, or once.
  std::string cron_text;
  std::optional<text::Cron> cron;
  WallMs at = 0;
  std::string zone;                                                       // empty: the tenant's
  enum class Missed : std::uint8_t { once, skip } missed = Missed::once;  // of times at which the daemon was down
  enum class Holidays : std::uint8_t { ignore, skip } holidays = Holidays::ignore;
  int office = 1;  // whose holidays
  // From where: a report with its parameters, or all clients.
  using Words = std::map<std::string, std::string>;
  struct Report {
    std::string name;
    Words parameters;  // {today}, {today+3} and {today-1} in them are days
  } report;
  enum class List : std::uint8_t { none, clients } list = List::none;
  Words where;  // what rows have to say, by column; {today} and the like are days here, too
  // To whom, and what.
  enum class To : std::uint8_t { row, staff } to = To::row;
  std::string staff_column;           // of the member of staff, by Fineract's id or by name
  std::vector<std::string> staff;     // instead: Fineract's ids of those who get all of it
  std::vector<std::string> group_by;  // columns that rows of one message have alike
  std::string by_template;
  std::string number_column = "mobileNo";
  std::string language_column;   // empty: the tenant's first language
  Words columns;                 // variable of the template by column; others go by their own name
  std::vector<std::string> key;  // columns that tell one row of a period from another; empty: the ids that there are
  std::optional<store::Lane> lane;

  // Several rows are one message.
  bool is_grouped() const { return to == To::staff || !group_by.empty(); }
};
using SchedulePtr = std::shared_ptr<const ScheduleSettings>;

class ConfigSection;
std::vector<KeyInfo> schedule_infos();
void read_schedule(ConfigSection& s, ScheduleSettings& schedule);
// As read_gateway().
ScheduleSettings read_schedule(const boost::json::object& settings, const std::filesystem::path& folder,
                               std::vector<ConfigProblem>& problems);

}  // namespace smsbridge::bridge
