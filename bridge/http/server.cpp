// SPDX-License-Identifier: MPL-2.0
#include "bridge/http/server.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include "bridge/http/connection.hpp"

namespace smsbridge::bridge {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using local = asio::local::stream_protocol;

constexpr Duration watch_interval = std::chrono::milliseconds(500);
constexpr Duration accept_pause = std::chrono::milliseconds(100);

bool peer_is_ours(int socket) {
  struct ucred peer {};
  socklen_t size = sizeof(peer);
  return ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && (peer.uid == 0 || peer.uid == ::geteuid());
}

// Whom a limit per address means: one host of IPv4, one network of IPv6, where a host has as many as it likes.
asio::ip::address counted_address(const asio::ip::address& address) {
  if (!address.is_v6()) return address;
  if (address.to_v6().is_v4_mapped()) return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  auto octets = address.to_v6().to_bytes();
  std::fill(octets.begin() + 8, octets.end(), 0);
  return asio::ip::address_v6(octets);
}

}  // namespace

class HttpServer::Impl : public std::enable_shared_from_this<HttpServer::Impl> {
 public:
  Impl(asio::io_context& io, Clock& clock, HttpLimits limits, HttpDoor door, metrics::HttpMetrics& metrics,
       BodyMemory& bodies)
      : listener_(std::make_shared<Listener>(io, clock, std::move(limits), std::move(door), metrics, bodies)),
        tcp_(io),
        local_(io),
        watch_timer_(clock.timer(io.get_executor())),
        accept_timer_(clock.timer(io.get_executor())) {}

  std::uint16_t listen(const ListenAddress& address, bool first);
  void listen_local(const std::string& path);
  void stop();

 private:
  template <class Protocol>
  void accept(asio::basic_socket_acceptor<Protocol>& acceptor);
  template <class Protocol>
  void admit(StreamSocket<Protocol> socket);
  void watch();

  const std::shared_ptr<Listener> listener_;
  tcp::acceptor tcp_;
  local::acceptor local_;
  std::string local_path_;
  struct stat local_file_ {};  // as it was made
  const std::unique_ptr<Timer> watch_timer_, accept_timer_;
};

template <class Protocol>
void HttpServer::Impl::accept(asio::basic_socket_acceptor<Protocol>& acceptor) {
  acceptor.async_accept(listener_->io,
                        [self = shared_from_this(), &acceptor](error_code ec, StreamSocket<Protocol> socket) {
                          if (self->listener_->stopping || ec == asio::error::operation_aborted) return;
                          if (!ec) {
                            self->admit(std::move(socket));
                            return self->accept(acceptor);
                          }
                          // Out of descriptors, mostly: trying at once would only burn the processor.
                          self->listener_->connections.out_of_descriptors();
                          self->accept_timer_->at(self->listener_->clock.now() + accept_pause, [self, &acceptor] {
                            if (!self->listener_->stopping) self->accept(acceptor);
                          });
                        });
}

template <class Protocol>
void HttpServer::Impl::admit(StreamSocket<Protocol> socket) {
  error_code ec;
  Peer peer;
  if constexpr (std::is_same_v<Protocol, tcp>) {
    const auto endpoint = socket.remote_endpoint(ec);
    if (ec) return;  // gone already
    peer.counted = counted_address(endpoint.address());
    peer.from_loopback = peer.counted.is_loopback() || endpoint.address().is_loopback();
    if (peer.from_loopback && listener_->limits.spares_loopback) peer.counted = asio::ip::address();
    socket.set_option(tcp::no_delay(true), ec);
  } else if (!peer_is_ours(socket.native_handle())) {
    return;
  }
  if (listener_->connections.has_room(peer.counted)) serve(listener_, std::move(socket), peer);
}

void HttpServer::Impl::watch() {
  watch_timer_->at(listener_->clock.now() + watch_interval, [self = shared_from_this()] {
    if (self->listener_->stopping) return;
    self->listener_->connections.expire_late();
    self->watch();
  });
}

namespace {

std::string cannot_listen(const std::string& where, const error_code& reason) {
  return "cannot listen on " + where + ": " + reason.message();
}

// Left behind by a daemon that was killed; anything else is not ours to remove.
void remove_stale_socket(asio::io_context& io, const std::string& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return;
  if (!S_ISSOCK(info.st_mode))
    throw ListenError(
        "cannot listen on " + path +
        ": a file that is no socket has this name; it is left as it is. Remove it, or name another path in "
        "listen.control");
  local::socket peer(io);
  error_code ec;
  peer.connect(local::endpoint(path), ec);
  if (ec != asio::error::connection_refused && ec != asio::error::not_found)
    throw ListenError("cannot listen on " + path + ": " +
                      (ec ? ec.message() : std::string("another smsbridge that runs listens there")) +
                      ". Give each daemon its own listen.control");
  ::unlink(path.c_str());
}

}  // namespace

std::uint16_t HttpServer::Impl::listen(const ListenAddress& address, bool first) try {
  tcp::resolver resolver(listener_->io);
  const tcp::endpoint endpoint = *resolver.resolve(address.host, std::to_string(address.port)).begin();
  if (first) {
    // SO_REUSEPORT would also let a second daemon in, and each would get some of the requests.
    tcp::acceptor alone(listener_->io, endpoint, true);
  }
  tcp_.open(endpoint.protocol());
  tcp_.set_option(asio::socket_base::reuse_address(true));
  using reuse_port = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;
  tcp_.set_option(reuse_port(true));
  tcp_.bind(endpoint);
  tcp_.listen(1024);
  accept(tcp_);
  watch();
  return tcp_.local_endpoint().port();
} catch (const boost::system::system_error& error) {
  throw ListenError(cannot_listen(address.host + ":" + std::to_string(address.port), error.code()));
}

void HttpServer::Impl::listen_local(const std::string& path) try {
  remove_stale_socket(listener_->io, path);
  local_.open();
  local_.bind(local::endpoint(path));
  ::lstat(path.c_str(), &local_file_);
  local_path_ = path;
  ::chmod(path.c_str(), 0600);
  local_.listen(64);
  accept(local_);
  watch();
} catch (const boost::system::system_error& error) {
  throw ListenError(cannot_listen(path, error.code()) + ". See listen.control");
}

void HttpServer::Impl::stop() {
  listener_->stopping = true;
  error_code ignored;
  tcp_.close(ignored);
  local_.close(ignored);
  watch_timer_->cancel();
  accept_timer_->cancel();
  listener_->connections.stop();
  struct stat now {};
  const bool still_ours = !local_path_.empty() && ::lstat(local_path_.c_str(), &now) == 0 &&
                          now.st_ino == local_file_.st_ino && now.st_dev == local_file_.st_dev;
  if (still_ours) ::unlink(local_path_.c_str());
}

HttpServer::HttpServer(asio::io_context& io, Clock& clock, HttpLimits limits, HttpDoor door,
                       metrics::HttpMetrics& metrics, BodyMemory& bodies)
    : impl_(std::make_shared<Impl>(io, clock, std::move(limits), std::move(door), metrics, bodies)) {}
HttpServer::~HttpServer() { stop(); }
std::uint16_t HttpServer::listen(const ListenAddress& address, bool first) { return impl_->listen(address, first); }
void HttpServer::listen_local(const std::string& path) { impl_->listen_local(path); }
void HttpServer::stop() { impl_->stop(); }

}  // namespace smsbridge::bridge
