// SPDX-License-Identifier: MPL-2.0
// `smsbridge smsc-sim`: the simulated message centre as a command.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bridge/smsc_sim/server.hpp"

namespace smsbridge::bridge::smsc_sim {

// As typed; read by read_options(), which explains every mistake at once.
struct CommandOptions {
  std::string host = "127.0.0.1", port = "2775";
  std::vector<std::string> accounts;
  std::string sessions_max = "0", enquire_link_interval = "0ms";
  std::string response_delay = "0ms", response_jitter = "0ms";
  std::string receipt_delay = "50ms", receipt_jitter = "0ms", receipt_retry = "10s", receipt_window = "100",
              keeps = "0";
  std::string receipts = "requested", outcomes = "DELIVRD:100";
  std::string throttle_rate, error_rate = "0", error_status = "0x08", bind_status;
  std::vector<std::string> reject;
  std::string swallow = "0", swallow_questions = "0", disconnect = "0", disconnect_before = "0", poison;
  bool answers_after_unbind = false, vendor_words = false;
  std::string profile, id_format, receipt_id_format, first_id;
  bool receipts_on_other_session = false;
  std::string receipt_before_response = "0", receipt_twice = "0", receipt_lost = "0";
  bool no_receipt_tlvs = false;
  std::string certificate_file, key_file, log_file, seed = "1", inbound_file;
  bool quiet = false;
};

// Nothing when there are mistakes, one line for each.
std::optional<ServerOptions> read_options(const CommandOptions& options, std::vector<std::string>& mistakes);

// One JSON object: what the centre saw.
std::string describe(const Counts& counts);

// Until SIGINT or SIGTERM. Returns the exit status: 0, or 2 when it cannot start.
int run(const CommandOptions& options);

}  // namespace smsbridge::bridge::smsc_sim
