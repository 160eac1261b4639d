// SPDX-License-Identifier: MPL-2.0
// Secrets that nobody may read, and changes that would send them to somebody.
#include "bridge/objects/secrets.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "bridge/config/config.hpp"
#include "http_gateways/provider.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

// A gateway with every setting that its kind has, as if all were set.
json::object complete(const http_gateways::Kind& kind) {
  json::object account;
  for (const auto& setting : kind.settings) account[setting.name] = "value of " + std::string(setting.name);
  return {{"kind", kind.name},
          {"proxy", "http://proxy.example:3128"},
          {"tls", json::object{{"verify", true}}},
          {"account", account}};
}

TEST(Secrets, DoNotFollowAnAddressThatChanges) {
  std::size_t looked_at = 0;
  for (const auto& kind : http_gateways::kinds()) {
    const auto before = complete(kind);
    const auto secrets = secrets_of(before);
    if (secrets.empty()) continue;
    const auto sent = [&](const std::function<void(json::object&)>& change) {
      auto after = before;
      change(after);
      return secrets_sent_elsewhere(before, after, {});
    };
    EXPECT_TRUE(sent([](json::object&) {}).empty());
    EXPECT_TRUE(sent([](json::object& s) { s["rate"] = "5/s"; }).empty());
    EXPECT_FALSE(sent([](json::object& s) { s["proxy"] = "http://elsewhere:1"; }).empty()) << kind.name;
    EXPECT_FALSE(sent([](json::object& s) { s.erase("proxy"); }).empty()) << kind.name;
    EXPECT_FALSE(sent([](json::object& s) { s["tls"].as_object()["verify"] = false; }).empty()) << kind.name;
    for (const auto& setting : kind.settings) {
      SCOPED_TRACE(std::string(kind.name) + "." + std::string(setting.name));
      const auto others = sent([&](json::object& s) { s["account"].as_object()[setting.name] = "http://elsewhere"; });
      EXPECT_EQ(!others.empty(), setting.address);
      ++looked_at;
    }
  }
  EXPECT_GT(looked_at, 80u);
}

// By its name or what is said of it: one that was forgotten would give secrets away.
TEST(Secrets, EverySettingThatIsAnAddressIsMarked) {
  for (const auto& kind : http_gateways::kinds())
    for (const auto& setting : kind.settings) {
      const auto says = [&](std::string_view word) {
        return setting.name.find(word) != std::string_view::npos || setting.help.starts_with(word);
      };
      if (says("url") || says("callback URL") || says("receipt URL") || says("report URL") || says("another address")) {
        EXPECT_TRUE(setting.address) << kind.name << "." << setting.name;
      }
    }
}

TEST(Secrets, OfSmppGoByHostPortAndTls) {
  const json::object before{{"kind", "smpp"}, {"host", "a"}, {"port", 2775}, {"password", "secret"}};
  struct {
    const char* name;
    std::function<void(json::object&)> change;
    std::vector<std::string> want;
    json::object given;
  } const cases[] = {
      {"port", [](auto& s) { s["port"] = 2776; }, {"/password"}, {{"port", 2776}}},
      {"host", [](auto& s) { s["host"] = "b"; }, {"/password"}, {{"host", "b"}}},
      {"tls", [](auto& s) { s["tls"] = json::object(); }, {"/password"}, {{"tls", json::object()}}},
      {"another password", [](auto& s) { s["port"] = 1, s["password"] = "new"; }, {}, {{"password", "new"}}},
      {"the same password", [](auto& s) { s["port"] = 1; }, {}, {{"port", 1}, {"password", "secret"}}},
      {"a hidden one", [](auto& s) { s["port"] = 1; }, {"/password"}, {{"password", {{"sealed", true}}}}},
      {"no address", [](auto& s) { s["system_id"] = "x"; }, {}, {}},
  };
  for (const auto& c : cases) {
    auto after = before;
    c.change(after);
    EXPECT_EQ(secrets_sent_elsewhere(before, after, c.given), c.want) << c.name;
  }
}

TEST(MergePatch, LaysAPatchOverSettingsAndTakesSecretsWhole) {
  const json::object before{
      {"kind", "generic"},
      {"retry", {{"first", "1s"}, {"max", "9s"}}},
      {"account", {{"from", "UMOJA"}, {"request", {{"url", "http://good"}, {"headers", {{"X-Key", "hidden"}}}}}}}};
  struct {
    const char *name, *patch, *want;
  } const cases[] = {
      {"a member of a group", R"({"retry":{"max":null}})",
       R"({"kind":"generic","retry":{"first":"1s"},"account":{"from":"UMOJA","request":{"url":"http://good","headers":{"X-Key":"hidden"}}}})"},
      {"a part of a secret is all of it", R"({"account":{"request":{"url":"http://evil"}}})",
       R"({"kind":"generic","retry":{"first":"1s","max":"9s"},"account":{"from":"UMOJA","request":{"url":"http://evil"}}})"},
      {"hidden: it stays, see Objects", R"({"account":{"request":{"sealed":true}}})",
       R"({"kind":"generic","retry":{"first":"1s","max":"9s"},"account":{"from":"UMOJA","request":{"sealed":true}}})"},
  };
  for (const auto& c : cases) {
    auto settings = before;
    merge_patch(settings, json::parse(c.patch).as_object());
    EXPECT_EQ(settings, json::parse(c.want).as_object()) << c.name;
  }
}

}  // namespace
}  // namespace smsbridge::bridge
