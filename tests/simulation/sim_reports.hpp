// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/env/random.hpp"
#include "tests/simulation/options.hpp"

namespace smsbridge::simulation {

// The reports that the schedules of a run read, each its own: rows of which some come and go between two readings,
// some stand twice in an answer, and some can be no message.
class SimReports {
 public:
  explicit SimReports(const RunOptions& options);

  // A row in one answer.
  struct Row {
    std::size_t client = 0;  // the key of its schedule
    std::size_t number = 0;  // in the text of its message: each row of each answer has another one
    std::string phone;       // E.164; empty: it can be no message
    bool opted_out = false;  // before the run began
  };
  static constexpr std::size_t first_number = 6000, last_number = 9999;  // behind those of what happens at the bank

  // Who is told that somebody asks, by the place of the schedule, and says which reading this is; and what was answered
  // to a reading.
  struct Observer {
    std::function<std::size_t(std::size_t schedule)> asked;
    std::function<void(std::size_t reading, std::vector<Row> rows)> answered;
  };
  void observe(Observer observer) { observer_ = std::move(observer); }
  // From now on they have no rows.
  void run_dry() { dry_ = true; }

  // Behind "runreports/": one that is asked for now, and its answer, when it leaves.
  struct Reading {
    std::size_t schedule = 0, number = 0;
  };
  Reading ask(std::string_view name);
  std::string answer(const Reading& reading);

  // Gives some tenants schedules. By a chance of its own.
  static void draw(RunOptions& options);
  static std::string phone_of(std::size_t schedule, std::size_t client);
  static std::string opted_out_phone(std::size_t schedule) { return phone_of(schedule, 0); }
  static constexpr std::size_t stopping_client = 3;  // who may say STOP meanwhile

 private:
  std::vector<Row> rows_now(std::size_t schedule);
  std::string as_table(const std::vector<Row>& rows, std::size_t others);
  std::string as_list(const std::vector<Row>& rows, std::size_t others);

  const RunOptions& options_;
  bridge::Random random_;
  Observer observer_;
  std::size_t next_number_ = first_number;
  bool dry_ = false;
};

}  // namespace smsbridge::simulation
