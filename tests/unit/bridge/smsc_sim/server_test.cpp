// SPDX-License-Identifier: MPL-2.0
// The simulated message centre over real sockets.
#include "bridge/smsc_sim/server.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "smpp/client_session.hpp"
#include "smpp/text.hpp"

namespace smsbridge::bridge::smsc_sim {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;
using asio::ip::tcp;

// A client on the server's own io_context, as in `smsbridge demo`.
class Client {
 public:
  Client(asio::io_context& context, std::uint16_t port) : socket_(context), session_(config()) {
    socket_.connect({asio::ip::address_v4::loopback(), port});
    session_.on_connected(std::chrono::steady_clock::now());
    write();
    read();
  }
  void submit(std::string_view text) {
    smpp::Message message;
    message.source = {5, 0, "Bank"};
    message.destination = {1, 1, "491701234567"};
    message.registered_delivery = 1;
    message.short_message = smpp::as_octets(text);
    ASSERT_EQ(session_.submit(message, 1, std::chrono::steady_clock::now()), smpp::ClientSession::SubmitResult::queued);
    write();
  }

  int bound = 0, answered = 0, delivered = 0, closed = 0;

 private:
  static smpp::ClientConfig config() {
    smpp::ClientConfig config;
    config.system_id = "acme";
    return config;
  }
  void write() {
    while (!session_.output().empty()) {
      const auto octets = session_.output();
      asio::write(socket_, asio::buffer(octets.data(), octets.size()));
      session_.wrote(octets.size());
    }
  }
  void read() {
    socket_.async_read_some(asio::buffer(buffer_), [this](boost::system::error_code ec, std::size_t count) {
      if (ec) {
        ++closed;
        return;
      }
      session_.on_bytes(smpp::Octets(buffer_).first(count), std::chrono::steady_clock::now());
      while (const auto event = session_.next_event()) {
        if (std::holds_alternative<smpp::Bound>(*event)) ++bound;
        if (std::holds_alternative<smpp::Answered>(*event)) ++answered;
        if (const auto* delivery = std::get_if<smpp::Delivered>(&*event)) {
          ++delivered;
          session_.answer_delivery(delivery->sequence, delivery->command, 0);
        }
      }
      write();
      read();
    });
  }

  tcp::socket socket_;
  smpp::ClientSession session_;
  std::array<std::uint8_t, 4096> buffer_;
};

// Turns the loop until it is so, or for ten seconds.
template <class Condition>
bool until(asio::io_context& context, Condition condition) {
  const auto end = std::chrono::steady_clock::now() + 10s;
  while (!condition() && std::chrono::steady_clock::now() < end) context.run_one_for(100ms);
  return condition();
}

TEST(Server, TakesAnswersAndLogs) {
  const auto log = std::filesystem::temp_directory_path() / ("smsc_sim_test_" + std::to_string(::getpid()));
  asio::io_context context(1);
  ServerOptions options;
  options.log_file = log.string();
  options.smsc.response_delay = 2ms;
  options.smsc.receipt_delay = 5ms;
  Server server(context, options);
  EXPECT_EQ(server.address(), "127.0.0.1:" + std::to_string(server.port()));
  Client client(context, server.port());
  ASSERT_TRUE(until(context, [&] { return client.bound == 1; }));
  client.submit("hello\nworld");
  ASSERT_TRUE(until(context, [&] { return client.answered == 1; }));
  std::stringstream lines;
  lines << std::ifstream(log).rdbuf();  // complete before the answer, without any stop
  EXPECT_NE(lines.str().find("\t1\t1\tBank\t491701234567\t1/1\thello\\nworld\n"), std::string::npos) << lines.str();
  ASSERT_TRUE(until(context, [&] { return client.delivered == 1; }));
  ASSERT_TRUE(until(context, [&] { return server.smsc().counts().receipts_answered == 1; }));
  EXPECT_EQ(server.smsc().counts().protocol_errors, 0U);
  std::filesystem::remove(log);
}

TEST(Server, CutsAndStops) {
  asio::io_context context(1);
  ServerOptions options;
  options.smsc.disconnect = 1;
  Server server(context, options);
  Client victim(context, server.port()), bystander(context, server.port());
  ASSERT_TRUE(until(context, [&] { return victim.bound == 1 && bystander.bound == 1; }));
  victim.submit("hello");
  ASSERT_TRUE(until(context, [&] { return victim.closed == 1; }));
  EXPECT_EQ(victim.answered, 0);
  EXPECT_EQ(bystander.closed, 0);
  EXPECT_EQ(server.smsc().counts().accepted, 1U);
  server.stop();
  ASSERT_TRUE(until(context, [&] { return bystander.closed == 1; }));
  EXPECT_EQ(context.poll(), 0U) << "nothing of the server is left";
}

TEST(Server, SaysWhyItCannotStart) {
  const auto failure = [](ServerOptions options) -> std::string {
    asio::io_context context(1);
    try {
      Server server(context, std::move(options));
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "started";
  };
  ServerOptions options;
  options.host = "localhost";
  EXPECT_NE(failure(options).find("not an IP address"), std::string::npos);
  options = {};
  options.log_file = "/nowhere/sim.log";
  EXPECT_NE(failure(options).find("cannot write the log"), std::string::npos);
  options = {};
  options.certificate_file = options.key_file = "/nowhere/sim.pem";
  EXPECT_NE(failure(options).find("cannot use the certificate"), std::string::npos);
  asio::io_context context(1);
  Server first(context, {});
  options = {};
  options.port = first.port();
  EXPECT_NE(failure(options).find("cannot listen"), std::string::npos);
}

}  // namespace
}  // namespace smsbridge::bridge::smsc_sim
