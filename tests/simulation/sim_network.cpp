// SPDX-License-Identifier: MPL-2.0
#include "tests/simulation/sim_network.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

namespace smsbridge::simulation {

using namespace std::chrono_literals;
using boost::system::error_code;

// The daemon's end of a connection.
class SimStream : public bridge::Stream {
 public:
  SimStream(SimNetwork& network, SimNetwork::Shared connection)
      : network_(network), connection_(std::move(connection)) {}
  ~SimStream() override { SimStream::close(); }

  void read_some(boost::asio::mutable_buffer buffer, Handler handler) override {
    connection_->read = SimNetwork::Read{buffer, std::move(handler)};
    network_.serve_read(connection_);
  }

  void write_some(boost::asio::const_buffer buffer, Handler handler) override {
    auto& c = *connection_;
    if (c.reset || !c.open) {
      return boost::asio::post(c.executor,
                               [handler = std::move(handler)] { handler(boost::asio::error::broken_pipe, 0); });
    }
    std::string octets(static_cast<const char*>(buffer.data()), buffer.size());
    if (octets.size() > 1 && network_.random_.chance(network_.options_.faults.fragment))
      octets.resize(static_cast<std::size_t>(network_.random_.between(1, static_cast<std::int64_t>(octets.size()))));
    const auto count = octets.size();
    network_.transmit(connection_, SimNetwork::Way::to_far_end, std::move(octets));
    const auto number = ++network_.last_write_;
    network_.writes_[number] = std::move(handler);
    network_.clock_.after(std::chrono::microseconds(network_.random_.between(0, 500)),
                          [&network = network_, executor = c.executor, number, count] {
                            auto written = network.writes_.extract(number);
                            if (!written) return;
                            boost::asio::post(executor,
                                              [handler = std::move(written.mapped()), count] { handler({}, count); });
                          });
  }

  void cancel() override { network_.cancel_read(connection_); }
  void finish() override { network_.finish_ours(connection_); }
  void close() override { network_.close_ours(connection_); }

 private:
  SimNetwork& network_;
  SimNetwork::Shared connection_;
};

void SimNetwork::set_down(std::uint16_t port, bool down) {
  if (!down) {
    down_.erase(port);
    return;
  }
  down_.insert(port);
  const auto all = connections_;
  for (const auto& [number, connection] : all)
    if (connection->port == port) break_off(connection);
}

void SimNetwork::connect(boost::asio::any_io_executor executor, const bridge::Address& address, Time deadline,
                         Handler handler) {
  using bridge::ConnectStage;
  const auto fail = [&](Time when, const char* why) {
    clock_.at(when, [executor, handler, why] {
      boost::asio::post(executor, [handler, why] { handler(ConnectStage::connect, why, nullptr); });
    });
  };
  if (random_.chance(options_.faults.no_answer)) return fail(deadline, "no answer in time");
  const auto ready = connected_at();
  if (random_.chance(options_.faults.refuse)) return fail(ready, "connection refused");
  clock_.at(ready, [this, executor, port = address.port, handler = std::move(handler)] {
    const auto acceptor = acceptors_.find(port);
    if (acceptor == acceptors_.end() || down_.contains(port))
      return boost::asio::post(executor, [handler] { handler(ConnectStage::connect, "connection refused", nullptr); });
    const auto connection = connect(port, executor, *acceptor->second, 0);
    connection->session = acceptor->second->accepted();
    boost::asio::post(executor, [this, handler, connection] {
      handler(ConnectStage::ok, {}, std::make_unique<SimStream>(*this, connection));
    });
  });
}

void SimNetwork::listen(std::uint16_t port, boost::asio::any_io_executor executor, Admit admit) {
  listeners_[port] = {.executor = std::move(executor), .admit = std::move(admit)};
}

void SimNetwork::process_ended() {
  listeners_.clear();
  std::exchange(writes_, {}).clear();
  const auto all = connections_;
  for (const auto& [number, connection] : all) close_ours(connection);
}

// Whose call gets no answer gives up some time.
void SimNetwork::call(std::uint16_t port, Caller& caller, std::uint64_t session) {
  const bool answered = !random_.chance(options_.faults.no_answer);
  const bool refused = random_.chance(options_.faults.refuse);
  clock_.at(answered ? connected_at() : clock_.now() + 10s, [this, port, &caller, session, answered, refused] {
    const auto listener = listeners_.find(port);
    if (!answered || refused || listener == listeners_.end()) return caller.closed(session);
    const auto connection = connect(port, listener->second.executor, caller, session);
    boost::asio::post(connection->executor,
                      [admit = listener->second.admit, stream = std::make_shared<std::unique_ptr<bridge::Stream>>(
                                                           std::make_unique<SimStream>(*this, connection))] {
                        admit(std::move(*stream));
                      });
    caller.connected(session, connection->number);
  });
}

SimNetwork::Shared SimNetwork::connect(std::uint16_t port, boost::asio::any_io_executor executor, FarEnd& far_end,
                                       std::uint64_t session) {
  auto connection = std::make_shared<Connection>();
  connection->number = ++last_connection_;
  connection->session = session;
  connection->port = port;
  connection->far_end = &far_end;
  connection->executor = std::move(executor);
  connections_[connection->number] = connection;
  return connection;
}

Time SimNetwork::connected_at() {
  return clock_.now() + 2 * options_.latency + Duration(random_.between(0, options_.jitter.count()));
}

SimNetwork::Shared SimNetwork::find(std::uint64_t connection) const {
  const auto found = connections_.find(connection);
  return found == connections_.end() ? nullptr : found->second;
}

// No octet overtakes another one of its way.
Time SimNetwork::arrival(Connection& connection, Way way) {
  auto& last = connection.last_arrival[static_cast<std::size_t>(way)];
  last = std::max(last, clock_.now() + options_.latency + Duration(random_.between(0, options_.jitter.count())));
  return last;
}

void SimNetwork::transmit(const Shared& connection, Way way, std::string octets) {
  auto& cut = connection->cut[static_cast<std::size_t>(way)];
  if (connection->hung || connection->reset || cut) return;
  if (random_.chance(options_.faults.hang)) {
    connection->hung = true;
    // The server's own patience ends some time, whatever the client does.
    clock_.after(std::chrono::milliseconds(random_.between(3000, 40'000)),
                 [this, connection] { close_far_end(connection); });
    return;
  }
  const auto due = arrival(*connection, way);
  if (random_.chance(options_.faults.reset)) {
    cut = true;
    clock_.at(due, [this, connection] { break_off(connection); });
    return;
  }
  clock_.at(due, [this, connection, way, octets = std::move(octets)] {
    if (connection->reset) return;
    if (way == Way::to_daemon) {
      connection->arrived += octets;
      serve_read(connection);
    } else if (connection->far_open) {
      connection->far_end->received(connection->session, octets);
    }
  });
}

void SimNetwork::serve_read(const Shared& connection) {
  auto& c = *connection;
  if (!c.read) return;
  error_code ec;
  std::string octets;
  if (!c.open) {
    ec = boost::asio::error::operation_aborted;
  } else if (c.reset) {
    ec = boost::asio::error::connection_reset;
  } else if (!c.arrived.empty()) {
    auto count = std::min(c.arrived.size(), c.read->buffer.size());
    if (count > 1 && random_.chance(options_.faults.fragment))
      count = static_cast<std::size_t>(random_.between(1, static_cast<std::int64_t>(count)));
    octets = c.arrived.substr(0, count);
    c.arrived.erase(0, count);
  } else if (c.ended) {
    ec = boost::asio::error::eof;
  } else {
    return;
  }
  auto read = std::move(*c.read);
  c.read.reset();
  boost::asio::post(c.executor, [connection, read = std::move(read), octets = std::move(octets), ec] {
    // The buffer lives as long as the handler, but nothing may be written to it once the stream is closed.
    if (!connection->open) return read.handler(boost::asio::error::operation_aborted, 0);
    boost::asio::buffer_copy(read.buffer, boost::asio::buffer(octets));
    read.handler(ec, octets.size());
  });
}

void SimNetwork::send(std::uint64_t connection, std::string octets) {
  const auto c = find(connection);
  if (c && c->far_open) transmit(c, Way::to_daemon, std::move(octets));
}

void SimNetwork::finish(std::uint64_t connection) {
  const auto c = find(connection);
  if (!c || !c->far_open) return;
  if (!c->hung && !c->reset)
    clock_.at(arrival(*c, Way::to_daemon), [this, c] {
      c->ended = true;
      serve_read(c);
    });
  close_far_end(c);
}

void SimNetwork::reset(std::uint64_t connection) {
  if (const auto c = find(connection)) break_off(c);
}

void SimNetwork::break_off(const Shared& connection) {
  if (connection->hung || connection->reset) return;
  connection->reset = true;
  connection->arrived.clear();
  close_far_end(connection);
  serve_read(connection);
}

void SimNetwork::close_far_end(const Shared& connection) {
  if (!std::exchange(connection->far_open, false)) return;
  connection->far_end->closed(connection->session);
  if (!connection->open) connections_.erase(connection->number);
}

void SimNetwork::cancel_read(const Shared& connection) {
  if (!connection->read) return;
  auto read = std::move(*connection->read);
  connection->read.reset();
  boost::asio::post(connection->executor,
                    [read = std::move(read)] { read.handler(boost::asio::error::operation_aborted, 0); });
}

// The far end closes as well once it sees the end.
void SimNetwork::finish_ours(const Shared& connection) {
  if (connection->hung || connection->reset) return;
  clock_.at(arrival(*connection, Way::to_far_end), [this, connection] {
    if (connection->hung || connection->reset || connection->ended) return;
    close_far_end(connection);
    connection->ended = true;
    serve_read(connection);
  });
}

// What was written before still arrives.
void SimNetwork::close_ours(const Shared& connection) {
  if (!std::exchange(connection->open, false)) return;
  serve_read(connection);
  if (!connection->far_open) {
    connections_.erase(connection->number);
  } else if (!connection->hung) {
    clock_.at(arrival(*connection, Way::to_far_end), [this, connection] { close_far_end(connection); });
  }
}

}  // namespace smsbridge::simulation
