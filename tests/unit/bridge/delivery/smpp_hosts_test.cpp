// SPDX-License-Identifier: MPL-2.0
// The sessions of a gateway at several hosts of its carrier, in virtual time and without sockets.
#include "bridge/delivery/smpp_hosts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <set>

#include "bridge/delivery/smpp_channel.hpp"
#include "tests/unit/bridge/delivery/fake_stream.hpp"
#include "tests/unit/bridge/delivery/virtual_clock.hpp"
#include "tests/unit/smpp/octets.hpp"

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;
using smpp::raw;
using testing::ElementsAre;
using testing::IsEmpty;
using enum smpp::Command;

// The carrier: its hosts take every bind, but for those that are down.
struct Carrier : Connector {
  struct Line {
    std::string host;
    std::shared_ptr<Wire> wire;
  };
  void connect(boost::asio::any_io_executor, const Address& address, Time, Handler handler) override {
    waiting.emplace_back(address.host, std::move(handler));
  }
  void answer() {
    for (auto& [host, handler] : std::exchange(waiting, {})) {
      tried.push_back(host);
      if (down.contains(host)) {
        handler(ConnectStage::connect, "Connection refused", nullptr);
        continue;
      }
      auto wire = std::make_shared<Wire>();
      handler(ConnectStage::ok, {}, std::make_unique<FakeStream>(wire));
      wire->finish_writing();
      if (!wire->read) continue;  // it only wanted to know
      if (refuses.contains(host)) ++refused;
      wire->say(raw(bind_transceiver_resp, refuses.contains(host) ? 0x0E : 0, 1));
      wire->sent.clear();
      if (!refuses.contains(host)) lines.push_back({host, wire});
    }
    for (auto& line : lines) line.wire->finish_writing();
  }
  std::vector<std::pair<std::string, Handler>> waiting;
  std::vector<std::string> tried;
  std::set<std::string> down, refuses;  // connections, and the account
  int refused = 0;
  std::vector<Line> lines;
};

struct Deaf : Channel::Owner {
  void on_answer(std::uint64_t, Answer) override {}
  void on_throttled(std::uint64_t, Duration, const std::string&) override {}
  void on_not_taken(std::uint64_t) override {}
  Blame on_blamed(std::uint64_t, Answer) override { return Blame::way_out; }
  void on_late_answer(std::uint64_t, std::string) override {}
  void on_receipt(store::ReceiptRecorded, metrics::ReceiptState, std::function<void(bool)>) override {}
  void on_inbound(FromPhone, std::function<void(bool)>) override {}
  void on_room() override {}
  void on_up_or_down() override {}
  void on_closed() override {}
  bool is_sending_to(std::string_view) const override { return false; }
};

class SmppHostsTest : public testing::Test {
 protected:
  void start(int sessions, SmppSettings::UseHosts use) {
    config_.name = "carrier";
    auto& way = config_.smpp();
    way.address = {.host = "one", .port = 2775, .tls = {}};
    way.other_hosts = {{.host = "two", .port = 2775, .tls = {}}};
    way.use_hosts = use;
    way.return_after = 2min;
    way.sessions = sessions;
    way.session.system_id = "bank";
    way.session.enquire_link_interval = 0s;
    channel_ = std::make_unique<SmppChannel>(config_,
                                             SmppContext{.executor = io_.get_executor(),
                                                         .clock = clock_,
                                                         .connector = carrier_,
                                                         .random = random_,
                                                         .metrics = metrics_.gateway("carrier", "smpp"),
                                                         .smpp_metrics = metrics_.smpp("carrier"),
                                                         .pace = pace_},
                                             owner_);
    channel_->start();
    run(0s);
  }
  // In steps, so that what waits for a connection gets its answer.
  void run(Duration time) {
    for (const auto end = clock_.now() + time; clock_.now() < end; clock_.advance(1s)) carrier_.answer();
    carrier_.answer();
  }
  void go_down(const std::string& host) {
    carrier_.down.insert(host);
    for (auto& line : std::exchange(carrier_.lines, {}))
      if (line.host == host)
        line.wire->end();
      else
        carrier_.lines.push_back(line);
  }
  // The unbind of a session is answered.
  bool let_go(const std::string& host) {
    for (auto& line : carrier_.lines)
      if (line.host == host && line.wire->open && !line.wire->sent.empty()) {
        line.wire->say(raw(unbind_resp, 0, 2));
        return true;
      }
    return false;
  }
  // Unbinds from `host` are answered meanwhile. The most sessions that were on their way at a time.
  int come_home(const std::string& host, Duration within) {
    int most = 0;
    for (const auto end = clock_.now() + within; clock_.now() < end; let_go(host)) {
      run(1s);
      most = std::max(most, static_cast<int>(std::ranges::count_if(
                                status().sessions, [](const auto& session) { return session.state != "bound"; })));
    }
    return most;
  }
  GatewayStatus status() const {
    GatewayStatus status;
    channel_->describe(status);
    return status;
  }
  std::vector<std::string> hosts() const {
    std::vector<std::string> hosts;
    for (const auto& session : status().sessions) hosts.push_back(session.state + " " + session.host);
    return hosts;
  }
  double changes(metrics::HostChange change) { return metrics_.smpp("carrier").host_changes[change]->Value(); }

  boost::asio::io_context io_;
  VirtualClock clock_;
  Random random_{1};
  metrics::Metrics metrics_{{}};
  const std::shared_ptr<Pace> pace_ =
      std::make_shared<Pace>(Pace::Bounds{.rate = 0, .window = 1000}, Pace::Learnt{.rate = 0, .window = 1000});
  GatewaySettings config_;
  Carrier carrier_;
  Deaf owner_;
  std::unique_ptr<SmppChannel> channel_;
};

TEST_F(SmppHostsTest, SessionsComeHomeOneAfterTheOtherOnceTheirHostWasGood) {
  start(2, SmppSettings::UseHosts::failover);
  EXPECT_THAT(hosts(), ElementsAre("bound one:2775", "bound one:2775"));
  EXPECT_EQ(status().hosts[0].sessions, 2U);
  EXPECT_EQ(status().hosts[0].avoided_since, 0);
  const auto broke_at = clock_.wall();
  go_down("one");
  run(3s);
  EXPECT_THAT(hosts(), ElementsAre("bound two:2775", "bound two:2775"));
  EXPECT_EQ(status().hosts[0].avoided_since, broke_at);
  EXPECT_FALSE(status().hosts[0].why.empty()) << "why the other is not used";
  EXPECT_EQ(changes(metrics::HostChange::failed), 2);
  channel_->publish_metrics();
  EXPECT_EQ(metrics_.smpp("carrier").sessions_away->Value(), 2);

  carrier_.tried.clear();
  run(5min);
  EXPECT_THAT(carrier_.tried, testing::Each("one")) << "it is connected to from time to time";
  EXPECT_GE(carrier_.tried.size(), 8U);
  EXPECT_LE(carrier_.tried.size(), 12U) << "and not more often";
  EXPECT_THAT(hosts(), ElementsAre("bound two:2775", "bound two:2775"));

  carrier_.down.clear();
  run(100s);
  EXPECT_FALSE(let_go("two")) << "it has not been good for long";
  EXPECT_EQ(come_home("two", 3min), 1) << "one after the other";
  EXPECT_THAT(hosts(), ElementsAre("bound one:2775", "bound one:2775"));
  EXPECT_EQ(changes(metrics::HostChange::returned), 2);
  EXPECT_EQ(status().hosts[0].avoided_since, 0);
  channel_->publish_metrics();
  EXPECT_EQ(metrics_.smpp("carrier").sessions_away->Value(), 0);
  EXPECT_EQ(metrics_.smpp("carrier").disconnects[metrics::DisconnectReason::local]->Value(), 2);
}

TEST_F(SmppHostsTest, SpreadSessionsGoToTheOthersAndComeBack) {
  start(3, SmppSettings::UseHosts::spread);
  EXPECT_THAT(hosts(), ElementsAre("bound one:2775", "bound two:2775", "bound one:2775"));
  go_down("two");
  run(3s);
  EXPECT_THAT(hosts(), ElementsAre("bound one:2775", "bound one:2775", "bound one:2775"));
  carrier_.down.clear();
  EXPECT_EQ(come_home("one", 5min), 1);
  EXPECT_THAT(hosts(), ElementsAre("bound one:2775", "bound two:2775", "bound one:2775"));
}

// Parts that came by two hosts are never joined.
TEST_F(SmppHostsTest, ASessionBringsToTheirEndTheMessagesThatHaveBegunOnIt) {
  start(1, SmppSettings::UseHosts::failover);
  go_down("one");
  run(3s);
  store::Claimed claimed{.id = 1, .attempt = 1};
  claimed.content.to = "+254712345678";
  claimed.content.text = std::string(200, 'x');
  auto begun = *channel_->prepare(claimed, clock_.wall());
  ASSERT_EQ(begun->parts, 2U);
  ASSERT_EQ(channel_->submit(1, *begun, 0), Channel::Submitted::yes);
  claimed.id = 2;
  auto later = *channel_->prepare(claimed, clock_.wall());
  EXPECT_TRUE(channel_->has_room_for(*later));
  carrier_.down.clear();
  for (int second = 0; second < 400 && channel_->room() > 0; ++second) run(1s);
  run(3s);
  EXPECT_THAT(hosts(), ElementsAre("bound two:2775")) << "it waits for the other part";
  EXPECT_FALSE(channel_->has_room_for(*later)) << "it takes nothing new";
  EXPECT_EQ(channel_->room(), 0U);
  ASSERT_EQ(channel_->submit(2, *begun, 1), Channel::Submitted::yes);
  channel_->done_with(*begun);
  run(2s);
  EXPECT_THAT(hosts(), ElementsAre("unbinding two:2775"));
}

// The account is not known at the second site. The first one, where it was, must not wait for that.
TEST_F(SmppHostsTest, AnotherHostThatRefusesTheAccountDoesNotKeepASessionFromItsOwn) {
  start(1, SmppSettings::UseHosts::failover);
  carrier_.refuses.insert("two");
  go_down("one");
  run(3s);
  EXPECT_EQ(carrier_.tried.back(), "one") << "the other one refused, and this is tried by its own back-off";
  carrier_.down.clear();
  run(1min);
  EXPECT_THAT(hosts(), ElementsAre("bound one:2775"));
  EXPECT_EQ(carrier_.refused, 1) << "it would lock the account";
}

TEST_F(SmppHostsTest, AHostThatDoesNotKnowTheAccountDoesNotKeepItFromTheNextOne) {
  carrier_.refuses.insert("one");
  config_.smpp().refused_delay = 5min;
  start(2, SmppSettings::UseHosts::failover);
  run(4min);
  EXPECT_EQ(carrier_.refused, 2) << "once a session: a carrier may lock the account";
  EXPECT_FALSE(std::ranges::count(carrier_.tried, "two"));
  run(2min);
  EXPECT_THAT(hosts(), ElementsAre("bound two:2775", "bound two:2775"));
  run(1min);
  EXPECT_EQ(carrier_.refused, 2) << "no session goes back there at once";
  EXPECT_THAT(status().hosts.front().why, testing::HasSubstr("password"));
}

TEST_F(SmppHostsTest, AHostThatIsLeftAloneIsNotTriedOut) {
  config_.smpp().unbind_wait = 30min;
  start(1, SmppSettings::UseHosts::failover);
  carrier_.lines.front().wire->say(raw(unbind, 0, 9));
  run(3s);
  EXPECT_THAT(hosts(), ElementsAre("bound two:2775"));
  carrier_.tried.clear();
  run(29min);
  EXPECT_THAT(carrier_.tried, IsEmpty());
  EXPECT_EQ(come_home("two", 5min), 1);
  EXPECT_THAT(hosts(), ElementsAre("bound one:2775"));
}

}  // namespace
}  // namespace smsbridge::bridge
