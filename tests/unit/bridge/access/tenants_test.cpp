// SPDX-License-Identifier: MPL-2.0
// Tenants and their keys, at the start and after the configuration changed.
#include "bridge/access/tenants.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "bridge/routing/routing_table.hpp"
#include "tests/unit/bridge/delivery/virtual_clock.hpp"

namespace smsbridge::bridge {
namespace {

class TenantsTest : public testing::Test {
 protected:
  TenantsTest() : store_(options(folder_)) {
    store_.open_queue();
    config_.tenants = {{.name = "umoja", .fineract_app_keys = {"first"}}, {.name = "tujenge"}};
  }
  ~TenantsTest() override { std::filesystem::remove_all(folder_); }

  static store::Options options(const std::filesystem::path& folder) {
    store::Options options{.path = folder, .size_limit_bytes = 16u << 20, .prewrite_bytes = 0, .sync = false};
    options.wall_clock = [] { return WallMs{1'790'000'000'000}; };
    return options;
  }
  void take_over(Tenants& tenants) { tenants.take_over(tenants.prepare(RoutingTable(config_).tenants)); }
  static HttpRequest fineract(const std::string& tenant, const std::string& key) {
    HttpRequest request;
    request.raw.set("Fineract-Platform-TenantId", tenant);
    if (!key.empty()) request.raw.set("Fineract-Tenant-App-Key", key);
    return request;
  }
  HttpRequest bearer(const std::string& tenant) {
    HttpRequest request;
    request.raw.set(
        http::field::authorization,
        "Bearer " + create_key(store_, {.tenant = tenant, .name = "test", .scopes = {"messages:send"}}).bearer);
    return request;
  }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("smsbridge-tenants-" + std::to_string(::getpid()));
  store::Store store_;
  metrics::Metrics metrics_{{"", "", ""}};
  VirtualClock clock_;
  Config config_;
};

TEST_F(TenantsTest, AKeyIsChangedWithoutAGap) {
  Tenants tenants(RoutingTable(config_).tenants, store_, metrics_, clock_);
  const auto takes = [&](const char* key) { return tenants.by_fineract_headers(fineract("umoja", key)).has_value(); };
  struct {
    const char* step;
    std::vector<std::string> keys;
    bool first, second;
  } const steps[] = {{"the first", {"first"}, true, false},
                     {"both", {"first", "second"}, true, true},
                     {"the second", {"second"}, false, true}};
  for (const auto& step : steps) {
    SCOPED_TRACE(step.step);
    config_.tenants[0].fineract_app_keys = step.keys;
    take_over(tenants);
    EXPECT_EQ(takes("first"), step.first);
    EXPECT_EQ(takes("second"), step.second);
    EXPECT_FALSE(takes(""));
  }
}

TEST_F(TenantsTest, OneThatComesIsLetInAndOneThatGoesIsKnownByItsMessagesOnly) {
  Tenants tenants(RoutingTable(config_).tenants, store_, metrics_, clock_);
  const auto old_key = bearer("tujenge"), new_key = bearer("pamoja");
  const auto* const umoja = tenants.find("umoja");
  const auto* const tujenge = tenants.find("tujenge");
  ASSERT_TRUE(tenants.by_key(old_key));
  EXPECT_FALSE(tenants.by_key(new_key));

  config_.tenants[1] = {.name = "pamoja", .fineract_allow_empty_key = true};
  take_over(tenants);
  EXPECT_EQ(tenants.find("umoja"), umoja) << "what did not change is the same object";
  EXPECT_EQ(tenants.find("tujenge"), nullptr);
  EXPECT_EQ(tenants.find(tujenge->id), tujenge);
  EXPECT_EQ(tenants.names().size(), 3u);
  EXPECT_EQ(tenants.all()->size(), 2u);
  ASSERT_FALSE(tenants.by_key(old_key)) << "although the key was shown before";
  EXPECT_EQ(tenants.by_key(old_key).error().code, ProblemCode::unauthenticated);
  ASSERT_TRUE(tenants.by_key(new_key));
  EXPECT_EQ(tenants.by_key(new_key)->tenant->config.name, "pamoja");
  EXPECT_TRUE(tenants.by_fineract_headers(fineract("pamoja", "")));
  EXPECT_FALSE(tenants.by_fineract_headers(fineract("tujenge", "")));

  config_.tenants[1] = {.name = "tujenge", .sender = "NEW"};
  take_over(tenants);
  ASSERT_TRUE(tenants.by_key(old_key));
  EXPECT_EQ(tenants.by_key(old_key)->tenant->config.sender, "NEW");
  EXPECT_EQ(tenants.find("tujenge")->id, tujenge->id);
}

TEST_F(TenantsTest, AKeyOpensUntilItExpiresAndAsItsRecordSays) {
  const Tenants tenants(RoutingTable(config_).tenants, store_, metrics_, clock_);
  const auto opens = [&](WallMs expires_at) {
    HttpRequest request;
    request.raw.set(
        http::field::authorization,
        "Bearer " +
            create_key(store_,
                       {.tenant = "umoja", .name = "test", .scopes = {"messages:send"}, .expires_at = expires_at})
                .bearer);
    return tenants.by_key(request).has_value();
  };
  EXPECT_TRUE(opens(0)) << "never";
  EXPECT_FALSE(opens(1'000));
  EXPECT_TRUE(opens(4'000'000'000'000));

  const auto key = bearer("umoja");
  EXPECT_TRUE(tenants.by_key(key)->may("messages:send"));
  store::Batch batch;
  for (auto [name, record, revision] : store_.reader().objects("key/")) {
    for (auto at = record.find("messages:send"); at != std::string::npos; at = record.find("messages:send"))
      record.replace(at, 13, "messages:read");
    batch.objects.push_back({.key = name, .value = record, .expected = {}});
  }
  store_.commit_and_wait(std::move(batch));
  EXPECT_FALSE(tenants.by_key(key)->may("messages:send")) << "although it was shown before";
}

TEST_F(TenantsTest, AFineractKeyThatWasMadeIsKeptHashedAndSaysWhenItWasUsed) {
  Tenants tenants(RoutingTable(config_).tenants, store_, metrics_, clock_);
  const auto made = create_key(store_, {.kind = Key::Kind::fineract, .tenant = "umoja", .name = "head office"});
  EXPECT_EQ(made.bearer.size(), 36u) << "as the Mifos message-gateway gives them";
  const auto record = store_.reader().object(fineract_key_object("umoja", made.id));
  ASSERT_TRUE(record);
  EXPECT_EQ(record->value.find(made.bearer), std::string::npos);
  EXPECT_EQ(tenants.uses().at(record->key), 0) << "never so far";
  const auto takes = [&](const std::string& tenant, const std::string& key) {
    return tenants.by_fineract_headers(fineract(tenant, key)).has_value();
  };
  EXPECT_TRUE(takes("umoja", made.bearer));
  EXPECT_TRUE(takes("umoja", "first")) << "beside those of its settings";
  EXPECT_FALSE(takes("tujenge", made.bearer)) << "another tenant's";
  EXPECT_FALSE(takes("umoja", made.id));
  EXPECT_EQ(tenants.uses().at(record->key), clock_.wall());
  EXPECT_EQ(tenants.uses().at(fineract_key_object("umoja", fingerprint_of("first"))), clock_.wall());
  // It is known after a restart, which costs one commit for all of them.
  tenants.uses().keep_all();
  Tenants next(RoutingTable(config_).tenants, store_, metrics_, clock_);
  EXPECT_EQ(next.uses().at(record->key), clock_.wall());
  EXPECT_TRUE(remove_key(store_, *read_key(*record)));
  EXPECT_FALSE(takes("umoja", made.bearer)) << "at once";
  EXPECT_EQ(next.uses().at(record->key), 0);
}

// It was used less than a minute before: this is not on disk yet.
TEST_F(TenantsTest, OfAKeyThatIsRemovedNoUseIsKept) {
  Tenants tenants(RoutingTable(config_).tenants, store_, metrics_, clock_);
  const auto made = create_key(store_, {.kind = Key::Kind::fineract, .tenant = "umoja"});
  ASSERT_TRUE(tenants.by_fineract_headers(fineract("umoja", made.bearer)));
  ASSERT_TRUE(tenants.by_fineract_headers(fineract("umoja", "first")));
  ASSERT_TRUE(tenants.by_key(bearer("tujenge")));
  for (const auto& key : kept_keys(store_)) remove_key(store_, key);
  tenants.uses().keep_all();
  const auto uses = store_.reader().objects(use_of({}));
  ASSERT_EQ(uses.size(), 1u);
  EXPECT_EQ(uses.front().key, use_of(fineract_key_object("umoja", fingerprint_of("first"))));

  ASSERT_TRUE(tenants.by_fineract_headers(fineract("umoja", "first")));
  store::Batch batch;
  for (const auto& key : keys_of_tenant(store_, "umoja")) batch.erased_objects.push_back({.key = key, .expected = {}});
  store_.commit_and_wait(std::move(batch));
  config_.tenants.erase(config_.tenants.begin());
  take_over(tenants);
  tenants.uses().keep_all();
  EXPECT_TRUE(store_.reader().objects(use_of({})).empty()) << "its tenant is gone, with its settings";
}

TEST_F(TenantsTest, AKeyIsGoodFromItsAddressesOnly) {
  Tenants tenants(RoutingTable(config_).tenants, store_, metrics_, clock_);
  auto request = [&](const std::string& address) {
    HttpRequest made;
    made.peer.address = boost::asio::ip::make_address(address);
    return made;
  };
  const auto api =
      create_key(store_, {.tenant = "umoja", .scopes = {"messages:send"}, .addresses = {"10.1.0.0/16", "::1"}});
  const auto of_fineract =
      create_key(store_, {.kind = Key::Kind::fineract, .tenant = "umoja", .addresses = {"10.1.2.3"}});
  struct {
    const char* address;
    bool api, fineract;
  } const rows[] = {{"10.1.2.3", true, true}, {"10.1.9.9", true, false},       {"10.2.0.1", false, false},
                    {"::1", true, false},     {"::ffff:10.1.2.3", true, true}, {"127.0.0.1", false, false}};
  for (const auto& row : rows) {
    auto by_api = request(row.address), by_fineract = request(row.address);
    by_api.raw.set(http::field::authorization, "Bearer " + api.bearer);
    by_fineract.raw.set("Fineract-Platform-TenantId", "umoja");
    by_fineract.raw.set("Fineract-Tenant-App-Key", of_fineract.bearer);
    const auto caller = tenants.by_key(by_api);
    EXPECT_EQ(caller.has_value(), row.api) << row.address;
    EXPECT_TRUE(caller || caller.error().code == ProblemCode::forbidden);
    EXPECT_EQ(tenants.by_fineract_headers(by_fineract).has_value(), row.fineract) << row.address;
  }
}

}  // namespace
}  // namespace smsbridge::bridge
