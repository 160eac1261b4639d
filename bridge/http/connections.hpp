// SPDX-License-Identifier: MPL-2.0
#pragma once
// Who is connected to a listener: counted, watched for deadlines, and closed to make room for others.
#include <array>
#include <boost/asio/ip/address.hpp>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <optional>

#include "bridge/env/log_throttle.hpp"
#include "bridge/http/limits.hpp"
#include "metrics/metrics.hpp"

namespace smsbridge::bridge {

// Of one listener, used on its shard only.
class Connections {
 public:
  // Who makes room first.
  enum class Waiting { stranger, asked, known };

  // One look at the deadlines of all connections: setting one is an assignment.
  class Connection {
   public:
    virtual ~Connection() = default;
    virtual void expire() = 0;
    virtual void stop() = 0;
    virtual void close() = 0;
    Time deadline;
    boost::asio::ip::address address;  // that its limit counts; none for the control socket and for loopback
    bool open = true;
    std::optional<Waiting> waiting;  // the list it is in
    std::list<Connection*>::iterator place;
    std::uint64_t number = 0;  // as it came
  };

  Connections(const HttpLimits& limits, Clock& clock, metrics::HttpMetrics& metrics)
      : limits_(limits), clock_(clock), metrics_(metrics) {}

  // False: there is no room for one more of this address, which was counted and said. May close another one.
  bool has_room(const boost::asio::ip::address& address);
  // The caller removes it at the end of its life.
  void add(Connection& connection);
  void remove(Connection& connection) { all_.erase(connection.number); }
  void closed(Connection& connection);

  void wait_in(Connection& connection, Waiting kind);
  void leave(Connection& connection);
  // Out of descriptors: one that waits makes room.
  void out_of_descriptors();
  void expire_late();
  void stop();

 private:
  static constexpr std::size_t waiting_kinds = 3;
  bool evict_one();
  void dropped(metrics::ConnectionDrop why, const boost::asio::ip::address& address);
  bool has_too_many(const boost::asio::ip::address& address) const;

  const HttpLimits& limits_;
  Clock& clock_;
  metrics::HttpMetrics& metrics_;
  std::map<std::uint64_t, Connection*> all_;  // in the order in which they came, whatever their addresses are
  std::uint64_t last_number_ = 0;
  std::size_t open_ = 0;
  std::array<std::list<Connection*>, waiting_kinds> waiting_;  // those that may be closed, longest first
  std::map<boost::asio::ip::address, std::size_t> per_address_;
  log::Throttle dropped_;
};

}  // namespace smsbridge::bridge
