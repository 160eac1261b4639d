// SPDX-License-Identifier: MPL-2.0
// The phones of `smsbridge smsc-sim --inbound`: what they send stands in a file, or comes on standard input.
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <optional>
#include <string>

#include "bridge/smsc_sim/server.hpp"

namespace smsbridge::bridge::smsc_sim {

class Phones {
 public:
  // An empty name: no phone sends anything. Throws std::runtime_error when the file cannot be read.
  Phones(boost::asio::io_context& context, Server& server, const std::string& file);

 private:
  void listen();
  void send(const std::string& line);

  Server& server_;
  std::optional<boost::asio::posix::stream_descriptor> input_;
  std::string heard_;
};

}  // namespace smsbridge::bridge::smsc_sim
