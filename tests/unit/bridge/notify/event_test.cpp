// SPDX-License-Identifier: MPL-2.0
#include "bridge/notify/event.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "bridge/text/message_id.hpp"

namespace smsbridge::bridge {
namespace {

constexpr WallMs at = 1'790'000'000'123;

TEST(HookEvent, SaysInItsKeyWhatItIs) {
  const auto event = make_event(WebhookEvent::delivered, "gateway_7", at, {{"x", 1}});
  EXPECT_EQ(event_id(event.key), "evt_" + event.key);
  EXPECT_EQ(event_about(event.key), "gateway_7");
  EXPECT_EQ(event_at(event.key), at);
  EXPECT_EQ(event_type(event.key), "message.delivered");
  for (const auto* other : {"", "a", "a_b", "a_1_99", "a_x_1", "_"}) EXPECT_EQ(event_type(other), "") << other;
}

TEST(HookEvent, SortsByTimeWithinItsMessage) {
  const auto key = [](WebhookEvent type, WallMs when) { return make_event(type, "01J", when, {}).key; };
  EXPECT_LT(key(WebhookEvent::submitted, at), key(WebhookEvent::delivered, at)) << "in one commit";
  EXPECT_LT(key(WebhookEvent::failed, 999), key(WebhookEvent::submitted, 1000)) << "as numbers, not as words";
}

TEST(HookEvent, IsWhatStandardWebhooksWants) {
  const auto body = boost::json::parse(make_event(WebhookEvent::failed, "01J", at, {{"id", "msg_1"}}).body).as_object();
  EXPECT_EQ(body.at("type"), "message.failed");
  EXPECT_EQ(body.at("timestamp"), "2026-09-21T14:13:20.123Z");
  EXPECT_EQ(body.at("data").at("id"), "msg_1");
}

TEST(HookEvent, TellsOfEachStateOnce) {
  using store::State;
  EXPECT_EQ(event_of(State::submitted), WebhookEvent::submitted);
  EXPECT_EQ(event_of(State::delivered), WebhookEvent::delivered);
  EXPECT_EQ(event_of(State::expired), WebhookEvent::expired);
  for (const auto state : {State::undeliverable, State::failed, State::cancelled, State::rejected, State::unknown})
    EXPECT_EQ(event_of(state), WebhookEvent::failed);
  for (const auto state : {State::sent, State::queued, State::doubtful}) EXPECT_EQ(event_of(state), std::nullopt);
}

TEST(HookEvent, OfAMessageHoldsNoText) {
  store::Message message{.id = store::first_id_at(at), .content = {}, .progress = {}};
  message.content.text = "secret text";
  message.content.to = "+254712345678";
  message.progress.state = store::State::sent;
  message.progress.status_message = "caf\xE9";
  const auto submitted = message_data(message, store::State::submitted, "umoja", "mtn");
  EXPECT_EQ(submitted.at("state"), "sent") << "nobody will hear of it again";
  EXPECT_EQ(submitted.at("to"), "+254712345678");
  EXPECT_EQ(boost::json::serialize(submitted).find("secret text"), std::string::npos);
  const auto failed = message_data(message, store::State::failed, "umoja", "");
  EXPECT_TRUE(failed.at("gateway").is_null());
  EXPECT_EQ(failed.at("status_message").as_string().find("caf"), 0u) << "what is no UTF-8 is mended";
  EXPECT_NO_THROW(boost::json::parse(boost::json::serialize(failed)));
}

}  // namespace
}  // namespace smsbridge::bridge
