// SPDX-License-Identifier: MPL-2.0
// The listener as a hostile client sees it: octets over a socket of this machine.
#include "bridge/http/server.hpp"

#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/json.hpp>
#include <list>
#include <thread>

#include "bridge/http/endpoints.hpp"

namespace smsbridge::bridge {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace std::chrono_literals;

// One listener with a path that takes everything, and one whose bodies need a key.
class Listener {
 public:
  explicit Listener(HttpLimits limits = {}, std::size_t bodies_max = 64u << 20)
      : bodies_(bodies_max, *metrics.http().body_bytes) {
    const auto echo = [this](const HttpRequest& request, const Respond& respond) {
      ++handled;
      respond({.body = std::string(request.header(http::field::authorization)) + "|" + request.body(), .headers = {}});
    };
    const auto guard = [](const HttpRequest& request) -> std::optional<HttpResponse> {
      if (request.header(http::field::authorization) == "Bearer good") return std::nullopt;
      return to_response({.code = ProblemCode::unauthenticated, .detail = "no key", .errors = {}});
    };
    std::vector<Endpoint> endpoints{
        {http::verb::post, "/open", echo},
        {http::verb::get, "/open", echo},
        {http::verb::post, "/keyed", echo, guard},
        {http::verb::get, "/large", [](const HttpRequest&, const Respond& respond) {
           respond({.body = {}, .headers = {}, .shared_body = std::make_shared<const std::string>(4u << 20, 'x')});
         }}};
    server_ = std::make_unique<HttpServer>(io_.get_executor(), clock_, std::move(limits),
                                           make_door(std::move(endpoints), metrics.http(), clock_, to_response),
                                           metrics.http(), bodies_);
    port = server_->listen({.host = "127.0.0.1", .port = 0}, true);
    thread_ = std::thread([this] { io_.run(); });
  }
  ~Listener() {
    asio::post(io_, [this] { server_->stop(); });
    asio::post(io_, [this] { io_.stop(); });
    thread_.join();
  }

  double dropped(metrics::ConnectionDrop why) { return metrics.http().dropped_connections[why]->Value(); }

  metrics::Metrics metrics{{"", "", ""}};
  std::atomic<int> handled{0};
  std::uint16_t port = 0;

 private:
  SystemClock clock_;
  BodyMemory bodies_;
  asio::io_context io_;
  std::unique_ptr<HttpServer> server_;
  std::thread thread_;
};

class Client {
 public:
  explicit Client(const Listener& listener) : socket_(io_) {
    socket_.connect({asio::ip::make_address("127.0.0.1"), listener.port});
    // A test that would hang fails instead.
    timeval limit{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  bool send(std::string_view octets) {
    boost::system::error_code ec;
    asio::write(socket_, asio::buffer(octets), ec);
    return !ec;
  }
  // All that comes until the listener closes, or until `answers` answers are there.
  std::string read(int answers = 1000) {
    std::string text;
    std::array<char, 4096> some{};
    while (whole_answers(text) < answers) {
      const auto count = ::recv(socket_.native_handle(), some.data(), some.size(), 0);
      if (count <= 0) {
        closed = count == 0;
        break;
      }
      text.append(some.data(), static_cast<std::size_t>(count));
    }
    return text;
  }
  std::string read_past(std::string_view end) {
    std::string text;
    for (char c = 0; text.find(end) == std::string::npos && ::recv(socket_.native_handle(), &c, 1, 0) == 1;) text += c;
    return text;
  }
  bool closed = false;

 private:
  static int whole_answers(std::string_view text) {
    int count = 0;
    for (;;) {
      const auto head = text.find("\r\n\r\n");
      const auto length = text.find("Content-Length: ");
      if (head == std::string_view::npos || length > head) return count;
      const auto size = head + 4 + std::strtoul(text.data() + length + 16, nullptr, 10);
      if (text.size() < size) return count;
      text.remove_prefix(size);
      ++count;
    }
  }
  asio::io_context io_;
  tcp::socket socket_;
};

int status_of(std::string_view answer) {
  return answer.size() > 12 ? static_cast<int>(std::strtol(answer.data() + 9, nullptr, 10)) : 0;
}
std::string body_of(const std::string& answer) {
  return answer.substr(std::min(answer.find("\r\n\r\n") + 4, answer.size()));
}

const std::string host = "Host: bridge\r\n";

TEST(HttpServer, ReadsARequestInOneWayOrNotAtAll) {
  const std::string chunked = "POST /open HTTP/1.1\r\nHost: bridge\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string get = "GET /open HTTP/1.1\r\n";
  struct {
    const char *name, *section;  // of RFC 9112, if no other is named
    std::string request;
    int status;
    bool closes;
    const char* body = nullptr;  // of an answer 200
  } const cases[] = {
      {"plain", "2.1", get + host + "\r\n", 200, false, "|"},
      {"length and coding", "6.3",
       "POST /open HTTP/1.1\r\n" + host + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
       true},
      {"coding and length", "6.3",
       "POST /open HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n", 400,
       true},
      {"a coding nobody knows, and a length", "6.3",
       "POST /open HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd", 400, true},
      {"two lengths", "6.3", "POST /open HTTP/1.1\r\n" + host + "Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
       400, true},
      {"the same length twice", "6.3",
       "POST /open HTTP/1.1\r\n" + host + "Content-Length: 4\r\nContent-Length: 4\r\n\r\nabcd", 400, true},
      {"a list of lengths", "6.3", "POST /open HTTP/1.1\r\n" + host + "Content-Length: 4, 4\r\n\r\nabcd", 400, true},
      {"a length with a sign", "RFC 9110 8.6", "POST /open HTTP/1.1\r\n" + host + "Content-Length: +4\r\n\r\nabcd", 400,
       true},
      {"a negative length", "RFC 9110 8.6", "POST /open HTTP/1.1\r\n" + host + "Content-Length: -4\r\n\r\nabcd", 400,
       true},
      {"a length beyond 64 bits", "RFC 9110 8.6",
       "POST /open HTTP/1.1\r\n" + host + "Content-Length: 99999999999999999999\r\n\r\n", 400, true},
      {"a length beyond the limit", "RFC 9110 15.5.14",
       "POST /open HTTP/1.1\r\n" + host + "Content-Length: 99999999\r\n\r\n", 413, true},
      {"chunked in HTTP/1.0", "6.1", "POST /open HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, true},
      {"identity, chunked", "6.1, 7",
       "POST /open HTTP/1.1\r\n" + host + "Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n", 501, true},
      {"gzip, chunked", "6.1", "POST /open HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
       501, true},
      {"chunked, identity", "6.3",
       "POST /open HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", 400, true},
      {"chunked twice", "7.1",
       "POST /open HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       400, true},
      {"a coding with other octets", "6.1",
       "POST /open HTTP/1.1\r\n" + host +
           "Transfer-Encoding: \x0b"
           "chunked\r\n\r\n0\r\n\r\n",
       400, true},
      {"a blank before the colon", "5.1", "POST /open HTTP/1.1\r\n" + host + "Content-Length : 4\r\n\r\nabcd", 400,
       true},
      {"a folded line", "5.2", get + host + "Authorization: a\r\n b\r\n\r\n", 200, false, "a b|"},
      {"bare LF", "2.2", "GET /open HTTP/1.1\nHost: bridge\n\n", 400, true},
      {"bare LF inside a header", "2.2", get + "Host: bridge\nX: y\r\n\r\n", 400, true},
      {"bare CR", "2.2", get + host + "X: a\rb\r\n\r\n", 400, true},
      {"NUL in a header", "RFC 9110 5.5", get + host + std::string("X: a\0b\r\n\r\n", 10), 400, true},
      {"NUL in the address", "3.2", std::string("GET /op\0en HTTP/1.1\r\n", 21) + host + "\r\n", 400, true},
      {"no Host", "3.2", get + "\r\n", 400, true},
      {"no Host in HTTP/1.0", "3.2", "GET /open HTTP/1.0\r\n\r\n", 200, true, "|"},
      {"two Hosts", "3.2", get + host + "Host: other\r\n\r\n", 400, true},
      {"the same Host twice", "3.2", get + host + host + "\r\n", 400, true},
      {"a Host that is none", "3.2", get + "Host: a b\r\n\r\n", 400, true},
      {"a Host with a path", "3.2", get + "Host: bridge/x\r\n\r\n", 400, true},
      {"an empty Host", "3.2", get + "Host:\r\n\r\n", 200, false, "|"},
      {"absolute form", "3.2.2", "GET http://other/open HTTP/1.1\r\n" + host + "\r\n", 200, false, "|"},
      {"chunks with extensions", "7.1.1", chunked + "4;a=b;c=\"d\"\r\nabcd\r\n0;x\r\n\r\n", 200, false, "|abcd"},
      {"leading zeros", "7.1", chunked + "0000000004\r\nabcd\r\n000\r\n\r\n", 200, false, "|abcd"},
      {"a chunk beyond 64 bits", "7.1", chunked + "FFFFFFFFFFFFFFFFF\r\n", 400, true},
      {"a chunk beyond the limit", "7.1", chunked + "FFFFFFFF\r\n", 413, true},
      {"a negative chunk", "7.1", chunked + "-1\r\n", 400, true},
      {"a chunk size in C", "7.1", chunked + "0x4\r\nabcd\r\n0\r\n\r\n", 400, true},
      {"more than the chunk said", "7.1", chunked + "4\r\nabcdefgh\r\n0\r\n\r\n", 400, true},
      {"trailers", "7.1.2", chunked + "4\r\nabcd\r\n0\r\nAuthorization: Bearer good\r\n\r\n", 200, false, "|abcd"},
      {"trailers about framing", "RFC 9110 6.5.1", chunked + "4\r\nabcd\r\n0\r\nContent-Length: 4\r\n\r\n", 400, true},
      {"a coding that trailers name", "RFC 9110 6.5.1",
       chunked + "4\r\nabcd\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n", 400, true},
      {"a very long address", "3", "GET /" + std::string(9000, 'a') + " HTTP/1.1\r\n" + host + "\r\n", 414, true},
      {"an endless address", "3", "GET /" + std::string(40000, 'a'), 414, true},
      {"too many headers", "RFC 6585 5", get + host + "X: " + std::string(40000, 'a') + "\r\n\r\n", 431, true},
      {"not HTTP", "3", "\x16\x03\x01\x02\r\n\r\n", 400, true},
      {"broken escape", "RFC 3986 2.1", "GET /%zz HTTP/1.1\r\n" + host + "\r\n", 400, true},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.name) + ", section " + c.section);
    Listener listener;
    Client client(listener);
    client.send(c.request);
    const auto answer = client.read(1);
    EXPECT_EQ(status_of(answer), c.status) << answer;
    EXPECT_EQ(answer.find("\r\nConnection: close\r\n") != std::string::npos, c.closes);
    if (c.body) {
      EXPECT_EQ(body_of(answer), c.body);
    }
    EXPECT_NE(answer.find("\r\nDate: "), std::string::npos) << "RFC 9110 section 6.6.1";
    // What follows a request that was refused is not a request.
    const int handled = listener.handled;
    client.send("GET /open HTTP/1.1\r\nHost: bridge\r\nConnection: close\r\n\r\n");
    const auto rest = client.read();
    EXPECT_EQ(listener.handled - handled, c.closes ? 0 : 1) << rest;
  }
}

TEST(HttpServer, AnswersWhatIsNotThereInJsonWhateverWasAsked) {
  Listener listener;
  Client client(listener);
  client.send("GET /a%ff%00b%1b HTTP/1.1\r\nHost: bridge\r\n\r\n");
  const auto answer = client.read(1);
  EXPECT_EQ(status_of(answer), 404);
  EXPECT_EQ(boost::json::parse(body_of(answer)).at("code"), "not-found");
}

TEST(HttpServer, LooksAtTheKeyBeforeTheBody) {
  Listener listener;
  for (const std::string framing : {"Content-Length: 1000000", "Transfer-Encoding: chunked"}) {
    SCOPED_TRACE(framing);
    Client stranger(listener);
    stranger.send("POST /keyed HTTP/1.1\r\n" + host + framing + "\r\nExpect: 100-continue\r\n\r\n");
    const auto answer = stranger.read(1);
    EXPECT_EQ(status_of(answer), 401);
    EXPECT_EQ(listener.metrics.http().body_bytes->Value(), 0);
  }
  // What comes after the body is too late for a key.
  Client late(listener);
  late.send("POST /keyed HTTP/1.1\r\n" + host +
            "Transfer-Encoding: chunked\r\n\r\n0\r\nAuthorization: Bearer good\r\n\r\n");
  EXPECT_EQ(status_of(late.read(1)), 401);
  EXPECT_EQ(listener.handled, 0);
  for (const auto* path : {"/nothing", "/open/x"}) {
    Client lost(listener);
    lost.send("POST " + std::string(path) + " HTTP/1.1\r\n" + host + "Content-Length: 1000000\r\n\r\n");
    EXPECT_EQ(status_of(lost.read(1)), 404);
  }
  // A little body that comes is thrown away, and is no request.
  Client wrong(listener);
  wrong.send("POST /keyed HTTP/1.1\r\n" + host + "Content-Length: 50\r\n\r\nGET /open HTTP/1.1\r\n");
  EXPECT_EQ(status_of(wrong.read(1)), 401);
  wrong.send(std::string(30, 'x') + "GET /open HTTP/1.1\r\n" + host + "\r\n");
  EXPECT_EQ(body_of(wrong.read(1)), "|");
  EXPECT_EQ(listener.handled, 1);
  Client known(listener);
  known.send("POST /keyed HTTP/1.1\r\n" + host + "Authorization: Bearer good\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_EQ(body_of(known.read(1)), "Bearer good|ok");
}

TEST(HttpServer, CountsWhatIsNeitherHeaderNorBody) {
  const std::string chunked = "POST /open HTTP/1.1\r\nHost: bridge\r\nTransfer-Encoding: chunked\r\n\r\n";
  std::string many;
  for (int i = 0; i < 3000; ++i) many += "1;" + std::string(20, 'a') + "\r\nx\r\n";
  const std::pair<const char*, std::string> cases[] = {
      {"an endless extension", "1;" + std::string(1 << 20, 'a')},
      {"an endless size", std::string(1 << 20, '0')},
      {"endless trailers", "0\r\nX: " + std::string(1 << 20, 'a')},
      {"a trailer after the other", "0\r\n" + std::string([] {
                                      std::string lines;
                                      for (int i = 0; i < 20000; ++i) lines += "X: y\r\n";
                                      return lines;
                                    }())},
      {"an extension for each octet", many},
  };
  for (const auto& [name, sent] : cases) {
    SCOPED_TRACE(name);
    Listener listener;
    Client client(listener);
    client.send(chunked + sent);
    EXPECT_EQ(status_of(client.read(1)), 413);
    EXPECT_EQ(listener.handled, 0);
  }
  // A body in small pieces is a body all the same.
  std::string small;
  for (int i = 0; i < 5000; ++i) small += "1\r\nx\r\n";
  Listener listener;
  Client client(listener);
  client.send(chunked + small + "0\r\n\r\n");
  EXPECT_EQ(status_of(client.read(1)), 200);
}

// Announces a body, and is told to go on: the listener has made room for it.
void announce(Client& client, std::size_t bytes) {
  client.send("POST /open HTTP/1.1\r\nHost: bridge\r\nExpect: 100-continue\r\nContent-Length: " +
              std::to_string(bytes) + "\r\n\r\n");
  EXPECT_EQ(client.read_past("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
}

TEST(HttpServer, AllBodiesTogetherHaveALimit) {
  Listener listener({}, 1'500'000);
  Client first(listener), second(listener), third(listener);
  announce(first, 1'000'000);
  announce(second, 400'000);
  third.send("POST /open HTTP/1.1\r\nHost: bridge\r\nContent-Length: 1000000\r\n\r\n");
  const auto refused = third.read(1);
  EXPECT_EQ(status_of(refused), 503);
  EXPECT_NE(refused.find("\r\nRetry-After: "), std::string::npos);
  // A body of unknown length takes its part as it grows.
  Client growing(listener);
  growing.send("POST /open HTTP/1.1\r\nHost: bridge\r\nTransfer-Encoding: chunked\r\n\r\n80000\r\n" +
               std::string(0x80000, 'x') + "\r\n");
  EXPECT_EQ(status_of(growing.read(1)), 503);
  first.send(std::string(1'000'000, 'x'));
  EXPECT_EQ(status_of(first.read(1)), 200);
  Client again(listener);
  again.send("POST /open HTTP/1.1\r\nHost: bridge\r\nContent-Length: 1000000\r\n\r\n" + std::string(1'000'000, 'z'));
  EXPECT_EQ(status_of(again.read(1)), 200);
}

TEST(HttpServer, MakesRoomByClosingWhoNeverAsked) {
  HttpLimits limits;
  limits.connections = 20;
  Listener listener(limits);
  Client kept(listener);
  kept.send("GET /open HTTP/1.1\r\nHost: bridge\r\n\r\n");
  EXPECT_EQ(status_of(kept.read(1)), 200);
  std::list<Client> silent;
  for (int i = 0; i < 60; ++i) {
    auto& client = silent.emplace_back(listener);
    if (i % 2 == 0) client.send("GET /open HTTP/1.1\r\nHo");  // nor is half a request a request
  }
  Client newcomer(listener);
  newcomer.send("GET /open HTTP/1.1\r\nHost: bridge\r\n\r\n");
  EXPECT_EQ(status_of(newcomer.read(1)), 200);
  kept.send("GET /open HTTP/1.1\r\nHost: bridge\r\n\r\n");
  EXPECT_EQ(status_of(kept.read(1)), 200) << "who asked before goes last";
  silent.front().read();
  EXPECT_TRUE(silent.front().closed);
  EXPECT_GE(listener.dropped(metrics::ConnectionDrop::evicted), 40);
  EXPECT_EQ(listener.dropped(metrics::ConnectionDrop::full), 0);
}

TEST(HttpServer, MakesRoomByClosingWhoDoesNotRead) {
  HttpLimits limits;
  limits.connections = 10;
  Listener listener(limits);
  std::list<Client> deaf;
  const std::string ask = "GET /large HTTP/1.1\r\nHost: bridge\r\n\r\n";
  for (int i = 0; i < 30; ++i) deaf.emplace_back(listener).send(ask + ask + ask + ask);
  Client newcomer(listener);
  newcomer.send("GET /open HTTP/1.1\r\nHost: bridge\r\n\r\n");
  EXPECT_EQ(status_of(newcomer.read(1)), 200);
  EXPECT_EQ(listener.dropped(metrics::ConnectionDrop::full), 0);
}

TEST(HttpServer, MakesRoomByClosingWhoBeganAgainAndStopped) {
  HttpLimits limits;
  limits.connections = 10;
  Listener listener(limits);
  std::list<Client> slow;
  for (int i = 0; i < 30; ++i) {
    slow.emplace_back(listener).send("GET /open HTTP/1.1\r\nHost: bridge\r\n\r\nGET /op");
    slow.back().read(1);
  }
  Client newcomer(listener);
  newcomer.send("GET /open HTTP/1.1\r\nHost: bridge\r\n\r\n");
  EXPECT_EQ(status_of(newcomer.read(1)), 200);
  EXPECT_EQ(listener.dropped(metrics::ConnectionDrop::full), 0);
}

TEST(HttpServer, RefusesOneMoreWhenAllAreBusy) {
  HttpLimits limits;
  limits.connections = 2;
  Listener listener(limits);
  Client one(listener), two(listener);
  announce(one, 10);
  announce(two, 10);
  Client third(listener);
  EXPECT_EQ(third.read(), "");
  EXPECT_EQ(listener.dropped(metrics::ConnectionDrop::full), 1);
  EXPECT_EQ(listener.dropped(metrics::ConnectionDrop::evicted), 0);
  one.send("0123456789");
  EXPECT_EQ(body_of(one.read(1)), "|0123456789");
}

TEST(HttpServer, OneAddressHasNotAllConnections) {
  HttpLimits limits;
  limits.connections_per_address = 3;
  limits.spares_loopback = false;
  Listener listener(limits);
  std::list<Client> clients;
  for (int i = 0; i < 4; ++i) clients.emplace_back(listener);
  clients.back().read();
  EXPECT_TRUE(clients.back().closed);
  EXPECT_EQ(listener.dropped(metrics::ConnectionDrop::address_full), 1);
  clients.pop_front();
  // The listener hears of the end when it hears of it.
  for (int status = 0; status != 200;) {
    Client client(listener);
    client.send("GET /open HTTP/1.1\r\nHost: bridge\r\nConnection: close\r\n\r\n");
    status = status_of(client.read(1));
  }
}

TEST(HttpServer, GivesASilentConnectionLittleTime) {
  HttpLimits limits;
  limits.first_time = 10ms;
  Listener listener(limits);
  Client silent(listener);
  EXPECT_EQ(silent.read(), "");
  EXPECT_TRUE(silent.closed);
}

TEST(Door, AMistakeOfOursIsAnAnswer) {
  metrics::Metrics metrics({"", "", ""});
  SystemClock clock;
  const auto fails = [](const HttpRequest&) -> std::optional<HttpResponse> { throw std::runtime_error("broken"); };
  const auto door = make_door({{http::verb::post, "/a", [](const HttpRequest&, const Respond&) {}}}, metrics.http(),
                              clock, to_response, fails);
  HttpRequest request;
  request.raw.method(http::verb::post);
  request.path = "/a";
  const auto answer = door.before_body(request);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, http::status::internal_server_error);
}

TEST(Door, AMistakeAsideIsAnAnswerOfTheShard) {
  metrics::Metrics metrics({"", "", ""});
  SystemClock clock;
  asio::io_context shard, aside;
  const auto door =
      make_door({{.method = http::verb::post,
                  .path = "/a",
                  .handler = [](const HttpRequest&, const Respond&) { throw std::runtime_error("broken"); },
                  .aside = aside.get_executor()}},
                metrics.http(), clock, to_response);
  HttpRequest request;
  request.raw.method(http::verb::post);
  request.path = "/a";
  request.executor = shard.get_executor();
  std::optional<HttpResponse> answer;
  door.handle(request, [&answer](HttpResponse given) { answer = std::move(given); });
  EXPECT_EQ(shard.poll(), 0u) << "nothing runs on the shard before there is an answer";
  EXPECT_EQ(aside.poll(), 1u);
  EXPECT_FALSE(answer);
  shard.restart();
  shard.poll();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, http::status::internal_server_error);
}

TEST(Door, ShowsSomeOfAMillionMistakes) {
  const auto problem = invalid(std::vector<FieldError>(100'000, {"/x", "unknown-field", "there is no field x"}));
  EXPECT_EQ(problem.errors.size(), 1000u);
  EXPECT_EQ(problem.detail, "100000 fields are wrong");
}

}  // namespace
}  // namespace smsbridge::bridge
