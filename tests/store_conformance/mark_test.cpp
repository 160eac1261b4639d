// SPDX-License-Identifier: MPL-2.0
#include "tests/store_conformance/subject.hpp"

namespace smsbridge::store {
namespace {

class MarkConformance : public Conformance {
 protected:
  MarkPut put(const std::string& value, WallMs expires_at = 0, const std::string& scope = "hook") {
    Batch batch;
    batch.marks.push_back({.scope = scope, .key = "1", .value = value, .expires_at = expires_at});
    return store.commit(std::move(batch)).marks.at(0);
  }
  std::string value(const std::string& scope = "hook") {
    return store.reader().mark(scope, "1", store.now).value_or("(none)");
  }
};

TEST_F(MarkConformance, IsPutOnce) {
  EXPECT_TRUE(put("first").is_new);
  const auto second = put("second");
  EXPECT_FALSE(second.is_new);
  EXPECT_EQ(second.value, "first");
  EXPECT_TRUE(put("other", 0, "hoo").is_new) << "another scope";
  store.reopen();
  EXPECT_EQ(value(), "first");
  EXPECT_FALSE(put("third").is_new);
}

TEST_F(MarkConformance, TwiceInOneBatchIsOnce) {
  Batch batch;
  for (const auto* value : {"a", "b"})
    batch.marks.push_back({.scope = "hook", .key = "1", .value = value, .expires_at = 0});
  const auto marks = store.commit(std::move(batch)).marks;
  EXPECT_TRUE(marks[0].is_new);
  EXPECT_FALSE(marks[1].is_new);
}

TEST_F(MarkConformance, IsAbsentFromItsExpiryOn) {
  put("first", store.now + 10'000);
  store.now += 9'999;
  EXPECT_EQ(value(), "first");
  store.now += 1;
  EXPECT_EQ(value(), "(none)") << "also before anything removed it";
  EXPECT_TRUE(put("second", store.now + 10'000).is_new);
  store.pass(5'000);
  EXPECT_EQ(value(), "second") << "the end of the first one is not the second one's";
  store.pass(5'000);
  EXPECT_EQ(value(), "(none)");
}

// Within a second, before what expired is removed.
TEST_F(MarkConformance, OnePutAnewAtOnceHasItsOwnExpiry) {
  put("first", store.now + 500);
  store.now += 600;
  EXPECT_TRUE(put("second", store.now + 10'000).is_new);
  store.pass(5'000);
  EXPECT_EQ(value(), "second");
}

TEST_F(MarkConformance, OneThatExpiredIsGoneForGood) {
  put("first", store.now + 1000);
  put("stays");
  store.pass(2000);
  store.now = start_time;  // a clock that is set back does not bring it again
  store.reopen();
  EXPECT_EQ(value(), "(none)");
}

TEST_F(MarkConformance, IsErased) {
  put("first", store.now + 10'000);
  Batch batch;
  batch.erased_marks.push_back({.scope = "hook", .key = "1"});
  EXPECT_TRUE(store.commit(batch).erased_marks.at(0));
  EXPECT_FALSE(store.commit(batch).erased_marks.at(0));
  EXPECT_EQ(value(), "(none)");
  put("for ever");
  store.pass(20'000);
  EXPECT_EQ(value(), "for ever");
}

TEST_F(MarkConformance, ThoseOfAScopeAreListedInPages) {
  Batch batch;
  for (const auto* key : {"b", "a", "d", "c"})
    batch.marks.push_back({.scope = "out", .key = key, .value = std::string("of ") + key});
  batch.marks.push_back({.scope = "out", .key = "ab", .value = {}, .expires_at = store.now + 1000});
  batch.marks.push_back({.scope = "ou", .key = "a", .value = {}});
  batch.marks.push_back({.scope = "outer", .key = "a", .value = {}});
  store.commit(std::move(batch));
  const auto keys = [&](const std::string& after, std::size_t limit) {
    std::string found;
    for (const auto& mark : store.reader().marks({.scope = "out", .after = after, .limit = limit}, store.now))
      found += mark.key + " ";
    return found;
  };
  EXPECT_EQ(keys("", 100), "a ab b c d ");
  store.now += 1000;
  EXPECT_EQ(keys("", 100), "a b c d ") << "without those that have expired";
  EXPECT_EQ(keys("", 2), "a b ");
  EXPECT_EQ(keys("b", 2), "c d ");
  EXPECT_EQ(keys("bb", 2), "c d ") << "also behind one that went";
  EXPECT_EQ(keys("d", 2), "");
  store.reopen();
  EXPECT_EQ(store.reader().marks({.scope = "out", .limit = 1}, store.now).at(0).value, "of a");
}

TEST_F(MarkConformance, WhatIsTooLargeIsRefused) {
  for (const PutMark& mark :
       {PutMark{.scope = "", .key = "1", .value = ""}, PutMark{.scope = "s", .key = "", .value = ""},
        PutMark{.scope = std::string(mark_scope_max + 1, 's'), .key = "1", .value = ""},
        PutMark{.scope = "s", .key = std::string(mark_key_max + 1, 'k'), .value = ""},
        PutMark{.scope = "s", .key = "1", .value = std::string(mark_value_max + 1, 'v')}}) {
    Batch batch;
    batch.marks.push_back(mark);
    EXPECT_EQ(store.commit(std::move(batch)).error, Error::invalid);
  }
}

}  // namespace
}  // namespace smsbridge::store
