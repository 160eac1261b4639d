// SPDX-License-Identifier: MPL-2.0
#include "bridge/events/repair.hpp"

#include <gtest/gtest.h>

#include "tests/unit/bridge/doors/doors.hpp"

namespace smsbridge::bridge {
namespace {

// A Fineract that shows one row, over no network.
class OneRow : public HttpTransport {
 public:
  OneRow(boost::asio::any_io_executor executor, const std::string& row) : executor_(std::move(executor)), row_(row) {}
  void send(http_gateways::Request request, Done done) override {
    const bool has = request.url.ends_with("/sms/1042");
    boost::asio::post(executor_, [done = std::move(done), row = has ? row_ : R"({"httpStatusCode":"404"})", has] {
      done({.end = End::answered, .reply = {.status = has ? 200 : 404, .headers = {}, .body = row}, .detail = {}});
    });
  }
  void abort() override {}

 private:
  const boost::asio::any_io_executor executor_;
  const std::string& row_;
};

class RepairTest : public DoorsTest {
 protected:
  RepairTest() {
    auto settings = config_.tenants.front();
    settings.fineract.emplace();
    settings.fineract->url = "http://127.0.0.1:9/api/v1";
    settings.fineract->user = settings.fineract->password = "x";
    settings.fineract->adopt_lost = true;
    auto table = std::make_shared<RoutingTable>(*router_.table());
    table->tenants.front() = std::make_shared<TenantSettings>(settings);
    router_.replace(table);
    tenants_.take_over(tenants_.prepare(table->tenants));
    tenant_ = tenants_.find("umoja");
  }
  void look(std::vector<std::string> ids) {
    repair_.look(*tenant_, std::move(ids));
    for (int i = 0; i < 20; ++i) turn();
  }
  std::size_t messages() { return store_.reader().page({}, 0, 10).messages.size(); }

  std::string row_ =
      R"({"id":1042,"status":{"id":150},"mobileNo":"0712345678","message":"Paid &amp; done","providerId":1})";
  Fineracts fineracts_{{.executor = io_.get_executor(),
                        .clock = clock_,
                        .random = random_,
                        .router = router_,
                        .make_transport = [this](auto executor, const HttpOptions&) {
                          return std::make_unique<OneRow>(executor, row_);
                        }}};
  Repair repair_{{.executor = io_.get_executor(),
                  .aside = io_.get_executor(),
                  .clock = clock_,
                  .store = store_,
                  .tenants = tenants_,
                  .intake = intake_,
                  .fineracts = fineracts_}};
  const Tenant* tenant_ = nullptr;
};

TEST_F(RepairTest, SendsWhatWasLostOnceItIsSureThatItWas) {
  look({"1042", "7"});
  EXPECT_EQ(messages(), 0u) << "its post may be under way";
  clock_.advance(std::chrono::seconds(61));
  look({"1042"});
  EXPECT_EQ(messages(), 0u);
  clock_.advance(std::chrono::seconds(61));
  look({"1042"});
  ASSERT_EQ(messages(), 1u);
  const auto message = store_.reader().page({}, 0, 10).messages.front();
  EXPECT_EQ(message.content.client_ref, "1042");
  EXPECT_EQ(message.content.text, "Paid & done");
  EXPECT_EQ(message.content.to, "+254712345678");
  // Asked for again, or posted after all, it is the same.
  clock_.advance(std::chrono::seconds(61));
  look({"1042"});
  EXPECT_EQ(messages(), 1u);
}

TEST_F(RepairTest, LeavesWhatEndedInFineract) {
  row_ = R"({"id":1042,"status":{"id":400},"mobileNo":"0712345678","message":"Paid"})";
  for (int i = 0; i < 4; ++i) {
    look({"1042"});
    clock_.advance(std::chrono::seconds(61));
  }
  EXPECT_EQ(messages(), 0u);
}

TEST_F(RepairTest, DoesNotAskForTheSameAgainAtOnce) {
  look({"1042"});
  row_ = R"({"id":1042,"status":{"id":400}})";
  look({"1042"});
  clock_.advance(std::chrono::seconds(125));
  look({"1042"});
  EXPECT_EQ(messages(), 0u);
}

}  // namespace
}  // namespace smsbridge::bridge
