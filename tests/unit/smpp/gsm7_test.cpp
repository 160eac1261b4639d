// SPDX-License-Identifier: MPL-2.0
#include "smpp/gsm7.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <sstream>
#include <vector>

#include "smpp/utf8.hpp"

namespace smsbridge::smpp {
namespace {

using Octets = std::vector<std::uint8_t>;

std::string utf8(char32_t value) {
  std::string out;
  append_utf8(out, value);
  return out;
}

boost::json::object reference_language(std::int64_t id) {
  std::ifstream file(TEST_DATA "/smpp/gsm0338.json");
  std::stringstream content;
  content << file.rdbuf();
  const auto root = boost::json::parse(content.str());
  for (const auto& language : root.at("languages").as_array())
    if (language.at("id").as_int64() == id) return language.as_object();
  return {};
}

TEST(Gsm7, TablesAreThoseOfTheReference) {
  const auto language = reference_language(0);
  const auto& alphabet = language.at("locking").as_object();
  const auto& extension = language.at("single").as_object();
  ASSERT_EQ(alphabet.size(), 127U);
  ASSERT_EQ(extension.size(), 10U);
  for (const bool escaped : {false, true}) {
    for (const auto& [key, value] : escaped ? extension : alphabet) {
      SCOPED_TRACE(std::string(escaped ? "1B " : "") + std::string(key));
      Octets septets;
      if (escaped) septets.push_back(gsm7_escape);
      septets.push_back(static_cast<std::uint8_t>(std::stoul(std::string(key), nullptr, 16)));
      const auto text = utf8(static_cast<char32_t>(std::stoul(std::string(value.as_string()), nullptr, 16)));
      EXPECT_EQ(gsm7_encode(text), septets);
      EXPECT_EQ(gsm7_decode(septets), text);
      EXPECT_EQ(gsm7_septets(text), septets.size());
    }
  }
}

TEST(Gsm7, NothingElseIsInTheAlphabet) {
  std::size_t inside = 0;
  for (char32_t value = 0; value <= 0x10FFFF; ++value)
    if (gsm7_code(value) != gsm7_outside) ++inside;
  EXPECT_EQ(inside, 137U);
}

TEST(Gsm7, Encodes) {
  const struct {
    const char* name;
    std::string text;
    std::optional<Octets> want;
  } cases[] = {
      {"empty", "", Octets{}},
      {"at sign is code 0", "@", Octets{0x00}},
      {"escape pairs", "a{€", Octets{0x61, 0x1B, 0x28, 0x1B, 0x65}},
      {"CR LF as is", "a\r\nb", Octets{0x61, 0x0D, 0x0A, 0x62}},
      {"back quote is outside", "`", std::nullopt},
      {"tab is outside", "\t", std::nullopt},
      {"small c cedilla is outside", "ç", std::nullopt},
      {"no-break space is outside", "\u00A0", std::nullopt},
      {"emoji", "😀", std::nullopt},
      {"invalid UTF-8", "a\xC3", std::nullopt},
      {"NUL", std::string(1, '\0'), std::nullopt},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(gsm7_encode(c.text), c.want);
    EXPECT_EQ(gsm7_septets(c.text), c.want ? std::optional(c.want->size()) : std::nullopt);
  }
}

TEST(Gsm7, DecodesLeniently) {
  const struct {
    const char* name;
    Octets septets;
    std::string want;
  } cases[] = {
      {"unknown extension code shows the default character", {0x1B, 0x41}, "A"},
      {"escape at the end", {0x41, 0x1B}, "A "},
      {"escape after escape", {0x1B, 0x1B, 0x41}, " A"},
      {"reserved CR in the extension", {0x1B, 0x0D, 0x41}, "A"},
      {"page break", {0x1B, 0x0A}, "\f"},
      {"top bit ignored", {0xC1}, "A"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(gsm7_decode(c.septets), c.want);
  }
}

TEST(Gsm7, Packs) {
  const struct {
    const char* name;
    std::string text;
    std::size_t header_octets;
    Octets want;
  } cases[] = {
      {"nothing", "", 0, {}},
      {"five", "hello", 0, {0xE8, 0x32, 0x9B, 0xFD, 0x06}},
      {"eight fill seven", "hellohel", 0, {0xE8, 0x32, 0x9B, 0xFD, 0x46, 0x97, 0xD9}},
      {"seven leave room that is no at sign", "hellohe", 0, {0xE8, 0x32, 0x9B, 0xFD, 0x46, 0x97, 0x1B}},
      {"one bit behind six octets", "he", 6, {0xD0, 0x65}},
      {"none behind seven", "he", 7, {0xE8, 0x32}},
      {"three behind four", "h", 4, {0x40, 0x03}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto septets = *gsm7_encode(c.text);
    EXPECT_EQ(gsm7_pack(septets, c.header_octets), c.want);
    EXPECT_EQ(gsm7_unpack(c.want, c.header_octets), septets);
  }
}

TEST(Gsm7, PackedIsReadBackAtEveryLengthAndHeader) {
  for (std::size_t header = 0; header < 16; ++header)
    for (std::size_t size = 0; size < 161; ++size) {
      Octets septets;
      for (std::size_t i = 0; i < size; ++i) septets.push_back(static_cast<std::uint8_t>((i * 37 + size) % 127 + 1));
      if (!septets.empty() && septets.back() == 0x0D) septets.back() = 0;
      const auto packed = gsm7_pack(septets, header);
      ASSERT_EQ(gsm7_unpack(packed, header), septets) << header << " " << size;
      ASSERT_TRUE(header + packed.size() <= 140 || size > (140 - header) * 8 / 7);
    }
}

}  // namespace
}  // namespace smsbridge::smpp
