// SPDX-License-Identifier: MPL-2.0
#include "bridge/env/stream.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <optional>

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;

struct Descriptor {
  explicit Descriptor(int number = -1) : fd(number) {}
  Descriptor(Descriptor&& other) noexcept : fd(std::exchange(other.fd, -1)) {}
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
  int fd;
};

sockaddr_in address_of(const char* host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  ::inet_pton(AF_INET, host, &address.sin_addr);
  return address;
}

Descriptor listen_at(const char* host, std::uint16_t port, int backlog) {
  Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto address = address_of(host, port);
  EXPECT_EQ(::bind(socket.fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(::listen(socket.fd, backlog), 0);
  return socket;
}

std::uint16_t port_of(const Descriptor& socket) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ::getsockname(socket.fd, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

// Its queue of connections is full, so it says nothing to the next one, like a host behind a firewall.
struct Silent {
  explicit Silent(const char* host) : listener(listen_at(host, 0, 0)), port(port_of(listener)) {
    const auto address = address_of(host, port);
    for (int i = 0; i < 3; ++i) {
      fillers.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      ::connect(fillers.back().fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    }
  }
  Descriptor listener;
  std::uint16_t port;
  std::vector<Descriptor> fillers;
};

struct Result {
  ConnectStage stage = ConnectStage::resolve;
  std::string detail;
  bool connected = false;
};

Result connect(const std::vector<std::string>& addresses, std::uint16_t port, Duration patience) {
  boost::asio::io_context io;
  SystemConnector connector([&](const std::string&) { return addresses; });
  std::optional<Result> result;
  connector.connect(io.get_executor(), {.host = "carrier", .port = port, .tls = {}},
                    std::chrono::steady_clock::now() + patience,
                    [&](ConnectStage stage, const std::string& detail, std::unique_ptr<Stream> stream) {
                      EXPECT_FALSE(result) << "told once";
                      result = Result{stage, detail, stream != nullptr};
                    });
  EXPECT_FALSE(result) << "not inside the call";
  io.run();
  return result.value_or(Result{});
}

TEST(SystemConnector, TheNextAddressIsTriedWhenOneSaysNothing) {
  const Silent silent("127.0.0.77");
  const auto working = listen_at("127.0.0.1", silent.port, 5);
  const auto result = connect({"127.0.0.77", "127.0.0.1"}, silent.port, 30s);
  EXPECT_EQ(result.stage, ConnectStage::ok) << result.detail;
  EXPECT_TRUE(result.connected);
}

TEST(SystemConnector, TheNextAddressIsTriedWhenOneRefuses) {
  const auto working = listen_at("127.0.0.1", 0, 5);
  const auto result = connect({"127.0.0.78", "127.0.0.79", "127.0.0.1"}, port_of(working), 30s);
  EXPECT_EQ(result.stage, ConnectStage::ok) << result.detail;
}

// A dead path does not show by itself.
TEST(SystemConnector, TheKernelLooksForDeadPaths) {
  const auto listener = listen_at("127.0.0.1", 0, 5);
  const auto port = port_of(listener);
  boost::asio::io_context io;
  SystemConnector connector;
  bool connected = false;
  connector.connect(
      io.get_executor(), {.host = "127.0.0.1", .port = port, .tls = {}}, std::chrono::steady_clock::now() + 30s,
      [&](ConnectStage, const std::string&, const std::unique_ptr<Stream>& stream) {
        connected = stream != nullptr;
        for (int fd = 0; fd < 1024; ++fd) {
          sockaddr_in peer{};
          socklen_t size = sizeof peer;
          if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0 || ntohs(peer.sin_port) != port)
            continue;
          const auto option = [fd](int level, int name) {
            int value = -1;
            socklen_t length = sizeof value;
            ::getsockopt(fd, level, name, &value, &length);
            return value;
          };
          EXPECT_EQ(option(SOL_SOCKET, SO_KEEPALIVE), 1);
          EXPECT_EQ(option(IPPROTO_TCP, TCP_KEEPIDLE), 60);
          EXPECT_EQ(option(IPPROTO_TCP, TCP_KEEPINTVL), 10);
          EXPECT_EQ(option(IPPROTO_TCP, TCP_KEEPCNT), 3);
          EXPECT_EQ(option(IPPROTO_TCP, TCP_USER_TIMEOUT), 30'000);
          return;
        }
        ADD_FAILURE() << "no socket";
      });
  io.run();
  EXPECT_TRUE(connected);
}

TEST(SystemConnector, NoAddressAnswers) {
  const Silent silent("127.0.0.77");
  const auto one = connect({"127.0.0.77", "127.0.0.78"}, silent.port, 600ms);
  EXPECT_EQ(one.stage, ConnectStage::connect);
  EXPECT_EQ(one.detail, "no answer in time");
  const auto none = connect({"127.0.0.78", "127.0.0.79"}, silent.port, 30s);
  EXPECT_EQ(none.stage, ConnectStage::connect);
  EXPECT_EQ(none.detail, "Connection refused");
  EXPECT_EQ(connect({}, silent.port, 30s).stage, ConnectStage::resolve);
}

}  // namespace
}  // namespace smsbridge::bridge
