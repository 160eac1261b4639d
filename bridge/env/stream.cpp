// SPDX-License-Identifier: MPL-2.0
#include "bridge/env/stream.hpp"

#include <netinet/tcp.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>

#include "bridge/env/network.hpp"
#include "bridge/env/socket_stream.hpp"
#include "bridge/env/tls_pins.hpp"

namespace smsbridge::bridge {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr auto next_address_after = std::chrono::milliseconds(250);

struct TlsSocket {
  std::optional<TlsPins> pins;  // outlives the context
  asio::ssl::context context{asio::ssl::context::tls_client};
  std::optional<asio::ssl::stream<tcp::socket>> stream;
};

class TlsStream : public Stream {
 public:
  explicit TlsStream(std::shared_ptr<TlsSocket> socket) : socket_(std::move(socket)) {}
  ~TlsStream() override { TlsStream::close(); }
  void read_some(asio::mutable_buffer buffer, Handler handler) override {
    socket_->stream->async_read_some(buffer,
                                     [s = socket_, h = std::move(handler)](error_code ec, std::size_t n) { h(ec, n); });
  }
  void write_some(asio::const_buffer buffer, Handler handler) override {
    socket_->stream->async_write_some(
        buffer, [s = socket_, h = std::move(handler)](error_code ec, std::size_t n) { h(ec, n); });
  }
  void cancel() override {
    error_code ignored;
    socket_->stream->next_layer().cancel(ignored);
  }
  void finish() override { close(); }
  void close() override {
    error_code ignored;
    socket_->stream->next_layer().close(ignored);
  }

 private:
  std::shared_ptr<TlsSocket> socket_;
};

// One attempt: resolve, connect, TLS handshake, under one deadline. A name may have several addresses, and one that
// drops what it gets says nothing for minutes: the next is tried beside it after a moment, and the first that connects
// is taken (RFC 8305).
class Attempt : public std::enable_shared_from_this<Attempt> {
 public:
  Attempt(asio::any_io_executor executor, Address address, Connector::Handler handler)
      : executor_(executor),
        address_(std::move(address)),
        handler_(std::move(handler)),
        resolver_(executor),
        timer_(executor),
        next_timer_(executor) {}

  void start(Time deadline, const SystemConnector::LookUp& look_up) {
    timer_.expires_at(deadline);
    timer_.async_wait([self = shared_from_this()](error_code ec) {
      if (!ec) self->finish(self->stage_, "no answer in time", nullptr);
    });
    if (look_up) {
      for (const auto& address : look_up(address_.host))
        addresses_.emplace_back(asio::ip::make_address(address), address_.port);
      return asio::post(executor_, [self = shared_from_this()] { self->connect(); });
    }
    resolver_.async_resolve(address_.host, std::to_string(address_.port),
                            [self = shared_from_this()](error_code ec, tcp::resolver::results_type results) {
                              if (ec) return self->finish(ConnectStage::resolve, ec.message(), nullptr);
                              for (const auto& result : results) self->addresses_.push_back(result.endpoint());
                              self->connect();
                            });
  }

 private:
  void connect() {
    stage_ = ConnectStage::connect;
    if (addresses_.empty()) return finish(ConnectStage::resolve, "the name has no address", nullptr);
    try_next();
  }

  void try_next() {
    if (!handler_ || tcp_ || tried_ == addresses_.size()) return;
    const auto socket = std::make_shared<tcp::socket>(executor_);
    sockets_.push_back(socket);
    ++waiting_;
    socket->async_connect(addresses_[tried_++],
                          [self = shared_from_this(), socket](error_code ec) { self->tried(socket, ec); });
    next_timer_.expires_after(next_address_after);
    next_timer_.async_wait([self = shared_from_this()](error_code ec) {
      if (!ec) self->try_next();
    });
  }

  void tried(const std::shared_ptr<tcp::socket>& socket, error_code ec) {
    if (!handler_ || tcp_) return;  // it took too long, or another address was faster
    --waiting_;
    if (!ec) {
      tcp_ = socket;
      next_timer_.cancel();
      close_all_but(tcp_);
      return connected();
    }
    if (tried_ < addresses_.size()) return try_next();
    if (waiting_ == 0) finish(ConnectStage::connect, ec.message(), nullptr);
  }

  void close_all_but(const std::shared_ptr<tcp::socket>& kept) {
    error_code ignored;
    for (const auto& socket : sockets_)
      if (socket != kept) socket->close(ignored);
    sockets_.clear();
  }

  void connected() {
    error_code ignored;
    tcp_->set_option(tcp::no_delay(true), ignored);
    // A dead path does not show by itself: probe it, and give up on unacknowledged data after 30 s.
    tcp_->set_option(asio::socket_base::keep_alive(true), ignored);
    set(TCP_KEEPIDLE, 60);
    set(TCP_KEEPINTVL, 10);
    set(TCP_KEEPCNT, 3);
    set(TCP_USER_TIMEOUT, 30000);
    if (!address_.tls.enabled) return finish(ConnectStage::ok, {}, std::make_unique<SocketStream<tcp::socket>>(tcp_));
    stage_ = ConnectStage::tls;
    try {
      secure();
    } catch (const std::exception& error) {
      finish(ConnectStage::tls, error.what(), nullptr);
    }
  }

  void set(int option, int value) { ::setsockopt(tcp_->native_handle(), IPPROTO_TCP, option, &value, sizeof(value)); }

  void secure() {
    const auto& tls = address_.tls;
    auto secured = std::make_shared<TlsSocket>();
    auto& context = secured->context;
    context.set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1);
    ::SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
    ::SSL_CTX_set_options(context.native_handle(), SSL_OP_NO_TICKET);
    if (tls.ca_file.empty())
      context.set_default_verify_paths();
    else
      context.load_verify_file(tls.ca_file);
    if (!tls.certificate_file.empty()) {
      context.use_certificate_chain_file(tls.certificate_file);
      context.use_private_key_file(tls.key_file, asio::ssl::context::pem);
    }
    const bool pinned = !tls.fingerprints.empty();
    if (pinned) secured->pins.emplace(tls.fingerprints, tls.verify).watch(context.native_handle());
    secured->stream.emplace(std::move(*tcp_), context);
    const auto& name = tls.server_name.empty() ? address_.host : tls.server_name;
    secured->stream->set_verify_mode(tls.verify || pinned ? asio::ssl::verify_peer : asio::ssl::verify_none);
    if (tls.verify) secured->stream->set_verify_callback(asio::ssl::host_name_verification(name));
    // SSL_set_tlsext_host_name without its C cast. An address is no name (RFC 6066 section 3).
    std::string sni = name;
    if (!ip_address(sni))
      ::SSL_ctrl(secured->stream->native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, sni.data());
    auto& stream = *secured->stream;
    secured_ = secured;
    stream.async_handshake(asio::ssl::stream_base::client, [self = shared_from_this(), secured](error_code ec) {
      if (!ec) return self->finish(ConnectStage::ok, {}, std::make_unique<TlsStream>(secured));
      std::string detail = ec.message();
      const long verdict = ::SSL_get_verify_result(secured->stream->native_handle());
      if (secured->pins && !secured->pins->refused().empty())
        detail += secured->pins->refused();
      else if (verdict != X509_V_OK)
        detail += std::string(": ") + ::X509_verify_cert_error_string(verdict);
      self->finish(ConnectStage::tls, detail, nullptr);
    });
  }

  void finish(ConnectStage stage, std::string detail, std::unique_ptr<Stream> stream) {
    if (!handler_) return;
    auto handler = std::exchange(handler_, nullptr);
    timer_.cancel();
    next_timer_.cancel();
    resolver_.cancel();
    error_code ignored;
    close_all_but(stage == ConnectStage::ok ? tcp_ : nullptr);
    if (stage != ConnectStage::ok) {
      if (tcp_) tcp_->close(ignored);
      if (secured_) secured_->stream->next_layer().close(ignored);
    }
    handler(stage, std::move(detail), std::move(stream));
  }

  asio::any_io_executor executor_;
  const Address address_;
  Connector::Handler handler_;
  tcp::resolver resolver_;
  asio::steady_timer timer_, next_timer_;
  std::vector<tcp::endpoint> addresses_;
  std::size_t tried_ = 0, waiting_ = 0;                // addresses; of these, without an answer
  std::vector<std::shared_ptr<tcp::socket>> sockets_;  // of the addresses that are tried
  std::shared_ptr<tcp::socket> tcp_;                   // the one that connected
  std::shared_ptr<TlsSocket> secured_;
  ConnectStage stage_ = ConnectStage::resolve;
};

}  // namespace

void SystemConnector::connect(asio::any_io_executor executor, const Address& address, Time deadline, Handler handler) {
  std::make_shared<Attempt>(std::move(executor), address, std::move(handler))->start(deadline, look_up_);
}

}  // namespace smsbridge::bridge
