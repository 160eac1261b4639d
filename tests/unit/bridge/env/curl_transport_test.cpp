// SPDX-License-Identifier: MPL-2.0
#include <gtest/gtest.h>

#include <boost/asio.hpp>
#include <chrono>
#include <deque>
#include <optional>

#include "bridge/env/http_transport.hpp"

namespace smsbridge::bridge {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using asio::ip::tcp;
using End = HttpTransport::End;

// Answers each connection so many times, with these octets; with none it says nothing.
class Server {
 public:
  explicit Server(asio::io_context& io, std::string answer = {}, int answers = 1)
      : acceptor_(io, {asio::ip::make_address("127.0.0.1"), 0}), answer_(std::move(answer)), answers_(answers) {
    accept();
  }
  std::string port() const { return std::to_string(acceptor_.local_endpoint().port()); }

 private:
  struct Connection {
    explicit Connection(tcp::socket s) : socket(std::move(s)) {}
    tcp::socket socket;
    std::string request;
    int answered = 0;
  };

  void accept() {
    acceptor_.async_accept([this](boost::system::error_code ec, tcp::socket socket) {
      if (ec) return;
      serve(connections_.emplace_back(std::move(socket)));
      accept();
    });
  }

  void serve(Connection& connection) {
    asio::async_read_until(connection.socket, asio::dynamic_buffer(connection.request), "\r\n\r\n",
                           [this, &connection](boost::system::error_code failed, std::size_t size) {
                             if (failed || answer_.empty()) return;
                             connection.request.erase(0, size);
                             asio::async_write(connection.socket, asio::buffer(answer_),
                                               [this, &connection](boost::system::error_code, std::size_t) {
                                                 if (++connection.answered < answers_) return serve(connection);
                                                 boost::system::error_code ignored;
                                                 connection.socket.shutdown(tcp::socket::shutdown_send, ignored);
                                               });
                           });
  }

  tcp::acceptor acceptor_;
  std::string answer_;
  int answers_;
  std::deque<Connection> connections_;
};

// An address that drops what asks for a connection: nobody takes those that wait already.
class Silent {
 public:
  Silent(asio::io_context& io, const std::string& port) : acceptor_(io) {
    const tcp::endpoint here(asio::ip::make_address("127.0.0.77"), static_cast<std::uint16_t>(std::stoi(port)));
    acceptor_.open(here.protocol());
    acceptor_.bind(here);
    acceptor_.listen(0);
    for (int i = 0; i < 4; ++i) {
      waiting_.emplace_back(io).open(here.protocol());
      waiting_.back().async_connect(here, [](boost::system::error_code) {});
    }
  }

 private:
  tcp::acceptor acceptor_;
  std::deque<tcp::socket> waiting_;
};

struct Ended {
  HttpTransport::Result result;
  std::chrono::milliseconds after{};
};

Ended get(asio::io_context& io, const std::string& url, const HttpOptions& options) {
  const auto transport = make_curl_transport(io.get_executor(), options);
  std::optional<HttpTransport::Result> result;
  const auto begin = std::chrono::steady_clock::now();
  transport->send({.method = "GET", .url = url, .headers = {}, .body = {}},
                  [&result](HttpTransport::Result r) { result = std::move(r); });
  while (!result && std::chrono::steady_clock::now() - begin < 20s) io.run_one_for(1s);
  const auto after = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
  if (!result) {
    ADD_FAILURE() << "no result came";
    return {};
  }
  return {.result = std::move(*result), .after = after};
}

std::string answer(const std::string& headers, const std::string& body) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers + "\r\n" + body;
}

TEST(CurlTransport, TriesTheNextAddressOfANameInTime) {
  for (int round = 0; round < 3; ++round) {
    asio::io_context io;
    const Server server(io, answer("", "here"));
    const Silent silent(io, server.port());
    const auto [result, after] = get(io, "http://sms.test:" + server.port() + "/",
                                     {.connect_timeout = 1s,
                                      .request_timeout = 10s,
                                      .names = {"sms.test:" + server.port() + ":127.0.0.77,127.0.0.1"}});
    EXPECT_EQ(result.end, End::answered) << result.detail;
    EXPECT_EQ(result.reply.body, "here");
    EXPECT_GE(after, 400ms) << "the first address answered";
    EXPECT_LT(after, 1s);
  }
}

// curl goes on with a descriptor, for another transfer or as another socket, while it is told of its last event.
TEST(CurlTransport, ManyRequestsOverFewConnectionsAllEnd) {
  for (const int answers : {1, 3, 1000}) {
    SCOPED_TRACE(answers);
    asio::io_context io;
    const Server server(io, answer("", "here"), answers);
    const auto transport = make_curl_transport(io.get_executor(), {.connections_max = 8});
    const std::size_t count = 400;
    std::size_t sent = 0, ended = 0, answered = 0;
    std::function<void()> send = [&] {
      ++sent;
      transport->send({.method = "GET", .url = "http://127.0.0.1:" + server.port() + "/", .headers = {}, .body = {}},
                      [&](const HttpTransport::Result& result) {
                        ++ended;
                        answered += result.end == End::answered ? 1 : 0;
                        if (sent < count) send();
                      });
    };
    for (int i = 0; i < 20; ++i) send();
    const auto begin = std::chrono::steady_clock::now();
    while (ended < count && std::chrono::steady_clock::now() - begin < 20s) ASSERT_NO_THROW(io.run_one_for(1s));
    EXPECT_EQ(ended, count);
    if (answers == 1000) {
      EXPECT_EQ(answered, count);
    }
  }
}

TEST(CurlTransport, RequestTimeoutHoldsForTheWhole) {
  asio::io_context io;
  const Server server(io);
  const Silent silent(io, server.port());
  const HttpOptions options{.connect_timeout = 10s, .request_timeout = 300ms};
  const auto no_answer = get(io, "http://127.0.0.1:" + server.port() + "/", options);
  EXPECT_EQ(no_answer.result.end, End::perhaps_sent);
  EXPECT_GE(no_answer.after, 300ms);
  EXPECT_LT(no_answer.after, 5s);
  const auto no_connection = get(io, "http://127.0.0.77:" + server.port() + "/", options);
  EXPECT_EQ(no_connection.result.end, End::not_sent);
  EXPECT_LT(no_connection.after, 5s);
}

// By the address that is connected to, whatever it was called.
TEST(CurlTransport, ReachesPrivateAddressesOnlyWhereTheyAreListed) {
  asio::io_context io;
  const Server server(io, answer("", "here"));
  const auto port = server.port();
  const auto ask = [&](const std::string& url, std::vector<Network> listed, const std::string& proxy = {}) {
    return get(io, url,
               {.proxy = proxy,
                .targets = {.all = false, .listed = std::move(listed)},
                .names = {"sms.test:" + port + ":127.0.0.1"}})
        .result;
  };
  const auto here = *parse_network("127.0.0.1"), elsewhere = *parse_network("10.0.0.0/8");
  for (const auto& url : {"http://127.0.0.1:" + port + "/", "http://sms.test:" + port + "/",
                          "http://[::ffff:127.0.0.1]:" + port + "/", "http://2130706433:" + port + "/"}) {
    SCOPED_TRACE(url);
    const auto refused = ask(url, {elsewhere});
    EXPECT_EQ(refused.end, End::not_sent);
    EXPECT_NE(refused.detail.find("allow_private_targets"), std::string::npos) << refused.detail;
  }
  EXPECT_EQ(ask("http://sms.test:" + port + "/", {here}).end, End::answered);
  EXPECT_EQ(ask("http://public.test/", {}, "http://127.0.0.1:" + port).end, End::not_sent) << "a proxy is a target";
  EXPECT_EQ(ask("http://public.test/", {here}, "http://127.0.0.1:" + port).end, End::answered);
}

TEST(CurlTransport, SendsNoHeaderThatHoldsAnother) {
  asio::io_context io;
  const Server server(io, answer("", "here"));
  const auto transport = make_curl_transport(io.get_executor(), {});
  const auto url = "http://127.0.0.1:" + server.port() + "/";
  struct {
    const char* name;
    http_gateways::Request request;
    End want;
  } const cases[] = {
      {"plain", {.method = "GET", .url = url, .headers = {{"X-Key", "a"}}, .body = {}}, End::answered},
      {"a value", {.method = "GET", .url = url, .headers = {{"X-Key", "a\r\nX-More: b"}}, .body = {}}, End::not_sent},
      {"a name", {.method = "GET", .url = url, .headers = {{"X-Key\nX", "a"}}, .body = {}}, End::not_sent},
      {"the address", {.method = "GET", .url = url + "\r\nX: b", .headers = {}, .body = {}}, End::not_sent},
  };
  for (const auto& c : cases) {
    std::optional<HttpTransport::Result> result;
    transport->send(c.request, [&](HttpTransport::Result r) { result = std::move(r); });
    while (!result) io.run_one_for(10s);
    EXPECT_EQ(result->end, c.want) << c.name;
  }
}

TEST(CurlTransport, ConnectTimeout) {
  asio::io_context io;
  const Server server(io);
  const Silent silent(io, server.port());
  const auto [result, after] =
      get(io, "http://127.0.0.77:" + server.port() + "/", {.connect_timeout = 300ms, .request_timeout = 20s});
  EXPECT_EQ(result.end, End::not_sent);
  EXPECT_GE(after, 300ms);
  EXPECT_LT(after, 5s);
}

TEST(CurlTransport, UndoesCompressionThatNobodyAskedFor) {
  // gzip of {"id":"A1"}, and of 5000 times x.
  constexpr unsigned char gzip[] = {0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0xFF, 0xAB,
                                    0x56, 0xCA, 0x4C, 0x51, 0xB2, 0x52, 0x72, 0x34, 0x54, 0xAA, 0x05,
                                    0x00, 0x4C, 0xA5, 0x88, 0x90, 0x0B, 0x00, 0x00, 0x00};
  constexpr unsigned char gzip_of_many[] = {0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0xFF,
                                            0xED, 0xC1, 0x31, 0x01, 0x00, 0x00, 0x00, 0xC2, 0xA0, 0xDA,
                                            0x8B, 0x6F, 0x0A, 0x3F, 0xA0, 0x00, 0x00, 0x00, 0x00, 0x80,
                                            0xB7, 0x01, 0x26, 0xF0, 0xDB, 0x00, 0x88, 0x13, 0x00, 0x00};
  const std::string compressed(reinterpret_cast<const char*>(gzip), sizeof gzip);
  const std::string bomb(reinterpret_cast<const char*>(gzip_of_many), sizeof gzip_of_many);
  asio::io_context io;
  for (const auto* coding : {"gzip", "x-gzip", "identity"}) {
    const Server server(io, answer(std::string("Content-Encoding: ") + coding + "\r\n", compressed));
    const auto [result, after] = get(io, "http://127.0.0.1:" + server.port() + "/", {});
    EXPECT_EQ(result.end, End::answered) << result.detail;
    EXPECT_EQ(result.reply.body, R"({"id":"A1"})") << coding;
  }
  const Server unknown(io, answer("Content-Encoding: UTF-8\r\n", "plain"));
  EXPECT_EQ(get(io, "http://127.0.0.1:" + unknown.port() + "/", {}).result.reply.body, "plain");
  const Server large(io, answer("Content-Encoding: gzip\r\n", bomb));
  const auto cut = get(io, "http://127.0.0.1:" + large.port() + "/", {.answer_bytes_max = 4999});
  EXPECT_EQ(cut.result.end, End::perhaps_sent);
}

}  // namespace
}  // namespace smsbridge::bridge
