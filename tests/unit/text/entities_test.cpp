// SPDX-License-Identifier: MPL-2.0
#include "bridge/text/entities.hpp"

#include <gtest/gtest.h>

namespace smsbridge::bridge::text {
namespace {

TEST(Entities, Decodes) {
  const struct {
    const char* name;
    std::string text;
    std::string want;
  } cases[] = {
      {"empty", "", ""},
      {"no ampersand", "Dear Amina", "Dear Amina"},
      {"what core banking sends", "Dear Amina O&#39;Brien", "Dear Amina O'Brien"},
      {"all that mustache escapes", "&amp;&lt;&gt;&quot;&#39;&#10;", "&<>\"'\n"},
      {"apos", "O&apos;Brien", "O'Brien"},
      {"hexadecimal", "&#x27;&#X2f;&#x1F600;", "'/😀"},
      {"leading zeros", "&#00039;", "'"},
      {"named letters", "Jos&eacute; &Ntilde;u&ntilde;ez &szlig;&AElig;", "José Ñuñez ßÆ"},
      {"case counts", "&Eacute;&eacute;&EACUTE;", "Éé&EACUTE;"},
      {"no-break space", "a&nbsp;b", "a\u00A0b"},
      {"punctuation", "&euro;&hellip;&rsquo;&ndash;", "€…’–"},
      {"Windows-1252 by number", "&#150;&#128;", "–€"},
      {"one pass", "&amp;lt;", "&lt;"},
      {"one pass, numeric", "&#38;#39;", "&#39;"},
      {"plain ampersand", "Tom & Jerry", "Tom & Jerry"},
      {"ampersand at the end", "Tom &", "Tom &"},
      {"no semicolon", "&amp", "&amp"},
      {"unknown name", "&unknown;", "&unknown;"},
      {"empty reference", "&;", "&;"},
      {"empty number", "&#;&#x;", "&#;&#x;"},
      {"not a number", "&#12a;&#-5;&#xZZ;", "&#12a;&#-5;&#xZZ;"},
      {"NUL stays written out", "&#0;", "&#0;"},
      {"surrogate", "&#xD800;", "&#xD800;"},
      {"beyond Unicode", "&#x110000;&#99999999;", "&#x110000;&#99999999;"},
      {"too long for any reference", "&#0000000000000000039;", "&#0000000000000000039;"},
      {"ampersand before a reference", "&&amp;", "&&"},
      {"semicolon far away", "R&D department; sales", "R&D department; sales"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(decode_html_entities(c.text), c.want);
  }
}

}  // namespace
}  // namespace smsbridge::bridge::text
