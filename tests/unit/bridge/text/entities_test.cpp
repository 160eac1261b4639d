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

TEST(Entities, BlanksOfEditorsBecomePlain) {
  const struct {
    const char* name;
    std::string text;
    std::string want;
  } cases[] = {
      {"nothing to do", "Habari  ya\tasubuhi\n", "Habari  ya\tasubuhi\n"},
      {"no-break", "KES\u00A01,000", "KES 1,000"},
      {"narrow no-break, figure, thin", "1\u202F000\u2007000\u2009KES", "1 000 000 KES"},
      {"en to hair", "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2008\u200A\u205F", "          "},
      {"soft hyphen and byte order mark", "\uFEFFMi\u00ADkopo", "Mikopo"},
      {"what letters need stays", "می\u200Cخواهم क्\u200Dष", "می\u200Cخواهم क्\u200Dष"},
      {"what Chinese means stays", "你\u3000好", "你\u3000好"},
      {"not UTF-8",
       "a\xA0"
       "b",
       "a\xA0"
       "b"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(with_plain_blanks(c.text), c.want);
  }
  EXPECT_EQ(with_plain_blanks(decode_html_entities("a&nbsp;b&#8239;c&thinsp;d&#xa0;e&shy;f")), "a b c d ef");
}

}  // namespace
}  // namespace smsbridge::bridge::text
