// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/config.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <random>

#include "bridge/config/units.hpp"
#include "bridge/config/yaml.hpp"

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
    std::filesystem::permissions(folder_ / "key.txt", std::filesystem::perms::owner_read);
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
const std::string gateways =
    "gateways:\n  - {name: a, id: 1, host: h, port: 2775, system_id: s, password: {file: key.txt}}\n";

TEST_F(ConfigTest, TheSmallestFileWorks) {
  const auto loaded = load(tenants + gateways);
  ASSERT_TRUE(loaded.ok()) << describe(loaded.problems.front());
  EXPECT_EQ(loaded.config.api.port, 9190);
  EXPECT_EQ(loaded.config.fineract.port, 9191);
  EXPECT_EQ(loaded.config.tenants[0].fineract_app_keys, std::vector<std::string>{"k"}) << "without its line end";
  EXPECT_EQ(loaded.config.gateways[0].smpp().session.window, 200u);
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
    const bool whole = keys.find("password") != std::string::npos;
    return load(tenants + "gateways:\n  - {name: a, id: 1, " + keys + (whole ? "" : ", password: {file: key.txt}") +
                "}\n");
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
      {account + "national: [tr, xx]", "gateways[0].national", "bad-value"},
      {account + "dialect: {gsm7_data_coding: 2}", "gateways[0].dialect.gsm7_data_coding", "bad-value"},
      {account + "dialect: {latin1_data_coding: 1}", "gateways[0].dialect.latin1_data_coding", "bad-value"},
      {account + "dialect: {latin1_data_coding: 0}", "gateways[0].charset", "bad-value"},
      {account + "charset: gsm7_latin1, dialect: {latin1_data_coding: 0}", "gateways[0].charset", "bad-value"},
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
  const auto loaded = load(
      tenants + "gateways:\n  - {name: a, id: 1, host: '[::1]', port: 1, system_id: " + std::string(16, 'a') +
      ", password: {file: key.txt}, system_type: XXXXXXXXXXXX, enquire_link_interval: 0s, bind_timeout: 25s, dialect: "
      "{receipt_words: {nocred: undeliverable, BARRED: rejected}}}\n");
  ASSERT_TRUE(loaded.ok()) << describe(loaded.problems.front());
  ASSERT_EQ(loaded.problems.size(), 1U);
  EXPECT_EQ(loaded.problems[0].path, "gateways[0].system_id") << "beyond the standard: a warning";
  const auto& gateway = loaded.config.gateways.at(0);
  EXPECT_EQ(gateway.smpp().address.host, "::1");
  EXPECT_EQ(gateway.smpp().session.enquire_link_interval, 0s);
  EXPECT_EQ(gateway.smpp().session.bind_timeout, 25s);
  EXPECT_EQ(gateway.smpp().dialect.receipt_words.at("NOCRED"), smpp::MessageState::undeliverable);
  EXPECT_EQ(load(tenants + gateways).config.gateways.at(0).smpp().session.bind_timeout, 60s);
}

TEST_F(ConfigTest, AlphabetsAreThoseOfTheGateway) {
  const auto loaded =
      load(tenants +
           "gateways:\n  - {name: a, id: 1, host: h, port: 1, system_id: s, password: {file: key.txt}, "
           "national: [tr, pt], national_tables: single, concat: udh16, charset: latin1_ucs2, "
           "dialect: {latin1_data_coding: 0, gsm7_packed: true, binary_data_coding: 245, flash: tlv}}\n");
  ASSERT_TRUE(loaded.ok()) << describe(loaded.problems.front());
  const auto& gateway = loaded.config.gateways.at(0);
  const auto options = gateway.text_options();
  EXPECT_EQ(options.charset, text::Charset::latin1_ucs2);
  EXPECT_EQ(options.concat, text::Concat::udh16);
  EXPECT_EQ(options.national, (text::National{.languages = 1U << 1 | 1U << 3, .single = true, .locking = false}));
  EXPECT_TRUE(options.clusters);
  EXPECT_EQ(gateway.smpp().dialect.latin1_coding, 0);
  EXPECT_EQ(gateway.smpp().dialect.binary_coding, 245);
  EXPECT_EQ(gateway.smpp().dialect.flash, smpp::Flash::tlv);
  EXPECT_TRUE(gateway.smpp().dialect.gsm7_packed);
}

TEST_F(ConfigTest, SendersAreWhatCarriersTake) {
  const auto loaded = load(
      "tenants:\n  - {name: a, default_country: KE, sender: \"0712345678\"}\n  - {name: b, sender: \"Caf\\xe9\"}\n"
      "  - {name: c, sender: \"+254712345678\", check_number_length: false, fineract_app_key: []}\n"
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
  EXPECT_EQ(loaded.config.gateways.at(0).smpp().session.password, "from-env");
  EXPECT_FALSE(
      load(tenants + "gateways:\n  - {name: a, id: 1, host: h, port: 1, system_id: s, password: {file: nowhere}}\n")
          .ok());
}

// One mistake is one problem. '^' stands where it is; it is not a part of the file.
class MistakeTest : public ConfigTest {
 protected:
  MistakeTest() {
    std::filesystem::create_directories(folder_ / "folder");
    write("open", "secret\n");
    write("empty", " \r\n");
    std::filesystem::permissions(folder_ / "empty", std::filesystem::perms::owner_read);
    std::filesystem::permissions(folder_ / "open", std::filesystem::perms(0644));
  }
  struct Case {
    std::string yaml;
    const char *path, *code;
  };
  void expect(const Case& c, std::string content, bool warning = false) {
    SCOPED_TRACE(c.yaml);
    const auto mark = content.find('^');
    ASSERT_NE(mark, std::string::npos);
    content.erase(mark, 1);
    const auto line_begin = content.rfind('\n', mark - 1) + 1;
    const auto line = 1 + std::count(content.begin(), content.begin() + static_cast<std::ptrdiff_t>(mark), '\n');
    const auto loaded = load(content);
    std::string all;
    for (const auto& problem : loaded.problems) all += describe(problem) + "\n";
    ASSERT_EQ(loaded.problems.size(), 1U) << all;
    const auto& problem = loaded.problems.front();
    EXPECT_EQ(problem.path, c.path) << all;
    EXPECT_EQ(problem.code, c.code) << all;
    EXPECT_EQ(problem.warning, warning) << all;
    EXPECT_EQ(problem.line, line) << all;
    EXPECT_EQ(problem.column, static_cast<int>(mark - line_begin) + 1) << all;
  }
};

const std::string tenant = "tenants: [{name: t, fineract_app_key: {file: key.txt}}]\n";
const std::string smpp = "name: a, id: 1, host: h, port: 1, system_id: s, password: {file: key.txt}";

TEST_F(MistakeTest, OfTheFile) {
  const Case cases[] = {
      {"---\n^shards: 1\n", "", "bad-value"},
      {"...\n^shards: 1\n", "", "bad-value"},
      {"listen: {api: 127.0.0.1:7000, fineract: ^127.0.0.1:7000}\n", "listen.fineract", "duplicate"},
      {"listen: {api: 127.0.0.1:7000, fineract: ^0.0.0.0:7000}\n", "listen.fineract", "duplicate"},
      {"listen: {api: ^127.0.0.1:9191}\n", "listen.api", "duplicate"},  // the usual one of Fineract
      {"listen: {metrics: ^127.0.0.1:9191}\n", "listen.metrics", "duplicate"},
      {"listen: {api: ^127.0.0.1:9190abc}\n", "listen.api", "bad-value"},
      {"listen: {api: ^'127.0.0.1:91 90'}\n", "listen.api", "bad-value"},
      {"listen: {api: ^' 127.0.0.1:9190'}\n", "listen.api", "bad-value"},
      {"listen: {api: ^'127.0.0.1:9190 '}\n", "listen.api", "bad-value"},
      {"listen: {api: ^127.0.0.1:9190/api}\n", "listen.api", "bad-value"},
      {"listen: {api: ^'http://127.0.0.1:9190'}\n", "listen.api", "bad-value"},
      {"listen: {api: ^'127.0.0.1:'}\n", "listen.api", "bad-value"},
      {"listen: {api: ^'127.0.0.1:-1'}\n", "listen.api", "bad-value"},
      {"listen: {api: ^'[]:9190'}\n", "listen.api", "bad-value"},
      {"listen: {http: ^127.0.0.1:7000}\n", "listen.http", "unknown-key"},
      {"prices_file: ^folder\n", "prices_file", "unreadable"},
      {"prices: [{gateway: a, prefix: ^'0712', price: 1, currency: KES}]\n", "prices[0].prefix", "bad-value"},
      {"prices: [{gateway: a, prefix: ^KE, price: 1, currency: KES}]\n", "prices[0].prefix", "bad-value"},
      {"prices: [{gateway: ^b, price: 1, currency: KES}]\n", "prices[0].gateway", "bad-value"},
      {"prices: [{gateway: a, ^price: , currency: KES}]\n", "prices[0].price", "missing"},
  };
  for (const auto& c : cases) expect(c, tenant + "gateways: [{" + smpp + "}]\n" + c.yaml);
}

TEST_F(MistakeTest, WhatIsNotUtf8) {
  const auto rest = tenant + "gateways: [{" + smpp + "}]\n";
  for (const auto* octets : {"\xE9", "\xC3", "\xED\xA0\x80", "\xC0\x80"})
    expect({octets, "", "unreadable"}, rest + "# pay\xC3\xA9\n# Envoy^" + octets + "\n");
  EXPECT_TRUE(load("\xEF\xBB\xBF" + rest + "# \xC3\xA9\r\n").problems.empty());
  std::string utf16 = "\xFF\xFE";
  for (const char c : rest) utf16 += {c, '\0'};
  EXPECT_TRUE(load(utf16).problems.empty());
}

TEST_F(MistakeTest, OfATenant) {
  const Case cases[] = {
      {"^{fineract_app_key: {file: key.txt}}", "tenants[0]", "missing"},
      {"{^name: , fineract_app_key: {file: key.txt}}", "tenants[0].name", "missing"},
      {"{name: ^'', fineract_app_key: {file: key.txt}}", "tenants[0].name", "missing"},
      {"^{name: t}", "tenants[0]", "missing"},
      {"{name: t, fineract_app_key: ^''}", "tenants[0].fineract_app_key", "missing"},
      {"{name: t, ^fineract_app_key: }", "tenants[0].fineract_app_key", "missing"},
      {"{name: t, fineract_app_key: [], default_gateway: ^b}", "tenants[0].default_gateway", "bad-value"},
      {"{name: t, fineract_app_key: [], ^gateways: [a, b]}", "tenants[0].gateways", "bad-value"},
      {"{name: t, fineract_app_key: [], country: ^KE}", "tenants[0].country", "unknown-key"},
      {"{name: t, fineract_app_key: []}, {name: ^t, fineract_app_key: []}", "tenants[1].name", "duplicate"},
      {"^5", "tenants[0]", "bad-value"},
  };
  const std::string rest = "]\ngateways: [{" + smpp + "}]\n";
  for (const auto& c : cases) expect(c, "tenants: [" + c.yaml + rest);
  expect({"no list", "tenants", "bad-value"}, "tenants: ^5\ngateways: [{" + smpp + "}]\n");
  EXPECT_TRUE(load("tenants: [{name: t, fineract_app_key: []}" + rest).ok()) << "Fineract never calls for it";
  EXPECT_TRUE(load("tenants: [{name: t, fineract_allow_empty_key: true}" + rest).ok());
}

TEST_F(MistakeTest, OfSecrets) {
  ::setenv("SMSBRIDGE_TEST_EMPTY", "", 1);
  const Case cases[] = {
      {"^password: {file: folder}", "gateways[0].password", "unreadable"},
      {"^password: {file: empty}", "gateways[0].password", "missing"},
      {"^password: {file: ''}", "gateways[0].password", "unreadable"},
      {"^password: {env: SMSBRIDGE_TEST_EMPTY}", "gateways[0].password", "missing"},
      {"^password: ", "gateways[0].password", "missing"},
      {"password: ^''", "gateways[0].password", "missing"},
      {"^password: {file: [a]}", "gateways[0].password", "bad-value"},
  };
  const auto with = [](const std::string& password) {
    return tenant + "gateways: [{name: a, id: 1, host: h, port: 1, system_id: s, " + password + "}]\n";
  };
  for (const auto& c : cases) expect(c, with(c.yaml));
  expect({"none", "gateways[0]", "missing"},
         tenant + "gateways: [^{name: a, id: 1, host: h, port: 1, system_id: s}]\n");
  expect({"open to all", "gateways[0].password", "unsafe"}, with("^password: {file: open}"), true);
  write("windows", "\xEF\xBB\xBFsecret\r\n");
  EXPECT_EQ(load(with("password: {file: windows}")).config.gateways.at(0).smpp().session.password, "secret");
}

TEST_F(MistakeTest, OtherHostsMayLeaveOutThePort) {
  const auto rest = ", system_id: s, password: {file: key.txt}}]\n";
  const auto result = load(tenant +
                           "gateways: [{name: a, id: 1, host: h, port: 7, sessions: 3, use_hosts: spread, "
                           "tls: {verify: false, fingerprints: ['AB:" +
                           std::string(62, '1') +
                           "']}, "
                           "other_hosts: [h2, 'h3:8', '[::1]:9', '::2']" +
                           rest);
  EXPECT_TRUE(result.ok());
  const auto& gateway = result.config.gateways.at(0);
  std::vector<std::string> hosts;
  for (const auto& address : gateway.smpp().addresses()) {
    hosts.push_back(address.host + " " + std::to_string(address.port));
    EXPECT_EQ(address.tls.fingerprints, std::vector<std::string>{"ab" + std::string(62, '1')}) << address.host;
  }
  EXPECT_THAT(hosts, testing::ElementsAre("h 7", "h2 7", "h3 8", "::1 9", "::2 7"));
  ASSERT_EQ(result.problems.size(), 1U) << "that it is not verified is no danger here";
  EXPECT_EQ(result.problems[0].path, "gateways[0].use_hosts") << "more hosts than sessions";
  auto other = gateway;
  other.smpp().address = {.host = "h3", .port = 8, .tls = {}};
  other.smpp().other_hosts.clear();
  EXPECT_TRUE(have_one_account(gateway, other)) << "a host in common";
  other.smpp().address.port = 9;
  EXPECT_FALSE(have_one_account(gateway, other));
}

TEST_F(MistakeTest, OfAGateway) {
  const Case cases[] = {
      {"^{name: a, host: h, port: 1", "gateways[0]", "missing"},
      {"{name: a, host: h, port: 1, ^id: ", "gateways[0].id", "missing"},
      {"{name: ^'', id: 1, host: h, port: 1", "gateways[0].name", "missing"},
      {"{name: a, id: 1, port: 1, ^host: ", "gateways[0].host", "missing"},
      {"{name: a, id: 1, port: 1, host: h, retry: {first: ^1h}", "gateways[0].retry.first", "bad-value"},
      {"{name: a, id: 1, port: 1, host: h, reconnect_first: ^2m", "gateways[0].reconnect_first", "bad-value"},
      {"{name: a, id: 1, port: 1, host: h, reconnect_max: 2m, reconnect_first: ^3m", "gateways[0].reconnect_first",
       "bad-value"},
      {"{name: a, id: 1, port: 1, host: ^'h:2775'", "gateways[0].host", "bad-value"},
      {"{name: a, id: 1, port: 1, host: ^'10.0.0.1:2775'", "gateways[0].host", "bad-value"},
      {"{name: a, id: 1, port: 1, host: ^'[::1]:2775'", "gateways[0].host", "bad-value"},
      {"{name: a, id: 1, port: 1, host: ^'h:'", "gateways[0].host", "bad-value"},
      {"{name: a, id: 1, host: h, ^port: ", "gateways[0].port", "missing"},
      {"{name: a, id: 1, host: h, port: ^''", "gateways[0].port", "missing"},
      {"{name: a, id: 1, host: h, port: 1, ^tls: ", "gateways[0].tls", "missing"},
      {"{name: a, id: 1, host: h, port: 1, window: ^0", "gateways[0].window", "bad-value"},
      {"{name: a, id: 1, host: h, port: 1, window: ^10001", "gateways[0].window", "bad-value"},
      {"{name: a, id: 1, host: h, port: 1, sessions: ^0", "gateways[0].sessions", "bad-value"},
      {"{name: a, id: 1, host: h, port: 1, segments_max: ^256", "gateways[0].segments_max", "bad-value"},
      {"{name: a, id: 1, host: h, port: 1, ^other_hosts: ['h2:0']", "gateways[0].other_hosts", "bad-value"},
      {"{name: a, id: 1, host: h, port: 1, ^other_hosts: ['h2:2775x']", "gateways[0].other_hosts", "bad-value"},
      {"{name: a, id: 1, host: h, port: 1, ^other_hosts: ['smpp://h2']", "gateways[0].other_hosts", "bad-value"},
      {"{name: a, id: 1, host: h, port: 1, ^other_hosts: ['']", "gateways[0].other_hosts", "bad-value"},
      {"{name: a, id: 1, host: h, port: 1, ^other_hosts: [h]", "gateways[0].other_hosts", "duplicate"},
      {"{name: a, id: 1, host: h, port: 1, ^other_hosts: [h2, 'h2:1']", "gateways[0].other_hosts", "duplicate"},
      {"{name: a, id: 1, host: h, port: 1, use_hosts: ^spread", "gateways[0].use_hosts", "missing"},
      {"{name: a, id: 1, host: h, port: 1, return_after: ^1m", "gateways[0].return_after", "missing"},
      {"{name: a, id: 1, host: h, port: 1, tls: {^fingerprints: [abc]}", "gateways[0].tls.fingerprints", "bad-value"},
      {"{name: a, id: 1, host: h, port: 1, tls: {^fingerprints: []}", "gateways[0].tls.fingerprints", "missing"},
      {"{name: a, id: 1, host: h, port: 1, tls: {ca_file: ^folder}", "gateways[0].tls.ca_file", "unreadable"},
      {"{name: a, id: 1, host: h, port: 1, tls: {ca_file: ^key.txt}", "gateways[0].tls.ca_file", "unreadable"},
      {"{name: a, id: 1, host: h, port: 1, tls: {certificate_file: ^key.txt}", "gateways[0].tls.certificate_file",
       "missing"},
      {"{name: a, id: 1, host: h, port: 1, tls: {key_file: ^key.txt}", "gateways[0].tls.key_file", "missing"},
      {"{name: a, id: 1, host: h, port: 1, tls: {certificate_file: ^key.txt, key_file: key.txt}",
       "gateways[0].tls.certificate_file", "unreadable"},
  };
  for (const auto& c : cases)
    expect(c, tenant + "gateways: [" + c.yaml + ", system_id: s, password: {file: key.txt}}]\n");
  expect({"no mapping", "gateways[0]", "bad-value"}, tenant + "gateways: [^5]\n");
  const std::string rest = ", host: h, port: 1, system_id: s, password: {file: key.txt}}]\n";
  expect({"one name", "gateways[1].name", "duplicate"}, tenant + "gateways: [{" + smpp + "}, {name: ^a, id: 2" + rest);
  expect({"one id", "gateways[1].id", "duplicate"}, tenant + "gateways: [{" + smpp + "}, {name: b, id: ^1" + rest);
}

TEST_F(MistakeTest, SaysWhichKeyWasMeant) {
  struct {
    const char *given, *meant;
  } const cases[] = {{"tps: 20", "rate"},           {"throughput: 20", "rate"},   {"binds: 2", "sessions"},
                     {"bind_count: 2", "sessions"}, {"username: u", "system_id"}, {"user: u", "system_id"},
                     {"passwd: p", "password"},     {"TPS: 20", "rate"},          {"Window: 5", "window"},
                     {"async_depth: 9", "window"},  {"mask: M", "sender"},        {"short_code: 1", "sender"}};
  for (const auto& c : cases) {
    SCOPED_TRACE(c.given);
    const auto loaded = load(tenant + "gateways: [{" + smpp + ", " + c.given + "}]\n");
    ASSERT_EQ(loaded.problems.size(), 1U);
    EXPECT_EQ(loaded.problems[0].code, "unknown-key");
    EXPECT_THAT(loaded.problems[0].text, testing::EndsWith("did you mean '" + std::string(c.meant) + "'?"));
  }
  for (const auto& [kind, meant] :
       {std::pair("SMPP", "smpp"), std::pair("Smpp", "smpp"), std::pair("Twilio", "twilio")}) {
    const auto loaded = load(tenant + "gateways: [{" + smpp + ", kind: " + kind + ", account: {}}]\n");
    ASSERT_EQ(loaded.problems.size(), 1U);
    EXPECT_EQ(loaded.problems[0].path, "gateways[0].kind");
    EXPECT_THAT(loaded.problems[0].text, testing::EndsWith("did you mean '" + std::string(meant) + "'?"));
  }
}

TEST_F(MistakeTest, OfQuietHours) {
  const auto with = [](const std::string& hours) {
    return "tenants: [{name: t, fineract_app_key: {file: key.txt}, quiet_hours: " + hours + "}]\ngateways: [{" + smpp +
           "}]\n";
  };
  const Case cases[] = {
      {"{from: ^'25:00'}", "tenants[0].quiet_hours.from", "bad-value"},
      {"{from: '07:00', until: ^'07:00'}", "tenants[0].quiet_hours.until", "bad-value"},
      {"{from: '00:00', until: ^'24:00'}", "tenants[0].quiet_hours.until", "bad-value"},
      {"{^lanes: [campaign, otp]}", "tenants[0].quiet_hours.lanes", "bad-value"},
      {"{zone: ^Africa/Nairobi}", "tenants[0].quiet_hours.zone", "bad-value"},
  };
  for (const auto& c : cases) expect(c, with(c.yaml));
  const auto usual = load(with("{}"));
  ASSERT_TRUE(usual.ok());
  EXPECT_EQ(usual.config.tenants[0].quiet_hours, QuietHours());
  const auto loaded = load(with("{from: 21:30, until: '06:15', lanes: [transaction, campaign], zone: tenant}"));
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded.config.tenants[0].quiet_hours,
            (QuietHours{.from_minute = 21 * 60 + 30,
                        .until_minute = 6 * 60 + 15,
                        .lanes = {store::Lane::transaction, store::Lane::campaign},
                        .zone = QuietHours::Zone::tenant}));
}

TEST_F(MistakeTest, OfATenantsLanes) {
  const auto with = [](const std::string& lanes) {
    return "tenants: [{name: t, fineract_app_key: {file: key.txt}, lanes: " + lanes + "}]\ngateways: [{" + smpp +
           "}]\n";
  };
  const Case cases[] = {
      {"{^urgent: {}}", "tenants[0].lanes.urgent", "unknown-key"},
      {"{otp: {validity: ^0s}}", "tenants[0].lanes.otp.validity", "bad-value"},
      {"{otp: {retention: ^0s}}", "tenants[0].lanes.otp.retention", "bad-value"},
      {"{otp: {doubt: ^hold}}", "tenants[0].lanes.otp.doubt", "unknown-key"},
  };
  for (const auto& c : cases) expect(c, with(c.yaml));
  const auto loaded =
      load(with("{otp: {validity: 3m}, reminder: {retention: 30d}, campaign: {}}") + "lanes: {otp: {retention: 1d}}\n");
  ASSERT_TRUE(loaded.ok());
  TenantLanes want;
  want[static_cast<std::size_t>(store::Lane::otp)].validity_ms = 180'000;
  want[static_cast<std::size_t>(store::Lane::reminder)].retention_ms = 30ll * 86'400'000;
  EXPECT_EQ(loaded.config.tenants[0].lanes, want);
  EXPECT_EQ(loaded.config.lanes[static_cast<std::size_t>(store::Lane::otp)].retention_ms, 86'400'000);
  EXPECT_EQ(loaded.config.lanes[static_cast<std::size_t>(store::Lane::transaction)].retention_ms, std::nullopt);
}

TEST_F(MistakeTest, OfARoute) {
  const Case cases[] = {
      {"^via: []", "routes[0].via", "missing"},
      {"^via: ", "routes[0].via", "missing"},
      {"via: [{gateway: a}, {gateway: ^a}]", "routes[0].via[1].gateway", "duplicate"},
      {"^via: [{gateway: a, weight: 0}]", "routes[0].via", "bad-value"},
      {"^via: [{gateway: b}]", "routes[0].via", "bad-value"},
      {"via: [{gateway: a}], hours: {from: '08:00', until: ^'08:00'}", "routes[0].hours.until", "bad-value"},
      {"via: [{gateway: a}], hours: {from: ^'24:00'}", "routes[0].hours.from", "bad-value"},
      {"via: [{gateway: a}], ^tenants: [x]", "routes[0].tenants", "bad-value"},
  };
  const std::string before = tenant + "gateways: [{" + smpp + "}]\nroutes: [{name: r, id: 2, ";
  for (const auto& c : cases) expect(c, before + c.yaml + "}]\n");
  EXPECT_TRUE(load(before + "via: [{gateway: a}], hours: {from: '00:00', until: '24:00'}}]\n").ok());
}

// They come over the API, where others wait until they are read.
TEST_F(MistakeTest, UnknownKeysWithoutEnd) {
  boost::json::object settings{{"name", "a"}, {"id", 1},          {"kind", "smpp"}, {"host", "h"},
                               {"port", 1},   {"system_id", "s"}, {"windo", 5}};
  settings[std::string(1 << 20, 'k')] = 1;
  for (int i = 0; i < 10'000; ++i) settings["k" + std::to_string(i)] = 1;
  std::vector<ConfigProblem> problems;
  (void)read_gateway(settings, folder_, problems);
  ASSERT_EQ(problems.size(), 21U);
  EXPECT_EQ(problems[0].text, "unknown key 'windo'; did you mean 'window'?");
  for (const auto& problem : problems) EXPECT_EQ(problem.code, "unknown-key");
  EXPECT_EQ(problems.back().text, "9982 more keys are unknown");
  settings = {{"name", "a"}, {"id", 1}, {"kind", std::string(1 << 20, 'k')}};
  problems.clear();
  (void)read_gateway(settings, folder_, problems);
  EXPECT_EQ(problems.at(0).path, "kind");
}

TEST_F(MistakeTest, WarnsOfWhatIsOpenToOthers) {
  const auto gateway = [](const std::string& host) {
    return tenant + "gateways: [{name: a, id: 1, port: 1, system_id: s, password: {file: key.txt}, host: " + host +
           "}]\n";
  };
  for (const auto* host : {"smsc.example.com", "198.51.100.7", "2001:db8::1", "[2001:db8::1]", "::ffff:198.51.100.7"})
    expect({host, "gateways[0].host", "unsafe"}, gateway("^'" + std::string(host) + "'"), true);
  for (const auto* host : {"smsc", "localhost", "smsc.internal", "10.1.2.3", "172.31.0.1", "192.168.1.1", "127.0.0.1",
                           "100.64.0.1", "'::1'", "'fd00::1'", "'fe80::1'", "smsc.example.com, tls: {}"})
    EXPECT_TRUE(load(gateway(host)).problems.empty()) << host;
  for (const auto* address : {"0.0.0.0:9190", "'[::]:9190'", "198.51.100.7:9190"})
    expect({address, "listen.api", "unsafe"}, gateway("h") + "listen: {api: ^" + address + "}\n", true);
  EXPECT_TRUE(load(gateway("h") + "listen: {api: 10.0.0.1:9190}\n").problems.empty());
}

TEST_F(MistakeTest, APriceCountsWithAndWithoutPlus) {
  for (const auto* prefix : {"'254'", "'+254'", "+254"}) {
    const auto loaded = load(tenant + "gateways: [{" + smpp + "}]\nprices: [{gateway: a, prefix: " + prefix +
                             ", price: 1, currency: KES}]\n");
    ASSERT_TRUE(loaded.ok()) << prefix;
    EXPECT_TRUE(loaded.config.prices.find(1, "+254712345678")) << prefix;
  }
}

TEST(Duration, ReadsAndRefuses) {
  EXPECT_EQ(parse_duration_ms("1h30m"), 5'400'000);
  EXPECT_EQ(parse_duration_ms("250ms"), 250);
  EXPECT_EQ(parse_duration_ms("90d"), 90ll * 86'400'000);
  for (const auto* bad : {"", "5", "h", "-5s", "-0s", "5 s", "1x", "18446744073709553s", "1000000000d"})
    EXPECT_FALSE(parse_duration_ms(bad)) << bad;
}

TEST(Duration, IsWrittenInTheLargestUnit) {
  for (const auto* text : {"0s", "10ms", "1500ms", "5s", "90s", "1h", "36h", "441d"})
    EXPECT_EQ(duration_text(*parse_duration_ms(text)), text);
  EXPECT_EQ(duration_text(*parse_duration_ms("60m")), "1h");
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
  for (const auto& problem : loaded.problems)
    EXPECT_EQ(problem.path + " " + problem.code, "gateways[0].host unsafe") << describe(problem);
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
  EXPECT_EQ(told.provider().max_in_flight, 4u);
  EXPECT_EQ(told.segments_max, 255u) << "no message has more";
  const auto own = gateway(", rate: 10/s, max_in_flight: 20, segments_max: 6");
  EXPECT_EQ(own.rate, 10);
  EXPECT_EQ(own.provider().max_in_flight, 20u);
  EXPECT_EQ(own.segments_max, 6u);
}

}  // namespace
}  // namespace smsbridge::bridge
