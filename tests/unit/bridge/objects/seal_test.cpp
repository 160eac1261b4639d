// SPDX-License-Identifier: MPL-2.0
#include "bridge/objects/seal.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace smsbridge::bridge {
namespace {

struct SealTest : testing::Test {
  SealTest() { std::filesystem::create_directories(folder); }
  ~SealTest() override { std::filesystem::remove_all(folder); }
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("smsbridge-seal-" + std::to_string(::getpid()));
  const std::filesystem::path file = folder / "master.key";
};

TEST_F(SealTest, OpensOnlyUnderItsKeyAndAtItsPlace) {
  const Seal seal("a master key that somebody chose himself", file);
  EXPECT_FALSE(std::filesystem::exists(file)) << "a configured key needs no file";
  const auto sealed = seal.close("s3cret", "gateway/mtn/password");
  EXPECT_EQ(sealed.find("s3cret"), std::string::npos);
  EXPECT_NE(sealed, seal.close("s3cret", "gateway/mtn/password")) << "the same secret twice must not show";
  EXPECT_EQ(seal.open(sealed, "gateway/mtn/password"), "s3cret");
  EXPECT_EQ(seal.open(sealed, "gateway/airtel/password"), std::nullopt);
  EXPECT_EQ(Seal("another master key, of the same length..", file).open(sealed, "gateway/mtn/password"), std::nullopt);
  EXPECT_EQ(seal.open(seal.close("", "x"), "x"), "");
  for (std::size_t at = 0; at < sealed.size(); at += 7) {
    auto damaged = sealed;
    damaged[at] = damaged[at] == 'A' ? 'B' : 'A';
    EXPECT_EQ(seal.open(damaged, "gateway/mtn/password"), std::nullopt) << at;
  }
  for (const auto* rubbish : {"", "AAAA", "%%%", "s3cret"}) EXPECT_EQ(seal.open(rubbish, "x"), std::nullopt) << rubbish;
}

TEST_F(SealTest, MakesAKeyOnceThatOnlyItsOwnerReads) {
  const auto sealed = Seal("", file).close("s3cret", "x");
  EXPECT_EQ(std::filesystem::status(file).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_EQ(Seal("", file).open(sealed, "x"), "s3cret");
  const Seal configured("a master key that somebody chose later on", file);
  EXPECT_EQ(configured.open(sealed, "x"), "s3cret") << "what was sealed before";
  EXPECT_EQ(Seal("", file).open(configured.close("new", "x"), "x"), std::nullopt);
  std::ofstream(file).flush();
  EXPECT_THROW(Seal("", file), SealError) << "an empty file is no key, and none is made in its place";
  EXPECT_THROW(Seal("", folder / "missing" / "master.key"), SealError);
}

}  // namespace
}  // namespace smsbridge::bridge
