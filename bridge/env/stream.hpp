// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/asio/buffer.hpp>
#include <boost/system/error_code.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bridge/env/clock.hpp"

namespace smsbridge::bridge {

// A connected byte stream: TCP, TLS, or a simulated network. One read and one write may run at a time. Handlers run on
// the stream's executor, never inside the call that started them; after close() they may still come, with an error.
class Stream {
 public:
  using Handler = std::function<void(boost::system::error_code, std::size_t)>;
  virtual ~Stream() = default;
  virtual void read_some(boost::asio::mutable_buffer buffer, Handler handler) = 0;
  virtual void write_some(boost::asio::const_buffer buffer, Handler handler) = 0;
  virtual void cancel() = 0;  // what is awaited ends with an error; the stream stays open
  virtual void finish() = 0;  // nothing more will be written: the peer sees the end, and may still write
  virtual void close() = 0;
};

struct TlsOptions {
  bool enabled = false;
  std::string ca_file;                     // empty: the system's authorities
  std::string certificate_file, key_file;  // client certificate, if the carrier wants one
  std::string server_name;                 // empty: the host
  bool verify = true;                      // false is for a laboratory, or where `fingerprints` say more
  std::vector<std::string> fingerprints;   // of which the peer must show one (see TlsPins); empty: any
  bool operator==(const TlsOptions&) const = default;
};

struct Address {
  std::string host;
  std::uint16_t port = 0;
  TlsOptions tls;
};

// Where a connection attempt ended.
enum class ConnectStage : std::uint8_t { ok, resolve, connect, tls };

class Connector {
 public:
  // `detail` is for people: what the resolver, the kernel or OpenSSL said.
  using Handler = std::function<void(ConnectStage, std::string detail, std::unique_ptr<Stream>)>;
  virtual ~Connector() = default;
  // Calls the handler once, by `deadline` at the latest.
  virtual void connect(boost::asio::any_io_executor executor, const Address& address, Time deadline,
                       Handler handler) = 0;
};

// TCP and TLS by Asio and OpenSSL.
class SystemConnector : public Connector {
 public:
  // The addresses of a name; without one the system's resolver is asked.
  using LookUp = std::function<std::vector<std::string>(const std::string& host)>;
  explicit SystemConnector(LookUp look_up = {}) : look_up_(std::move(look_up)) {}
  void connect(boost::asio::any_io_executor executor, const Address& address, Time deadline, Handler handler) override;

 private:
  const LookUp look_up_;
};

}  // namespace smsbridge::bridge
