// SPDX-License-Identifier: MPL-2.0
#include "bridge/config.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <random>

#include "bridge/config_reader.hpp"

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;

class ConfigTest : public testing::Test {
 protected:
  ConfigTest()
      : folder_(std::filesystem::temp_directory_path() /
                ("smsbridge-config-" + std::to_string(std::random_device{}()))) {
    std::filesystem::create_directories(folder_);
    write("key.txt", "k\n");
  }
  ~ConfigTest() override { std::filesystem::remove_all(folder_); }
  void write(const std::string& name, const std::string& content) { std::ofstream(folder_ / name) << content; }
  LoadedConfig load(const std::string& content) {
    write("smsbridge.yaml", content);
    return load_config(folder_ / "smsbridge.yaml");
  }
  std::filesystem::path folder_;
};

const std::string tenants = "tenants:\n  - {name: default, default_country: KE, fineract_app_key: {file: key.txt}}\n";
const std::string gateways = "gateways:\n  - {name: a, id: 1, host: h, port: 2775, system_id: s}\n";

TEST_F(ConfigTest, TheSmallestFileWorks) {
  const auto loaded = load(tenants + gateways);
  ASSERT_TRUE(loaded.ok()) << describe(loaded.problems.front());
  EXPECT_EQ(loaded.config.api.port, 9190);
  EXPECT_EQ(loaded.config.fineract.port, 9191);
  EXPECT_EQ(loaded.config.tenants[0].fineract_app_keys, std::vector<std::string>{"k"}) << "without its line end";
  EXPECT_EQ(loaded.config.gateways[0].session.window, 10u);
}

TEST_F(ConfigTest, EachMistakeIsNamedWithItsPlace) {
  struct {
    const char *name, *yaml, *path, *code;
    int line;
  } const cases[] = {
      {"unknown key", "listne: {}\n", "listne", "unknown-key", 1},
      {"unknown key inside", "store: {paht: x}\n", "store.paht", "unknown-key", 1},
      {"bad port", "listen: {api: 127.0.0.1:99999}\n", "listen.api", "bad-value", 1},
      {"no port", "listen:\n  api: localhost\n", "listen.api", "bad-value", 2},
      {"bad duration", "lanes: {otp: {validity: 5}}\n", "lanes.otp.validity", "bad-value", 1},
      {"bad size", "store: {size_limit: many}\n", "store.size_limit", "bad-value", 1},
      {"bad choice", "log: {level: loud}\n", "log.level", "bad-value", 1},
      {"twice", "shards: 1\nshards: 2\n", "shards", "duplicate", 2},
      {"not a mapping", "listen: 5\n", "listen", "bad-value", 1},
      {"broken YAML", "listen: {\n", "", "unreadable", 3},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto loaded = load(c.yaml + tenants + gateways);
    ASSERT_FALSE(loaded.ok());
    const auto found =
        std::ranges::find_if(loaded.problems, [&](const auto& p) { return p.path == c.path && p.code == c.code; });
    ASSERT_NE(found, loaded.problems.end()) << describe(loaded.problems.front());
    EXPECT_EQ(found->line, c.line);
    EXPECT_THAT(describe(*found), testing::HasSubstr("smsbridge.yaml:"));
  }
}

TEST_F(ConfigTest, AllMistakesAtOnceWithSuggestions) {
  const auto loaded = load(
      "listen: {apo: 1}\ntenants:\n  - {name: a, default_country: XX}\n  - {name: a}\n"
      "gateways:\n  - {name: g, id: 0, port: 1, system_id: s, password: plain}\n  - {name: g, id: 2, host: h, port: 1, "
      "system_id: s, kind: carrier}\n");
  std::string all;
  for (const auto& problem : loaded.problems) all += describe(problem) + "\n";
  for (const auto* part :
       {"did you mean 'api'", "'XX' is not", "two tenants are called 'a'", "'0' is not a whole number",
        "the key 'host' is missing", "two gateways are called 'g'", "'carrier' is not a kind"})
    EXPECT_THAT(all, testing::HasSubstr(part));
  EXPECT_THAT(all, testing::HasSubstr("warning: gateways[0].password")) << "a literal secret is a warning";
}

TEST_F(ConfigTest, WhatWouldOnlyShowAtTheFirstMessageIsRefused) {
  const auto loaded = load("listen: {api: 127.0.0.1:8090, fineract: 127.0.0.1:8090}\n" + tenants +
                           "gateways:\n  - {name: a/b, id: 1, kind: twilio, callback_secret: short}\n");
  std::string all;
  for (const auto& problem : loaded.problems) all += describe(problem) + "\n";
  for (const auto* part : {"api and fineract have the same address", "gateways[0].name: is a part of addresses",
                           "gateways[0].callback_secret: needs at least 16"})
    EXPECT_THAT(all, testing::HasSubstr(part));
}

TEST_F(ConfigTest, WhatABindCannotCarryIsRefused) {
  const auto gateway = [&](const std::string& keys) {
    return load(tenants + "gateways:\n  - {name: a, id: 1, " + keys + "}\n");
  };
  const std::string account = "host: h, port: 1, system_id: s, ";
  struct {
    std::string keys;
    const char* path;
    const char* code;
  } const refused[] = {
      {account + "system_type: XXXXXXXXXXXXX", "gateways[0].system_type", "bad-value"},
      {account + "address_range: " + std::string(41, '9'), "gateways[0].address_range", "bad-value"},
      {account + "password: " + std::string(65, 'p'), "gateways[0].password", "bad-value"},
      {"host: h, port: 1, system_id: " + std::string(65, 'a'), "gateways[0].system_id", "bad-value"},
      {"host: h, port: 1, system_id: ''", "gateways[0].system_id", "missing"},
      {"host: '', port: 1, system_id: s", "gateways[0].host", "missing"},
      {"host: h, port: , system_id: s", "gateways[0].port", "missing"},
      {"host: 'smpp://h', port: 1, system_id: s", "gateways[0].host", "bad-value"},
      {account + "enquire_link_interval: 4s", "gateways[0].enquire_link_interval", "bad-value"},
      {account + "bind_timeout: 4s", "gateways[0].bind_timeout", "bad-value"},
      {account + "bind_timeout: 6m", "gateways[0].bind_timeout", "bad-value"},
      {account + "dialect: {receipt_words: {NOCRED: success}}", "gateways[0].dialect.receipt_words", "bad-value"},
      {account + "dialect: {receipt_words: {NOCRED: rejected, nocred: expired}}", "gateways[0].dialect.receipt_words",
       "duplicate"},
      {account + "dialect: {status: {0x45: retry, 69: fail}}", "gateways[0].dialect.status", "duplicate"},
      {account + "dialect: {status: {0x1FFFFFFFF: retry}}", "gateways[0].dialect.status", "bad-value"},
      {account + "dialect: {status: {-1: retry}}", "gateways[0].dialect.status", "bad-value"},
  };
  for (const auto& c : refused) {
    SCOPED_TRACE(c.keys);
    const auto loaded = gateway(c.keys);
    EXPECT_FALSE(loaded.ok());
    const auto found =
        std::ranges::find_if(loaded.problems, [&](const auto& p) { return p.path == c.path && p.code == c.code; });
    ASSERT_NE(found, loaded.problems.end());
    EXPECT_FALSE(found->warning);
    EXPECT_EQ(found->line, 4);
    EXPECT_GT(found->column, 1);
  }
}

TEST_F(ConfigTest, WhatCarriersAskForIsTaken) {
  const auto loaded =
      load(tenants + "gateways:\n  - {name: a, id: 1, host: '[::1]', port: 1, system_id: " + std::string(16, 'a') +
           ", system_type: XXXXXXXXXXXX, enquire_link_interval: 0s, bind_timeout: 25s, dialect: "
           "{receipt_words: {nocred: undeliverable, BARRED: rejected}}}\n");
  ASSERT_TRUE(loaded.ok()) << describe(loaded.problems.front());
  ASSERT_EQ(loaded.problems.size(), 1U);
  EXPECT_EQ(loaded.problems[0].path, "gateways[0].system_id") << "beyond the standard: a warning";
  const auto& gateway = loaded.config.gateways.at(0);
  EXPECT_EQ(gateway.endpoint.host, "::1");
  EXPECT_EQ(gateway.session.enquire_link_interval, 0s);
  EXPECT_EQ(gateway.session.bind_timeout, 25s);
  EXPECT_EQ(gateway.dialect.receipt_words.at("NOCRED"), smpp::MessageState::undeliverable);
  EXPECT_EQ(load(tenants + gateways).config.gateways.at(0).session.bind_timeout, 60s);
}

TEST_F(ConfigTest, SendersAreWhatCarriersTake) {
  const auto loaded = load(
      "tenants:\n  - {name: a, default_country: KE, sender: \"0712345678\"}\n  - {name: b, sender: \"Caf\\xe9\"}\n"
      "  - {name: c, sender: \"+254712345678\", check_number_length: false}\n"
      "gateways:\n  - {name: g, id: 1, host: h, port: 1, system_id: s, sender: UMOJASACCOKE}\n");
  std::string all;
  for (const auto& problem : loaded.problems) all += describe(problem) + "\n";
  for (const auto* part : {"tenants[0].sender: '0712345678' is no sender", "+254712345678", "tenants[1].sender",
                           "gateways[0].sender: 'UMOJASACCOKE' is no sender: a name has at most 11 characters"})
    EXPECT_THAT(all, testing::HasSubstr(part));
  EXPECT_THAT(all, testing::Not(testing::HasSubstr("tenants[2]")));
  EXPECT_TRUE(loaded.config.tenants.at(0).check_number_length);
  EXPECT_FALSE(loaded.config.tenants.at(2).check_number_length);
}

TEST_F(ConfigTest, SecretsComeFromElsewhere) {
  ::setenv("SMSBRIDGE_TEST_SECRET", "from-env", 1);
  const auto loaded =
      load(tenants +
           "gateways:\n  - {name: a, id: 1, host: h, port: 1, system_id: s, password: {env: SMSBRIDGE_TEST_SECRET}}\n");
  EXPECT_EQ(loaded.config.gateways.at(0).session.password, "from-env");
  EXPECT_FALSE(
      load(tenants + "gateways:\n  - {name: a, id: 1, host: h, port: 1, system_id: s, password: {file: nowhere}}\n")
          .ok());
}

TEST(Duration, ReadsAndRefuses) {
  EXPECT_EQ(parse_duration_ms("1h30m"), 5'400'000);
  EXPECT_EQ(parse_duration_ms("250ms"), 250);
  EXPECT_EQ(parse_duration_ms("90d"), 90ll * 86'400'000);
  for (const auto* bad : {"", "5", "h", "-5s", "-0s", "5 s", "1x", "18446744073709553s", "1000000000d"})
    EXPECT_FALSE(parse_duration_ms(bad)) << bad;
}

TEST(Duration, SumsDoNotOverflow) {
  std::string text;
  for (int i = 0; i < 200; ++i) text += "999999999d";
  EXPECT_FALSE(parse_duration_ms(text));
}

TEST(Configurations, TheExamplesLoad) {
  for (const auto& entry : std::filesystem::directory_iterator(std::string(TEST_DATA) + "/../../conf"))
    if (entry.path().extension() == ".yaml") {
      const auto loaded = load_config(entry.path());
      for (const auto& problem : loaded.problems)
        EXPECT_TRUE(problem.warning || problem.code == "unreadable") << describe(problem);
      EXPECT_FALSE(loaded.config.gateways.empty()) << entry.path();
    }
}

TEST(Configurations, TheFailOverExampleLoadsWithItsSecrets) {
  for (const auto* name : {"SMSBRIDGE_APP_KEY", "SMSBRIDGE_SAFARICOM_PASSWORD", "SMSBRIDGE_AT_API_KEY"})
    ::setenv(name, "x", 1);
  const auto loaded = load_config(std::string(TEST_DATA) + "/../../conf/examples/fail-over.yaml");
  for (const auto& problem : loaded.problems) ADD_FAILURE() << describe(problem);
  EXPECT_EQ(loaded.config.gateways.size(), 2u);
  EXPECT_EQ(loaded.config.routes.size(), 1u);
}

// It would begin a header of its own, at the provider or at the proxy.
TEST_F(ConfigTest, WhatIsWrittenIntoAddressesAndHeadersHasOneLine) {
  const auto problems_of = [&](const std::string& settings) {
    std::string all;
    for (const auto& problem : load(tenants + "gateways:\n  - {name: a, id: 1, " + settings + "}\n").problems)
      if (!problem.warning) all += problem.path + " " + problem.text + "\n";
    return all;
  };
  const std::string jasmin = "kind: jasmin, account: {base_url: 'http://h', username: u, password: p";
  struct {
    const char* name;
    std::string settings, path;  // an empty path: it is taken
  } const cases[] = {
      {"plain", jasmin + "}", ""},
      {"a proxy", jasmin + R"(}, proxy: "http://p:1\r\nX: y")", "proxy"},
      {"a proxy with an escape", jasmin + R"(}, proxy: "http://p:1\e[2J")", "proxy"},
      {"an address", R"(kind: jasmin, account: {base_url: "http://h\r\nX: y", username: u, password: p})", "account"},
      {"a secret", R"(kind: jasmin, account: {base_url: 'http://h', username: u, password: "p\nq"})", "account"},
      {"in a group", jasmin + R"(, params: {tags: "a\r\nb"}})", "account"},
      {"a server name", jasmin + R"(}, tls: {server_name: "h\r\nX"})", "tls.server_name"},
      {"a host", R"(host: "h\nx", port: 1, system_id: s)", "host"},
      {"a body has lines",
       R"(kind: generic, account: {request: {method: POST, url: 'http://h/', body: {type: raw, content_type: text/plain, template: "a\nb"}}})",
       ""},
  };
  for (const auto& c : cases) {
    const auto problems = problems_of(c.settings);
    EXPECT_EQ(problems.empty(), c.path.empty()) << c.name << ": " << problems;
    EXPECT_NE(problems.find(c.path), std::string::npos) << c.name << ": " << problems;
  }
  EXPECT_FALSE(load(std::string("allow_private_targets: [localhost]\n") + tenants + gateways).ok());
  EXPECT_TRUE(
      load(std::string("allow_private_targets: [127.0.0.1, 10.0.0.0/8, 'fd00::/8']\n") + tenants + gateways).ok());
}

TEST_F(ConfigTest, ProvidersRoutesAndPricesAreChecked) {
  const std::string a =
      "gateways:\n  - {name: a, id: 1, kind: generic, account: {request: {method: GET, url: 'http://h/'}}}\n";
  struct {
    const char *name, *more, *problem;
  } const cases[] = {
      {"a good route", "routes:\n  - {name: r, id: 2, via: [{gateway: a}]}\n", nullptr},
      {"an unknown gateway", "routes:\n  - {name: r, id: 2, via: [{gateway: b}]}\n", "unknown gateway 'b'"},
      {"a gateway's id", "routes:\n  - {name: r, id: 1, via: [{gateway: a}]}\n", "could not tell them apart"},
      {"no such zone", "routes:\n  - {name: r, id: 2, via: [{gateway: a}], hours: {zone: Africa/Nowhere}}\n",
       "time zone"},
      {"no such time", "routes:\n  - {name: r, id: 2, via: [{gateway: a}], hours: {from: '25:00'}}\n", "time of day"},
      {"a prefix without +", "routes:\n  - {name: r, id: 2, via: [{gateway: a}], prefixes: ['254']}\n",
       "international"},
      {"a good price", "prices:\n  - {gateway: a, prefix: '+254', price: '0.80', currency: KES}\n", nullptr},
      {"twice the same",
       "prices:\n  - {gateway: a, price: 1, currency: KES}\n  - {gateway: a, price: 2, currency: KES}\n", "already"},
      {"no money", "prices:\n  - {gateway: a, price: '1,5', currency: KES}\n", "not a price"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto loaded = load(tenants + a + c.more);
    std::string all;
    for (const auto& problem : loaded.problems) all += describe(problem) + "\n";
    EXPECT_EQ(loaded.ok(), c.problem == nullptr) << all;
    if (c.problem) {
      EXPECT_NE(all.find(c.problem), std::string::npos) << all;
    }
  }
  EXPECT_FALSE(load(tenants + "gateways:\n  - {name: a, id: 1, kind: twillio, account: {}}\n").ok());
  EXPECT_FALSE(
      load(tenants + "gateways:\n  - {name: a, id: 1, kind: frontlinesms, account: {secret: {env: HOME}}}\n").ok())
      << "it can only receive";
  EXPECT_TRUE(load(tenants +
                   "gateways:\n  - {name: a, id: 1, kind: frontlinesms, account: {mode: sync, secret: {env: HOME}}}\n")
                  .ok())
      << "its messages are fetched";
}

TEST_F(ConfigTest, LimitsOfADefinitionCountWhereTheGatewaySetsNone) {
  const auto gateway = [&](const std::string& more) {
    const auto loaded = load(tenants + "gateways:\n  - {name: a, id: 1, kind: generic" + more +
                             ", account: {request: {method: GET, url: 'http://h/'}, limits: {rate_per_s: 2.5, "
                             "max_in_flight: 4, max_parts: 300}}}\n");
    EXPECT_TRUE(loaded.ok());
    return loaded.config.gateways.at(0);
  };
  const auto told = gateway("");
  EXPECT_EQ(told.rate, 2.5);
  EXPECT_EQ(told.max_in_flight, 4u);
  EXPECT_EQ(told.segments_max, 255u) << "no message has more";
  const auto own = gateway(", rate: 10/s, max_in_flight: 20, segments_max: 6");
  EXPECT_EQ(own.rate, 10);
  EXPECT_EQ(own.max_in_flight, 20u);
  EXPECT_EQ(own.segments_max, 6u);
}

}  // namespace
}  // namespace smsbridge::bridge
