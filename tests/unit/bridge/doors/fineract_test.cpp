// SPDX-License-Identifier: MPL-2.0
// What Fineract is told of what it posted, and of what it did not.
#include "tests/unit/bridge/doors/doors.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

class FineractTest : public DoorsTest {
 protected:
  FineractTest() : door_(make_door(fineract_endpoints(services_), metrics_.http(), clock_, fineract_refusal)) {}

  HttpResponse ask(const std::string& path, const std::string& body, const std::string& tenant = "umoja") {
    return DoorsTest::ask(door_, http::verb::post, path, body,
                          {{"Fineract-Platform-TenantId", tenant}, {"Fineract-Tenant-App-Key", tenant + "-key"}});
  }
  void post(const std::string& id, const std::string& provider = "") {
    const auto named = provider.empty() ? std::string() : R"(, "providerId": )" + provider;
    const auto answer = ask(
        "/sms", R"([{"internalId": )" + id + R"(, "mobileNumber": "0712345678", "message": "Habari")" + named + "}]");
    EXPECT_EQ(answer.status, http::status::accepted) << answer.body;
  }
  // "300", and behind a failure why; nothing where the answer does not name the id.
  std::string report(const std::string& id) {
    const auto list = json::parse(ask("/sms/report", "[" + id + "]").body).as_array();
    if (list.empty()) return {};
    const auto& entry = list.front().as_object();
    const auto status = std::to_string(entry.at("deliveryStatus").as_int64());
    return entry.at("errorMessage").is_null() ? status : status + " " + entry.at("errorMessage").as_string().c_str();
  }

  HttpDoor door_;
};

TEST_F(FineractTest, WhatMayHaveBeenSentIsNotPending) {
  post("1");
  EXPECT_EQ(report("1"), "100");
  send("umoja", [](const store::Claimed& claimed, store::Batch& batch) {
    batch.settlements.push_back(
        {.id = claimed.id, .attempt = 1, .what = store::RetryLater{.delay_ms = 60'000, .doubtful = true}});
  });
  EXPECT_EQ(report("1"), "150");
}

TEST_F(FineractTest, AnIdThatNobodyPostedFailsAfterItsGrace) {
  EXPECT_EQ(report("77"), "");
  clock_.advance(std::chrono::hours(23));
  EXPECT_EQ(report("77"), "");
  clock_.advance(std::chrono::hours(1));
  EXPECT_EQ(report("77"), "400 this id was never posted to the bridge");
}

TEST_F(FineractTest, WhatOtherDoorsTookIsNotFineracts) {
  store::Batch batch;
  auto& content = batch.enqueue.emplace_back().content;
  content.tenant = id_of("umoja");
  content.gateway = 1;
  content.client_ref = "5";
  content.source = store::Source::api;
  store_.commit(std::move(batch), io_.get_executor(), [](const store::BatchResult&) {});
  turn();
  EXPECT_EQ(report("5"), "");
}

TEST_F(FineractTest, AGatewayOfAnotherTenantIsNotThere) {
  post("1", "1");
  EXPECT_EQ(report("1"), "100");
  post("2", "2");
  EXPECT_EQ(report("2"), "400 there is no gateway or route with the id 2 (providerId)");
}

// Its key stands in Fineract's database: it changes what it made, not what whoever runs the bridge made for it.
TEST_F(FineractTest, OnlyBridgesThatWereMadeHereAreChangedHere) {
  objects_.on_change([this](const auto& table) { router_.replace(table); });
  const auto changed = [&](const std::string& name) {
    const auto made = objects_.change({.kind = ObjectKind::gateway,
                                       .name = name,
                                       .action = Objects::Change::Action::create,
                                       .settings = {{"name", name},
                                                    {"host", "127.0.0.1"},
                                                    {"port", 2775},
                                                    {"system_id", "s"},
                                                    {"password", "p"},
                                                    {"tenants", json::array{"umoja"}}},
                                       .if_match = {},
                                       .assumed = {},
                                       .by = "test"});
    EXPECT_TRUE(made) << (made ? "" : made.error().detail);
    const auto path = "/smsbridges/" + std::to_string(made ? made->object.id : 0);
    return DoorsTest::ask(door_, http::verb::put, path, R"({"providerName": "renamed"})",
                          {{"Fineract-Platform-TenantId", "umoja"}, {"Fineract-Tenant-App-Key", "umoja-key"}})
        .status;
  };
  EXPECT_NE(changed("umoja-smpp-0a1b2c"), http::status::forbidden);
  for (const auto* name : {"umoja-out-2", "umoja-smpp-backup", "umoja-smpp-0a1b2", "umoja-twilio-0a1b2c"})
    EXPECT_EQ(changed(name), http::status::forbidden) << name;
}

TEST_F(FineractTest, ABusyWriterLosesNothing) {
  store::Batch batch;
  for (int i = 0; i < 4; ++i) batch.enqueue.emplace_back().content.tenant = id_of("tujenge");
  store_.commit(std::move(batch), io_.get_executor(), [](const store::BatchResult&) {});
  post("1");
  EXPECT_EQ(report("1"), "100");
}

}  // namespace
}  // namespace smsbridge::bridge
