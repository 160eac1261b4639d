// SPDX-License-Identifier: MPL-2.0
#include "bridge/ingest/http_server.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <filesystem>
#include <optional>

#include "bridge/env/log.hpp"

namespace smsbridge::bridge {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using boost::system::error_code;
using local = asio::local::stream_protocol;

constexpr std::size_t drain_bytes_max = 8u << 20;  // read and thrown away after a refusal, so that the client sees it
constexpr Duration drain_time = std::chrono::seconds(2);

bool peer_is_ours(int socket) {
  struct ucred peer {};
  socklen_t size = sizeof(peer);
  return ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && (peer.uid == 0 || peer.uid == ::geteuid());
}

}  // namespace

class HttpServer::Impl : public std::enable_shared_from_this<HttpServer::Impl> {
 public:
  Impl(asio::io_context& io, const HttpLimits& limits, HttpHandler handler, Refuse refuse)
      : io_(io), limits_(limits), handler_(std::move(handler)), refuse_(std::move(refuse)), tcp_(io), local_(io) {}

  std::uint16_t listen(const ListenAddress& address);
  void listen_local(const std::string& path);
  void stop();

 private:
  template <class Protocol>
  class Connection;
  template <class Protocol>
  void accept(asio::basic_socket_acceptor<Protocol>& acceptor);

  asio::io_context& io_;
  const HttpLimits limits_;
  const HttpHandler handler_;
  const Refuse refuse_;
  tcp::acceptor tcp_;
  local::acceptor local_;
  std::string local_path_;
  std::size_t connections_ = 0;
  bool stopping_ = false;
};

// read the header, read the body, let the handler answer, write, again.
template <class Protocol>
class HttpServer::Impl::Connection : public std::enable_shared_from_this<Connection<Protocol>> {
 public:
  Connection(std::shared_ptr<Impl> server, typename Protocol::socket socket)
      : server_(std::move(server)), stream_(std::move(socket)) {
    ++server_->connections_;
    request_.executor = server_->io_.get_executor();
    request_.local = std::is_same_v<Protocol, local>;
  }
  ~Connection() { --server_->connections_; }

  void start() { wait_for_request(); }

 private:
  auto self() { return this->shared_from_this(); }

  void wait_for_request() {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(server_->limits_.header_bytes));
    parser_->body_limit(server_->limits_.body_bytes);
    if (buffer_.size() > 0) return read_header();
    if (server_->stopping_) return close();
    stream_.expires_after(server_->limits_.idle_time);
    stream_.async_read_some(buffer_.prepare(16 * 1024), [self = self()](error_code ec, std::size_t count) {
      if (ec) return self->close();
      self->buffer_.commit(count);
      self->read_header();
    });
  }

  // The whole header has one deadline: octets that trickle in do not extend it.
  void read_header() {
    stream_.expires_after(server_->limits_.header_time);
    http::async_read_header(stream_, buffer_, *parser_, [self = self()](error_code ec, std::size_t size) {
      // The parser looks at its limit only while the end of the header is missing.
      if (!ec && size > self->server_->limits_.header_bytes) ec = http::error::header_limit;
      if (ec) return self->refuse(ec);
      if (self->parser_->get()[http::field::expect] == "100-continue") return self->send_continue();
      self->read_body();
    });
  }

  void send_continue() {
    static const std::string text = "HTTP/1.1 100 Continue\r\n\r\n";
    asio::async_write(stream_, asio::buffer(text), [self = self()](error_code ec, std::size_t) {
      if (ec) return self->close();
      self->read_body();
    });
  }

  void read_body() {
    stream_.expires_after(server_->limits_.body_time);
    http::async_read(stream_, buffer_, *parser_, [self = self()](error_code ec, std::size_t) {
      if (ec) return self->refuse(ec);
      self->handle();
    });
  }

  void handle() {
    stream_.expires_never();
    request_.raw = parser_->release();
    request_.query.clear();
    request_.captures.clear();
    if (!parse_target(std::string_view(request_.raw.target().data(), request_.raw.target().size()), request_.path,
                      request_.query))
      return respond(server_->refuse_({.code = ProblemCode::malformed_request,
                                       .detail = "the address has a broken percent escape",
                                       .errors = {}}),
                     true);
    server_->handler_(request_, [self = self()](HttpResponse response) {
      self->respond(std::move(response), self->request_.raw.keep_alive());
    });
  }

  void respond(HttpResponse response, bool keep_alive) {
    response_ = {};
    response_.version(11);
    response_.result(response.status);
    if (!response.body.empty()) response_.set(http::field::content_type, response.content_type);
    for (auto& [name, value] : response.headers) response_.set(name, value);
    const bool head = request_.raw.method() == http::verb::head;
    const auto size = response.body.size();
    if (!head) response_.body() = std::move(response.body);
    response_.content_length(size);
    response_.keep_alive(keep_alive && !server_->stopping_);
    stream_.expires_after(server_->limits_.write_time);
    const auto written = [self = self()](error_code ec, std::size_t) {
      if (ec) return self->close();
      if (!self->response_.keep_alive()) return self->drain();
      self->wait_for_request();
    };
    if (head) {
      serializer_.emplace(response_);
      http::async_write_header(stream_, *serializer_, written);
    } else {
      http::async_write(stream_, response_, written);
    }
  }

  void refuse(error_code ec) {
    Problem problem;
    if (ec == http::error::body_limit) {
      problem = {.code = ProblemCode::payload_too_large,
                 .detail = "the body is larger than " + std::to_string(server_->limits_.body_bytes) +
                           " bytes; send smaller batches",
                 .errors = {}};
    } else if (ec == http::error::header_limit) {
      problem = {.code = ProblemCode::headers_too_large,
                 .detail = "the headers are larger than " + std::to_string(server_->limits_.header_bytes) + " bytes",
                 .errors = {}};
    } else if (ec == beast::error::timeout) {
      return close();  // the stream is already shut; nobody would read an answer
    } else if (ec.category() == make_error_code(http::error::bad_method).category() &&
               ec != http::error::end_of_stream && ec != http::error::partial_message) {
      problem = {.code = ProblemCode::malformed_request,
                 .detail = "this is not a readable HTTP request: " + ec.message(),
                 .errors = {}};
    } else {
      return close();
    }
    log::debug("http", "request refused", "reason", problem.detail);
    respond(server_->refuse_(problem), false);
  }

  // Closing with unread octets would reset the connection and destroy the answer on its way.
  void drain() {
    error_code ignored;
    stream_.socket().shutdown(Protocol::socket::shutdown_send, ignored);
    stream_.expires_after(drain_time);
    drain_some();
  }
  void drain_some() {
    buffer_.clear();
    stream_.async_read_some(buffer_.prepare(64 * 1024), [self = self()](error_code ec, std::size_t count) {
      self->drained_ += count;
      if (ec || self->drained_ > drain_bytes_max) return self->close();
      self->drain_some();
    });
  }

  void close() {
    error_code ignored;
    stream_.socket().close(ignored);
  }

  std::shared_ptr<Impl> server_;
  beast::basic_stream<Protocol, asio::any_io_executor> stream_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  HttpRequest request_;
  http::response<http::string_body> response_;
  std::optional<http::response_serializer<http::string_body>> serializer_;
  std::size_t drained_ = 0;
};

template <class Protocol>
void HttpServer::Impl::accept(asio::basic_socket_acceptor<Protocol>& acceptor) {
  acceptor.async_accept([self = shared_from_this(), &acceptor](error_code ec, typename Protocol::socket socket) {
    if (self->stopping_ || ec == asio::error::operation_aborted) return;
    if (!ec && self->connections_ < self->limits_.connections) {
      if constexpr (std::is_same_v<Protocol, tcp>) {
        error_code ignored;
        socket.set_option(tcp::no_delay(true), ignored);
      }
      if (std::is_same_v<Protocol, tcp> || peer_is_ours(socket.native_handle()))
        std::make_shared<Connection<Protocol>>(self, std::move(socket))->start();
    } else if (!ec) {
      log::warn("http", "connection refused: too many are open", "limit", self->limits_.connections);
    }
    self->accept(acceptor);
  });
}

std::uint16_t HttpServer::Impl::listen(const ListenAddress& address) {
  tcp::resolver resolver(io_);
  const tcp::endpoint endpoint = *resolver.resolve(address.host, std::to_string(address.port)).begin();
  tcp_.open(endpoint.protocol());
  tcp_.set_option(asio::socket_base::reuse_address(true));
  using reuse_port = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;
  tcp_.set_option(reuse_port(true));
  tcp_.bind(endpoint);
  tcp_.listen(1024);
  accept(tcp_);
  return tcp_.local_endpoint().port();
}

void HttpServer::Impl::listen_local(const std::string& path) {
  std::filesystem::remove(path);
  local_path_ = path;
  local_.open();
  local_.bind(local::endpoint(path));
  ::chmod(path.c_str(), 0600);
  local_.listen(64);
  accept(local_);
}

void HttpServer::Impl::stop() {
  stopping_ = true;
  error_code ignored;
  tcp_.close(ignored);
  local_.close(ignored);
  if (!local_path_.empty()) {
    std::error_code gone;
    std::filesystem::remove(local_path_, gone);
  }
}

HttpServer::HttpServer(asio::io_context& io, const HttpLimits& limits, HttpHandler handler, Refuse refuse)
    : impl_(std::make_shared<Impl>(io, limits, std::move(handler), std::move(refuse))) {}
HttpServer::~HttpServer() { stop(); }
std::uint16_t HttpServer::listen(const ListenAddress& address) { return impl_->listen(address); }
void HttpServer::listen_local(const std::string& path) { impl_->listen_local(path); }
void HttpServer::stop() { impl_->stop(); }

}  // namespace smsbridge::bridge
