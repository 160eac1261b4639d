// SPDX-License-Identifier: MPL-2.0
#include "bridge/http/server.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <ctime>
#include <filesystem>
#include <list>
#include <map>
#include <optional>
#include <set>

#include "bridge/env/log.hpp"
#include "bridge/env/log_throttle.hpp"
#include "bridge/http/framing.hpp"
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
constexpr std::size_t framing_per_octet = 8;  // a body in chunks of one octet takes five
constexpr std::size_t skipped_bytes_max = 64 * 1024;
constexpr int retry_after_seconds = 2;

bool peer_is_ours(int socket) {
  struct ucred peer {};
  socklen_t size = sizeof(peer);
  return ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && (peer.uid == 0 || peer.uid == ::geteuid());
}

// In any case of letters, and never by HTTP/1.0 (RFC 9110 section 10.1.1).
bool wants_continue(const http::request<http::string_body>& request) {
  return request.version() >= 11 && beast::iequals(request[http::field::expect], "100-continue");
}

// RFC 9110 section 6.6.1.
const std::string& date_header() {
  thread_local std::time_t shown = 0;
  thread_local std::string text;
  if (const auto now = std::time(nullptr); now != shown || text.empty()) {
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    std::array<char, 40> buffer{};
    text.assign(buffer.data(), std::strftime(buffer.data(), buffer.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts));
    shown = now;
  }
  return text;
}

// Whom a limit per address means: one host of IPv4, one network of IPv6, where a host has as many as it likes.
asio::ip::address counted_address(const asio::ip::address& address) {
  if (!address.is_v6()) return address;
  if (address.to_v6().is_v4_mapped()) return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  auto octets = address.to_v6().to_bytes();
  std::fill(octets.begin() + 8, octets.end(), 0);
  return asio::ip::address_v6(octets);
}

Problem problem_of(error_code ec, const HttpLimits& limits, bool in_request_line) {
  if (ec == http::error::body_limit)
    return {.code = ProblemCode::payload_too_large,
            .detail = "the body is larger than " + std::to_string(limits.body_bytes) + " bytes; send smaller batches",
            .errors = {}};
  if (ec == http::error::header_limit && in_request_line)
    return {.code = ProblemCode::uri_too_long,
            .detail = "the address is longer than " + std::to_string(target_bytes_max) + " octets",
            .errors = {}};
  if (ec == http::error::header_limit)
    return {.code = ProblemCode::headers_too_large,
            .detail = "the headers are larger than " + std::to_string(limits.header_bytes) + " bytes",
            .errors = {}};
  return {.code = ProblemCode::malformed_request,
          .detail = "this is not a readable HTTP request: " + ec.message(),
          .errors = {}};
}

}  // namespace

class HttpServer::Impl : public std::enable_shared_from_this<HttpServer::Impl> {
 public:
  Impl(asio::io_context& io, Clock& clock, HttpLimits limits, HttpDoor door, metrics::HttpMetrics& metrics,
       BodyMemory& bodies)
      : io_(io),
        clock_(clock),
        limits_(std::move(limits)),
        door_(std::move(door)),
        metrics_(metrics),
        unmatched_(metrics.endpoint("other", metrics::HttpMethod::other, 404)),
        bodies_(bodies),
        tcp_(io),
        local_(io),
        watch_timer_(clock.timer(io.get_executor())),
        accept_timer_(clock.timer(io.get_executor())) {}

  std::uint16_t listen(const ListenAddress& address, bool first);
  void listen_local(const std::string& path);
  void stop();

 private:
  // Who makes room first.
  enum class Waiting { stranger, asked, known };
  static constexpr std::size_t waiting_kinds = 3;

  // One timer looks at the deadlines of all connections: setting one is an assignment.
  class Watched {
   public:
    virtual ~Watched() = default;
    virtual void expire() = 0;
    virtual void stop() = 0;
    virtual void close() = 0;
    Time deadline;
    asio::ip::address address;  // that its limit counts; none for the control socket and for loopback
    bool open = true;
    std::optional<Waiting> waiting;  // the list it is in
    std::list<Watched*>::iterator place;
  };
  template <class Protocol>
  class Connection;
  template <class Protocol>
  void accept(asio::basic_socket_acceptor<Protocol>& acceptor);
  template <class Protocol>
  void admit(asio::basic_stream_socket<Protocol, asio::io_context::executor_type> socket);
  void watch();
  void wait_in(Watched& connection, Waiting kind);
  void leave(Watched& connection);
  void closed(Watched& connection);
  bool evict_one();
  void dropped(metrics::ConnectionDrop why, const asio::ip::address& address);
  bool has_too_many(const asio::ip::address& address) const;

  asio::io_context& io_;
  Clock& clock_;
  const HttpLimits limits_;
  const HttpDoor door_;
  metrics::HttpMetrics& metrics_;
  metrics::HttpEndpointMetrics& unmatched_;
  BodyMemory& bodies_;
  tcp::acceptor tcp_;
  local::acceptor local_;
  std::string local_path_;
  struct stat local_file_ {};  // as it was made
  std::set<Watched*> connections_;
  std::size_t open_ = 0;
  std::array<std::list<Watched*>, waiting_kinds> waiting_;  // those that may be closed, longest first
  std::map<asio::ip::address, std::size_t> per_address_;
  const std::unique_ptr<Timer> watch_timer_, accept_timer_;
  log::Throttle repaired_, refused_, dropped_;
  bool stopping_ = false;
};

// Read the header, read the body, let the handler answer, write, again.
template <class Protocol>
class HttpServer::Impl::Connection : public std::enable_shared_from_this<Connection<Protocol>>, public Watched {
 public:
  using Socket = asio::basic_stream_socket<Protocol, asio::io_context::executor_type>;

  Connection(std::shared_ptr<Impl> server, Socket socket) : server_(std::move(server)), socket_(std::move(socket)) {
    server_->connections_.insert(this);
    ++server_->open_;
    server_->metrics_.connections->Increment();
    request_.executor = server_->io_.get_executor();
    request_.local = std::is_same_v<Protocol, local>;
  }
  ~Connection() override {
    Connection::close();
    forget_body();
    server_->connections_.erase(this);
  }

  void start(bool from_loopback) {
    request_.from_loopback = from_loopback;
    wait_for_request();
  }

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
  static constexpr auto never = Time::max();

  auto self() { return this->shared_from_this(); }

  void enter(State state, Duration time) {
    state_ = state;
    deadline = server_->clock_.now() + time;
  }

  // Each request is a turn of its own, since the answer before it was written by one: who sends many in one piece waits
  // for his next behind everybody else's.
  void wait_for_request() {
    forget_body();
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(server_->limits_.header_bytes));
    parser_->body_limit(server_->limits_.body_bytes);
    header_size_ = body_size_ = 0;
    const auto skipped = std::min(skip_, buffer_.size());
    buffer_.consume(skipped);
    skip_ -= skipped;
    const auto& limits = server_->limits_;
    if (buffer_.size() == 0 && skip_ == 0) {
      if (server_->stopping_) return close();
      enter(State::idle, last_ == Waiting::stranger ? limits.first_time : limits.idle_time);
    } else if (state_ != State::header) {
      enter(State::header, limits.header_time);
    }
    server_->wait_in(*this, last_);
    if (buffer_.size() == 0) return read();
    parse();
  }

  void read() {
    const bool large = parser_->is_header_done() && parser_->content_length_remaining().value_or(0) > read_bytes;
    socket_.async_read_some(buffer_.prepare(large ? large_read_bytes : read_bytes),
                            [self = self()](error_code ec, std::size_t count) {
                              if (self->timed_out_) return self->refuse_late();
                              if (ec || !self->open) return self->close();
                              self->buffer_.commit(count);
                              if (self->skip_ > 0) return self->wait_for_request();
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
      // The parser holds back what it does not know the end of: all of a header, a line of a chunk, the trailers.
      const bool in_request_line = in_header && header_size_ == 0 && used == 0;
      buffer_.consume(used);
      (in_header ? header_size_ : body_size_) += used;
      // The parser looks at its limit only while the end of the header is missing.
      if (header_size_ > server_->limits_.header_bytes) ec = http::error::header_limit;
      if (ec && ec != http::error::need_more) return refuse(problem_of(ec, server_->limits_, in_request_line));
      if (!in_header && !body_fits(ec ? buffer_.size() : 0)) return;
      if (ec) return read();
      if (in_header && parser_->is_header_done() && !enters()) return;
    }
    // What the trailers said is not looked at: the header was taken before they came (RFC 9110 section 6.5.1).
    request_.raw.body() = std::move(parser_->get().body());
    handle();
  }

  // The header is there. False: the answer is on its way, or the client waits to be told to go on.
  bool enters() {
    server_->leave(*this);
    last_ = std::max(last_, Waiting::asked);
    request_.raw = {};
    request_.raw.base() = std::move(parser_->get().base());
    request_.query.clear();
    request_.captures.clear();
    if (const auto fault = framing_fault(request_.raw)) return refuse(*fault), false;
    const bool good = parse_target(std::string_view(request_.raw.target().data(), request_.raw.target().size()),
                                   request_.path, request_.query);
    // Kannel and others put their words into our address as they are ("50% failed"). A callback reads its query itself,
    // and refused it would be lost.
    if (!good && !request_.path.starts_with("/in/"))
      return refuse({.code = ProblemCode::malformed_request,
                     .detail = "the address has a broken percent escape",
                     .errors = {}}),
             false;
    if (parser_->is_done()) return true;
    enter(State::body, server_->limits_.body_time);
    if (auto refusal = server_->door_.before_body(request_)) {
      // A little body is thrown away as it comes, and the connection stays: Fineract does not open another in time.
      const auto length = parser_->content_length();
      const bool skips = length && *length <= skipped_bytes_max && !wants_continue(request_.raw);
      skip_ = skips ? static_cast<std::size_t>(*length) : 0;
      return respond(std::move(*refusal), skips && request_.raw.keep_alive()), false;
    }
    last_ = Waiting::known;
    if (!take_memory(parser_->content_length().value_or(0))) return false;
    if (!wants_continue(request_.raw)) return true;
    send_continue();
    return false;
  }

  bool take_memory(std::size_t bytes) {
    if (bytes <= taken_) return true;
    if (server_->bodies_.take(bytes - taken_)) {
      taken_ = bytes;
      return true;
    }
    refuse({.code = ProblemCode::overloaded,
            .detail = "too many large requests are being received; nothing was accepted, try again",
            .errors = {},
            .retry_after_seconds = retry_after_seconds});
    return false;
  }

  void forget_body() {
    std::string().swap(request_.raw.body());
    if (taken_ > 0) server_->bodies_.give_back(std::exchange(taken_, 0));
  }

  // The body as it grows, and what is sent around it: endless lines around little chunks fill memory as well.
  bool body_fits(std::size_t held_back) {
    const auto& body = parser_->get().body();
    if (!parser_->chunked()) return true;
    const auto framing = body_size_ - std::min(body_size_, body.size());
    const auto& limits = server_->limits_;
    if (held_back <= limits.framing_bytes && framing <= limits.framing_bytes + framing_per_octet * body.size())
      return take_memory(body.capacity());
    refuse({.code = ProblemCode::payload_too_large,
            .detail = "chunk sizes, their extensions and trailers are longer than " +
                      std::to_string(server_->limits_.framing_bytes) + " bytes; send larger chunks",
            .errors = {}});
    return false;
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
    server_->door_.handle(request_, [self = self()](HttpResponse response) {
      self->respond(std::move(response), self->request_.raw.keep_alive());
    });
  }

  // The last place where an answer can be made readable: one octet of a peer that was let through makes a whole page
  // unreadable.
  void make_readable(std::string& body) {
    if (text::is_valid_utf8(body)) return;
    body = text::repaired_utf8(std::move(body));
    if (const auto count = server_->repaired_.due({}, server_->clock_.now()))
      log::error("http", "an answer was not valid UTF-8 and was repaired; please report it", "path", request_.path,
                 "times", count);
  }

  // RFC 9112: status line, headers, body.
  void respond(HttpResponse response, bool keep_alive) {
    make_readable(response.body);
    keep_alive_ = keep_alive && !server_->stopping_;
    shared_ = std::move(response.shared_body);
    const auto& body = shared_ ? *shared_ : response.body;
    const auto reason = http::obsolete_reason(response.status);
    output_.clear();
    fmt::format_to(std::back_inserter(output_), "HTTP/1.1 {} {}\r\nDate: {}\r\nContent-Length: {}\r\n",
                   static_cast<unsigned>(response.status), std::string_view(reason.data(), reason.size()),
                   date_header(), body.size());
    const auto add = [this](std::string_view name, std::string_view value) {
      output_.append(name).append(": ").append(value).append("\r\n");
    };
    if (!body.empty()) add("Content-Type", response.content_type);
    for (const auto& [name, value] : response.headers) add(name, value);
    if (!keep_alive_)
      add("Connection", "close");
    else if (request_.raw.version() < 11)
      add("Connection", "keep-alive");
    output_.append("\r\n");
    const bool head = request_.raw.method() == http::verb::head;
    if (!head && !shared_) output_.append(response.body);
    enter(State::writing, server_->limits_.write_time);
    // Who does not read what he asked for waits like one who says nothing, unless he may have been told of a message.
    if (last_ != Waiting::known) server_->wait_in(*this, last_);
    const std::array<asio::const_buffer, 2> pieces{asio::buffer(output_),
                                                   shared_ && !head ? asio::buffer(*shared_) : asio::const_buffer()};
    asio::async_write(socket_, pieces, [self = self()](error_code ec, std::size_t) {
      self->shared_.reset();
      if (self->output_.capacity() > large_read_bytes) std::string().swap(self->output_);
      if (ec || !self->open) return self->close();
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

  // Before a handler: counted and said here.
  void refuse(const Problem& problem) {
    server_->leave(*this);
    server_->unmatched_.requests(static_cast<int>(status_of(problem.code))).Increment();
    if (const auto count = server_->refused_.due(std::string(name(problem.code)), server_->clock_.now()))
      log::warn("http", "requests were refused before they were read", "listener", server_->limits_.name, "reason",
                problem.detail, "address", peer(), "times", count);
    request_.raw = {};
    respond(server_->door_.refuse(problem), false);
  }

  std::string peer() const {
    if constexpr (std::is_same_v<Protocol, tcp>) {
      error_code ec;
      const auto endpoint = socket_.remote_endpoint(ec);
      return ec ? "" : endpoint.address().to_string();
    }
    return "local";
  }

  // Closing with unread octets would reset the connection and destroy the answer on its way.
  void drain() {
    error_code ignored;
    socket_.shutdown(Socket::shutdown_send, ignored);
    enter(State::draining, drain_time);
    server_->wait_in(*this, Waiting::stranger);
    drain_some();
  }
  void drain_some() {
    buffer_.clear();
    socket_.async_read_some(buffer_.prepare(large_read_bytes), [self = self()](error_code ec, std::size_t count) {
      self->drained_ += count;
      if (ec || !self->open || self->drained_ > drain_bytes_max) return self->close();
      self->drain_some();
    });
  }

  void close() override {
    deadline = never;
    error_code ignored;
    socket_.close(ignored);
    server_->closed(*this);
  }

  std::shared_ptr<Impl> server_;
  Socket socket_;
  State state_ = State::idle;
  bool timed_out_ = false, keep_alive_ = true;
  Waiting last_ = Waiting::stranger;  // as what it waits for its next request
  std::size_t header_size_ = 0, body_size_ = 0, taken_ = 0, skip_ = 0, drained_ = 0;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  HttpRequest request_;
  std::string output_;
  std::shared_ptr<const std::string> shared_;
};

template <class Protocol>
void HttpServer::Impl::accept(asio::basic_socket_acceptor<Protocol>& acceptor) {
  acceptor.async_accept(
      io_, [self = shared_from_this(), &acceptor](error_code ec, typename Connection<Protocol>::Socket socket) {
        if (self->stopping_ || ec == asio::error::operation_aborted) return;
        if (!ec) {
          self->admit(std::move(socket));
          return self->accept(acceptor);
        }
        // Out of descriptors, mostly: trying at once would only burn the processor.
        self->dropped(metrics::ConnectionDrop::no_descriptor, {});
        self->evict_one();
        self->accept_timer_->at(self->clock_.now() + accept_pause, [self, &acceptor] {
          if (!self->stopping_) self->accept(acceptor);
        });
      });
}

template <class Protocol>
void HttpServer::Impl::admit(asio::basic_stream_socket<Protocol, asio::io_context::executor_type> socket) {
  error_code ec;
  asio::ip::address counted;
  bool from_loopback = false;
  if constexpr (std::is_same_v<Protocol, tcp>) {
    const auto peer = socket.remote_endpoint(ec);
    if (ec) return;  // gone already
    counted = counted_address(peer.address());
    from_loopback = counted.is_loopback() || peer.address().is_loopback();
    if (from_loopback && limits_.spares_loopback) counted = asio::ip::address();
    socket.set_option(tcp::no_delay(true), ec);
  } else if (!peer_is_ours(socket.native_handle())) {
    return;
  }
  using enum metrics::ConnectionDrop;
  if (has_too_many(counted)) return dropped(address_full, counted);
  if (open_ >= limits_.connections && !evict_one()) return dropped(full, counted);
  const auto connection = std::make_shared<Connection<Protocol>>(shared_from_this(), std::move(socket));
  connection->address = counted;
  if (!counted.is_unspecified()) ++per_address_[counted];
  connection->start(from_loopback);
}

bool HttpServer::Impl::has_too_many(const asio::ip::address& address) const {
  const auto found = per_address_.find(address);
  return found != per_address_.end() && found->second >= limits_.connections_per_address;
}

void HttpServer::Impl::wait_in(Watched& connection, Waiting kind) {
  leave(connection);
  auto& list = waiting_[static_cast<std::size_t>(kind)];
  connection.place = list.insert(list.end(), &connection);
  connection.waiting = kind;
}

void HttpServer::Impl::leave(Watched& connection) {
  if (!connection.waiting) return;
  waiting_[static_cast<std::size_t>(*connection.waiting)].erase(connection.place);
  connection.waiting.reset();
}

void HttpServer::Impl::closed(Watched& connection) {
  leave(connection);
  if (!std::exchange(connection.open, false)) return;
  --open_;
  metrics_.connections->Decrement();
  if (const auto found = per_address_.find(connection.address); found != per_address_.end() && --found->second == 0)
    per_address_.erase(found);
}

bool HttpServer::Impl::evict_one() {
  for (auto& list : waiting_) {
    if (list.empty()) continue;
    auto& connection = *list.front();
    dropped(metrics::ConnectionDrop::evicted, connection.address);
    connection.close();
    return true;
  }
  return false;
}

void HttpServer::Impl::dropped(metrics::ConnectionDrop why, const asio::ip::address& address) {
  metrics_.dropped_connections[why]->Increment();
  const std::string reason = metrics::label_value(why);
  if (const auto count = dropped_.due(reason, clock_.now()))
    log::warn("http", "connections of clients were closed to make or keep room", "listener", limits_.name, "reason",
              reason, "open", open_, "limit", limits_.connections, "address",
              address.is_unspecified() ? "" : address.to_string(), "times", count);
}

void HttpServer::Impl::watch() {
  watch_timer_->at(clock_.now() + watch_interval, [self = shared_from_this()] {
    if (self->stopping_) return;
    const auto now = self->clock_.now();
    std::vector<Watched*> late;
    for (auto* connection : self->connections_)
      if (connection->deadline <= now) late.push_back(connection);
    for (auto* connection : late) connection->expire();
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
} catch (const boost::system::system_error& error) {
  throw ListenError(cannot_listen(address.host + ":" + std::to_string(address.port), error.code()));
}

void HttpServer::Impl::listen_local(const std::string& path) try {
  remove_stale_socket(io_, path);
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
  stopping_ = true;
  error_code ignored;
  tcp_.close(ignored);
  local_.close(ignored);
  watch_timer_->cancel();
  accept_timer_->cancel();
  for (auto* connection : std::vector<Watched*>(connections_.begin(), connections_.end())) connection->stop();
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
