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

TEST_F(FineractTest, ABusyWriterLosesNothing) {
  store::Batch batch;
  for (int i = 0; i < 4; ++i) batch.enqueue.emplace_back().content.tenant = id_of("tujenge");
  store_.commit(std::move(batch), io_.get_executor(), [](const store::BatchResult&) {});
  post("1");
  EXPECT_EQ(report("1"), "100");
}

}  // namespace
}  // namespace smsbridge::bridge
