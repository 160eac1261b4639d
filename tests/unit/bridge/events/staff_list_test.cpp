// SPDX-License-Identifier: MPL-2.0
#include "bridge/events/staff_list.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

namespace smsbridge::bridge {
namespace {

StaffList list_of(const char* answer) { return StaffList(boost::json::parse(answer)); }

TEST(StaffList, FindsWhoIsMeant) {
  const auto staff = list_of(R"([{"id":3,"displayName":"Odhiambo, Otieno","mobileNo":"0712000003","officeId":1},
    {"id":7.0,"displayName":" Kamau, Wanjiru ","mobileNo":"0712000007"},
    {"id":8,"displayName":"Njeri, Grace"},
    {"id":10,"displayName":"Ali, Juma","mobileNo":"0712000010"}, {"id":11,"displayName":"ALI, JUMA","mobileNo":"0712000011"},
    {"displayName":"nobody"}, 5])");
  const auto who = [&](const char* said) {
    const auto member = staff.reachable(said);
    return member ? (*member)->number : member.error();
  };
  struct {
    const char *name, *said, *want;
  } const cases[] = {
      {"an id", "3", "0712000003"},
      {"an id that went through a double", "7.0", "0712000007"},
      {"a name", "Odhiambo, Otieno", "0712000003"},
      {"a name in another case, with spaces around", "  kamau, WANJIRU\t", "0712000007"},
      {"nothing", " ", "names no member of staff"},
      {"nobody", "-", "Fineract has no active member of staff '-' that its user may see"},
      {"an unknown id", "4", "Fineract has no active member of staff '4' that its user may see"},
      {"a name that two have", "Ali, Juma", "several members of staff are called 'Ali, Juma'"},
      {"one of them by his id", "11", "0712000011"},
      {"somebody without a number", "8", "Cannot send SMS as no phone number: 'Njeri, Grace' has none in Fineract"},
  };
  for (const auto& c : cases) EXPECT_EQ(who(c.said), c.want) << c.name;
  EXPECT_EQ(staff.find(7)->name, "Kamau, Wanjiru");
  EXPECT_EQ(staff.find(4), nullptr);
  EXPECT_FALSE(list_of(R"({"error":"no list"})").reachable("3"));
}

}  // namespace
}  // namespace smsbridge::bridge
