// SPDX-License-Identifier: MPL-2.0
// Making, changing and removing objects, and what another program does to the store meanwhile.
#include "bridge/objects/objects.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <filesystem>

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;
using Action = Objects::Change::Action;
using Why = ObjectError::Why;

class ObjectsTest : public testing::Test {
 protected:
  ObjectsTest() {
    store_.start();
    objects_->on_change([this](const Objects::TablePtr& table) { told_.push_back(table); });
  }
  ~ObjectsTest() override { std::filesystem::remove_all(folder_); }

  static Config of_one_tenant(const std::filesystem::path& folder) {
    Config config;
    config.store_path = folder;
    config.master_key = "0123456789abcdef0123456789abcdef";
    config.tenants = {{.name = "default", .fineract_app_keys = {"k"}}};
    return config;
  }
  static store::Options options(const std::filesystem::path& folder) {
    store::Options options{.path = folder, .size_limit_bytes = 16u << 20, .prewrite_bytes = 0, .sync = false};
    options.wall_clock = [] { return WallMs{1'790'000'000'000}; };
    return options;
  }
  static json::object gateway(const char* password = "one") {
    return {{"name", "a"}, {"host", "127.0.0.1"}, {"port", 2775}, {"system_id", "s"}, {"password", password}};
  }
  tl::expected<Objects::Changed, ObjectError> change(Action action, json::object settings = {},
                                                     const std::string& if_match = "*", bool dry_run = false,
                                                     ObjectKind kind = ObjectKind::gateway) {
    const auto* name = settings.if_contains("name");
    return objects_->change({.kind = kind,
                             .name = name ? std::string(name->as_string()) : "a",
                             .action = action,
                             .settings = std::move(settings),
                             .if_match = if_match,
                             .dry_run = dry_run,
                             .assumed = {},
                             .by = "test"});
  }
  // Another program writes into the store.
  void meanwhile(const std::string& key, const std::string& value) {
    store::Batch batch;
    batch.objects.push_back({.key = key, .value = value, .expected = {}});
    store_.commit_and_wait(std::move(batch));
  }
  void start_again() {
    objects_.emplace(config_, store_);
    objects_->on_change([](const Objects::TablePtr&) {});
  }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("smsbridge-objects-" + std::to_string(::getpid()));
  Config config_ = of_one_tenant(folder_);
  store::Store store_{options(folder_)};
  std::optional<Objects> objects_{std::in_place, config_, store_};
  std::vector<Objects::TablePtr> told_;
};

TEST_F(ObjectsTest, AreThereAfterTheyWereMadeAndAfterARestart) {
  const auto made = change(Action::create, gateway());
  ASSERT_TRUE(made) << made.error().detail;
  EXPECT_EQ(made->object.id, 1u);
  EXPECT_EQ(made->object.settings.at("password"), (json::value{{"sealed", true}}));
  ASSERT_EQ(told_.size(), 1u);
  EXPECT_EQ(told_.front(), objects_->table());
  EXPECT_EQ(objects_->table()->gateway("a")->smpp().session.password, "one");
  start_again();
  EXPECT_EQ(objects_->find(ObjectKind::gateway, "a")->etag, made->object.etag);
  EXPECT_EQ(objects_->table()->gateway("a")->smpp().session.password, "one");
}

TEST_F(ObjectsTest, ADryRunTellsAndChangesNothing) {
  const auto before = objects_->table();
  const auto would = change(Action::create, gateway(), "*", true);
  ASSERT_TRUE(would);
  EXPECT_TRUE(would->after->gateway("a"));
  EXPECT_EQ(objects_->table(), before);
  EXPECT_FALSE(objects_->find(ObjectKind::gateway, "a"));
  ASSERT_TRUE(change(Action::create, gateway()));
  const auto gone = change(Action::remove, {}, "*", true);
  ASSERT_TRUE(gone);
  EXPECT_FALSE(gone->after->gateway("a"));
  EXPECT_TRUE(objects_->table()->gateway("a"));
  start_again();
  EXPECT_TRUE(objects_->table()->gateway("a"));
}

TEST_F(ObjectsTest, SayWhyTheyDoNotChange) {
  const auto first = change(Action::create, gateway());
  ASSERT_TRUE(first);
  const json::object route{{"name", "r"}, {"id", 7}, {"via", {{{"gateway", "a"}}}}};
  ASSERT_TRUE(change(Action::create, route, "*", false, ObjectKind::route));
  struct {
    const char* name;
    Action action;
    json::object settings;
    std::string if_match;
    Why why;
  } const cases[] = {
      {"there is one", Action::create, gateway(), "*", Why::is_there},
      {"there is none", Action::patch, {{"name", "b"}}, "*", Why::is_not_there},
      {"of which revision?", Action::patch, {{"window", 5}}, "", Why::revision_needed},
      {"an old one", Action::patch, {{"window", 5}}, "\"0123\"", Why::changed_since},
      {"wrong", Action::patch, {{"window", 0}}, "*", Why::wrong},
      {"another id", Action::patch, {{"id", 9}}, "*", Why::stays},
      {"another kind",
       Action::replace,
       {{"name", "a"},
        {"id", 1},
        {"kind", "kannel"},
        {"account", {{"url", "http://h"}, {"username", "u"}, {"password", "p"}}}},
       "*",
       Why::stays},
      {"a route goes by it", Action::remove, {}, "*", Why::needed},
      {"its secret would go elsewhere", Action::patch, {{"host", "127.0.0.2"}}, "*", Why::wrong},
  };
  for (const auto& c : cases) {
    const auto changed = change(c.action, c.settings, c.if_match);
    ASSERT_FALSE(changed) << c.name;
    EXPECT_EQ(changed.error().why, c.why) << c.name << ": " << changed.error().detail;
  }
  EXPECT_EQ(objects_->find(ObjectKind::gateway, "a")->etag, first->object.etag);
  ASSERT_EQ(change(Action::patch, {{"window", 0}}).error().mistakes.front().pointer, "/window");
}

TEST_F(ObjectsTest, WhatAnotherProgramChangedIsNotOverwritten) {
  ASSERT_TRUE(change(Action::create, gateway()));
  const auto table = objects_->table();
  meanwhile("gateway/a", store_.reader().object("gateway/a")->value);
  const auto kept = store_.reader().object("gateway/a");
  for (const auto action : {Action::patch, Action::remove}) {
    const auto changed = change(action, action == Action::patch ? json::object{{"window", 5}} : json::object{});
    ASSERT_FALSE(changed);
    EXPECT_EQ(changed.error().why, Why::changed_since);
  }
  EXPECT_EQ(objects_->table(), table);
  EXPECT_EQ(store_.reader().object("gateway/a")->revision, kept->revision);
  start_again();
  EXPECT_TRUE(change(Action::patch, {{"window", 5}})) << "it was read anew";
}

TEST_F(ObjectsTest, ADamagedRecordMakesWay) {
  meanwhile("gateway/a", "{not json");
  start_again();
  EXPECT_FALSE(objects_->find(ObjectKind::gateway, "a"));
  const auto made = change(Action::create, gateway());
  EXPECT_TRUE(made) << made.error().detail;
}

TEST_F(ObjectsTest, NumbersAreNotGivenAgain) {
  ASSERT_TRUE(change(Action::create, gateway()));
  ASSERT_TRUE(change(Action::remove));
  start_again();
  EXPECT_EQ(change(Action::create, gateway())->object.id, 2u);
}

TEST_F(ObjectsTest, TheVersionOfATemplateCountsItsChanges) {
  const auto of_template = [&](Action action, json::object settings) {
    settings["name"] = "approved";
    const auto changed = change(action, std::move(settings), "*", false, ObjectKind::text_template);
    EXPECT_TRUE(changed) << changed.error().detail;
    return objects_->table()->template_of("approved")->version;
  };
  EXPECT_EQ(of_template(Action::create, {{"texts", {{"en", "one"}}}}), 1);
  EXPECT_EQ(of_template(Action::patch, {{"texts", {{"sw", "moja"}}}}), 2);
  EXPECT_EQ(of_template(Action::patch, {{"texts", {{"sw", "moja"}}}}), 2) << "nothing changed";
  EXPECT_EQ(of_template(Action::replace, {{"texts", {{"en", "one"}}}, {"version", 1}}), 3)
      << "the daemon counts, whatever a file says";
  start_again();
  EXPECT_EQ(objects_->table()->template_of("approved")->version, 3);
  EXPECT_EQ(of_template(Action::patch, {{"description", "x"}}), 4);
}

TEST_F(ObjectsTest, AGatewayOfTheFileMayHaveTheNumberOfATemplateAndOfNoGatewayMadeHere) {
  const json::object approved{{"name", "approved"}, {"texts", {{"en", "x"}}}};
  ASSERT_EQ(change(Action::create, approved, "*", false, ObjectKind::text_template)->object.id, 1u);
  ASSERT_EQ(change(Action::create, gateway())->object.id, 2u);
  GatewaySettings of_file;
  of_file.name = "of the file";
  of_file.id = 1;
  of_file.of_file = true;
  config_.gateways = {of_file};
  EXPECT_TRUE(objects_->take_over(config_, true));
  config_.gateways[0].id = 2;
  const auto refused = objects_->take_over(config_, true);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().find("have the id 2"), std::string::npos) << refused.error();
}

TEST_F(ObjectsTest, ATemplateStaysWhileARuleAnswersByIt) {
  ASSERT_TRUE(change(Action::create, {{"name", "hours"}, {"texts", {{"en", "8 to 17"}}}}, "*", false,
                     ObjectKind::text_template));
  const json::object rule{{"name", "saa"}, {"keywords", {"SAA"}}, {"template", "hours"}};
  ASSERT_TRUE(change(Action::create, rule, "*", false, ObjectKind::inbound_rule));
  const auto refused = change(Action::remove, {{"name", "hours"}}, "*", false, ObjectKind::text_template);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().why, Why::needed);
  ASSERT_TRUE(change(Action::remove, {{"name", "saa"}}, "*", false, ObjectKind::inbound_rule));
  EXPECT_TRUE(change(Action::remove, {{"name", "hours"}}, "*", false, ObjectKind::text_template));
}

}  // namespace
}  // namespace smsbridge::bridge
