// SPDX-License-Identifier: MPL-2.0
#pragma once
// What a listener takes at most, and of all listeners what their bodies may take.
#include <atomic>
#include <string>

#include "bridge/env/clock.hpp"
#include "metrics/metrics.hpp"

namespace smsbridge::bridge {

// Everything has a limit; a client that reaches one gets a clear answer, then the connection closes.
struct HttpLimits {
  std::string name = "api";              // of the listener, in the log
  std::size_t header_bytes = 16 * 1024;  // old Fineracts send an Accept-Charset of 3 KiB
  std::size_t body_bytes = 1 << 20;
  std::size_t framing_bytes = 16 * 1024;  // what is neither header nor body: chunk sizes, their extensions, trailers
  Duration first_time = std::chrono::seconds(10);   // until the first octet of a new connection
  Duration header_time = std::chrono::seconds(20);  // from the first octet to the last of the header
  Duration body_time = std::chrono::seconds(60);
  Duration idle_time = std::chrono::minutes(5);  // Fineract does not repeat a POST on a connection that was closed
  Duration write_time = std::chrono::seconds(60);
  std::size_t connections = 4096;
  std::size_t connections_per_address = 256;
  bool spares_loopback = true;  // from the limit of an address: proxies and tools of this machine share theirs
};

// The bodies of all listeners are kept in memory until they are answered, and share what they may take. Any thread.
class BodyMemory {
 public:
  BodyMemory(std::size_t bytes_max, metrics::Gauge& shown) : bytes_max_(bytes_max), shown_(shown) {}
  bool take(std::size_t bytes) {
    if (used_.fetch_add(bytes) + bytes > bytes_max_) {
      used_ -= bytes;
      return false;
    }
    shown_.Increment(static_cast<double>(bytes));
    return true;
  }
  void give_back(std::size_t bytes) {
    used_ -= bytes;
    shown_.Decrement(static_cast<double>(bytes));
  }

 private:
  const std::size_t bytes_max_;
  std::atomic<std::size_t> used_{0};
  metrics::Gauge& shown_;
};

}  // namespace smsbridge::bridge
