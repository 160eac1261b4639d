// SPDX-License-Identifier: MPL-2.0
#include "bridge/access/console_people.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "bridge/access/keys.hpp"

namespace smsbridge::bridge {
namespace {

class ConsolePeopleTest : public testing::Test {
 protected:
  ConsolePeopleTest() : store_(options(folder_)) { store_.open_queue(); }
  ~ConsolePeopleTest() override { std::filesystem::remove_all(folder_); }
  static store::Options options(const std::filesystem::path& folder) {
    store::Options options{.path = folder, .size_limit_bytes = 16u << 20, .prewrite_bytes = 0, .sync = false};
    options.wall_clock = [] { return store::WallMs{1'790'000'000'000}; };
    return options;
  }
  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("smsbridge-people-" + std::to_string(::getpid()));
  store::Store store_;
};

// Each role may what the one before it may, and only the owner all of it.
TEST(ConsoleRolesTest, GrowFromOneToTheNext) {
  std::vector<std::string> before;
  for (const auto& role : roles()) {
    for (const auto& scope : role.scopes)
      EXPECT_EQ(std::ranges::count(key_scopes(), scope), 1) << role.name << " has " << scope;
    for (const auto& scope : before) {
      const bool is_metrics = role.name == "sender" && scope == "system:read";  // which are not for him
      EXPECT_EQ(std::ranges::count(role.scopes, scope), is_metrics ? 0 : 1) << role.name << " " << scope;
    }
    EXPECT_EQ(std::ranges::count(role.scopes, "keys:manage"), role.name == "owner" ? 1 : 0);
    EXPECT_EQ(std::ranges::count(role.scopes, "content:read") > 0, role.sees_content) << role.name;
    before = role.scopes;
  }
  EXPECT_EQ(find_role("boss"), nullptr);
  EXPECT_TRUE(scopes_of({.name = "x", .role = "boss"}).empty()) << "a role that a later program knows";
}

TEST(ConsoleRolesTest, WhoSeesTextsIsASwitchOfThosePeopleOnly) {
  const auto sees = [](const char* role, bool with) {
    const auto scopes = scopes_of({.name = "x", .role = role, .sees_content = with});
    return std::ranges::count(scopes, "content:read");
  };
  for (const auto* role : {"viewer", "sender"}) {
    EXPECT_EQ(sees(role, false), 0) << role;
    EXPECT_EQ(sees(role, true), 1) << role;
  }
  EXPECT_EQ(sees("owner", true), 1);
}

TEST(ConsolePersonNamesTest, AreOneWord) {
  for (const auto* good : {"ops", "amina@sacco.example", "j.o-b_1", "Wanjirũ"}) EXPECT_FALSE(name_fault(good)) << good;
  for (const auto* bad : {"", "two words", "a/b", "a\nb", "a\tb", "<b>"}) EXPECT_TRUE(name_fault(bad)) << bad;
  EXPECT_TRUE(name_fault(std::string(61, 'a')));
}

TEST_F(ConsolePeopleTest, ALinkIsGoodForItsTimeAndForOnePerson) {
  ConsolePerson amina{.name = "amina", .role = "sender"}, juma{.name = "juma", .role = "owner"};
  const auto token = invite(amina, 1000);
  ASSERT_TRUE(add_person(store_, amina));
  ASSERT_TRUE(add_person(store_, juma));
  EXPECT_FALSE(add_person(store_, amina)) << "there is one of this name";
  ASSERT_TRUE(welcomed(store_, token, 999));
  EXPECT_EQ(welcomed(store_, token, 999)->name, "amina");
  EXPECT_FALSE(welcomed(store_, token, 1000));
  EXPECT_FALSE(welcomed(store_, "", 0)) << "who has no link is found by none";
  amina = *find_person(store_, "amina");
  const auto stale = amina;
  const auto other = invite(amina, 2000);
  ASSERT_TRUE(keep_person(store_, amina));
  EXPECT_FALSE(keep_person(store_, stale)) << "what was changed since it was read is not written over";
  EXPECT_FALSE(welcomed(store_, token, 0)) << "the one before is good no more";
  EXPECT_TRUE(welcomed(store_, other, 0));
  EXPECT_TRUE(remove_person(store_, "amina"));
  EXPECT_FALSE(remove_person(store_, "amina"));
  EXPECT_FALSE(keep_person(store_, amina)) << "who is gone does not come back by a change";
  EXPECT_FALSE(welcomed(store_, other, 0));
}

TEST_F(ConsolePeopleTest, ARecordIsReadAsItWasWritten) {
  const ConsolePerson person{.name = "amina",
                             .role = "viewer",
                             .tenant = "umoja",
                             .language = "sw",
                             .sees_content = true,
                             .disabled = true,
                             .password = "hash",
                             .welcome_hash = "w",
                             .welcome_expires_at = 1,
                             .created_at = 2,
                             .sessions_from = 3,
                             .made_by = "ops"};
  ASSERT_TRUE(add_person(store_, person));
  const auto read = find_person(store_, "amina");
  ASSERT_TRUE(read);
  EXPECT_EQ(
      std::tie(read->name, read->role, read->tenant, read->language, read->password, read->welcome_hash, read->made_by),
      std::tie(person.name, person.role, person.tenant, person.language, person.password, person.welcome_hash,
               person.made_by));
  EXPECT_EQ(
      std::tie(read->sees_content, read->disabled, read->welcome_expires_at, read->created_at, read->sessions_from),
      std::tie(person.sees_content, person.disabled, person.welcome_expires_at, person.created_at,
               person.sessions_from));
  EXPECT_FALSE(read_person({.key = "person/amina", .value = "{}"}));
  EXPECT_FALSE(read_person({.key = "person/amina", .value = "no JSON"}));
}

TEST(ConsolePasswordTest, IsKeptHashed) {
  const ConsolePerson person{.name = "amina", .role = "viewer", .password = password_hash("correct horse")};
  EXPECT_TRUE(person.password.starts_with("$argon2id$")) << person.password;
  EXPECT_TRUE(is_password(person, "correct horse"));
  EXPECT_FALSE(is_password(person, "correct hors"));
  EXPECT_FALSE(is_password({.name = "new", .role = "viewer"}, "")) << "none was set yet";
}

}  // namespace
}  // namespace smsbridge::bridge
