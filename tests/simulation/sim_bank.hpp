// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <map>
#include <memory>
#include <string>

#include "bridge/config/config.hpp"
#include "bridge/env/http_transport.hpp"
#include "bridge/env/random.hpp"
#include "tests/simulation/http_client.hpp"
#include "tests/simulation/options.hpp"
#include "tests/simulation/sim_accounts.hpp"
#include "tests/simulation/sim_clock.hpp"
#include "tests/simulation/sim_reports.hpp"

namespace smsbridge::simulation {

// The Fineract of all tenants, without HTTP: loans and their clients as its API shows them, and reports. It may be
// down, busy or slow, and its answers may be lost.
class SimBank {
 public:
  SimBank(const RunOptions& options, SimClock& clock)
      : clock_(clock), random_(options.seed), faults_(options.bank), reports_(options), accounts_(options) {}

  // A loan that somebody wants to approve. It and its client have one number, which is that of its text.
  struct Loan {
    std::string phone;
    std::optional<Time> approved_at = {};  // since when its API shows it; nothing: never, since it was rolled back
    bool refused = false;                  // its hook says so, as that of a command that waits for somebody does
  };
  static constexpr std::size_t first_number = 5000;  // behind those of wishes

  // Every tenant has this Fineract, and an approved loan is told to its client.
  static void configure(bridge::Config& config);
  // What it does wrong in a run that has schedules, or phones that ask.
  static void draw_faults(bridge::Random& random, RunOptions& options);

  void add(std::size_t number, const Loan& loan) { loans_[number] = loan; }
  void set_down(bool down) { down_ = down; }
  void heal() {
    down_ = false;
    faults_ = {};
  }
  SimReports& reports() { return reports_; }
  SimAccounts& accounts() { return accounts_; }

  // The hook of a loan as Fineract posts it: the same octets each time.
  static HttpClient::Request hook_of(std::size_t number, const Loan& loan, const std::string& tenant);

  // What is asked of it goes to it, all other requests go by `others`.
  static std::unique_ptr<bridge::HttpTransport> transport(SimBank& bank, std::unique_ptr<bridge::HttpTransport> others,
                                                          boost::asio::any_io_executor executor);

 private:
  class Transport;
  Duration draw_delay();
  bridge::HttpTransport::Result result_of(std::string_view path, const std::optional<SimReports::Reading>& reading);
  http_gateways::Reply answer(std::string_view path) const;

  SimClock& clock_;
  bridge::Random random_;
  std::map<std::size_t, Loan> loans_;
  BankFaults faults_;
  SimReports reports_;
  SimAccounts accounts_;
  bool down_ = false;
};

}  // namespace smsbridge::simulation
