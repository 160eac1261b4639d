// SPDX-License-Identifier: MPL-2.0
#include "bridge/http/server.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include "bridge/env/socket_stream.hpp"
#include "bridge/http/connection.hpp"

namespace smsbridge::bridge {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using local = asio::local::stream_protocol;

constexpr Duration watch_interval = std::chrono::milliseconds(500);
constexpr Duration accept_pause = std::chrono::milliseconds(100);
// The kernel would let each connection that does not read hold 4 MiB of its memory.
constexpr int send_buffer_bytes = 64 * 1024;

bool peer_is_ours(int socket) {
  struct ucred peer {};
  socklen_t size = sizeof(peer);
  return ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && (peer.uid == 0 || peer.uid == ::geteuid());
}

asio::ip::address unmapped(const asio::ip::address& address) {
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
  return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
}

// Whom a limit per address means: one host of IPv4, one network of IPv6, where a host has as many as it likes.
asio::ip::address counted_address(const asio::ip::address& address) {
  if (!address.is_v6()) return address;
  auto octets = address.to_v6().to_bytes();
  std::fill(octets.begin() + 8, octets.end(), 0);
  return asio::ip::address_v6(octets);
}

}  // namespace

class HttpServer::Impl : public std::enable_shared_from_this<HttpServer::Impl> {
 public:
  Impl(const asio::any_io_executor& executor, Clock& clock, HttpLimits limits, HttpDoor door,
       metrics::HttpMetrics& metrics, BodyMemory& bodies)
      : listener_(std::make_shared<Listener>(executor, clock, std::move(limits), std::move(door), metrics, bodies)),
        watch_timer_(clock.timer(executor)),
        accept_timer_(clock.timer(executor)) {}

  std::uint16_t listen(const ListenAddress& address, bool first);
  void listen_local(const std::string& path);
  void admit(std::unique_ptr<Stream> stream, const Peer& peer);
  void watch();
  void stop();

 private:
  template <class Protocol>
  void accept(asio::basic_socket_acceptor<Protocol>& acceptor);
  void admit(tcp::socket socket);
  void admit(local::socket socket);

  const std::shared_ptr<Listener> listener_;
  std::optional<tcp::acceptor> tcp_;  // each only where it listens: the simulation's sockets are none of the kernel's
  std::optional<local::acceptor> local_;
  std::string local_path_;
  struct stat local_file_ {};  // as it was made
  const std::unique_ptr<Timer> watch_timer_, accept_timer_;
};

template <class Protocol>
void HttpServer::Impl::accept(asio::basic_socket_acceptor<Protocol>& acceptor) {
  acceptor.async_accept([self = shared_from_this(), &acceptor](error_code ec, typename Protocol::socket socket) {
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

void HttpServer::Impl::admit(tcp::socket socket) {
  error_code ec;
  const auto endpoint = socket.remote_endpoint(ec);
  if (ec) return;  // gone already
  socket.set_option(tcp::no_delay(true), ec);
  admit(std::make_unique<SocketStream<tcp::socket>>(std::make_shared<tcp::socket>(std::move(socket))),
        {.address = unmapped(endpoint.address())});
}

void HttpServer::Impl::admit(local::socket socket) {
  if (peer_is_ours(socket.native_handle()))
    admit(std::make_unique<SocketStream<local::socket>>(std::make_shared<local::socket>(std::move(socket))),
          {.local = true});
}

void HttpServer::Impl::admit(std::unique_ptr<Stream> stream, const Peer& peer) {
  const bool spared = peer.address.is_loopback() && listener_->limits.spares_loopback;
  const auto counted = spared ? asio::ip::address() : counted_address(peer.address);
  if (listener_->connections.has_room(counted)) serve(listener_, std::move(stream), peer, counted);
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
void remove_stale_socket(const asio::any_io_executor& executor, const std::string& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return;
  if (!S_ISSOCK(info.st_mode))
    throw ListenError(
        "cannot listen on " + path +
        ": a file that is no socket has this name; it is left as it is. Remove it, or name another path in "
        "listen.control");
  local::socket peer(executor);
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
  tcp::resolver resolver(listener_->executor);
  const tcp::endpoint endpoint = *resolver.resolve(address.host, std::to_string(address.port)).begin();
  if (first) {
    // SO_REUSEPORT would also let a second daemon in, and each would get some of the requests.
    tcp::acceptor alone(listener_->executor, endpoint, true);
  }
  auto& acceptor = tcp_.emplace(listener_->executor, endpoint.protocol());
  acceptor.set_option(asio::socket_base::reuse_address(true));
  using reuse_port = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;
  acceptor.set_option(reuse_port(true));
  acceptor.set_option(asio::socket_base::send_buffer_size(send_buffer_bytes));  // those that it accepts have it too
  acceptor.bind(endpoint);
  acceptor.listen(1024);
  accept(acceptor);
  return acceptor.local_endpoint().port();
} catch (const boost::system::system_error& error) {
  throw ListenError(cannot_listen(address.host + ":" + std::to_string(address.port), error.code()));
}

void HttpServer::Impl::listen_local(const std::string& path) try {
  remove_stale_socket(listener_->executor, path);
  auto& acceptor = local_.emplace(listener_->executor, local());
  acceptor.bind(local::endpoint(path));
  ::lstat(path.c_str(), &local_file_);
  local_path_ = path;
  ::chmod(path.c_str(), 0600);
  acceptor.listen(64);
  accept(acceptor);
} catch (const boost::system::system_error& error) {
  throw ListenError(cannot_listen(path, error.code()) + ". See listen.control");
}

void HttpServer::Impl::stop() {
  listener_->stopping = true;
  error_code ignored;
  if (tcp_) tcp_->close(ignored);
  if (local_) local_->close(ignored);
  watch_timer_->cancel();
  accept_timer_->cancel();
  listener_->connections.stop();
  struct stat now {};
  const bool still_ours = !local_path_.empty() && ::lstat(local_path_.c_str(), &now) == 0 &&
                          now.st_ino == local_file_.st_ino && now.st_dev == local_file_.st_dev;
  if (still_ours) ::unlink(local_path_.c_str());
}

HttpServer::HttpServer(asio::any_io_executor executor, Clock& clock, HttpLimits limits, HttpDoor door,
                       metrics::HttpMetrics& metrics, BodyMemory& bodies)
    : impl_(std::make_shared<Impl>(std::move(executor), clock, std::move(limits), std::move(door), metrics, bodies)) {
  impl_->watch();
}
HttpServer::~HttpServer() { stop(); }
std::uint16_t HttpServer::listen(const ListenAddress& address, bool first) { return impl_->listen(address, first); }
void HttpServer::listen_local(const std::string& path) { impl_->listen_local(path); }
void HttpServer::admit(std::unique_ptr<Stream> stream, const Peer& peer) { impl_->admit(std::move(stream), peer); }
void HttpServer::stop() { impl_->stop(); }

}  // namespace smsbridge::bridge
