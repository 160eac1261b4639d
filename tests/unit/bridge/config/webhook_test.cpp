// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/webhook.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "bridge/config/config.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

json::object good() {
  return {{"name", "bank"},
          {"id", 9},
          {"tenant", "umoja"},
          {"url", "https://bank.example.org/events"},
          {"secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}};
}

// "path: text" of each problem.
std::vector<std::string> problems_of(const json::object& settings) {
  std::vector<ConfigProblem> problems;
  read_webhook(settings, ".", problems);
  std::vector<std::string> texts;
  for (const auto& problem : problems) texts.push_back(problem.path + ": " + problem.text);
  return texts;
}

TEST(WebhookSettings, AreRead) {
  auto settings = good();
  settings["events"] = {"message.failed", "gateway.down"};
  settings["retry"] = {"1s", "2h"};
  settings["batch"] = 50;
  settings["old_secret"] = new_webhook_secret();
  std::vector<ConfigProblem> problems;
  const auto webhook = read_webhook(settings, ".", problems);
  EXPECT_TRUE(problems.empty()) << problems.front().text;
  EXPECT_EQ(webhook.events, (std::vector{WebhookEvent::failed, WebhookEvent::gateway_down}));
  EXPECT_EQ(webhook.retry, (std::vector<WallMs>{1000, 7200'000}));
  EXPECT_EQ(webhook.batch, 50);
  EXPECT_EQ(json::serialize(webhook.settings).find("whsec_"), std::string::npos) << "secrets are hidden";
  EXPECT_EQ(read_webhook(good(), ".", problems).retry.size(), 9u) << "as Standard Webhooks has it";
}

TEST(WebhookSettings, SayWhatIsWrong) {
  const std::vector<std::tuple<std::string, json::value, std::string>> table = {
      {"url", "bank.example.org", "is not an address"},
      {"url", "http://bank.example.org/", "in clear text"},
      {"url", "https://bank.example.org/\nX: y", "control character"},
      {"secret", "password", "must be 'whsec_'"},
      {"old_secret", "whsec_c2hvcnQ=", "must be 'whsec_'"},
      {"retry", json::array{"5"}, "is not a delay"},
      {"retry", json::array{"8d"}, "is not a delay"},
      {"events", json::array{"message.read"}, "is not one of"},
      {"batch", 0, "1"},
      {"name", "a/b", "no '/'"},
      {"colour", "red", ""}};
  for (const auto& [key, value, text] : table) {
    auto settings = good();
    settings[key] = value;
    const auto problems = problems_of(settings);
    ASSERT_EQ(problems.size(), 1u) << key;
    EXPECT_NE(problems.front().find(text), std::string::npos) << problems.front();
  }
  EXPECT_TRUE(problems_of(good()).empty());
}

TEST(WebhookSettings, BelongToATenantAndHaveANumberOfTheirOwn) {
  TenantSettings tenant;
  tenant.name = "umoja";
  GatewaySettings gateway;
  gateway.name = "mtn";
  gateway.id = 9;
  WebhookSettings first, second;
  first.name = second.name = "bank";
  first.tenant = "umoja";
  second.tenant = "nobody";
  first.id = 9, second.id = 10;
  const auto problems = check_references({&gateway}, {}, {&tenant}, {&first, &second});
  ASSERT_EQ(problems.size(), 3u);
  EXPECT_EQ(problems[0].key, "id");
  EXPECT_EQ(problems[1].key, "name");
  EXPECT_EQ(problems[2].key, "tenant");
}

}  // namespace
}  // namespace smsbridge::bridge
