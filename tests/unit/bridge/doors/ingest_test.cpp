// SPDX-License-Identifier: MPL-2.0
#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <filesystem>

#include "bridge/doors/admission.hpp"
#include "bridge/doors/api/api.hpp"
#include "bridge/doors/api/contract.hpp"
#include "bridge/doors/api/message_json.hpp"
#include "bridge/http/problem.hpp"
#include "bridge/http/reading.hpp"
#include "bridge/http/request.hpp"
#include "bridge/intake/submission.hpp"
#include "bridge/text/message_id.hpp"
#include "bridge/text/time.hpp"

namespace smsbridge::bridge {
namespace {

TEST(Target, FoldsWhatFineractSends) {
  const std::pair<const char*, const char*> cases[] = {{"/sms", "/sms"},
                                                       {"/sms%2Freport", "/sms/report"},
                                                       {"//sms", "/sms"},
                                                       {"/%2Fgw/sms", "/gw/sms"},
                                                       {"/gw%2F/sms", "/gw/sms"},
                                                       {"/a%2Fb/sms%2Freport", "/a/b/sms/report"},
                                                       {"/sms/", "/sms"},
                                                       {"/", "/"},
                                                       {"/sms%2freport?x=1", "/sms/report"},
                                                       {"http://bridge:9191/sms", "/sms"},
                                                       {"HTTP://bridge//sms%2Freport?x=1", "/sms/report"},
                                                       {"https://[::1]:9191/", "/"},
                                                       {"http://bridge", "/"},
                                                       {"http://bridge?x=1", "/"},
                                                       {"/http://bridge/sms", "/http:/bridge/sms"},
                                                       {"/caf%e9", "/caf\u00E9"},
                                                       {"/caf%c3%a9", "/caf\u00E9"}};
  for (const auto& [target, want] : cases) {
    std::string path;
    std::map<std::string, std::string> query;
    EXPECT_TRUE(parse_target(target, path, query)) << target;
    EXPECT_EQ(path, want) << target;
  }
}

TEST(Target, QueryAndBrokenEscapes) {
  std::string path;
  std::map<std::string, std::string> query;
  EXPECT_TRUE(parse_target("http://bridge/m?q=%ff&%fe=1", path, query));
  EXPECT_EQ(query, (std::map<std::string, std::string>{{"q", "\u00FF"}, {"\u00FE", "1"}}));
  query.clear();
  EXPECT_TRUE(parse_target("/m?to=%2B254712&q=a+b&empty=&flag", path, query));
  EXPECT_EQ(query, (std::map<std::string, std::string>{{"to", "+254712"}, {"q", "a b"}, {"empty", ""}, {"flag", ""}}));
  for (const auto* broken : {"/%", "/%2", "/%zz", "/a?x=%4"}) EXPECT_FALSE(parse_target(broken, path, query)) << broken;
}

TEST(MessageId, GoesBothWaysAndRefusesTypos) {
  for (const store::MessageId id : {store::first_id_at(1'790'000'000'123),
                                    store::first_id_at(1'790'000'000'123) + 4'194'303, store::MessageId{1} << 40}) {
    const auto text = message_id_text(id);
    EXPECT_EQ(text.size(), 30u);
    EXPECT_EQ(parse_message_id(text), id);
    auto typo = text;
    typo[20] = typo[20] == '0' ? '1' : '0';
    EXPECT_FALSE(parse_message_id(typo));
  }
  for (const auto* bad :
       {"", "msg_", "msg_01JZZZZZZZZZZZZZZZZZZZZZZ", "01JD0000000000000000000000", "msg_OOOOOOOOOOOOOOOOOOOOOOOOOO"})
    EXPECT_FALSE(parse_message_id(bad)) << bad;
}

TEST(Time, IsWrittenAsItIsRead) {
  EXPECT_EQ(text::time_text(1'790'000'000'123), "2026-09-21T14:13:20.123Z");
  EXPECT_EQ(text::parse_rfc3339(text::time_text(1'790'000'000'123)), 1'790'000'000'123);
}

TEST(Json, MayBeginWithAByteOrderMark) {
  HttpRequest request;
  request.raw.body() = "\xEF\xBB\xBF{\"to\":\"+254712345678\"}";
  const auto value = read_json(request);
  ASSERT_TRUE(value) << value.error().detail;
  EXPECT_EQ(value->at("to"), "+254712345678");
}

TEST(Problem, EveryCodeHasItsOwnNameAndAnErrorStatus) {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(ProblemCode::overloaded); ++i) {
    const auto code = static_cast<ProblemCode>(i);
    EXPECT_TRUE(names.insert(name(code)).second) << name(code);
    EXPECT_GE(static_cast<int>(status_of(code)), 400);
  }
}

TEST(Problem, EveryTypeLeadsToAPage) {
  const auto endpoints = problem_endpoints();
  const auto ask = [&](std::size_t place, const std::string& path) {
    HttpRequest request;
    request.captures = {path};
    HttpResponse answer;
    endpoints[place].handler(request, [&](HttpResponse given) { answer = std::move(given); });
    return answer;
  };
  const auto list = ask(0, "").body;
  for (int i = 0; i <= static_cast<int>(ProblemCode::overloaded); ++i) {
    const auto code = static_cast<ProblemCode>(i);
    const auto body = boost::json::parse(problem_body({.code = code, .detail = "x", .errors = {}}));
    const std::string type(body.at("type").as_string());
    const auto page = ask(1, type.substr(type.rfind('/') + 1));
    EXPECT_EQ(page.status, http::status::ok) << type;
    EXPECT_NE(page.body.find("<h2>What to do</h2>"), std::string::npos) << type;
    EXPECT_NE(list.find(type), std::string::npos) << type;
  }
  EXPECT_EQ(ask(1, "<script>").status, http::status::not_found);
}

TEST(Contract, IsReadableAsJson) {
  const auto document = boost::json::parse(contract_json()).as_object();
  EXPECT_EQ(std::string(document.at("openapi").as_string()).substr(0, 3), "3.1");
  EXPECT_TRUE(document.at("paths").as_object().contains("/api/v1/messages"));
}

class Prepare : public testing::Test {
 protected:
  Prepare() {
    config_.gateways.resize(2);
    config_.gateways[0].name = "one";
    config_.gateways[0].id = 1;
    config_.gateways[0].segments_max = 3;
    config_.gateways[1].name = "two";
    config_.gateways[1].id = 2;
    tenant_config_.name = "default";
    tenant_config_.default_country = "KE";
    tenant_config_.sender = "UMOJA";
  }
  Prepared prepare(Submission s) {
    metrics::TenantMetrics metrics;
    const SystemClock clock;
    const Router router(std::make_shared<RoutingTable>(config_), {{3, "default"}}, clock);
    return bridge::prepare(std::move(s), Tenant{.id = 3, .config = tenant_config_, .metrics = metrics},
                           Directory(router), 1'790'000'000'000);
  }
  store::GatewayId way_for(const store::Content& refused) {
    metrics::TenantMetrics metrics;
    const SystemClock clock;
    const Router router(std::make_shared<RoutingTable>(config_), {{3, "default"}}, clock);
    store::Message message{.id = 1, .content = refused, .progress = {}};
    message.progress.state = store::State::failed;
    return bridge::way_for(message, Tenant{.id = 3, .config = tenant_config_, .metrics = metrics}, Directory(router),
                           1'790'000'000'000);
  }
  Config config_;
  TenantSettings tenant_config_;
};

// What a person tries again is what was accepted, and nothing else.
TEST_F(Prepare, WhatWouldBeReadAsAnotherMessageHasNoWay) {
  Submission s;
  s.to = "0712345678";
  s.text = "Habari";
  const auto refused = prepare(s).enqueue.content;
  EXPECT_EQ(way_for(refused), 1u);
  auto other = refused;
  other.to = "0712345678";  // it was no number then
  EXPECT_EQ(way_for(other), 0u);
  config_.gateways[0].smpp().charset = text::Charset::ucs2;
  EXPECT_EQ(way_for(refused), 0u) << "it would have other parts";
}

TEST_F(Prepare, TheValidityOfWhatIsSentLaterBeginsThen) {
  Submission s;
  s.to = "0712345678";
  s.text = "Habari";
  s.validity_ms = 60'000;
  EXPECT_EQ(prepare(s).enqueue.content.expires_at, 1'790'000'060'000);
  s.send_at = 1'790'003'600'000;
  EXPECT_EQ(prepare(s).enqueue.content.expires_at, 1'790'003'660'000);
}

TEST_F(Prepare, AsManyPartsAsTheGatewaySendsAreTaken) {
  Submission s;
  s.to = "0712345678";
  s.text = std::string(3 * 153, 'x');
  EXPECT_FALSE(prepare(s).refusal);
  s.text += "x";
  ASSERT_TRUE(prepare(s).refusal);
  EXPECT_EQ(prepare(s).refusal->code, ProblemCode::too_many_parts);
}

TEST_F(Prepare, FillsInWhatTheTenantMeans) {
  Submission s;
  s.to = "0712 345-678";
  s.text = "Habari";
  const auto prepared = prepare(s);
  ASSERT_FALSE(prepared.refusal);
  const auto& c = prepared.enqueue.content;
  EXPECT_EQ(c.to, "+254712345678");
  EXPECT_EQ(c.from, "UMOJA");
  EXPECT_EQ(c.gateway, 1u);
  EXPECT_EQ(c.parts, 1);
  EXPECT_EQ(c.lane, store::Lane::transaction);
  EXPECT_EQ(c.expires_at, 1'790'000'000'000 + 24ll * 3600'000);
}

TEST_F(Prepare, RefusesWithAPlaceAndAReason) {
  struct {
    const char *name, *to, *text;
    ProblemCode code;
    const char* pointer;
  } const cases[] = {{"no number", "", "x", ProblemCode::invalid_number, "/to"},
                     {"letters", "07abc", "x", ProblemCode::invalid_number, "/to"},
                     {"too short", "0712", "x", ProblemCode::invalid_number, "/to"},
                     {"no text", "0712345678", "", ProblemCode::invalid_request, "/text"},
                     {"not UTF-8", "0712345678", "\xff", ProblemCode::invalid_request, "/text"}};
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Submission s;
    s.to = c.to;
    s.text = c.text;
    const auto prepared = prepare(s);
    ASSERT_TRUE(prepared.refusal);
    EXPECT_EQ(prepared.refusal->code, c.code);
    EXPECT_EQ(prepared.refusal->pointer, c.pointer);
  }
  Submission s;
  s.to = "0712345678";
  s.text = std::string(500, 'x');
  EXPECT_EQ(prepare(s).refusal->code, ProblemCode::too_many_parts);
}

TEST_F(Prepare, DoubtsANumberThatNoMobileHas) {
  Submission s;
  s.to = "0312345678";
  s.text = "x";
  auto prepared = prepare(s);
  ASSERT_FALSE(prepared.refusal);
  EXPECT_TRUE(prepared.unlikely_number);
  EXPECT_EQ(number_warning(prepared.enqueue.content.to), "the number does not look like a mobile of KE");
  s.to = "0712345678";
  EXPECT_FALSE(prepare(s).unlikely_number);
  EXPECT_EQ(number_warning("+254712345678"), "");
  EXPECT_EQ(number_warning("kaputt"), "");

  s.to = "07123456789";
  ASSERT_TRUE(prepare(s).refusal);
  EXPECT_EQ(prepare(s).refusal->code, ProblemCode::invalid_number);
  tenant_config_.check_number_length = false;
  prepared = prepare(s);
  ASSERT_FALSE(prepared.refusal) << prepared.refusal->detail;
  EXPECT_EQ(prepared.enqueue.content.to, "+2547123456789");
  EXPECT_TRUE(prepared.unlikely_number);
}

TEST_F(Prepare, ShowsWhatItRefusedWithNoCharacterCut) {
  Submission s;
  s.to = std::string(49, 'x') + "\u00E9";
  s.text = "x";
  EXPECT_EQ(prepare(s).enqueue.content.to, std::string(49, 'x'));
}

TEST_F(Prepare, RefusesSendersThatNoCarrierTakes) {
  Submission s;
  s.to = "0712345678";
  s.text = "x";
  for (const char* good : {"", "M-PESA", "22141", "+254712345678"}) {
    s.from = good;
    EXPECT_FALSE(prepare(s).refusal) << good;
  }
  for (const char* bad : {"Caf\u00E9", " UMOJA", "UMOJA\t", "UMOJASACCOKE", "0712345678"}) {
    s.from = bad;
    ASSERT_TRUE(prepare(s).refusal) << bad;
    EXPECT_EQ(prepare(s).refusal->pointer, "/from") << bad;
    EXPECT_EQ(prepare(s).refusal->code, ProblemCode::invalid_request) << bad;
  }
}

TEST_F(Prepare, CountsThePartsOfAPayload) {
  config_.gateways[0].smpp().concat = text::Concat::payload;
  Submission s;
  s.to = "0712345678";
  s.text = std::string(3 * 153, 'x');
  const auto prepared = prepare(s);
  ASSERT_FALSE(prepared.refusal);
  EXPECT_EQ(prepared.enqueue.content.parts, 3);
  s.text += 'x';
  ASSERT_TRUE(prepare(s).refusal);
  EXPECT_EQ(prepare(s).refusal->code, ProblemCode::too_many_parts);
}

TEST_F(Prepare, ARouteChoosesWhereNobodyDid) {
  config_.routes.push_back({.name = "kenya", .id = 101, .countries = {"KE"}, .via = {{.gateway = "two"}}});
  Submission s;
  s.to = "0712345678";
  s.text = "Habari";
  auto prepared = prepare(s);
  ASSERT_FALSE(prepared.refusal);
  EXPECT_EQ(prepared.enqueue.content.gateway, 2u);
  EXPECT_EQ(prepared.enqueue.content.route, 101u);
  const auto digest = prepared.enqueue.content.digest;
  config_.routes[0].via = {{.gateway = "one"}};
  EXPECT_EQ(prepare(s).enqueue.content.digest, digest) << "the same message, whatever is up just now";

  s.gateway = std::make_shared<GatewaySettings>(config_.gateways[0]);
  EXPECT_EQ(prepare(s).enqueue.content.route, 0u) << "a named gateway is the only one";
  s.gateway = nullptr;
  s.to = "+256712345678";
  EXPECT_EQ(prepare(s).refusal->code, ProblemCode::no_route);
  s.route = std::make_shared<RouteSettings>(config_.routes[0]);
  EXPECT_EQ(prepare(s).refusal->code, ProblemCode::no_route) << "a named route keeps its conditions";
  tenant_config_.default_gateway = "one";
  s.route = nullptr;
  prepared = prepare(s);
  ASSERT_FALSE(prepared.refusal);
  EXPECT_EQ(prepared.enqueue.content.gateway, 1u);
  EXPECT_EQ(prepared.enqueue.content.route, 0u);
}

TEST(Budgets, StopCampaignsThenRemindersAndNothingElse) {
  Config config;
  config.gateways.resize(1);
  config.gateways[0].name = "one";
  config.gateways[0].id = 1;
  config.prices.add(1, "", {.part = 800'000, .currency = "KES"});
  config.tenants.push_back({.name = "t"});
  config.tenants[0].budget =
      Budget{.currency = "KES", .alert = 1'000'000, .refuse_campaigns = 1'600'000, .refuse_reminders = 2'400'000};
  const auto folder = std::filesystem::temp_directory_path() / ("smsbridge-budget-" + std::to_string(::getpid()));
  boost::asio::io_context io;
  WallMs now = 1'790'000'000'000;
  {
    store::Options options{.path = folder, .size_limit_bytes = 64u << 20, .prewrite_bytes = 0, .sync = false};
    options.wall_clock = [&now] { return now; };
    store::Store store(std::move(options));
    store.open_queue();
    metrics::Metrics metrics({"", "", ""});
    const SystemClock clock;
    const Tenants tenants(RoutingTable(config).tenants, store, metrics, clock);
    const auto& tenant = *tenants.find("t");
    const Router router(std::make_shared<RoutingTable>(config), {}, clock);
    Budgets budgets(router, tenants, store);
    const auto spend = [&] {
      store::Batch batch;
      auto& content = batch.enqueue.emplace_back().content;
      content.tenant = tenant.id;
      content.gateway = 1;
      content.expires_at = now + 1000;
      store.commit(std::move(batch), io.get_executor(), [](const store::BatchResult&) {});
      store.step();
      store::ClaimResult claimed;
      store.claim({{.queue = {.gateway = 1, .tenant = tenant.id}, .count = 1}}, io.get_executor(),
                  [&](store::ClaimResult result) { claimed = std::move(result); });
      store.step();
      io.restart();
      io.poll();
      store::Batch outcome;
      outcome.settlements.push_back({.id = claimed.messages.at(0).id,
                                     .attempt = 1,
                                     .what = store::Taken{.awaits_receipt = false, .price = 800'000, .parts = 1}});
      store.commit(std::move(outcome), io.get_executor(), [](const store::BatchResult&) {});
      store.step();
      budgets.refresh(now);
    };
    using store::Lane;
    struct {
      const char* name;
      bool campaign, reminder;
    } const after[] = {{"0.8", false, false}, {"1.6", true, false}, {"2.4", true, true}};
    for (const auto& c : after) {
      spend();
      SCOPED_TRACE(c.name);
      EXPECT_EQ(budgets.refusal(tenant, Lane::campaign).empty(), !c.campaign);
      EXPECT_EQ(budgets.refusal(tenant, Lane::reminder).empty(), !c.reminder);
      EXPECT_EQ(budgets.refusal(tenant, Lane::transaction), "");
      EXPECT_EQ(budgets.refusal(tenant, Lane::otp), "");
    }
    now += 31ll * 24 * 3600 * 1000;
    budgets.refresh(now);
    EXPECT_EQ(budgets.refusal(tenant, Lane::campaign), "") << "a new month";
  }
  std::filesystem::remove_all(folder);
}

TEST_F(Prepare, EachFieldMakesAnotherMessage) {
  Submission usual;
  usual.to = "+254712345678";
  usual.text = "hello";
  usual.from = "UMOJA";
  const auto digest = prepare(usual).enqueue.content.digest;
  const std::pair<const char*, void (*)(Submission&)> cases[] = {
      {"to", [](Submission& s) { s.to = "+254712345679"; }},
      {"text", [](Submission& s) { s.text = "hullo"; }},
      {"from", [](Submission& s) { s.from = "AMOJA"; }},
      {"country", [](Submission& s) { s.country = "UG"; }},
      {"client_ref", [](Submission& s) { s.client_ref = "1"; }},
      {"target_user", [](Submission& s) { s.target_user = "Wanjiku"; }},
      {"triggered_by", [](Submission& s) { s.triggered_by = "teller"; }},
      {"lane", [](Submission& s) { s.lane = store::Lane::otp; }},
      {"send_at", [](Submission& s) { s.send_at = 1'900'000'000'000; }},
      {"validity", [](Submission& s) { s.validity_ms = 61'000; }},
  };
  for (const auto& [field, change] : cases) {
    auto other = usual;
    change(other);
    EXPECT_NE(prepare(other).enqueue.content.digest, digest) << field;
  }
  EXPECT_EQ(prepare(usual).enqueue.content.digest, digest);
}

TEST_F(Prepare, ShowsWhateverOctetsCarriersSayAsJson) {
  metrics::Metrics metrics({"", "", ""});
  const auto folder = std::filesystem::temp_directory_path() / ("smsbridge-shown-" + std::to_string(::getpid()));
  {
    store::Store store({.path = folder, .size_limit_bytes = 64u << 20, .prewrite_bytes = 0, .sync = false});
    const SystemClock clock;
    const Tenants tenants(RoutingTable(config_).tenants, store, metrics, clock);
    const Router router(std::make_shared<RoutingTable>(config_), {}, clock);
    const Directory directory(router);
    const std::string octets =
        "ab\xff\xfe"
        "7\x1b[31m\n";
    store::Message message{.id = 1, .content = {.client_ref = octets, .to = "+254712345678"}, .progress = {}};
    message.progress.status_message = octets;
    message.progress.segments.push_back({.provider_id = octets, .error = octets});
    message.progress.events.push_back({.detail = octets});
    for (const auto& shown : {message_json(message, tenants, directory, true, 0), timeline_json(message, directory)})
      EXPECT_NO_THROW((void)boost::json::parse(boost::json::serialize(shown))) << boost::json::serialize(shown);
    const auto body = message_json(message, tenants, directory, true, 0);
    EXPECT_EQ(body.at("status_message"), "ab\u00FF\u00FE7\x1b[31m\n");
  }
  std::filesystem::remove_all(folder);
}

TEST(Digest, TellsPartsApart) {
  EXPECT_EQ(digest_of({"ab", "c"}), digest_of({"ab", "c"}));
  EXPECT_NE(digest_of({"ab", "c"}), digest_of({"a", "bc"}));
}

}  // namespace
}  // namespace smsbridge::bridge
