// SPDX-License-Identifier: MPL-2.0
// The simulated message centre behind sockets, plain or TLS. It runs on the caller's io_context, which one thread runs;
// it starts no thread and takes no signal, so `smsbridge demo` has it beside the daemon in one process.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "bridge/smsc_sim/smsc.hpp"

namespace boost::asio {
class io_context;
}

namespace smsbridge::bridge::smsc_sim {

struct ServerOptions {
  std::string host = "127.0.0.1";          // an address, not a name
  std::uint16_t port = 0;                  // 0: the system chooses
  std::string certificate_file, key_file;  // PEM; both or none: TLS from the first octet
  std::string log_file;                    // empty: none. One line a taken message, written before it is answered
  std::function<void(std::string_view)> on_note;  // for people: who came, who went, who broke a rule
  Options smsc;                                   // wall_at_zero is set by the server
};

class Server {
 public:
  // Listens when it returns. Throws std::runtime_error, with what to do, when it cannot.
  Server(boost::asio::io_context& context, ServerOptions options);
  // Also by the destructor: closes all sockets. Handlers that are still queued find nothing to do.
  void stop();
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::uint16_t port() const;
  std::string address() const;  // "127.0.0.1:2775"
  // For counts; for changes of options. What is done to it shows after flush().
  Smsc& smsc();
  // A phone sends this; see Smsc::from_phone().
  bool from_phone(std::string_view from, std::string_view to, std::string_view text);
  void flush();

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace smsbridge::bridge::smsc_sim
