// SPDX-License-Identifier: MPL-2.0
#include "bridge/cli/text_lines.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <sstream>
#include <string>

namespace smsbridge::bridge {
namespace {

boost::json::value ask(const std::string& line) {
  std::istringstream in(line + "\n");
  std::ostringstream out;
  EXPECT_EQ(text_lines(in, out), 0);
  return boost::json::parse(out.str());
}

TEST(TextLines, Answers) {
  const struct {
    const char* name;
    std::string line;
    std::string want;
  } cases[] = {
      {"short", R"({"text":"a€"})",
       R"({"encoding":"gsm7","data_coding":0,"segments":1,"units":3,"units_per_segment":160,"udhi":false,
           "segment":[{"udh_hex":"","body_hex":"611b65"}]})"},
      {"ucs2", R"({"text":"ж","charset":"auto"})",
       R"({"encoding":"ucs2","data_coding":8,"segments":1,"units":1,"units_per_segment":70,"udhi":false,
           "segment":[{"udh_hex":"","body_hex":"0436"}]})"},
      {"latin1", R"({"text":"ç","charset":"latin1","ref":1})",
       R"({"encoding":"latin1","data_coding":3,"segments":1,"units":1,"units_per_segment":140,"udhi":false,
           "segment":[{"udh_hex":"","body_hex":"e7"}]})"},
      {"neutral options", R"({"text":"a","national":null,"translit":false,"grapheme":false,"concat":"sar"})",
       R"({"encoding":"gsm7","data_coding":0,"segments":1,"units":1,"units_per_segment":160,"udhi":false,
           "segment":[{"udh_hex":"","body_hex":"61"}]})"},
      {"no languages", R"({"text":"","national":{"langs":[],"modes":["single"]}})",
       R"({"encoding":"gsm7","data_coding":0,"segments":1,"units":0,"units_per_segment":160,"udhi":false,
           "segment":[{"udh_hex":"","body_hex":""}]})"},
      {"number", R"({"number":"0712 345 678","country":"KE"})",
       R"({"e164":"+254712345678","country":"KE","pattern_matched":true})"},
      {"number of no country", R"({"number":"+881612345678"})",
       R"({"e164":"+881612345678","country":null,"pattern_matched":true})"},
      {"number of another length", R"({"number":"071234567","country":"KE","check_number_length":false})",
       R"({"e164":"+25471234567","country":"KE","pattern_matched":false})"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(ask(c.line), boost::json::parse(c.want));
  }
}

TEST(TextLines, TakesTablesClustersAndReplacements) {
  const auto many = [](std::size_t count, const std::string& text) {
    std::string all;
    for (std::size_t i = 0; i < count; ++i) all += text;
    return all;
  };
  const auto turkish = [&](const std::string& national) {
    return ask(R"({"text":")" + many(78, "ğ") + R"(","national":)" + national + "}");
  };
  for (const auto* langs : {R"(["tr"])", R"([1])", R"(["turkish", "es"])"}) {
    const auto reply = turkish(std::string(R"({"langs":)") + langs + "}");
    EXPECT_EQ(reply.at("encoding"), "gsm7") << langs;
    EXPECT_EQ(reply.at("segment").at(0).at("udh_hex"), "03250101");
    EXPECT_EQ(reply.at("national"), (boost::json::value{{"single", nullptr}, {"locking", "turkish"}}));
  }
  EXPECT_EQ(turkish(R"({"langs":["tr"],"modes":["single"]})").at("encoding"), "ucs2");
  EXPECT_EQ(turkish(R"({"langs":["tr"],"modes":["single","locking"]})").at("encoding"), "gsm7");
  EXPECT_EQ(turkish(R"({"langs":["tr"],"modes":["both"]})").at("encoding"), "gsm7");

  const auto flag = many(65, "ж") + "🇰🇪" + many(2, "ж");
  EXPECT_EQ(ask(R"({"text":")" + flag + R"("})").at("segment").at(1).at("body_hex"), "d83cddea04360436");
  EXPECT_EQ(ask(R"({"text":")" + flag + R"(","grapheme":true})").at("segment").at(1).at("body_hex"),
            "d83cddf0d83cddea04360436");

  const auto quoted = "“" + many(70, "a") + "”";
  EXPECT_EQ(ask(R"({"text":")" + quoted + R"("})").at("segments"), 2);
  const auto plain = ask(R"({"text":")" + quoted + R"(","translit":true})");
  EXPECT_EQ(plain.at("segments"), 1);
  EXPECT_EQ(plain.at("text").as_string(), "\"" + many(70, "a") + "\"");
  EXPECT_FALSE(ask(R"({"text":"“a”","translit":true})").as_object().contains("text")) << "it would save nothing";

  const auto explained = ask(R"({"text":"“ж","explain":true})");
  EXPECT_EQ(explained.at("forces_ucs2").at(0).at("code_point"), "U+201C");
  EXPECT_TRUE(explained.at("forces_ucs2").at(1).at("replacement").is_null());
  EXPECT_EQ(explained.at("choices").as_array().size(), 1U);
}

TEST(TextLines, WritesHeadersInHex) {
  const auto reply = ask(R"({"text":")" + std::string(161, 'a') + R"(","concat":"udh16","ref":4660})");
  EXPECT_EQ(reply.at("segments"), 2);
  EXPECT_EQ(reply.at("udhi"), true);
  EXPECT_EQ(reply.at("units_per_segment"), 152);
  EXPECT_EQ(reply.at("segment").at(1).at("udh_hex"), "06080412340202");
  EXPECT_EQ(reply.at("segment").at(1).at("body_hex"), "616161616161616161");
}

TEST(TextLines, Refuses) {
  const struct {
    std::string line;
    const char* code;
  } cases[] = {
      {"", "malformed_json"},
      {"{", "malformed_json"},
      {"[]", "malformed_json"},
      {"{}", "missing_text"},
      {R"({"text":7})", "invalid_text"},
      {R"({"text":"a\u0000b"})", "nul_character"},
      {R"({"text":"a","charset":"utf8"})", "invalid_charset"},
      {R"({"text":"a","concat":3})", "invalid_concat"},
      {R"({"text":"a","ref":65536})", "invalid_ref"},
      {R"({"text":"a","ref":-1})", "invalid_ref"},
      {R"({"text":"a","national":{"langs":[14]}})", "invalid_national"},
      {R"({"text":"a","national":{"langs":["klingon"]}})", "invalid_national"},
      {R"({"text":"a","national":{"langs":["tr"],"modes":["double"]}})", "invalid_national"},
      {R"({"text":"a","national":{"languages":["tr"]}})", "invalid_national"},
      {R"({"text":"a","national":["tr"]})", "invalid_national"},
      {R"({"text":"a","translit":"yes"})", "invalid_translit"},
      {R"({"text":"a","grapheme":1})", "invalid_grapheme"},
      {R"({"text":"a","explain":1})", "invalid_explain"},
      {R"({"text":"a","colour":"red"})", "unknown_field"},
      {R"({"text":")" + std::string(255 * 153 + 1, 'a') + "\"}", "too_many_segments"},
      {R"({"text":")" + std::string(1 << 20, 'a') + "\"}", "line_too_long"},
      {"{\"text\":\"\xC3\"}", "malformed_json"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.line.substr(0, 80));
    const auto reply = ask(c.line);
    EXPECT_EQ(reply.at("error").at("code"), c.code);
    EXPECT_FALSE(reply.at("error").at("detail").as_string().empty());
  }
}

TEST(TextLines, GoesOnAfterARefusal) {
  std::istringstream in("oops\n{\"text\":\"a\"}\n");
  std::ostringstream out;
  EXPECT_EQ(text_lines(in, out), 0);
  const auto text = out.str();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
  EXPECT_NE(text.find("\"error\""), std::string::npos);
  EXPECT_NE(text.find("\"gsm7\""), std::string::npos);
}

}  // namespace
}  // namespace smsbridge::bridge
