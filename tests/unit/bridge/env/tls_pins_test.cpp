// SPDX-License-Identifier: MPL-2.0
#include "bridge/env/tls_pins.hpp"

#include <gtest/gtest.h>

namespace smsbridge::bridge {
namespace {

// As openssl prints them: of x509 -fingerprint with colons, of dgst without.
TEST(TlsPins, AFingerprintIsReadAsOpensslWritesIt) {
  const std::string digits(62, '0');
  EXPECT_EQ(fingerprint("ab" + digits), "ab" + digits);
  EXPECT_EQ(fingerprint("AB" + digits), "ab" + digits);
  std::string with_colons = "AB";
  for (int i = 0; i < 31; ++i) with_colons += ":00";
  EXPECT_EQ(fingerprint(with_colons), "ab" + digits);
  for (const auto& wrong : {std::string(), digits, "xy" + digits, "abcd" + digits, "ab " + digits})
    EXPECT_FALSE(fingerprint(wrong)) << wrong;
}

}  // namespace
}  // namespace smsbridge::bridge
