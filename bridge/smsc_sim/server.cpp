// SPDX-License-Identifier: MPL-2.0
#include "bridge/smsc_sim/server.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <unordered_map>
#include <utility>
#include <variant>

#include "bridge/env/clock.hpp"

namespace smsbridge::bridge::smsc_sim {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using SslStream = asio::ssl::stream<tcp::socket>;

constexpr std::size_t read_size = 64 * 1024;
// Deadlines that lie closer together share one turn of the loop, and so one write.
constexpr auto timer_step = std::chrono::microseconds(250);
constexpr auto accept_pause = std::chrono::milliseconds(100);  // when there are too many open files

// One line a message; what would break the line is escaped.
void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\0':
        out += "\\0";
        break;
      default:
        out.push_back(c);
    }
  }
}

class MessageLog {
 public:
  explicit MessageLog(const std::string& path) {
    if (path.empty()) return;
    file_ = std::fopen(path.c_str(), "a");
    if (file_ == nullptr)
      throw std::runtime_error(
          fmt::format("cannot write the log {}: {}; name a file that can be created", path, std::strerror(errno)));
  }
  ~MessageLog() {
    if (file_ != nullptr) std::fclose(file_);
  }
  MessageLog(const MessageLog&) = delete;
  MessageLog& operator=(const MessageLog&) = delete;

  bool is_open() const { return file_ != nullptr; }

  void add(const Smsc::Taken& taken) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    fmt::format_to(std::back_inserter(lines_), "{}\t{}\t{}\t",
                   std::chrono::duration_cast<std::chrono::microseconds>(now).count(), taken.session, taken.message_id);
    append_escaped(lines_, taken.source);
    lines_.push_back('\t');
    append_escaped(lines_, taken.destination);
    fmt::format_to(std::back_inserter(lines_), "\t{}/{}\t", taken.part, taken.parts);
    append_escaped(lines_, taken.text);
    lines_.push_back('\n');
  }

  // False once, when the first line is lost.
  bool flush() {
    if (lines_.empty()) return true;
    const bool ok = std::fwrite(lines_.data(), 1, lines_.size(), file_) == lines_.size() && std::fflush(file_) == 0;
    lines_.clear();
    return ok || std::exchange(failed_, true);
  }

 private:
  std::FILE* file_ = nullptr;
  std::string lines_;
  bool failed_ = false;
};

struct Connection {
  explicit Connection(tcp::socket socket) : stream(std::in_place_type<tcp::socket>, std::move(socket)) {}
  Connection(tcp::socket socket, asio::ssl::context& context)
      : stream(std::in_place_type<SslStream>, std::move(socket), context) {}

  tcp::socket& socket() {
    auto* tls = std::get_if<SslStream>(&stream);
    return tls == nullptr ? *std::get_if<tcp::socket>(&stream) : tls->next_layer();
  }

  std::variant<tcp::socket, SslStream> stream;
  Smsc::SessionId id = 0;  // 0 until the TLS handshake is done
  bool is_reading = false, is_writing = false;
  std::array<std::uint8_t, read_size> buffer;
};

asio::ip::address address_of(const std::string& host) {
  error_code ec;
  const auto address = asio::ip::make_address(host, ec);
  if (ec)
    throw std::runtime_error(
        fmt::format("'{}' is not an IP address; give one of this machine, such as 127.0.0.1 or 0.0.0.0", host));
  return address;
}

}  // namespace

class Server::Impl : public std::enable_shared_from_this<Server::Impl> {
 public:
  Impl(asio::io_context& context, ServerOptions options)
      : context_(context),
        log_(options.log_file),
        smsc_(with_wall(std::move(options.smsc), clock_)),
        on_note_(std::move(options.on_note)),
        acceptor_(context),
        accept_timer_(context),
        timer_(context) {
    if (!options.certificate_file.empty()) load(options.certificate_file, options.key_file);
    const tcp::endpoint wanted(address_of(options.host), options.port);
    error_code ec;
    acceptor_.open(wanted.protocol(), ec);
    if (!ec) acceptor_.set_option(asio::socket_base::reuse_address(true), ec);
    if (!ec) acceptor_.bind(wanted, ec);
    if (!ec) acceptor_.listen(asio::socket_base::max_listen_connections, ec);
    if (!ec) endpoint_ = acceptor_.local_endpoint(ec);
    if (ec)
      throw std::runtime_error(fmt::format("cannot listen on {}:{}: {}; choose another port, or 0 for any free one",
                                           options.host, options.port, ec.message()));
    if (log_.is_open()) smsc_.on_taken = [this](const Smsc::Taken& taken) { log_.add(taken); };
    if (on_note_)
      smsc_.on_note = [this](Smsc::SessionId id, std::string_view what) {
        on_note_(fmt::format("session {}: {}", id, what));
      };
  }

  void start() { accept(); }

  void stop() {
    if (std::exchange(stopped_, true)) return;
    error_code ignored;
    acceptor_.close(ignored);
    accept_timer_.cancel();
    timer_.cancel();
    for (auto& [key, connection] : connections_) connection->socket().close(ignored);
    connections_.clear();
    flush_log();
  }

  void flush() {
    flush_posted_ = false;
    if (stopped_) return;
    if (const auto due = smsc_.next_deadline(); due && *due <= clock_.now()) smsc_.on_deadline(clock_.now());
    flush_log();  // before the answers leave: what was answered is in the log, whatever kills us
    // Closing a session gives its receipts to others, which have output then.
    for (auto ids = smsc_.sessions_with_output(); !ids.empty(); ids = smsc_.sessions_with_output())
      for (const auto id : ids)
        if (const auto found = sessions_.find(id); found != sessions_.end()) {
          const auto connection = found->second;
          write(connection);
        }
    arm();
  }

  const tcp::endpoint& endpoint() const { return endpoint_; }
  Smsc& smsc() { return smsc_; }
  bool from_phone(std::string_view from, std::string_view to, std::string_view text) {
    const bool sent = smsc_.from_phone(from, to, text, clock_.now());
    post_flush();
    return sent;
  }

 private:
  using ConnectionPtr = std::shared_ptr<Connection>;

  static Options with_wall(Options options, const SystemClock& clock) {
    const auto since_zero = std::chrono::duration_cast<std::chrono::milliseconds>(clock.now().time_since_epoch());
    options.wall_at_zero = clock.wall() - since_zero.count();
    return options;
  }

  void load(const std::string& certificate, const std::string& key) {
    tls_.emplace(asio::ssl::context::tls_server);
    ::SSL_CTX_set_min_proto_version(tls_->native_handle(), TLS1_2_VERSION);
    error_code ec;
    tls_->use_certificate_chain_file(certificate, ec);
    if (ec)
      throw std::runtime_error(
          fmt::format("cannot use the certificate {}: {}; give a PEM file with the chain", certificate, ec.message()));
    tls_->use_private_key_file(key, asio::ssl::context::pem, ec);
    if (ec)
      throw std::runtime_error(
          fmt::format("cannot use the key {}: {}; give the PEM key of the certificate", key, ec.message()));
  }

  void accept() {
    acceptor_.async_accept([self = shared_from_this()](error_code ec, tcp::socket socket) {
      if (self->stopped_) return;
      if (ec) return self->accept_after_pause();
      self->welcome(std::move(socket));
      self->accept();
    });
  }

  void accept_after_pause() {
    accept_timer_.expires_after(accept_pause);
    accept_timer_.async_wait([self = shared_from_this()](error_code ec) {
      if (!ec && !self->stopped_) self->accept();
    });
  }

  void welcome(tcp::socket socket) {
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    const auto connection =
        tls_ ? std::make_shared<Connection>(std::move(socket), *tls_) : std::make_shared<Connection>(std::move(socket));
    connections_.emplace(connection.get(), connection);
    auto* tls = std::get_if<SslStream>(&connection->stream);
    if (tls == nullptr) return begin(connection);
    tls->async_handshake(asio::ssl::stream_base::server, [self = shared_from_this(), connection](error_code ec) {
      if (self->stopped_) return;
      if (!ec) return self->begin(connection);
      if (self->on_note_) self->on_note_(fmt::format("TLS handshake failed: {}", ec.message()));
      self->close(connection);
    });
  }

  void begin(const ConnectionPtr& connection) {
    connection->id = smsc_.connected(clock_.now());
    sessions_.emplace(connection->id, connection);
    read(connection);
    post_flush();
  }

  void read(const ConnectionPtr& connection) {
    if (connection->is_reading || connection->id == 0 || !smsc_.wants_read(connection->id)) return;
    connection->is_reading = true;
    std::visit(
        [&](auto& stream) {
          stream.async_read_some(asio::buffer(connection->buffer),
                                 [self = shared_from_this(), connection](error_code ec, std::size_t count) {
                                   connection->is_reading = false;
                                   self->was_read(connection, ec, count);
                                 });
        },
        connection->stream);
  }

  void was_read(const ConnectionPtr& connection, error_code ec, std::size_t count) {
    if (stopped_ || connection->id == 0) return;
    if (ec) return close(connection);
    smsc_.received(connection->id, std::span(connection->buffer).first(count), clock_.now());
    read(connection);
    post_flush();
  }

  void write(const ConnectionPtr& connection) {
    if (connection->is_writing || connection->id == 0) return;
    const auto octets = smsc_.output(connection->id);
    if (octets.empty()) {
      if (smsc_.wants_close(connection->id)) close(connection);
      return;
    }
    connection->is_writing = true;
    std::visit(
        [&](auto& stream) {
          stream.async_write_some(asio::buffer(octets.data(), octets.size()),
                                  [self = shared_from_this(), connection](error_code ec, std::size_t written) {
                                    connection->is_writing = false;
                                    self->was_written(connection, ec, written);
                                  });
        },
        connection->stream);
  }

  void was_written(const ConnectionPtr& connection, error_code ec, std::size_t written) {
    if (stopped_ || connection->id == 0) return;
    if (ec) return close(connection);
    smsc_.wrote(connection->id, written);
    write(connection);
    read(connection);  // in case reading paused for want of room
  }

  void close(const ConnectionPtr& connection) {
    error_code ignored;
    connection->socket().shutdown(tcp::socket::shutdown_send, ignored);
    connection->socket().close(ignored);
    const auto id = std::exchange(connection->id, 0);
    if (id != 0) {
      sessions_.erase(id);
      smsc_.closed(id, clock_.now());
      post_flush();
    }
    connections_.erase(connection.get());
  }

  // One flush a turn of the loop, after the reads that are ready.
  void post_flush() {
    if (std::exchange(flush_posted_, true)) return;
    asio::post(context_, [self = shared_from_this()] { self->flush(); });
  }

  void arm() {
    const auto due = smsc_.next_deadline();
    if (!due) return;
    const auto at = std::max(*due, clock_.now() + timer_step);
    if (armed_ && *armed_ <= at) return;
    armed_ = at;
    timer_.expires_at(at);
    timer_.async_wait([self = shared_from_this()](error_code ec) {
      if (ec || self->stopped_) return;
      self->armed_.reset();
      self->flush();
    });
  }

  void flush_log() {
    if (!log_.flush()) {
      const char* reason = std::strerror(errno);
      if (on_note_) on_note_(fmt::format("the log cannot be written, lines are lost: {}", reason));
    }
  }

  asio::io_context& context_;
  SystemClock clock_;
  MessageLog log_;
  Smsc smsc_;
  std::function<void(std::string_view)> on_note_;
  std::optional<asio::ssl::context> tls_;
  tcp::acceptor acceptor_;
  asio::steady_timer accept_timer_, timer_;
  tcp::endpoint endpoint_;
  std::unordered_map<Connection*, ConnectionPtr> connections_;
  std::unordered_map<Smsc::SessionId, ConnectionPtr> sessions_;
  std::optional<Time> armed_;
  bool flush_posted_ = false;
  bool stopped_ = false;
};

Server::Server(asio::io_context& context, ServerOptions options)
    : impl_(std::make_shared<Impl>(context, std::move(options))) {
  impl_->start();
}
Server::~Server() { stop(); }

void Server::stop() { impl_->stop(); }
std::uint16_t Server::port() const { return impl_->endpoint().port(); }
std::string Server::address() const {
  const auto address = impl_->endpoint().address();
  return fmt::format(fmt::runtime(address.is_v6() ? "[{}]:{}" : "{}:{}"), address.to_string(), port());
}
Smsc& Server::smsc() { return impl_->smsc(); }
bool Server::from_phone(std::string_view from, std::string_view to, std::string_view text) {
  return impl_->from_phone(from, to, text);
}
void Server::flush() { impl_->flush(); }

}  // namespace smsbridge::bridge::smsc_sim
