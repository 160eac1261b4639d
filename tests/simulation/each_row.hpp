// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/json/object.hpp>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "store/store.hpp"
#include "tests/simulation/options.hpp"
#include "tests/simulation/sim_reports.hpp"

namespace smsbridge::simulation {

// Of the rows of reports: whether each becomes one message of a period, and every period comes. It goes by what the
// bank answered, by the messages that there are, and by which run the journal says is under way.
class EachRow {
 public:
  using Stopped = std::map<std::pair<store::TenantId, std::string>, Time>;
  // `stopped`: which phones want nothing more, and since when.
  EachRow(const RunOptions& options, const SimClock& clock, const Stopped& stopped);

  // The bank is asked for the report of a schedule. The number of this reading.
  std::size_t asked(const store::Store* store, std::size_t schedule);
  void answered(std::size_t reading, std::vector<SimReports::Row> rows);
  // Somebody wants everybody to get one more.
  void wants_anew(std::size_t schedule);
  // A phone may want nothing more, from now on.
  void says_stop(store::TenantId tenant, const std::string& phone) { may_have_stopped_.emplace(tenant, phone); }
  // From now on nothing goes wrong, and nobody interferes.
  void calm(bool healed);

  // What is wrong with a message of a schedule; nothing: nothing.
  std::optional<std::string> see(const store::Message& message, std::optional<std::size_t> number);
  // How far the runs are. Some times have to come in the calm.
  void look(const store::Store& store);
  const std::string& owes() const { return owes_; }  // empty: nothing, when look() was called
  std::optional<std::string> wrong_at_end(const store::Store& store) const;

 private:
  // A line of the journal.
  struct Line {
    store::WallMs at = 0, run = 0, period = 0;
    std::string event, result, task, by, detail;
    std::size_t rows = 0, sent = 0, repeated = 0, refused = 0;
  };
  struct Reading {
    std::size_t schedule = 0;
    store::WallMs run = 0, period = 0;
    std::optional<Time> answered_at;
    std::vector<SimReports::Row> rows;
  };
  using RowOfPeriod = std::tuple<std::size_t, store::WallMs, std::size_t>;  // schedule, period, client

  std::vector<Line> lines_of(const store::Store& store, std::size_t schedule, std::size_t most) const;
  store::TenantId tenant_of(std::size_t schedule) const;
  bool is_time_of(std::size_t schedule, store::WallMs at) const;
  bool is_steady() const;
  std::string what_is_owed(const std::vector<Line>& lines, std::size_t schedule) const;
  std::string slices_of(const store::Store& store, const Line& run, std::size_t schedule) const;
  std::optional<std::string> wrong_end(const Line& line, std::size_t schedule) const;
  std::optional<std::string> missed_time(const std::vector<Line>& lines, std::size_t schedule) const;

  const RunOptions& options_;
  const SimClock& clock_;
  const Stopped& stopped_;
  std::vector<Reading> readings_;
  std::map<std::size_t, std::pair<std::size_t, std::size_t>> row_of_number_;  // the reading, and its place there
  std::map<RowOfPeriod, store::MessageId> messages_;
  std::set<std::pair<std::size_t, store::WallMs>> anew_;  // periods that somebody asked for
  std::set<std::pair<store::TenantId, std::string>> may_have_stopped_;
  bool healed_ = false;
  store::WallMs calm_since_ = 0;
  std::string owes_;
};

}  // namespace smsbridge::simulation
