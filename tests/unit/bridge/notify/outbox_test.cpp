// SPDX-License-Identifier: MPL-2.0
#include "bridge/notify/outbox.hpp"

#include <gtest/gtest.h>

#include "bridge/text/message_id.hpp"
#include "tests/unit/bridge/delivery/virtual_clock.hpp"

namespace smsbridge::bridge {
namespace {

class OutboxTest : public testing::Test {
 protected:
  // Webhook 5 of tenant 1 wants two kinds of events, 6 all of them.
  void listen() {
    auto listeners = std::make_shared<Outbox::Listeners>();
    listeners->gateways = {{3, "mtn"}};
    auto& tenant = listeners->by_tenant[1];
    tenant.name = "umoja";
    tenant.metrics = &metrics_.webhook("umoja");
    tenant.receivers = {{.webhook = 5, .events = {WebhookEvent::delivered, WebhookEvent::gateway_down}},
                        {.webhook = 6,
                         .events = {WebhookEvent::submitted, WebhookEvent::delivered, WebhookEvent::failed,
                                    WebhookEvent::received, WebhookEvent::gateway_down, WebhookEvent::gateway_up}}};
    outbox_.listen(std::move(listeners));
  }
  std::vector<std::string> kinds(const store::Batch& batch) const {
    std::vector<std::string> kinds;
    for (const auto& task : batch.tasks) kinds.push_back(task.task.kind + " " + std::string(event_type(task.task.key)));
    return kinds;
  }
  store::Batch alongside(std::vector<store::News> news, bool kept = true) {
    const auto read = [this](store::MessageId id) -> std::optional<store::Message> {
      ++reads_;
      store::Message message{.id = id, .content = {}, .progress = {}};
      message.content.gateway = 3;
      return message;
    };
    return outbox_.alongside(news, read, kept);
  }
  using Kinds = std::vector<std::string>;
  VirtualClock clock_;
  metrics::Metrics metrics_{{"", "", ""}};
  Outbox outbox_{clock_};
  int reads_ = 0;
};

TEST_F(OutboxTest, NothingIsReadWhereNobodyListens) {
  EXPECT_TRUE(alongside({{.id = 7, .tenant = 1, .state = store::State::delivered}}).tasks.empty());
  listen();
  EXPECT_TRUE(alongside({{.id = 7, .tenant = 2, .state = store::State::delivered},
                         {.id = 7, .tenant = 1, .state = store::State::expired},
                         {.id = 7, .tenant = 1, .state = store::State::sent}})
                  .tasks.empty());
  EXPECT_EQ(reads_, 0);
}

TEST_F(OutboxTest, ATaskForEachWhoWantsIt) {
  listen();
  const auto batch = alongside({{.id = 7, .tenant = 1, .state = store::State::submitted},
                                {.id = 7, .tenant = 1, .state = store::State::delivered}});
  EXPECT_EQ(kinds(batch),
            (Kinds{"webhook/6 message.submitted", "webhook/5 message.delivered", "webhook/6 message.delivered"}));
  EXPECT_EQ(event_about(batch.tasks[0].task.key), ulid_text(7));
  EXPECT_EQ(batch.tasks[1].task.key, batch.tasks[2].task.key) << "one event has one id for all";
  EXPECT_NE(batch.tasks[0].body.find(R"("gateway":"mtn")"), std::string::npos) << batch.tasks[0].body;
}

TEST_F(OutboxTest, WhatIsNotKeptIsCounted) {
  listen();
  EXPECT_TRUE(alongside({{.id = 7, .tenant = 1, .state = store::State::delivered}}, false).tasks.empty());
  EXPECT_EQ(metrics_.webhook("umoja").events[metrics::WebhookEnd::no_room]->Value(), 1);
}

TEST_F(OutboxTest, APhonesMessageAndAGatewayGoIntoTheirBatch) {
  listen();
  store::Batch batch;
  outbox_.add_received(batch, {.tenant = 1,
                               .gateway = "mtn",
                               .from = "+254700000001",
                               .to = "22141",
                               .text = "STOP",
                               .keyword = "stop",
                               .rule = "",
                               .action = "opt_out",
                               .at = 5});
  outbox_.add_received(batch, {.tenant = 2});
  EXPECT_EQ(kinds(batch), Kinds{"webhook/6 message.received"});
  EXPECT_NE(batch.tasks[0].body.find(R"("text":"STOP","keyword":"stop","rule":null,"action":"opt_out")"),
            std::string::npos)
      << batch.tasks[0].body;
  batch = {};
  outbox_.add_gateway(batch, {1, 2}, 3, false, 5);
  outbox_.add_gateway(batch, {1}, 3, true, 9);
  EXPECT_EQ(kinds(batch), (Kinds{"webhook/5 gateway.down", "webhook/6 gateway.down", "webhook/6 gateway.up"}));
}

}  // namespace
}  // namespace smsbridge::bridge
