// SPDX-License-Identifier: MPL-2.0
#include "smpp/national.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <sstream>

#include "smpp/utf8.hpp"

namespace smsbridge::smpp {
namespace {

using Septets = std::vector<std::uint8_t>;

std::string utf8_of_code_point(char32_t value) {
  std::string out;
  append_utf8(out, value);
  return out;
}

std::uint32_t number_of_hex(std::string_view text) {
  return static_cast<std::uint32_t>(std::stoul(std::string(text), nullptr, 16));
}

boost::json::array reference_languages() {
  std::ifstream file(TEST_DATA "/smpp/gsm0338.json");
  std::stringstream content;
  content << file.rdbuf();
  return boost::json::parse(content.str()).at("languages").as_array();
}

TEST(National, TablesAreThoseOfTheReference) {
  std::size_t compared = 0;
  for (const auto& language : reference_languages()) {
    const auto id = static_cast<std::uint8_t>(language.at("id").as_int64());
    if (id == 0) continue;
    const auto* ours = national_language(id);
    ASSERT_NE(ours, nullptr);
    EXPECT_EQ(ours->id, id);
    EXPECT_EQ(ours->name, language.at("name").as_string());
    EXPECT_EQ(ours->iso, language.at("iso639_1").as_string());
    for (const auto* kind : {"locking", "single"}) {
      const bool single = kind == std::string_view("single");
      const auto* rows = language.as_object().if_contains(kind);
      if (rows == nullptr || rows->is_null() || rows->as_object().empty()) continue;
      for (const auto& [code, value] : rows->as_object()) {
        SCOPED_TRACE(std::string(ours->name) + " " + kind + " " + std::string(code));
        const auto character = number_of_hex(value.as_string());
        Septets septets;
        if (single) septets.push_back(gsm7_escape);
        septets.push_back(static_cast<std::uint8_t>(number_of_hex(code)));
        const Shift shift{.locking = single ? std::uint8_t{0} : id, .single = single ? id : std::uint8_t{0}};
        EXPECT_EQ(gsm7_decode(septets, shift), utf8_of_code_point(character));
        EXPECT_NE(gsm7_code(character, shift), gsm7_outside);
        ++compared;
      }
    }
  }
  EXPECT_EQ(compared, 2294U) << "all there are";
}

// What is encoded is read back, by every language and every kind of table.
TEST(National, ReadsWhatItWrote) {
  for (const auto& language : national_languages())
    for (const auto& shift : {Shift{language.id, 0}, Shift{0, language.id}, Shift{language.id, language.id}})
      for (char32_t value = 1; value < 0x2600; ++value) {
        const auto code = gsm7_code(value, shift);
        if (code == gsm7_outside) continue;
        Septets septets;
        if (code > 0x7F) septets.push_back(gsm7_escape);
        septets.push_back(static_cast<std::uint8_t>(code & 0x7F));
        ASSERT_EQ(gsm7_decode(septets, shift), utf8_of_code_point(value))
            << language.name << " " << static_cast<std::uint32_t>(value);
      }
}

TEST(National, TakesTheShorterAndTheOlderForm) {
  const Shift turkish{.locking = 1, .single = 1};
  EXPECT_EQ(gsm7_code(U'€', turkish), 0x04) << "in both tables: one septet";
  EXPECT_EQ(gsm7_code(U'€', Shift{.locking = 0, .single = 1}), 0x1B65);
  EXPECT_EQ(gsm7_code(U'¡', Shift{.locking = 0, .single = 6}), 0x40) << "the default alphabet has it";
  EXPECT_EQ(gsm7_code(U'¡', Shift{.locking = 6, .single = 6}), 0x1B13);
  EXPECT_EQ(gsm7_code(U'ı', Shift{.locking = 0, .single = 1}), 0x1B69);
  EXPECT_EQ(gsm7_code(U'ç', Shift{.locking = 0, .single = 1}), 0x1B63);
  EXPECT_EQ(gsm7_code(U'a', Shift{.locking = 2, .single = 0}), 0x61) << "Spanish has no locking table";
  EXPECT_EQ(gsm7_code(U'ж', turkish), gsm7_outside);
  EXPECT_EQ(gsm7_code(U'😀', turkish), gsm7_outside);
}

TEST(National, ReadsWhatIsNotInATable) {
  const struct {
    const char* name;
    Septets septets;
    Shift shift;
    std::string want;
  } cases[] = {
      {"an escaped code without a character is that of the locking table",
       {0x1B, 0x61},
       {.locking = 0, .single = 1},
       "a"},
      {"likewise of the locking table", {0x1B, 0x07}, {.locking = 1, .single = 1}, "ı"},
      {"escape after escape", {0x1B, 0x1B, 0x61}, {.locking = 1, .single = 1}, " a"},
      {"escape at the end", {0x61, 0x1B}, {.locking = 1, .single = 1}, "a "},
      {"a reserved CR", {0x1B, 0x0D, 0x61}, {.locking = 0, .single = 1}, "a"},
      {"a code that the table leaves empty", {0x0E}, {.locking = 4, .single = 0}, " "},
      {"a language that there is not", {0x07, 0x1B, 0x65}, {.locking = 14, .single = 99}, "ì€"},
      {"a locking table and the default extension", {0x07, 0x1B, 0x28}, {.locking = 1, .single = 0}, "ı{"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(gsm7_decode(c.septets, c.shift), c.want);
  }
}

}  // namespace
}  // namespace smsbridge::smpp
