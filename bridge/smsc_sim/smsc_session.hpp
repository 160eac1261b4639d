// SPDX-License-Identifier: MPL-2.0
// What a centre knows of a connection and of an account. Private to Smsc.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bridge/smsc_sim/smsc.hpp"
#include "bridge/smsc_sim/token_bucket.hpp"
#include "smpp/server_session.hpp"

namespace smsbridge::bridge::smsc_sim {

struct Smsc::Session {
  Session(SessionId number, smpp::ServerConfig config, Time now) : id(number), line(std::move(config), now) {}

  SessionId id;
  smpp::ServerSession line;
  Client* client = nullptr;
  bool cut = false;
  std::optional<Time> planned;  // when the line is to be told of the time
  bool is_touched = false, end_seen = false;
  std::uint64_t octets_seen = 0;  // of its output
  std::uint64_t enquiries_seen = 0;
  std::size_t submits_in_read = 0;
  std::vector<std::uint32_t> unanswered;  // receipts that it leaves behind
};

struct Smsc::Client {
  std::string system_id;
  std::vector<Session*> bound;
  std::vector<Session*> receivers;
  std::size_t next_receiver = 0;
  std::deque<std::uint32_t> ready;  // receipts that are due, oldest first
  TokenBucket bucket;
};

}  // namespace smsbridge::bridge::smsc_sim
