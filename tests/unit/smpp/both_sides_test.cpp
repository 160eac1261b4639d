// SPDX-License-Identifier: MPL-2.0
// ClientSession and ServerSession talk to each other, and the line between them breaks at each PDU in turn.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "smpp/client_session.hpp"
#include "smpp/server_session.hpp"
#include "smpp/status.hpp"
#include "smpp/text.hpp"
#include "tests/unit/fails_at_each_step.hpp"

namespace smsbridge::smpp {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::Pair;

Message message_saying(std::string_view text) {
  Message message;
  message.source = {5, 0, "Bank"};
  message.destination = {1, 1, "491701234567"};
  message.short_message = as_octets(text);
  return message;
}

ClientConfig client_config() {
  ClientConfig config;
  config.system_id = "bank";
  config.password = "secret";
  return config;
}

ServerConfig server_config() {
  ServerConfig config;
  config.system_id = "centre";
  config.enquire_link_interval = 20s;
  return config;
}

// Two sessions, their owners, and a line that carries one PDU a step.
class World {
 public:
  explicit World(Fault& fault) : fault_(fault), client(client_config()), server(server_config(), now) {
    client.on_connected(now);
    talk();
  }

  // Until both are silent, or the line is broken.
  void talk() {
    while (!broken_ && (carry(client, server) || carry(server, client))) continue;
    if (!broken_ && (client.wants_close() || server.wants_close())) break_line();
  }
  void after(Duration duration) {
    now += duration;
    client.on_deadline(now);
    server.on_deadline(now);
    take_events();
    talk();
  }
  void submit(std::uint64_t cookie) {
    if (client.submit(message_saying(std::to_string(cookie)), cookie, now) == ClientSession::SubmitResult::queued)
      submitted.insert(cookie);
    talk();
  }
  void deliver(std::uint64_t cookie) {
    if (server.deliver(message_saying(std::to_string(cookie)), cookie, now) == ServerSession::DeliverResult::queued)
      delivered.insert(cookie);
    talk();
  }
  void break_line() {
    broken_ = true;
    client.on_closed(now);
    server.on_closed(now);
    take_events();
  }

  Time now = Time{} + 1h;

 private:
  Fault& fault_;
  bool broken_ = false;

 public:
  ClientSession client;
  ServerSession server;
  std::set<std::uint64_t> submitted, delivered;
  std::map<std::uint64_t, int> answered, unanswered, taken;         // of submits
  std::map<std::uint64_t, int> arrived, acknowledged, undelivered;  // of deliveries
  int client_lost = 0, server_lost = 0;

 private:
  template <class From, class To>
  bool carry(From& from, To& to) {
    const auto output = from.output();
    if (output.empty()) return false;
    if (fault_.now()) {
      break_line();
      return false;
    }
    const auto pdu = output.first(decode_header(output)->length);
    to.on_bytes(pdu, now);
    from.wrote(pdu.size());
    take_events();
    return true;
  }

  void take_events() {
    while (const auto event = server.next_event()) std::visit([this](const auto& e) { on(e); }, *event);
    while (const auto event = client.next_event()) std::visit([this](const auto& e) { on(e); }, *event);
  }
  template <class Event>
  void on(const Event&) {}  // what this conversation does not depend on
  void on(const Answered& e) {
    EXPECT_EQ(e.message_id, std::to_string(e.cookie));
    ++answered[e.cookie];
  }
  void on(const Unanswered& e) {
    ++unanswered[e.cookie];
    if (!e.sent) {
      EXPECT_EQ(taken.count(e.cookie), 0U) << "it was sent";
    }
  }
  void on(const Delivered& e) {
    ++arrived[std::stoull(std::string(as_text(e.message.payload())))];
    client.answer_delivery(e.sequence, e.command, status_ok);
  }
  void on(const Lost&) { ++client_lost; }
  void on(const ServerSession::BindWanted& e) {
    server.answer_bind(e.bind.password == "secret" ? status_ok : status_invalid_password, now);
  }
  void on(const ServerSession::Submitted& e) {
    const std::string text(as_text(e.message.payload()));
    ++taken[std::stoull(text)];
    EXPECT_TRUE(server.answer(e.id, MessageResp{text, {}}));
  }
  void on(const ServerSession::DeliveryAnswered& e) { ++acknowledged[e.cookie]; }
  void on(const ServerSession::Undelivered& e) { ++undelivered[e.cookie]; }
  void on(const ServerSession::Refused& e) { ADD_FAILURE() << e.detail; }
  void on(const ServerSession::Lost&) { ++server_lost; }
};

// A day in the life of a session. Who says goodbye is the last question.
void a_day(World& world, bool client_leaves) {
  world.submit(1);
  world.submit(2);
  world.deliver(11);
  world.after(20s);
  world.deliver(12);
  world.submit(3);
  if (client_leaves)
    world.client.unbind(world.now);
  else
    world.server.unbind(world.now);
  world.talk();
}

TEST(BothSides, UnderstandEachOther) {
  for (const bool client_leaves : {true, false}) {
    Fault never(0);
    World world(never);
    EXPECT_TRUE(world.client.is_bound());
    a_day(world, client_leaves);
    EXPECT_THAT(world.answered, ElementsAre(Pair(1, 1), Pair(2, 1), Pair(3, 1)));
    EXPECT_THAT(world.acknowledged, ElementsAre(Pair(11, 1), Pair(12, 1)));
    EXPECT_EQ(world.client_lost, 1);
    EXPECT_EQ(world.server_lost, 1);
  }
}

// Whenever the line breaks: each message and each delivery ends once, nothing that was not taken is called answered,
// and what is called unsent was not taken.
TEST(BothSides, LoseNothingWhereverTheLineBreaks) {
  for (const bool client_leaves : {true, false}) {
    const auto steps = fails_at_each_step([&](Fault& fault) {
      World world(fault);
      a_day(world, client_leaves);
      for (const auto cookie : world.submitted)
        EXPECT_EQ(world.answered[cookie] + world.unanswered[cookie], 1) << cookie;
      for (const auto& [cookie, times] : world.answered) EXPECT_LE(times, world.taken[cookie]) << cookie;
      for (const auto& [cookie, times] : world.taken) EXPECT_LE(times, 1) << cookie;
      for (const auto cookie : world.delivered)
        EXPECT_EQ(world.acknowledged[cookie] + world.undelivered[cookie], 1) << cookie;
      for (const auto& [cookie, times] : world.acknowledged) EXPECT_LE(times, world.arrived[cookie]) << cookie;
      EXPECT_EQ(world.client_lost, 1);
      EXPECT_EQ(world.server_lost, 1);
      EXPECT_EQ(world.client.state(), SessionState::closed);
      EXPECT_FALSE(world.server.is_bound());
    });
    EXPECT_EQ(steps, 16) << "bind, 3 submits, 2 deliveries, enquire_link and unbind, each with its answer";
  }
}

}  // namespace
}  // namespace smsbridge::smpp
