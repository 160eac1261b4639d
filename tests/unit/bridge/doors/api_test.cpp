// SPDX-License-Identifier: MPL-2.0
// The API as who may do what: scopes, other tenants, texts and numbers; and what a batch promises.
#include <gmock/gmock.h>

#include "tests/unit/bridge/doors/doors.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;
using enum http::verb;

class ApiTest : public DoorsTest {
 protected:
  ApiTest() {
    for (auto* const made :
         {send_endpoints, list_endpoints, message_endpoints, gateway_endpoints, route_endpoints, object_endpoints,
          webhook_endpoints, inbound_endpoints, opt_out_endpoints, template_endpoints, event_endpoints,
          people_endpoints, schedule_endpoints, tenant_endpoints, key_endpoints, usage_endpoints, callback_endpoints})
      for (auto& endpoint : made(services_)) endpoints_.push_back(std::move(endpoint));
    door_ = make_door(endpoints_, metrics_.http(), clock_, to_response);
  }

  std::string key(const std::string& tenant, const std::vector<std::string>& scopes = key_scopes()) {
    return create_key(store_, {.tenant = tenant, .name = "test", .scopes = scopes}).bearer;
  }
  HttpResponse ask(http::verb method, const std::string& path, const std::string& bearer, const std::string& body = {},
                   Headers headers = {}) {
    headers.emplace_back("Authorization", "Bearer " + bearer);
    return DoorsTest::ask(door_, method, path.starts_with("/in/") ? path : "/api/v1" + path, body, headers);
  }
  json::object read(const HttpResponse& answer) { return json::parse(answer.body).as_object(); }
  json::array items(const HttpResponse& answer) { return read(answer).at("items").as_array(); }
  std::string submit(const std::string& bearer, const std::string& body = R"({"to": "0712345678", "text": "Habari"})") {
    const auto answer = ask(post, "/messages", bearer, body);
    EXPECT_EQ(answer.status, http::status::accepted) << answer.body;
    return std::string(read(answer).at("id").as_string());
  }

  std::vector<Endpoint> endpoints_;
  HttpDoor door_;
};

TEST_F(ApiTest, AKeyDoesWhatItsScopesSayAndNothingElse) {
  struct {
    http::verb method;
    std::string path, scope;
    bool of_all_tenants = false;
    std::string besides{};  // another scope that it needs
  } const cases[] = {
      {post, "/messages", "messages:send"},
      {post, "/messages/batch", "messages:send"},
      {post, "/messages/preview", "messages:send"},
      {post, "/gateways/{name}/test-send", "messages:send"},
      {get, "/messages", "messages:read"},
      {get, "/messages/counts", "messages:read"},
      {get, "/messages/{id}", "messages:read"},
      {get, "/messages/{id}/timeline", "messages:read"},
      {get, "/usage", "messages:read"},
      {post, "/messages/{id}/cancel", "messages:manage"},
      {post, "/messages/{id}/retry", "messages:manage"},
      {get, "/gateways", "config:read"},
      {get, "/gateways/{name}", "config:read"},
      {get, "/routes", "config:read"},
      {get, "/routes/{name}", "config:read"},
      {post, "/routes/test", "config:read"},
      {post, "/gateways", "config:write", true},
      {put, "/gateways/{name}", "config:write", true},
      {patch, "/gateways/{name}", "config:write", true},
      {delete_, "/gateways/{name}", "config:write", true},
      {post, "/routes", "config:write", true},
      {put, "/routes/{name}", "config:write", true},
      {patch, "/routes/{name}", "config:write", true},
      {delete_, "/routes/{name}", "config:write", true},
      {get, "/webhooks", "config:read"},
      {get, "/webhooks/{name}", "config:read"},
      {get, "/webhooks/{name}/deliveries", "messages:read"},
      {post, "/webhooks", "config:write", true},
      {put, "/webhooks/{name}", "config:write", true},
      {patch, "/webhooks/{name}", "config:write", true},
      {delete_, "/webhooks/{name}", "config:write", true},
      {post, "/webhooks/{name}/rotate-secret", "config:write", true},
      {post, "/webhooks/{name}/test", "system:manage", true},
      {post, "/webhooks/{name}/resume", "system:manage", true},
      {post, "/webhooks/{name}/replay", "system:manage", true},
      {post, "/gateways/{name}/pause", "system:manage", true},
      {post, "/gateways/{name}/resume", "system:manage", true},
      {post, "/gateways/{name}/drain", "system:manage", true},
      {post, "/gateways/{name}/reconnect", "system:manage", true},
      {post, "/config/reload", "system:manage", true},
      {get, "/inbound", "messages:read"},
      {get, "/inbound-rules", "config:read"},
      {get, "/inbound-rules/{name}", "config:read"},
      {post, "/inbound-rules", "config:write", true},
      {put, "/inbound-rules/{name}", "config:write", true},
      {patch, "/inbound-rules/{name}", "config:write", true},
      {delete_, "/inbound-rules/{name}", "config:write", true},
      {get, "/templates", "config:read"},
      {get, "/templates/{name}", "config:read"},
      {post, "/templates/{name}/render", "config:read"},
      {post, "/templates/{name}/lint", "config:read"},
      {post, "/templates", "config:write", true},
      {put, "/templates/{name}", "config:write", true},
      {patch, "/templates/{name}", "config:write", true},
      {delete_, "/templates/{name}", "config:write", true},
      {get, "/send-check", "messages:send"},
      {get, "/events", "config:read"},
      {get, "/events/catalogue", "config:read"},
      {get, "/events/log", "messages:read"},
      {post, "/events/simulate", "config:read"},
      {get, "/events/{name}", "config:read"},
      {post, "/events", "config:write", true},
      {put, "/events/{name}", "config:write", true},
      {patch, "/events/{name}", "config:write", true},
      {delete_, "/events/{name}", "config:write", true},
      {get, "/tenants", "config:read"},
      {get, "/tenants/{name}", "config:read"},
      {post, "/tenants", "config:write", true},
      {put, "/tenants/{name}", "config:write", true},
      {patch, "/tenants/{name}", "config:write", true},
      {delete_, "/tenants/{name}", "config:write", true},
      {get, "/tenants/{name}/keys", "keys:manage"},
      {post, "/tenants/{name}/keys", "keys:manage"},
      {delete_, "/tenants/{name}/keys/{id}", "keys:manage"},
      {get, "/schedules", "config:read"},
      {get, "/schedules/{name}", "config:read"},
      {get, "/schedules/{name}/runs", "messages:read"},
      {post, "/schedules/{name}/run", "messages:manage"},
      {post, "/schedules/{name}/stop", "messages:manage"},
      {post, "/schedules/{name}/dry-run", "messages:read"},
      {post, "/schedules/{name}/pause", "config:write", true},
      {post, "/schedules/{name}/resume", "config:write", true},
      {post, "/schedules", "config:write", true},
      {put, "/schedules/{name}", "config:write", true},
      {patch, "/schedules/{name}", "config:write", true},
      {delete_, "/schedules/{name}", "config:write", true},
      {get, "/opt-outs", "messages:read"},
      {post, "/opt-outs", "messages:manage"},
      {post, "/opt-outs/import", "messages:manage"},
      {get, "/opt-outs/export", "messages:read", false, "content:read"},
      {delete_, "/opt-outs/{number}", "messages:manage"},
  };
  std::vector<std::string> named, served;
  for (const auto& c : cases) named.push_back(std::string(http::to_string(c.method)) + " /api/v1" + c.path);
  for (const auto& row : endpoints_)
    if (row.path.starts_with("/api/")) served.push_back(std::string(http::to_string(row.method)) + " " + row.path);
  EXPECT_THAT(served, testing::UnorderedElementsAreArray(named)) << "each address stands in this table";

  std::map<std::string, std::string> owner_keys, tenant_keys;
  for (const auto& scope : key_scopes()) {
    owner_keys[scope] = key("", {scope});
    tenant_keys[scope] = key("umoja", {scope});
  }
  for (const auto& c : cases)
    for (const auto& [scope, bearer] : owner_keys) {
      SCOPED_TRACE(c.path + " with " + scope);
      const auto is_refused = [&](const HttpResponse& answer) { return answer.status == http::status::forbidden; };
      const bool fits = scope == c.scope && c.besides.empty();
      EXPECT_EQ(is_refused(ask(c.method, c.path, bearer, "", {{"Smsbridge-Tenant", "umoja"}})), !fits);
      EXPECT_EQ(is_refused(ask(c.method, c.path, tenant_keys[scope])), !fits || c.of_all_tenants);
    }
}

TEST_F(ApiTest, WhatIsAnothersIsNotThere) {
  const auto mine = key("umoja"), others = key("tujenge");
  const auto sent = "/messages/" + submit(mine), waits = "/messages/" + submit(mine);
  send("umoja", [](const store::Claimed& claimed, store::Batch& batch) {
    batch.settlements.push_back({.id = claimed.id, .attempt = 1, .what = store::Taken{.awaits_receipt = false}});
  });
  for (const auto& path : {sent, sent + "/timeline"}) {
    EXPECT_EQ(ask(get, path, mine).status, http::status::ok) << path;
    EXPECT_EQ(ask(get, path, others).status, http::status::not_found) << path;
  }
  for (const auto* action : {"/cancel", "/retry"})
    EXPECT_EQ(ask(post, waits + action, others).status, http::status::not_found) << action;
  EXPECT_EQ(items(ask(get, "/messages", mine)).size(), 2u);
  EXPECT_EQ(items(ask(get, "/messages", others)).size(), 0u);
  EXPECT_EQ(items(ask(get, "/usage", mine)).size(), 1u);
  EXPECT_EQ(items(ask(get, "/usage", others)).size(), 0u);
  const auto queued = [&](const std::string& bearer) {
    return read(ask(get, "/messages/counts", bearer)).at("by_state").at("queued").as_int64();
  };
  EXPECT_EQ(queued(mine), 1);
  EXPECT_EQ(queued(others), 0);
  const auto named =
      ask(post, "/messages", others, R"({"to": "0712345678", "text": "Habari", "gateway": "umoja-out"})");
  EXPECT_NE(named.status, http::status::accepted);
}

TEST_F(ApiTest, NobodyMakesAKeyThatMayMoreThanHisOwnOrForLonger) {
  const std::vector<std::string> enough = {"keys:manage", "messages:send", "messages:read", "content:read",
                                           "config:write"};
  const auto pointers = [&](const std::string& bearer, const std::string& wanted) {
    const auto answer = ask(post, "/tenants/umoja/keys", bearer, wanted);
    std::string said;
    if (answer.status == http::status::created) return said;
    const auto body = read(answer);
    for (const auto& error : body.at("errors").as_array()) said += error.at("pointer").as_string().c_str();
    return said;
  };
  const std::string for_fineract = R"({"kind": "fineract"})";
  EXPECT_EQ(pointers(key("umoja", enough), for_fineract), "");
  for (const auto* const lacking : {"messages:send", "messages:read", "content:read", "config:write"}) {
    auto scopes = enough;
    std::erase(scopes, lacking);
    EXPECT_EQ(pointers(key("umoja", scopes), for_fineract), "/kind") << lacking;
  }
  const auto day =
      create_key(store_,
                 {.tenant = "umoja", .name = "test", .scopes = key_scopes(), .expires_at = clock_.wall() + 86'400'000})
          .bearer;
  EXPECT_EQ(pointers(day, for_fineract), "/expires");
  EXPECT_EQ(pointers(day, R"({"scopes": ["messages:read"]})"), "/expires");
  EXPECT_EQ(pointers(day, R"({"scopes": ["messages:read"], "expires": "2d"})"), "/expires");
  EXPECT_EQ(pointers(day, R"({"scopes": ["messages:read"], "expires": "1h"})"), "");
}

TEST_F(ApiTest, TextsAndNumbersTakeAScopeOfTheirOwn) {
  const auto whole = key("umoja"), masked = key("umoja", {"messages:read"});
  submit(whole);
  const auto shown = items(ask(get, "/messages", masked)).at(0).as_object();
  EXPECT_EQ(shown.at("to").as_string(), "**********678");
  EXPECT_FALSE(shown.contains("text"));
  EXPECT_EQ(items(ask(get, "/messages", whole)).at(0).at("to").as_string(), "+254712345678");
  for (const auto* search : {"/messages?q=Hab", "/messages?to=0712345678"}) {
    EXPECT_EQ(ask(get, search, masked).status, http::status::forbidden) << search;
    EXPECT_EQ(items(ask(get, search, whole)).size(), 1u) << search;
  }
}

TEST_F(ApiTest, ABatchIsTakenMessageByMessageUnlessItIsAtomic) {
  const auto bearer = key("umoja");
  const auto batch = [&](const char* second, const char* atomic) {
    return ask(post, "/messages/batch", bearer,
               R"({"messages": [{"to": "0712345678", "text": "a"}, )" + std::string(second) + R"(], "atomic": )" +
                   atomic + "}",
               {{"Idempotency-Key", "k"}});
  };
  const auto* const bad = R"({"to": "12", "text": "b"})";
  EXPECT_EQ(batch(bad, "true").status, http::status::unprocessable_entity);
  EXPECT_EQ(items(ask(get, "/messages", bearer)).size(), 0u);
  const auto in_part = batch(bad, "false");
  EXPECT_EQ(read(in_part).at("accepted").as_int64(), 1);
  EXPECT_EQ(read(in_part).at("rejected").as_int64(), 1);
  // The first is known by its key; the second has one of its own.
  const auto again = batch(R"({"to": "0712345679", "text": "b"})", "true");
  ASSERT_EQ(again.status, http::status::accepted) << again.body;
  EXPECT_EQ(items(again).at(0).at("id"), items(in_part).at(0).at("id"));
  EXPECT_EQ(read(again).at("accepted").as_int64(), 2);
  EXPECT_NE(items(again).at(1).at("id"), items(again).at(0).at("id"));
}

TEST_F(ApiTest, NothingIsScheduledForMoreThanAYearAhead) {
  const auto bearer = key("umoja");
  const auto at = [&](const char* when) {
    const auto body = R"({"to": "0712345678", "text": "Habari", "send_at": ")" + std::string(when) + "\"}";
    return ask(post, "/messages", bearer, body).status;
  };
  EXPECT_EQ(at("2027-08-22T00:00:00Z"), http::status::accepted);  // it is August 2026
  EXPECT_EQ(at("2027-08-24T00:00:00Z"), http::status::unprocessable_entity);
}

TEST_F(ApiTest, APriceThatNobodyKnowsIsNotShownAsNothing) {
  const auto bearer = key("umoja");
  const auto price_after = [&](std::optional<std::int64_t> price) {
    submit(bearer);
    send("umoja", [&](const store::Claimed& claimed, store::Batch& batch) {
      batch.settlements.push_back(
          {.id = claimed.id, .attempt = 1, .what = store::Taken{.awaits_receipt = false, .price = price, .parts = 1}});
    });
    return items(ask(get, "/usage", bearer)).at(0).at("price");
  };
  EXPECT_TRUE(price_after(std::nullopt).is_null());
  EXPECT_EQ(price_after(800'000), json::value("0.8"));
}

TEST_F(ApiTest, OnlyWhoKnowsTheSecretCallsBack) {
  for (const auto* path : {"/in/tujenge-out/secret-of-umoja", "/in/tujenge-out/secret-of-tujeng", "/in/nobody/x"})
    EXPECT_EQ(ask(get, path, "").status, http::status::not_found) << path;
  EXPECT_EQ(ask(get, "/in/tujenge-out/secret-of-tujenge", "").status, http::status::ok);
}

}  // namespace
}  // namespace smsbridge::bridge
