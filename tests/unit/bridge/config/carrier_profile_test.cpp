// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/carrier_profile.hpp"

#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <fstream>
#include <random>

#include "bridge/config/config.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;
using testing::HasSubstr, testing::IsEmpty, testing::Not;

json::object with(std::string_view profile, json::object more = {}) {
  json::object settings{{"name", "a"}, {"id", 1}, {"host", "127.0.0.1"}, {"port", 1}, {"system_id", "s"}};
  settings["profile"] = profile;
  for (const auto& [key, value] : more) settings[key] = value;
  return settings;
}

TEST(CarrierProfile, EachIsReadWithoutAWord) {
  EXPECT_GE(carrier_profiles().size(), 10U);
  for (const auto& profile : carrier_profiles()) {
    SCOPED_TRACE(profile.name);
    std::vector<ConfigProblem> problems;
    const auto gateway = read_gateway(with(profile.name), ".", problems);
    EXPECT_TRUE(problems.empty()) << problems.front().path << ": " << problems.front().text;
    EXPECT_EQ(gateway.smpp().profile, profile.name);
    EXPECT_FALSE(gateway.smpp().from_profile.empty());
    EXPECT_THAT(profile.about(), Not(IsEmpty()));
    EXPECT_THAT(profile.about(), Not(HasSubstr("\n")));
    EXPECT_THAT(std::string(profile.file), testing::ContainsRegex("\n# - ")) << "each fact has its source";
    EXPECT_EQ(&profile, find_carrier_profile(profile.name));
  }
}

TEST(CarrierProfile, GivesWayToTheGatewaysOwnKeys) {
  std::vector<ConfigProblem> problems;
  auto gateway = read_gateway(with("smpp-3.3"), ".", problems);
  EXPECT_EQ(gateway.smpp().session.interface_version, 0x33);
  EXPECT_EQ(gateway.smpp().bind, SmppSettings::Bind::pair);
  EXPECT_EQ(gateway.smpp().dialect.response_id, smpp::IdNotation::hexadecimal);
  EXPECT_EQ(gateway.smpp().dialect.receipt_id, smpp::IdNotation::decimal);
  gateway = read_gateway(with("smpp-3.3", {{"bind", "transmitter"},
                                           {"window", 3},
                                           {"dialect", {{"id_in_receipt", "string"}, {"accepted_is_final", true}}}}),
                         ".", problems);
  EXPECT_TRUE(problems.empty()) << problems.front().path << ": " << problems.front().text;
  EXPECT_EQ(gateway.smpp().bind, SmppSettings::Bind::transmitter);
  EXPECT_EQ(gateway.smpp().session.window, 3U);
  EXPECT_EQ(gateway.smpp().session.interface_version, 0x33) << "what it does not say itself is the profile's";
  EXPECT_EQ(gateway.smpp().dialect.receipt_id, smpp::IdNotation::string);
  EXPECT_EQ(gateway.smpp().dialect.response_id, smpp::IdNotation::hexadecimal) << "also inside of a section";
  EXPECT_TRUE(gateway.smpp().dialect.accepted_is_final);
  EXPECT_EQ(gateway.settings.if_contains("interface_version"), nullptr) << "it is shown as it was given";
}

TEST(CarrierProfile, SaysWhatIsWrong) {
  const struct {
    const char* profile;
    json::object more;
    const char *path, *text;
  } cases[] = {
      {"kanel-smppbox", {}, "profile", "there is no carrier profile 'kanel-smppbox'; did you mean 'kannel-smppbox'?"},
      {"xyzzy", {}, "profile", "There are: absolute-times, aggregator, "},
      {"./own.yaml", {}, "profile", "only a configuration file may name a file"},
      {"sar", {{"interface_version", "3.3"}, {"bind", "pair"}}, "concat", "(the profile 'sar' sets it)"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.profile);
    std::vector<ConfigProblem> problems;
    read_gateway(with(c.profile, c.more), ".", problems);
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_EQ(problems[0].path, c.path);
    EXPECT_THAT(problems[0].text, HasSubstr(c.text));
  }
}

class OwnProfile : public testing::Test {
 protected:
  OwnProfile()
      : folder_(std::filesystem::temp_directory_path() /
                ("smsbridge-profile-" + std::to_string(std::random_device{}()))) {
    std::filesystem::create_directories(folder_);
    write("key.txt", "k\n");
    std::filesystem::permissions(folder_ / "key.txt", std::filesystem::perms::owner_read);
  }
  ~OwnProfile() override { std::filesystem::remove_all(folder_); }
  void write(const std::string& name, const std::string& content) { std::ofstream(folder_ / name) << content; }
  LoadedConfig load(const std::string& gateways) {
    write("smsbridge.yaml", "tenants: [{name: t, fineract_app_key: {file: key.txt}}]\ngateways:\n" + gateways);
    return load_config(folder_ / "smsbridge.yaml");
  }
  std::filesystem::path folder_;
};

const std::string account = "host: 127.0.0.1, port: 1, system_id: s, password: {file: key.txt}";

TEST_F(OwnProfile, IsAFileBesideTheConfiguration) {
  write("own.yaml", "about: Ours\nsettings: {window: 7, dialect: {status: {0x45: retry}}, national: [tr]}\n");
  const auto gateway = "  - {name: a, id: 1, profile: own.yaml, " + account + ", dialect: {status: {0x46: fail}}}\n";
  const auto before = load(gateway);
  ASSERT_TRUE(before.ok()) << describe(before.problems.front());
  const auto& way = before.config.gateways.at(0).smpp();
  EXPECT_EQ(way.session.window, 7U);
  EXPECT_EQ(way.dialect.status_overrides.size(), 2U);
  EXPECT_EQ(way.national, std::vector<std::uint8_t>{1});
  EXPECT_TRUE(works_as(before.config.gateways.at(0), load(gateway).config.gateways.at(0)));
  write("own.yaml", "about: Ours\nsettings: {window: 8}\n");
  EXPECT_FALSE(works_as(before.config.gateways.at(0), load(gateway).config.gateways.at(0)))
      << "another profile is another gateway, though its own settings are the same";
}

TEST_F(OwnProfile, SaysWhatIsWrongAndWhere) {
  const struct {
    const char *content, *text, *path = "gateways[0].profile";
  } cases[] = {
      {"about: x\nsettings: {window: 0}\n",
       "'0' is not a whole number from 1 to 10000 (the profile './own.yaml' sets it)", "gateways[0].window"},
      {"about: x\nsettings: {windo: 5}\n",
       "unknown key 'windo'; did you mean 'window'? (the profile './own.yaml' sets it)", "gateways[0].windo"},
      {"about: x\nsettings: {dialect: {flsh: 5}}\n", "did you mean 'flash'? (the profile", "gateways[0].dialect.flsh"},
      {"about: x\nsettings: {host: h}\n", "sets 'host', which is each gateway's own"},
      {"about: x\nsettings: {password: h}\n", "sets 'password', which is each gateway's own"},
      {"about: x\nsettings: {tls: {}}\n", "sets 'tls', which is each gateway's own"},
      {"about: x\nsettings: {profile: sar}\n", "sets 'profile', which is each gateway's own"},
      {"about: x\n", "is no carrier profile"},
      {"window: 5\n", "is no carrier profile"},
      {"about: x\nsettings: {}\nwindow: 5\n", "has the key 'window'"},
      {"about: {\n", "is not readable YAML"},
      {"", "is empty"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.content);
    write("own.yaml", c.content);
    const auto loaded = load("  - {name: a, id: 1, profile: ./own.yaml, " + account + "}\n");
    ASSERT_EQ(loaded.problems.size(), 1U);
    EXPECT_EQ(loaded.problems[0].path, c.path);
    EXPECT_THAT(loaded.problems[0].text, HasSubstr(c.text));
    EXPECT_EQ(loaded.problems[0].line, 3) << "in the file that was checked";
  }
  std::filesystem::remove(folder_ / "own.yaml");
  EXPECT_THAT(load("  - {name: a, id: 1, profile: ./own.yaml, " + account + "}\n").problems.at(0).text,
              HasSubstr("cannot read the file"));
}

// A node that two gateways share is neither's.
TEST_F(OwnProfile, ChangesNoOtherGateway) {
  const auto loaded = load("  - {name: a, id: 1, profile: smpp-3.3, " + account +
                           ", dialect: &d {flash: class}}\n  - {name: b, id: 2, " + account + ", dialect: *d}\n");
  ASSERT_TRUE(loaded.ok()) << describe(loaded.problems.front());
  EXPECT_EQ(loaded.config.gateways.at(0).smpp().dialect.response_id, smpp::IdNotation::hexadecimal);
  EXPECT_EQ(loaded.config.gateways.at(1).smpp().dialect.response_id, smpp::IdNotation::automatic);
  EXPECT_EQ(loaded.config.gateways.at(1).smpp().dialect.flash, smpp::Flash::classes);
}

}  // namespace
}  // namespace smsbridge::bridge
