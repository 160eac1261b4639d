// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <map>
#include <set>

#include "bridge/env/random.hpp"
#include "bridge/env/stream.hpp"
#include "tests/simulation/options.hpp"

namespace smsbridge::simulation {

// The far end of connections. Sessions are its own numbers.
class FarEnd {
 public:
  virtual ~FarEnd() = default;
  virtual void received(std::uint64_t session, const std::string& octets) = 0;
  virtual void closed(std::uint64_t session) = 0;
};

// One that listens at a port.
class Acceptor : public FarEnd {
 public:
  virtual std::uint64_t accepted() = 0;
};

// One that connects to what the daemon listens at.
class Caller : public FarEnd {
 public:
  virtual void connected(std::uint64_t session, std::uint64_t connection) = 0;  // or else closed()
};

// Carries octets between the daemon's streams and their far ends, in order, with delay, in pieces, and as badly as its
// options say. The fault model is TCP's: what arrives is a prefix of what was sent, and nobody need be told of the end.
class SimNetwork : public bridge::Connector {
 public:
  SimNetwork(SimClock& clock, bridge::Random& random, NetworkOptions options)
      : clock_(clock), random_(random), options_(options) {}

  void listen(std::uint16_t port, Acceptor& acceptor) { acceptors_[port] = &acceptor; }
  // While a port is down its connections are refused.
  void set_down(std::uint16_t port, bool down);
  void heal() { options_.faults = {}; }

  void connect(boost::asio::any_io_executor executor, const bridge::Address& address, Time deadline,
               Handler handler) override;

  // The daemon listens there, and what comes is posted to the executor.
  using Admit = std::function<void(std::unique_ptr<bridge::Stream>)>;
  void listen(std::uint16_t port, boost::asio::any_io_executor executor, Admit admit);
  // The kernel closes what the daemon had open.
  void process_ended();
  void call(std::uint16_t port, Caller& caller, std::uint64_t session);

  // For the far end: to the daemon, and the end of the connection after it.
  void send(std::uint64_t connection, std::string octets);
  void finish(std::uint64_t connection);
  void reset(std::uint64_t connection);

  // The longest way of an octet that arrives.
  Duration latency_max() const { return options_.latency + options_.jitter; }
  std::uint64_t connections() const { return last_connection_; }

 private:
  friend class SimStream;
  enum class Way { to_far_end, to_daemon };
  struct Read {
    boost::asio::mutable_buffer buffer;
    bridge::Stream::Handler handler;
  };
  struct Connection {
    std::uint64_t number = 0, session = 0;
    std::uint16_t port = 0;
    FarEnd* far_end = nullptr;
    boost::asio::any_io_executor executor;
    bool open = true, far_open = true, hung = false, reset = false, ended = false;
    std::array<Time, 2> last_arrival{};
    std::array<bool, 2> cut{};  // each way: a reset swallowed octets, nothing may arrive behind them
    std::string arrived;        // at the daemon, not read yet
    std::optional<Read> read;
  };
  using Shared = std::shared_ptr<Connection>;

  void transmit(const Shared& connection, Way way, std::string octets);
  Time arrival(Connection& connection, Way way);
  void serve_read(const Shared& connection);
  void break_off(const Shared& connection);
  Shared connect(std::uint16_t port, boost::asio::any_io_executor executor, FarEnd& far_end, std::uint64_t session);
  Time connected_at();
  void cancel_read(const Shared& connection);
  void finish_ours(const Shared& connection);
  void close_far_end(const Shared& connection);
  void close_ours(const Shared& connection);
  Shared find(std::uint64_t connection) const;

  SimClock& clock_;
  bridge::Random& random_;
  NetworkOptions options_;
  std::map<std::uint16_t, Acceptor*> acceptors_;
  struct Listening {
    boost::asio::any_io_executor executor;
    Admit admit;
  };
  std::map<std::uint16_t, Listening> listeners_;
  std::set<std::uint16_t> down_;
  std::map<std::uint64_t, Shared> connections_;
  // What is told when a write has left; it goes with the process.
  std::map<std::uint64_t, bridge::Stream::Handler> writes_;
  std::uint64_t last_connection_ = 0, last_write_ = 0;
};

}  // namespace smsbridge::simulation
