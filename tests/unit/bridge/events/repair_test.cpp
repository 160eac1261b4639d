// SPDX-License-Identifier: MPL-2.0
#include "bridge/events/repair.hpp"

#include <gtest/gtest.h>

#include "tests/unit/bridge/doors/doors.hpp"

namespace smsbridge::bridge {
namespace {

// A Fineract that shows one row, over no network.
class OneRow : public HttpTransport {
 public:
  OneRow(boost::asio::any_io_executor executor, const std::string& id, const std::string& row)
      : executor_(std::move(executor)), id_(id), row_(row) {}
  void send(http_gateways::Request request, Done done) override {
    const bool has = request.url.ends_with("/sms/" + id_);
    boost::asio::post(executor_, [done = std::move(done), row = has ? row_ : R"({"httpStatusCode":"404"})", has] {
      done({.end = End::answered, .reply = {.status = has ? 200 : 404, .headers = {}, .body = row}, .detail = {}});
    });
  }
  void abort() override {}

 private:
  const boost::asio::any_io_executor executor_;
  const std::string &id_, &row_;
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
  // A message of this id came so long ago.
  void came(const std::string& id, std::chrono::hours ago) {
    store::Batch batch;
    store::Enqueue wish;
    wish.content.tenant = tenant_->id;
    wish.content.gateway = 1;
    wish.content.source = store::Source::fineract;
    wish.content.client_ref = id;
    wish.content.to = "+254700000001";
    batch.enqueue.push_back(std::move(wish));
    store_.commit(std::move(batch), io_.get_executor(), [](const store::BatchResult&) {});
    turn();
    clock_.advance(ago);
  }
  std::size_t messages() { return store_.reader().page({}, 0, 10).messages.size(); }

  std::string shown_ = "1042";
  std::string row_ =
      R"({"id":1042,"status":{"id":150},"mobileNo":"0712345678","message":"Paid &amp; done","providerId":1})";
  Fineracts fineracts_{{.executor = io_.get_executor(),
                        .clock = clock_,
                        .random = random_,
                        .router = router_,
                        .make_transport = [this](auto executor, const HttpOptions&) {
                          return std::make_unique<OneRow>(executor, shown_, row_);
                        }}};
  Repair repair_{{.executor = io_.get_executor(),
                  .aside = io_.get_executor(),
                  .clock = clock_,
                  .store = store_,
                  .router = router_,
                  .tenants = tenants_,
                  .intake = intake_,
                  .fineracts = fineracts_}};
  const Tenant* tenant_ = nullptr;
};

TEST_F(RepairTest, SendsWhatWasLostOnceItIsSureThatItWas) {
  came("1041", std::chrono::hours(1));
  look({"1042", "7"});
  EXPECT_EQ(messages(), 1u) << "its post may be under way";
  clock_.advance(std::chrono::seconds(61));
  look({"1042"});
  EXPECT_EQ(messages(), 1u);
  clock_.advance(std::chrono::seconds(61));
  look({"1042"});
  ASSERT_EQ(messages(), 2u);
  const auto message = store_.reader().page({}, 0, 10).messages.front();
  EXPECT_EQ(message.content.client_ref, "1042");
  EXPECT_EQ(message.content.text, "Paid & done");
  EXPECT_EQ(message.content.to, "+254712345678");
  EXPECT_EQ(message.content.gateway, 1u) << "that of its campaign";
  // Asked for again, or posted after all, it is the same.
  clock_.advance(std::chrono::seconds(61));
  look({"1042"});
  EXPECT_EQ(messages(), 2u);
}

// Fineract does not show when a row was made, but numbers them one by one.
TEST_F(RepairTest, SendsNothingThatIsOldOrOfAnUnknownAge) {
  struct Case {
    const char* what;
    std::vector<std::pair<int, int>> came;  // so many ids behind it, and hours ago; the oldest first
    bool sends;
  };
  const Case cases[] = {
      {"nothing came yet", {}, false},
      {"a later one came yesterday", {{1, 25}}, false},
      {"an earlier one came yesterday: it is from some time since", {{-1, 25}}, false},
      {"an earlier one came today", {{-1, 1}}, true},
      {"earlier ones came yesterday and today", {{-2, 25}, {-1, 1}}, true},
      {"a later one came yesterday, and an earlier one since", {{1, 25}, {-1, 1}}, false},
      {"an earlier one came yesterday, and a later one since", {{-1, 25}, {1, 1}}, false},
      {"only later ones came", {{1, 2}}, false},
      {"what came is too old to show anything", {{-1, 80}}, false},
  };
  int id = 1042;
  for (const auto& c : cases) {
    SCOPED_TRACE(c.what);
    id += 10;
    shown_ = std::to_string(id);
    for (std::size_t i = 0; i < c.came.size(); ++i) {
      const auto until = i + 1 < c.came.size() ? c.came[i + 1].second : 0;
      came(std::to_string(id + c.came[i].first), std::chrono::hours(c.came[i].second - until));
    }
    look({shown_});
    clock_.advance(std::chrono::seconds(121));
    look({shown_});
    const auto newest = store_.reader().page({}, 0, 1).messages;
    EXPECT_EQ(!newest.empty() && newest.front().content.client_ref == shown_, c.sends);
    clock_.advance(std::chrono::hours(24 * 30));
  }
}

TEST_F(RepairTest, LeavesWhatEndedInFineract) {
  came("1041", std::chrono::hours(1));
  row_ = R"({"id":1042,"status":{"id":400},"mobileNo":"0712345678","message":"Paid"})";
  for (int i = 0; i < 4; ++i) {
    look({"1042"});
    clock_.advance(std::chrono::seconds(61));
  }
  EXPECT_EQ(messages(), 1u);
}

TEST_F(RepairTest, DoesNotAskForTheSameAgainAtOnce) {
  came("1041", std::chrono::hours(1));
  look({"1042"});
  row_ = R"({"id":1042,"status":{"id":400}})";
  look({"1042"});
  clock_.advance(std::chrono::seconds(125));
  look({"1042"});
  EXPECT_EQ(messages(), 1u);
}

}  // namespace
}  // namespace smsbridge::bridge
