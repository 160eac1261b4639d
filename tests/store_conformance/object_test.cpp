// SPDX-License-Identifier: MPL-2.0
#include "tests/store_conformance/subject.hpp"

namespace smsbridge::store {
namespace {

using Kind = ObjectChanged::Kind;

class ObjectConformance : public Conformance {
 protected:
  ObjectChanged put(const std::string& value, std::optional<Revision> expected = std::nullopt) {
    Batch batch;
    batch.objects.push_back({.key = "route/promo", .value = value, .expected = expected});
    return store.commit(std::move(batch)).objects.at(0);
  }
  ObjectChanged erase(std::optional<Revision> expected = std::nullopt) {
    Batch batch;
    batch.erased_objects.push_back({.key = "route/promo", .expected = expected});
    return store.commit(std::move(batch)).erased_objects.at(0);
  }
  std::string value() {
    const auto object = store.reader().object("route/promo");
    return object ? object->value : "(none)";
  }
};

TEST_F(ObjectConformance, WhoChangesItSaysWhatHeSaw) {
  const auto first = put("a", 0);
  EXPECT_EQ(first.kind, Kind::done);
  EXPECT_EQ(put("b", 0).kind, Kind::conflict) << "it is there already";
  const auto second = put("b", first.revision);
  EXPECT_EQ(second.kind, Kind::done);
  EXPECT_GT(second.revision, first.revision);
  const auto late = put("c", first.revision);
  EXPECT_EQ(late.kind, Kind::conflict);
  EXPECT_EQ(late.revision, second.revision) << "which it has now";
  EXPECT_EQ(erase(first.revision).kind, Kind::conflict);
  EXPECT_EQ(value(), "b");
  EXPECT_EQ(put("d").kind, Kind::done) << "whatever it was";
  EXPECT_EQ(value(), "d");
}

TEST_F(ObjectConformance, WhatIsGoneIsNotFound) {
  EXPECT_EQ(erase().kind, Kind::not_found);
  const auto made = put("a");
  EXPECT_EQ(erase(made.revision).kind, Kind::done);
  EXPECT_EQ(value(), "(none)");
  EXPECT_EQ(put("b", made.revision).kind, Kind::not_found);
  EXPECT_EQ(value(), "(none)");
}

TEST_F(ObjectConformance, ARevisionIsNotGivenAgain) {
  const auto first = put("a");
  store.now -= 3600'000;  // nor by a clock that was set back, or by the next process
  erase();
  store.reopen();
  EXPECT_GT(put("a").revision, first.revision);
}

TEST_F(ObjectConformance, AreListedByTheBeginningOfTheirNames) {
  Batch batch;
  for (const auto* key : {"route/b", "gateway/a", "route/a"})
    batch.objects.push_back({.key = key, .value = key, .expected = {}});
  store.commit(std::move(batch));
  store.reopen();
  const auto routes = store.reader().objects("route/");
  ASSERT_EQ(routes.size(), 2u);
  EXPECT_EQ(routes[0].key, "route/a");
  EXPECT_EQ(routes[1].value, "route/b");
  EXPECT_NE(routes[0].revision, routes[1].revision);
}

TEST_F(ObjectConformance, ATenantKeepsItsNumber) {
  Batch batch;
  batch.tenants = {"first", "second", "first"};
  const auto numbers = store.commit(batch).tenants;
  EXPECT_EQ(numbers[0], numbers[2]);
  EXPECT_NE(numbers[0], numbers[1]);
  store.reopen();
  EXPECT_EQ(store.commit(batch).tenants, numbers);
}

}  // namespace
}  // namespace smsbridge::store
