// SPDX-License-Identifier: MPL-2.0
#include "bridge/ingest/http_server.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <filesystem>
#include <optional>
#include <set>

#include "bridge/env/log.hpp"
#include "bridge/env/log_throttle.hpp"
#include "bridge/text/ucs2.hpp"

namespace smsbridge::bridge {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using boost::system::error_code;
using local = asio::local::stream_protocol;

constexpr std::size_t drain_bytes_max = 8u << 20;  // read and thrown away after a refusal, so that the client sees it
constexpr Duration drain_time = std::chrono::seconds(2);
constexpr Duration watch_interval = std::chrono::milliseconds(500);
constexpr Duration accept_pause = std::chrono::milliseconds(100);
constexpr std::size_t read_bytes = 8 * 1024, large_read_bytes = 64 * 1024;

bool peer_is_ours(int socket) {
  struct ucred peer {};
  socklen_t size = sizeof(peer);
  return ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && (peer.uid == 0 || peer.uid == ::geteuid());
}

// In any case of letters, and never by HTTP/1.0 (RFC 9110 section 10.1.1).
bool wants_continue(const http::request<http::string_body>& request) {
  return request.version() >= 11 && beast::iequals(request[http::field::expect], "100-continue");
}

}  // namespace

class HttpServer::Impl : public std::enable_shared_from_this<HttpServer::Impl> {
 public:
  Impl(asio::io_context& io, const HttpLimits& limits, HttpHandler handler, Refuse refuse)
      : io_(io),
        limits_(limits),
        handler_(std::move(handler)),
        refuse_(std::move(refuse)),
        tcp_(io),
        local_(io),
        watch_timer_(io),
        accept_timer_(io) {}

  std::uint16_t listen(const ListenAddress& address, bool first);
  void listen_local(const std::string& path);
  void stop();

 private:
  // One timer looks at the deadlines of all connections: setting one is an assignment.
  class Watched {
   public:
    virtual ~Watched() = default;
    virtual void expire() = 0;
    virtual void stop() = 0;
    std::chrono::steady_clock::time_point deadline;
  };
  template <class Protocol>
  class Connection;
  template <class Protocol>
  void accept(asio::basic_socket_acceptor<Protocol>& acceptor);
  void watch();

  asio::io_context& io_;
  const HttpLimits limits_;
  const HttpHandler handler_;
  const Refuse refuse_;
  tcp::acceptor tcp_;
  local::acceptor local_;
  std::string local_path_;
  std::set<Watched*> connections_;
  asio::steady_timer watch_timer_, accept_timer_;
  log::Throttle repaired_;
  bool stopping_ = false;
};

// Read the header, read the body, let the handler answer, write, again.
template <class Protocol>
class HttpServer::Impl::Connection : public std::enable_shared_from_this<Connection<Protocol>>, public Watched {
 public:
  using Socket = asio::basic_stream_socket<Protocol, asio::io_context::executor_type>;

  Connection(std::shared_ptr<Impl> server, Socket socket) : server_(std::move(server)), socket_(std::move(socket)) {
    server_->connections_.insert(this);
    request_.executor = server_->io_.get_executor();
    request_.local = std::is_same_v<Protocol, local>;
  }
  ~Connection() override { server_->connections_.erase(this); }

  void start() { wait_for_request(); }

  void expire() override {
    deadline = never;
    if (state_ != State::header && state_ != State::body) return close();
    // The read ends with an error, and its handler answers.
    timed_out_ = true;
    error_code ignored;
    socket_.cancel(ignored);
  }

  void stop() override {
    if (state_ == State::idle) close();
  }

 private:
  enum class State { idle, header, body, handling, writing, draining };
  static constexpr auto never = std::chrono::steady_clock::time_point::max();

  auto self() { return this->shared_from_this(); }

  void enter(State state, Duration time) {
    state_ = state;
    deadline = std::chrono::steady_clock::now() + time;
  }

  void wait_for_request() {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(server_->limits_.header_bytes));
    parser_->body_limit(server_->limits_.body_bytes);
    header_size_ = 0;
    if (buffer_.size() == 0) {
      if (server_->stopping_) return close();
      enter(State::idle, server_->limits_.idle_time);
      return read();
    }
    enter(State::header, server_->limits_.header_time);
    parse();
  }

  void read() {
    const bool large = parser_->is_header_done() && parser_->content_length_remaining().value_or(0) > read_bytes;
    socket_.async_read_some(buffer_.prepare(large ? large_read_bytes : read_bytes),
                            [self = self()](error_code ec, std::size_t count) {
                              if (self->timed_out_) return self->refuse_late();
                              if (ec) return self->close();
                              self->buffer_.commit(count);
                              // The whole header has one deadline: octets that trickle in do not extend it.
                              if (self->state_ == State::idle)
                                self->enter(State::header, self->server_->limits_.header_time);
                              self->parse();
                            });
  }

  void parse() {
    while (!parser_->is_done()) {
      if (buffer_.size() == 0) return read();
      const bool in_header = !parser_->is_header_done();
      error_code ec;
      const auto used = parser_->put(buffer_.data(), ec);
      buffer_.consume(used);
      if (in_header) header_size_ += used;
      // The parser looks at its limit only while the end of the header is missing.
      if (header_size_ > server_->limits_.header_bytes) ec = http::error::header_limit;
      if (ec == http::error::need_more) return read();
      if (ec) return refuse(ec);
      if (in_header && parser_->is_header_done()) {
        enter(State::body, server_->limits_.body_time);
        if (!parser_->is_done() && wants_continue(parser_->get())) return send_continue();
      }
    }
    handle();
  }

  void send_continue() {
    static const std::string text = "HTTP/1.1 100 Continue\r\n\r\n";
    asio::async_write(socket_, asio::buffer(text), [self = self()](error_code ec, std::size_t) {
      if (self->timed_out_) return self->refuse_late();
      if (ec) return self->close();
      self->parse();
    });
  }

  void handle() {
    state_ = State::handling;
    deadline = never;
    request_.raw = parser_->release();
    request_.query.clear();
    request_.captures.clear();
    const bool good = parse_target(std::string_view(request_.raw.target().data(), request_.raw.target().size()),
                                   request_.path, request_.query);
    // Kannel and others put their words into our address as they are ("50% failed"). A callback reads its query itself,
    // and refused it would be lost.
    if (!good && !request_.path.starts_with("/in/"))
      return respond(server_->refuse_({.code = ProblemCode::malformed_request,
                                       .detail = "the address has a broken percent escape",
                                       .errors = {}}),
                     false);
    server_->handler_(request_, [self = self()](HttpResponse response) {
      self->respond(std::move(response), self->request_.raw.keep_alive());
    });
  }

  // The last place where an answer can be made readable: one octet of a peer that was let through makes a whole page
  // unreadable.
  void make_readable(std::string& body) {
    if (text::is_valid_utf8(body)) return;
    body = text::repaired_utf8(std::move(body));
    if (const auto count = server_->repaired_.due({}, std::chrono::steady_clock::now()))
      log::error("http", "an answer was not valid UTF-8 and was repaired; please report it", "path", request_.path,
                 "times", count);
  }

  // RFC 9112: status line, headers, body.
  void respond(HttpResponse response, bool keep_alive) {
    make_readable(response.body);
    keep_alive_ = keep_alive && !server_->stopping_;
    const auto reason = http::obsolete_reason(response.status);
    output_.clear();
    fmt::format_to(std::back_inserter(output_), "HTTP/1.1 {} {}\r\nContent-Length: {}\r\n",
                   static_cast<unsigned>(response.status), std::string_view(reason.data(), reason.size()),
                   response.body.size());
    const auto add = [this](std::string_view name, std::string_view value) {
      output_.append(name).append(": ").append(value).append("\r\n");
    };
    if (!response.body.empty()) add("Content-Type", response.content_type);
    for (const auto& [name, value] : response.headers) add(name, value);
    if (!keep_alive_)
      add("Connection", "close");
    else if (request_.raw.version() < 11)
      add("Connection", "keep-alive");
    output_.append("\r\n");
    if (request_.raw.method() != http::verb::head) output_.append(response.body);
    enter(State::writing, server_->limits_.write_time);
    asio::async_write(socket_, asio::buffer(output_), [self = self()](error_code ec, std::size_t) {
      if (ec) return self->close();
      if (!self->keep_alive_) return self->drain();
      self->wait_for_request();
    });
  }

  void refuse_late() {
    timed_out_ = false;
    refuse({.code = ProblemCode::request_timeout,
            .detail = "the request did not arrive in time; send it in one piece",
            .errors = {}});
  }

  void refuse(error_code ec) {
    Problem problem{.code = ProblemCode::malformed_request,
                    .detail = "this is not a readable HTTP request: " + ec.message(),
                    .errors = {}};
    if (ec == http::error::body_limit)
      problem = {.code = ProblemCode::payload_too_large,
                 .detail = "the body is larger than " + std::to_string(server_->limits_.body_bytes) +
                           " bytes; send smaller batches",
                 .errors = {}};
    else if (ec == http::error::header_limit)
      problem = {.code = ProblemCode::headers_too_large,
                 .detail = "the headers are larger than " + std::to_string(server_->limits_.header_bytes) + " bytes",
                 .errors = {}};
    refuse(problem);
  }

  void refuse(const Problem& problem) {
    log::debug("http", "request refused", "reason", problem.detail);
    request_.raw = {};
    respond(server_->refuse_(problem), false);
  }

  // Closing with unread octets would reset the connection and destroy the answer on its way.
  void drain() {
    error_code ignored;
    socket_.shutdown(Socket::shutdown_send, ignored);
    enter(State::draining, drain_time);
    drain_some();
  }
  void drain_some() {
    buffer_.clear();
    socket_.async_read_some(buffer_.prepare(large_read_bytes), [self = self()](error_code ec, std::size_t count) {
      self->drained_ += count;
      if (ec || self->drained_ > drain_bytes_max) return self->close();
      self->drain_some();
    });
  }

  void close() {
    deadline = never;
    error_code ignored;
    socket_.close(ignored);
  }

  std::shared_ptr<Impl> server_;
  Socket socket_;
  State state_ = State::idle;
  bool timed_out_ = false, keep_alive_ = true;
  std::size_t header_size_ = 0, drained_ = 0;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  HttpRequest request_;
  std::string output_;
};

template <class Protocol>
void HttpServer::Impl::accept(asio::basic_socket_acceptor<Protocol>& acceptor) {
  acceptor.async_accept(
      io_, [self = shared_from_this(), &acceptor](error_code ec, typename Connection<Protocol>::Socket socket) {
        if (self->stopping_ || ec == asio::error::operation_aborted) return;
        if (!ec && self->connections_.size() < self->limits_.connections) {
          if constexpr (std::is_same_v<Protocol, tcp>) {
            error_code ignored;
            socket.set_option(tcp::no_delay(true), ignored);
          }
          if (std::is_same_v<Protocol, tcp> || peer_is_ours(socket.native_handle()))
            std::make_shared<Connection<Protocol>>(self, std::move(socket))->start();
        } else if (!ec) {
          log::warn("http", "connection refused: too many are open", "limit", self->limits_.connections);
        } else {
          // Out of descriptors, mostly: trying at once would only burn the processor.
          log::error("http", "no connection could be accepted", "reason", ec.message());
          self->accept_timer_.expires_after(accept_pause);
          return self->accept_timer_.async_wait([self, &acceptor](error_code) {
            if (!self->stopping_) self->accept(acceptor);
          });
        }
        self->accept(acceptor);
      });
}

void HttpServer::Impl::watch() {
  watch_timer_.expires_after(watch_interval);
  watch_timer_.async_wait([self = shared_from_this()](error_code ec) {
    if (ec || self->stopping_) return;
    const auto now = std::chrono::steady_clock::now();
    std::vector<Watched*> late;
    for (auto* connection : self->connections_)
      if (connection->deadline <= now) late.push_back(connection);
    for (auto* connection : late) connection->expire();
    self->watch();
  });
}

std::uint16_t HttpServer::Impl::listen(const ListenAddress& address, bool first) {
  tcp::resolver resolver(io_);
  const tcp::endpoint endpoint = *resolver.resolve(address.host, std::to_string(address.port)).begin();
  if (first) {
    // SO_REUSEPORT would also let a second daemon in, and each would get some of the requests.
    tcp::acceptor alone(io_, endpoint, true);
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
}

void HttpServer::Impl::listen_local(const std::string& path) {
  std::filesystem::remove(path);
  local_path_ = path;
  local_.open();
  local_.bind(local::endpoint(path));
  ::chmod(path.c_str(), 0600);
  local_.listen(64);
  accept(local_);
  watch();
}

void HttpServer::Impl::stop() {
  stopping_ = true;
  error_code ignored;
  tcp_.close(ignored);
  local_.close(ignored);
  watch_timer_.cancel();
  accept_timer_.cancel();
  for (auto* connection : std::vector<Watched*>(connections_.begin(), connections_.end())) connection->stop();
  if (!local_path_.empty()) {
    std::error_code gone;
    std::filesystem::remove(local_path_, gone);
  }
}

HttpServer::HttpServer(asio::io_context& io, const HttpLimits& limits, HttpHandler handler, Refuse refuse)
    : impl_(std::make_shared<Impl>(io, limits, std::move(handler), std::move(refuse))) {}
HttpServer::~HttpServer() { stop(); }
std::uint16_t HttpServer::listen(const ListenAddress& address, bool first) { return impl_->listen(address, first); }
void HttpServer::listen_local(const std::string& path) { impl_->listen_local(path); }
void HttpServer::stop() { impl_->stop(); }

}  // namespace smsbridge::bridge
