// SPDX-License-Identifier: MPL-2.0
#include "bridge/events/answers.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

// Fineract has numbers as people wrote them: the country's digits are in all of them.
TEST(Answers, SearchWhatEveryWayOfWritingANumberHas) {
  EXPECT_EQ(searched_digits("+254722000001", "KE"), "722000001");
  EXPECT_EQ(searched_digits("+22670123456", "BF"), "70123456") << "eight digits, and none of the country's code";
  EXPECT_EQ(searched_digits("+491711234567", "DE"), "711234567") << "at most nine";
  EXPECT_EQ(searched_digits("+22670123456", "KE"), "670123456") << "of another country";
  EXPECT_EQ(searched_digits("20880", "KE"), "20880");
}

TEST(Answers, FindWhoHasThisNumberAndIsAClientStill) {
  const auto found = json::parse(R"([
    {"entityId": 1, "entityType": "CLIENT", "entityMobileNo": "0722 000 001", "entityStatus": {"id": 300}},
    {"entityId": 2, "entityType": "CLIENT", "entityMobileNo": "+254722000001", "entityStatus": {"id": 600}},
    {"entityId": 3, "entityType": "CLIENT", "entityMobileNo": "254722000001"},
    {"entityId": 4, "entityType": "CLIENT", "entityMobileNo": "0722000002", "entityStatus": {"id": 300}},
    {"entityId": 5, "entityType": "GROUP", "entityMobileNo": "0722000001"}])");
  EXPECT_EQ(clients_with(found, "+254722000001", "KE"), (std::vector<std::int64_t>{1, 3}));
  EXPECT_TRUE(clients_with(json::object(), "+254722000001", "KE").empty());
}

TEST(Answers, OfThoseWhoShareAPhoneTheNamesTellWhoIsMeant) {
  const auto person = [](std::int64_t id, const char* first, const char* last) {
    Person made{.id = id, .values = {}};
    made.values["firstName"] = first;
    made.values["lastName"] = last;
    return made;
  };
  const std::vector<Person> all{person(1, "Amina", "Otieno"), person(2, "Amina", "Wanjiru"), person(3, "Peter", "")};
  const auto ids = [&](const std::string& question, const std::vector<Person>& of) {
    std::vector<std::int64_t> numbers;
    for (const auto& each : named_in(question, of)) numbers.push_back(each.id);
    return numbers;
  };
  using Ids = std::vector<std::int64_t>;
  EXPECT_EQ(ids("BAL", all), Ids());
  EXPECT_EQ(ids("BAL peter", all), Ids{3});
  EXPECT_EQ(ids("BAL amina", all), (Ids{1, 2}));
  EXPECT_EQ(ids("bal Amina WANJIRU", all), Ids{2});
  EXPECT_EQ(ids("BAL nobody", all), Ids());
  EXPECT_EQ(ids("BAL", {person(7, "Amina", "")}), Ids{7});
}

}  // namespace
}  // namespace smsbridge::bridge
