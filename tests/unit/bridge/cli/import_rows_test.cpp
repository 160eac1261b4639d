// SPDX-License-Identifier: MPL-2.0
#include "bridge/cli/import_rows.hpp"

#include <gtest/gtest.h>

#include "bridge/cli/client.hpp"

namespace smsbridge::bridge {
namespace {

TEST(ImportRows, HaveOneColumnOfThePhone) {
  EXPECT_EQ(phone_column({"firstName", "mobileNo", "balance"}), "mobileNo");
  EXPECT_EQ(phone_column({"Phone"}), "Phone");
  EXPECT_EQ(phone_column({"firstName"}), "");
  EXPECT_EQ(phone_column({}), "");
}

TEST(ImportRows, AskWhichColumnIsThePhoneWhereSeveralCouldBe) {
  try {
    phone_column({"number", "firstName", "mobileno"});
    FAIL() << "the number of an account is no phone";
  } catch (const ClientError& error) {
    EXPECT_STREQ(error.what(),
                 "the columns 'number' and 'mobileno' could both be the phone: say which with --number-column");
  }
}

}  // namespace
}  // namespace smsbridge::bridge
