// SPDX-License-Identifier: MPL-2.0
#include "bridge/text/transliteration.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <sstream>

#include "bridge/text/gsm7.hpp"

namespace smsbridge::bridge::text {
namespace {

std::string repeated(std::size_t count, const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
}

TEST(Transliteration, TableIsThatOfTheReference) {
  std::ifstream file(TEST_DATA "/smpp/gsm0338.json");
  std::stringstream content;
  content << file.rdbuf();
  const auto root = boost::json::parse(content.str());
  const auto& map = root.at("transliteration").at("map").as_object();
  EXPECT_EQ(replacements().size(), map.size());
  for (const auto& [code, text] : map) {
    const auto value = static_cast<char32_t>(std::stoul(std::string(code), nullptr, 16));
    EXPECT_EQ(replacement(value), std::string_view(text.as_string())) << code;
    EXPECT_TRUE(gsm7_septets(std::string_view(text.as_string()))) << code;
    EXPECT_EQ(gsm7_code(value), gsm7_outside) << code << ": what the alphabet has stays";
  }
}

TEST(Transliteration, ReplacesAllOrNothing) {
  const struct {
    const char* name;
    std::string text;
    std::optional<std::string> want;
  } cases[] = {
      {"quotes, dashes and dots", "“Habari” – sawa…", "\"Habari\" - sawa..."},
      {"letters without their accents", "Wanjikũ ça va", "Wanjiku ca va"},
      {"what the alphabet has stays", "é ñ € Ä ‘x’", "é ñ € Ä 'x'"},
      {"an accent by itself", "u\u0303 e\u0301", "u é"},
      {"blanks and marks that are not seen", "a\u00A0b\u200Bc", "a bc"},
      {"nothing to replace", "plain", std::nullopt},
      {"one without a replacement", "“ж”", std::nullopt},
      {"an emoji", "Asante 👍", std::nullopt},
      {"nothing but what is not seen", "\u200B", std::nullopt},
      {"broken", "“\xC3", std::nullopt},
      {"empty", "", std::nullopt},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(transliterated(c.text), c.want);
  }
}

TEST(Transliteration, OnlyWhereItSavesParts) {
  const auto quoted = [](std::size_t letters) { return "“" + repeated(letters, "a") + "”"; };
  National turkish;
  turkish.allow(1);
  const struct {
    const char* name;
    std::string text;
    TextOptions options;
    bool is_done;
  } cases[] = {
      {"one part is one part", quoted(68), {}, false},
      {"two become one", quoted(69), {}, true},
      {"dots that take the place they save", repeated(65, "…"), {}, false},
      {"and that save it", repeated(71, "…"), {}, false},
      {"a charset that never was UCS-2", quoted(69), {.charset = Charset::gsm7}, false},
      {"one that stays UCS-2", quoted(69), {.charset = Charset::ucs2}, false},
      {"a national table does as well", repeated(75, "ğ"), {.national = turkish}, false},
      {"without it", repeated(75, "ğ"), {}, true},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto got = transliterated_to_save(c.text, c.options);
    EXPECT_EQ(got.has_value(), c.is_done);
    EXPECT_TRUE(!got || measure(*got, c.options).parts < measure(c.text, c.options).parts);
  }
}

}  // namespace
}  // namespace smsbridge::bridge::text
