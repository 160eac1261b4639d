// SPDX-License-Identifier: MPL-2.0
#include "bridge/env/stream.hpp"

#include <netinet/tcp.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>

namespace smsbridge::bridge {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// The socket belongs to a shared object, because a handler may run after the stream's owner let it go.
class TcpStream : public Stream {
 public:
  explicit TcpStream(std::shared_ptr<tcp::socket> socket) : socket_(std::move(socket)) {}
  ~TcpStream() override { TcpStream::close(); }
  void read_some(asio::mutable_buffer buffer, Handler handler) override {
    socket_->async_read_some(buffer,
                             [socket = socket_, h = std::move(handler)](error_code ec, std::size_t n) { h(ec, n); });
  }
  void write_some(asio::const_buffer buffer, Handler handler) override {
    socket_->async_write_some(buffer,
                              [socket = socket_, h = std::move(handler)](error_code ec, std::size_t n) { h(ec, n); });
  }
  void close() override {
    error_code ignored;
    socket_->close(ignored);
  }

 private:
  std::shared_ptr<tcp::socket> socket_;
};

struct TlsSocket {
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
  void close() override {
    error_code ignored;
    socket_->stream->next_layer().close(ignored);
  }

 private:
  std::shared_ptr<TlsSocket> socket_;
};

// One attempt: resolve, connect, TLS handshake, under one deadline.
class Attempt : public std::enable_shared_from_this<Attempt> {
 public:
  Attempt(asio::any_io_executor executor, Endpoint endpoint, Connector::Handler handler)
      : executor_(executor),
        endpoint_(std::move(endpoint)),
        handler_(std::move(handler)),
        resolver_(executor),
        timer_(executor),
        tcp_(std::make_shared<tcp::socket>(executor)) {}

  void start(Time deadline) {
    timer_.expires_at(deadline);
    timer_.async_wait([self = shared_from_this()](error_code ec) {
      if (!ec) self->finish(self->stage_, "no answer in time", nullptr);
    });
    resolver_.async_resolve(endpoint_.host, std::to_string(endpoint_.port),
                            [self = shared_from_this()](error_code ec, tcp::resolver::results_type results) {
                              if (ec) return self->finish(ConnectStage::resolve, ec.message(), nullptr);
                              self->connect(results);
                            });
  }

 private:
  void connect(const tcp::resolver::results_type& results) {
    stage_ = ConnectStage::connect;
    asio::async_connect(*tcp_, results, [self = shared_from_this()](error_code ec, const tcp::endpoint&) {
      if (ec) return self->finish(ConnectStage::connect, ec.message(), nullptr);
      self->connected();
    });
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
    if (!endpoint_.tls.enabled) return finish(ConnectStage::ok, {}, std::make_unique<TcpStream>(tcp_));
    stage_ = ConnectStage::tls;
    try {
      secure();
    } catch (const std::exception& error) {
      finish(ConnectStage::tls, error.what(), nullptr);
    }
  }

  void set(int option, int value) { ::setsockopt(tcp_->native_handle(), IPPROTO_TCP, option, &value, sizeof(value)); }

  void secure() {
    const auto& tls = endpoint_.tls;
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
    secured->stream.emplace(std::move(*tcp_), context);
    const auto& name = tls.server_name.empty() ? endpoint_.host : tls.server_name;
    if (tls.verify) {
      secured->stream->set_verify_mode(asio::ssl::verify_peer);
      secured->stream->set_verify_callback(asio::ssl::host_name_verification(name));
    } else {
      secured->stream->set_verify_mode(asio::ssl::verify_none);
    }
    // SSL_set_tlsext_host_name without its C cast.
    std::string sni = name;
    ::SSL_ctrl(secured->stream->native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, sni.data());
    auto& stream = *secured->stream;
    secured_ = secured;
    stream.async_handshake(asio::ssl::stream_base::client, [self = shared_from_this(), secured](error_code ec) {
      if (!ec) return self->finish(ConnectStage::ok, {}, std::make_unique<TlsStream>(secured));
      std::string detail = ec.message();
      const long verdict = ::SSL_get_verify_result(secured->stream->native_handle());
      if (verdict != X509_V_OK) detail += std::string(": ") + ::X509_verify_cert_error_string(verdict);
      self->finish(ConnectStage::tls, detail, nullptr);
    });
  }

  void finish(ConnectStage stage, std::string detail, std::unique_ptr<Stream> stream) {
    if (!handler_) return;
    auto handler = std::exchange(handler_, nullptr);
    timer_.cancel();
    resolver_.cancel();
    error_code ignored;
    if (stage != ConnectStage::ok) {
      tcp_->close(ignored);
      if (secured_) secured_->stream->next_layer().close(ignored);
    }
    handler(stage, std::move(detail), std::move(stream));
  }

  asio::any_io_executor executor_;
  const Endpoint endpoint_;
  Connector::Handler handler_;
  tcp::resolver resolver_;
  asio::steady_timer timer_;
  std::shared_ptr<tcp::socket> tcp_;
  std::shared_ptr<TlsSocket> secured_;
  ConnectStage stage_ = ConnectStage::resolve;
};

}  // namespace

void SystemConnector::connect(asio::any_io_executor executor, const Endpoint& endpoint, Time deadline,
                              Handler handler) {
  std::make_shared<Attempt>(std::move(executor), endpoint, std::move(handler))->start(deadline);
}

}  // namespace smsbridge::bridge
