// SPDX-License-Identifier: MPL-2.0
// How the simulated message centre behaves. The defaults are those of a friendly one.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bridge/env/clock.hpp"
#include "bridge/smsc_sim/message_id.hpp"
#include "smpp/dialect.hpp"
#include "smpp/receipt.hpp"

namespace smsbridge::bridge::smsc_sim {

struct Account {
  std::string system_id, password;
};

enum class Receipts : std::uint8_t {
  off,        // never
  requested,  // as registered_delivery says
  always,     // whether they were wanted or not
};

// Probabilities are from 0 to 1. A jitter is the most that is added to the delay, evenly spread.
struct Options {
  std::vector<Account> accounts;                     // empty: everybody may bind
  std::size_t sessions_max = 0;                      // of one account, the next is refused with 0x05; 0: any number
  Duration bind_timeout = std::chrono::seconds(10);  // from the connection to the bind, then it is closed; 0: never
  Duration enquire_link_interval{};                  // how often each bound session is asked; 0: never

  Duration response_delay{}, response_jitter{};
  Duration receipt_delay = std::chrono::milliseconds(50), receipt_jitter{};  // from the response on
  std::vector<std::pair<smpp::MessageState, double>> outcomes = {{smpp::MessageState::delivered, 1.0}};  // weights
  Receipts receipts = Receipts::requested;

  std::uint32_t bind_status = 0;  // that answers every bind; 0: as the account says
  double throttle_rate = 0;       // submits a second of one account, above it 0x58; 0: no limit
  std::vector<std::pair<std::string, std::uint32_t>> reject;  // glob (* and ?) on the destination, and the status
  double error_rate = 0;                                      // answered with error_status, not taken
  std::uint32_t error_status = 0x08;
  double swallow = 0;                 // taken, never answered
  double disconnect = 0;              // taken, the connection is cut instead of the answer
  double disconnect_before = 0;       // not taken, the connection is cut
  std::string poison;                 // glob on the destination: never taken, the connection is cut each time
  bool answers_after_unbind = false;  // what is unanswered when it unbinds is answered behind the unbind

  IdFormat response_id = IdFormat::decimal;
  std::optional<IdFormat> receipt_id;  // when the receipts write it differently
  std::uint64_t first_id = 1;

  bool receipts_on_other_session = false;  // whenever the account has another one that can receive
  double receipt_before_response = 0, receipt_twice = 0, receipt_lost = 0;
  bool vendor_words = false;                          // failures are written in words of its own, as NOCRED
  smpp::Dialect dialect;                              // alphabets of texts, and what its own words of receipts mean
  bool transceivers = true;                           // SMPP 3.3 has none
  bool receipt_tlvs = true;                           // never to a client that bound with version 3.3
  std::size_t receipt_window = 100;                   // unanswered deliver_sm of one session
  Duration receipt_retry = std::chrono::seconds(10);  // what is not answered with 0 is sent again

  std::size_t keeps = 0;         // messages that can be asked about and cancelled, the latest ones; 0: none
  double swallow_questions = 0;  // query_sm and cancel_sm, never answered

  WallMs wall_at_zero = 0;  // the time of day at Time{}, for the dates in receipts
  std::uint64_t seed = 1;
};

}  // namespace smsbridge::bridge::smsc_sim
