// SPDX-License-Identifier: MPL-2.0
#include "smpp/content.hpp"

#include <gtest/gtest.h>

#include "smpp/gsm7.hpp"

namespace smsbridge::smpp {
namespace {

using Bytes = std::vector<std::uint8_t>;

TEST(Content, ReadsEachAlphabetAsTheCentreCarriesIt) {
  const Dialect plain;
  Dialect ia5, packed, latin1;
  ia5.gsm7_coding = 1;
  packed.gsm7_packed = true;
  latin1.latin1_coding = 0;
  const struct {
    const char* name;
    Bytes payload;
    std::uint8_t esm_class, data_coding;
    const Dialect& dialect;
    std::string want;
  } cases[] = {
      {"GSM as 0", {0x00, 0x1B, 0x65}, 0, 0, plain, "@€"},
      {"1 is ASCII for most", {0x40, 0x5B}, 0, 1, plain, "@["},
      {"GSM as 1", {0x00, 0x5B}, 0, 1, ia5, "@Ä"},
      {"0 stays GSM there", {0x00}, 0, 0, ia5, "@"},
      {"Latin-1 as 3", {0xE7}, 0, 3, plain, "ç"},
      {"Latin-1 as 0", {0xE7, 0x40}, 0, 0, latin1, "ç@"},
      {"3 stays Latin-1 there", {0xE7}, 0, 3, latin1, "ç"},
      {"packed", {0xE8, 0x32, 0x9B, 0xFD, 0x06}, 0, 0, packed, "hello"},
      {"packed in a message class", {0xE8, 0x32, 0x9B, 0xFD, 0x06}, 0, 0x10, packed, "hello"},
      {"packed behind a header", {0x05, 0x00, 0x03, 0x07, 0x02, 0x01, 0xD0, 0x65}, 0x40, 0, packed, "he"},
      {"UCS-2 is UCS-2 everywhere", {0x04, 0x36}, 0, 8, packed, "ж"},
      {"flash of UCS-2", {0x04, 0x36}, 0, 0x18, plain, "ж"},
      {"Turkish behind the escape", {0x03, 0x24, 0x01, 0x01, 0x1B, 0x69}, 0x40, 0, plain, "ı"},
      {"Turkish alphabet", {0x03, 0x25, 0x01, 0x01, 0x07, 0x0B}, 0x40, 0, plain, "ıĞ"},
      {"both, behind a number", {0x0B, 0x00, 0x03, 1, 2, 1, 0x24, 1, 6, 0x25, 1, 6, 0x05}, 0x40, 0, plain, "\u0907"},
      {"an element of the wrong length means nothing", {0x04, 0x25, 0x02, 0x01, 0x01, 0x07}, 0x40, 0, plain, "ì"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(utf8_of(split_user_data(c.payload, c.esm_class), c.data_coding, c.dialect), c.want);
  }
}

}  // namespace
}  // namespace smsbridge::smpp
