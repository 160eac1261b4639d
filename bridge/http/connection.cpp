// SPDX-License-Identifier: MPL-2.0
#include "bridge/http/connection.hpp"

#include <algorithm>
#include <array>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <optional>

#include "bridge/env/log.hpp"
#include "bridge/http/framing.hpp"
#include "bridge/http/problem.hpp"
#include "bridge/http/response_head.hpp"
#include "bridge/text/ucs2.hpp"

namespace smsbridge::bridge {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;
using Waiting = Connections::Waiting;

constexpr std::size_t drain_bytes_max = 8u << 20;  // read and thrown away after a refusal, so that the client sees it
constexpr Duration drain_time = std::chrono::seconds(2);
constexpr std::size_t read_bytes = 8 * 1024, large_read_bytes = 64 * 1024;
// In one turn: to copy megabytes into the socket of one client is time that all others of the shard wait.
constexpr std::size_t write_bytes = 64 * 1024;
constexpr std::size_t framing_per_octet = 8;  // a body in chunks of one octet takes five
constexpr std::size_t skipped_bytes_max = 64 * 1024;
constexpr int retry_after_seconds = 2;

// In any case of letters, and never by HTTP/1.0 (RFC 9110 section 10.1.1).
bool wants_continue(const http::request<http::string_body>& request) {
  return request.version() >= 11 && beast::iequals(request[http::field::expect], "100-continue");
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

// Read the header, read the body, let the handler answer, write, again.
class Connection : public std::enable_shared_from_this<Connection>, public Connections::Connection {
 public:
  Connection(std::shared_ptr<Listener> listener, std::unique_ptr<Stream> stream, const Peer& peer,
             const asio::ip::address& counted)
      : listener_(std::move(listener)), stream_(std::move(stream)) {
    address = counted;
    listener_->connections.add(*this);
    request_.executor = listener_->executor;
    request_.peer = peer;
  }
  ~Connection() override {
    Connection::close();
    forget_body();
    listener_->connections.remove(*this);
  }

  void start() { wait_for_request(); }

  void expire() override {
    deadline = never;
    if (state_ != State::header && state_ != State::body) return close();
    // The read ends with an error, and its handler answers.
    timed_out_ = true;
    stream_->cancel();
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
    deadline = listener_->clock.now() + time;
  }

  // Each request is a turn of its own, since the answer before it was written by one: who sends many in one piece waits
  // for his next behind everybody else's.
  void wait_for_request() {
    forget_body();
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(listener_->limits.header_bytes));
    parser_->body_limit(listener_->limits.body_bytes);
    header_size_ = body_size_ = 0;
    const auto skipped = std::min(skip_, buffer_.size());
    buffer_.consume(skipped);
    skip_ -= skipped;
    const auto& limits = listener_->limits;
    if (buffer_.size() == 0 && skip_ == 0) {
      if (listener_->stopping) return close();
      enter(State::idle, last_ == Waiting::stranger ? limits.first_time : limits.idle_time);
    } else if (state_ != State::header) {
      enter(State::header, limits.header_time);
    }
    listener_->connections.wait_in(*this, last_);
    if (buffer_.size() == 0) return read();
    parse();
  }

  void read() {
    const bool large = parser_->is_header_done() && parser_->content_length_remaining().value_or(0) > read_bytes;
    stream_->read_some(buffer_.prepare(large ? large_read_bytes : read_bytes),
                       [self = self()](error_code ec, std::size_t count) {
                         if (self->timed_out_) return self->refuse_late();
                         if (ec || !self->open) return self->close();
                         self->buffer_.commit(count);
                         if (self->skip_ > 0) return self->wait_for_request();
                         // The whole header has one deadline: octets that trickle in do not extend it.
                         if (self->state_ == State::idle)
                           self->enter(State::header, self->listener_->limits.header_time);
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
      if (header_size_ > listener_->limits.header_bytes) ec = http::error::header_limit;
      if (ec && ec != http::error::need_more) return refuse(problem_of(ec, listener_->limits, in_request_line));
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
    listener_->connections.leave(*this);
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
    enter(State::body, listener_->limits.body_time);
    if (auto refusal = listener_->door.before_body(request_)) {
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
    if (listener_->bodies.take(bytes - taken_)) {
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
    if (taken_ > 0) listener_->bodies.give_back(std::exchange(taken_, 0));
  }

  // The body as it grows, and what is sent around it: endless lines around little chunks fill memory as well.
  bool body_fits(std::size_t held_back) {
    const auto& body = parser_->get().body();
    if (!parser_->chunked()) return true;
    const auto framing = body_size_ - std::min(body_size_, body.size());
    const auto& limits = listener_->limits;
    if (held_back <= limits.framing_bytes && framing <= limits.framing_bytes + framing_per_octet * body.size())
      return take_memory(body.capacity());
    refuse({.code = ProblemCode::payload_too_large,
            .detail = "chunk sizes, their extensions and trailers are longer than " +
                      std::to_string(listener_->limits.framing_bytes) + " bytes; send larger chunks",
            .errors = {}});
    return false;
  }

  void send_continue() {
    static constexpr std::string_view text = "HTTP/1.1 100 Continue\r\n\r\n";
    unsent_ = {asio::buffer(text), {}};
    write();
  }

  // What is unsent, and then on with what the state says.
  void write() {
    stream_->write_some(unsent_[unsent_[0].size() > 0 ? 0 : 1],
                        [self = self()](error_code ec, std::size_t count) { self->wrote(ec, count); });
  }
  void wrote(error_code ec, std::size_t count) {
    if (timed_out_) return refuse_late();
    if (ec || !open) return close();
    unsent_[unsent_[0].size() > 0 ? 0 : 1] += count;
    if (unsent_[0].size() + unsent_[1].size() > 0) return write();
    if (state_ != State::writing) return parse();
    shared_.reset();
    if (output_.capacity() > large_read_bytes) std::string().swap(output_);
    if (!keep_alive_) return drain();
    wait_for_request();
  }

  void handle() {
    state_ = State::handling;
    deadline = never;
    listener_->door.handle(request_, [self = self()](HttpResponse response) {
      self->respond(std::move(response), self->request_.raw.keep_alive());
    });
  }

  // The last place where an answer can be made readable: one octet of a peer that was let through makes a whole page
  // unreadable.
  void make_readable(std::string& body) {
    if (text::is_valid_utf8(body)) return;
    body = text::repaired_utf8(std::move(body));
    if (const auto count = listener_->repaired.due({}, listener_->clock.now()))
      log::error("http", "an answer was not valid UTF-8 and was repaired; please report it", "path", request_.path,
                 "times", count);
  }

  // RFC 9112: status line, headers, body.
  void respond(HttpResponse response, bool keep_alive) {
    make_readable(response.body);
    keep_alive_ = keep_alive && !listener_->stopping && !response.ends_connection;
    shared_ = std::move(response.shared_body);
    const auto& body = shared_ ? *shared_ : response.body;
    output_.clear();
    write_head(output_, response, body.size(), {.keep_alive = keep_alive_, .http11 = request_.raw.version() >= 11});
    const bool head = request_.raw.method() == http::verb::head;
    if (!head && !shared_) output_.append(response.body);
    enter(State::writing, listener_->limits.write_time);
    // Who does not read what he asked for waits like one who says nothing, unless he may have been told of a message.
    if (last_ != Waiting::known) listener_->connections.wait_in(*this, last_);
    unsent_ = {asio::buffer(output_), shared_ && !head ? asio::buffer(*shared_) : asio::const_buffer()};
    write();
  }

  void refuse_late() {
    timed_out_ = false;
    refuse({.code = ProblemCode::request_timeout,
            .detail = "the request did not arrive in time; send it in one piece",
            .errors = {}});
  }

  // Before a handler: counted and said here.
  void refuse(const Problem& problem) {
    listener_->connections.leave(*this);
    listener_->unmatched.requests(static_cast<int>(status_of(problem.code))).Increment();
    if (const auto count = listener_->refused.due(std::string(name(problem.code)), listener_->clock.now()))
      log::warn("http", "requests were refused before they were read", "listener", listener_->limits.name, "reason",
                problem.detail, "address", peer(), "times", count);
    request_.raw = {};
    respond(listener_->door.refuse(problem), false);
  }

  std::string peer() const { return request_.peer.local ? "local" : request_.peer.address.to_string(); }

  // Closing with unread octets would reset the connection and destroy the answer on its way.
  void drain() {
    stream_->finish();
    enter(State::draining, drain_time);
    listener_->connections.wait_in(*this, Waiting::stranger);
    drain_some();
  }
  void drain_some() {
    buffer_.clear();
    stream_->read_some(buffer_.prepare(large_read_bytes), [self = self()](error_code ec, std::size_t count) {
      self->drained_ += count;
      if (ec || !self->open || self->drained_ > drain_bytes_max) return self->close();
      self->drain_some();
    });
  }

  void close() override {
    deadline = never;
    stream_->close();
    listener_->connections.closed(*this);
  }

  std::shared_ptr<Listener> listener_;
  const std::unique_ptr<Stream> stream_;
  State state_ = State::idle;
  bool timed_out_ = false, keep_alive_ = true;
  Waiting last_ = Waiting::stranger;  // as what it waits for its next request
  std::size_t header_size_ = 0, body_size_ = 0, taken_ = 0, skip_ = 0, drained_ = 0;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  HttpRequest request_;
  std::string output_;
  std::shared_ptr<const std::string> shared_;
  std::array<asio::const_buffer, 2> unsent_;
};

}  // namespace

void serve(std::shared_ptr<Listener> listener, std::unique_ptr<Stream> stream, const Peer& peer,
           const asio::ip::address& counted) {
  std::make_shared<Connection>(std::move(listener), std::move(stream), peer, counted)->start();
}

}  // namespace smsbridge::bridge
