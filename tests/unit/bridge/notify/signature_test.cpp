// SPDX-License-Identifier: MPL-2.0
#include "bridge/notify/signature.hpp"

#include <gtest/gtest.h>

#include "bridge/config/webhook.hpp"

namespace smsbridge::bridge {
namespace {

// The example of Standard Webhooks' reference libraries.
const std::string secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", id = "msg_p5jXN8AQM9LWM0D4loKWxJek",
                  body = R"({"test": 2432232314})";
const std::string signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

TEST(WebhookSignature, IsThatOfTheReferenceLibraries) {
  EXPECT_EQ(webhook_signature({secret}, id, "1614265330", body), signature);
}

TEST(WebhookSignature, HasOneForEachSecret) {
  const auto other = new_webhook_secret();
  EXPECT_EQ(webhook_signature({other, secret}, id, "1614265330", body),
            webhook_signature({other}, id, "1614265330", body) + " " + signature);
}

TEST(WebhookSignature, StandsInTheThreeHeaders) {
  const http_gateways::Headers wanted = {{"Content-Type", "application/json"},
                                         {"webhook-id", id},
                                         {"webhook-timestamp", "1614265330"},
                                         {"webhook-signature", signature}};
  EXPECT_EQ(webhook_headers({secret}, id, 1614265330, body), wanted);
}

TEST(WebhookSecret, HasItsForm) {
  const auto made = new_webhook_secret();
  EXPECT_EQ(webhook_key_of(made).size(), 32u);
  EXPECT_NE(made, new_webhook_secret());
  for (const auto* wrong : {"", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_", "whsec_short",
                            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS!", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS"})
    EXPECT_TRUE(webhook_key_of(wrong).empty()) << wrong;
}

}  // namespace
}  // namespace smsbridge::bridge
