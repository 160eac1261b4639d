// SPDX-License-Identifier: MPL-2.0
#include "tests/store_conformance/subject.hpp"

namespace smsbridge::store {
namespace {

class JournalConformance : public Conformance {
 protected:
  std::uint64_t append(const std::string& body, const std::string& key = "", TenantId tenant = 1,
                       const std::string& stream = "events") {
    Batch batch;
    batch.journal.push_back({.tenant = tenant, .stream = stream, .key = key, .body = body});
    return store.commit(std::move(batch)).journal.at(0);
  }
  static JournalQuery events(const std::string& key = "") { return {.tenant = 1, .stream = "events", .key = key}; }
  // The bodies of all pages, one after the other.
  std::string bodies(JournalQuery query) {
    std::string found;
    for (int pages = 0; pages < 100; ++pages) {
      const auto page = store.reader().journal(query);
      EXPECT_LE(page.entries.size(), query.limit);
      for (const auto& entry : page.entries) found += entry.body;
      query.cursor = page.next;
      if (!page.next) return found;
    }
    ADD_FAILURE() << "its pages do not end";
    return found;
  }
};

TEST_F(JournalConformance, IsReadInOrderOfTimeEitherWay) {
  for (const auto* body : {"a", "b", "c"}) {
    append(body);
    store.pass(1000);
  }
  store.reopen();
  EXPECT_EQ(bodies(events()), "cba");
  auto query = events();
  query.oldest_first = true;
  EXPECT_EQ(bodies(query), "abc");
  const auto first = store.reader().journal(query).entries.at(0);
  EXPECT_EQ(first.at, start_time);
}

TEST_F(JournalConformance, OneStreamOfOneTenant) {
  append("a");
  append("b", "", 2);
  append("c", "", 1, "event");
  append("d", "", 1, "eventsx");
  EXPECT_EQ(bodies(events()), "a");
  EXPECT_EQ(bodies({.tenant = 2, .stream = "events"}), "b");
  EXPECT_EQ(bodies({.tenant = 3, .stream = "events"}), "");
}

TEST_F(JournalConformance, IsFoundByWhatItIsAbout) {
  append("a", "loan 1");
  append("b", "loan 12");
  append("c", "loan 1");
  append("d");
  append("e", "loan 0");
  append("f", "loan 3");
  EXPECT_EQ(bodies(events("loan 1")), "ca");
  auto oldest = events("loan 1");
  oldest.oldest_first = true;
  EXPECT_EQ(bodies(oldest), "ac");
  EXPECT_EQ(bodies(events("loan 2")), "");
  EXPECT_EQ(store.reader().journal(events("loan 12")).entries.at(0).key, "loan 12");
}

TEST_F(JournalConformance, OfARangeOfTime) {
  for (const auto* body : {"a", "b", "c", "d"}) {
    append(body, "k");
    store.pass(1000);
  }
  for (const auto* key : {"", "k"})
    for (const bool oldest_first : {false, true}) {
      auto query = events(key);
      query.from = start_time + 1000;
      query.until = start_time + 3000;
      query.oldest_first = oldest_first;
      EXPECT_EQ(bodies(query), oldest_first ? "bc" : "cb");
      query.limit = 1;
      EXPECT_EQ(bodies(query), oldest_first ? "bc" : "cb");
    }
}

TEST_F(JournalConformance, PagesShowEachLineOnceAlsoWhenOthersCome) {
  for (const auto* body : {"a", "b", "c", "d", "e"}) append(body, "k");
  for (const auto* key : {"", "k"}) {
    auto query = events(key);
    query.limit = 2;
    const auto first = store.reader().journal(query);
    ASSERT_EQ(first.entries.size(), 2u);
    EXPECT_EQ(first.entries[1].body, key[0] ? "e" : "d");
    append("f", "k");
    query.cursor = first.next;
    EXPECT_EQ(bodies(query), key[0] ? "dcba" : "cba");
  }
}

TEST_F(JournalConformance, AClockThatGoesBackKeepsTheOrder) {
  append("a");
  store.now -= 3600'000;
  store.reopen();
  append("b");
  EXPECT_EQ(bodies(events()), "ba");
}

TEST_F(JournalConformance, GoesWhenItIsOld) {
  store.set_journal_kept(10'000);
  append("a", "k");
  append("x", "k", 2);
  append("y", "k", 1, "audit");
  store.pass(8000);
  append("b", "k");
  store.pass(3000);
  EXPECT_EQ(bodies(events()), "b");
  EXPECT_EQ(bodies(events("k")), "b");
  EXPECT_EQ(bodies({.tenant = 2, .stream = "events"}), "");
  EXPECT_EQ(bodies({.tenant = 1, .stream = "audit", .key = "k"}), "");
  store.pass(8000);
  EXPECT_EQ(bodies(events()), "");
}

TEST_F(JournalConformance, WhatIsTooLargeIsRefused) {
  const auto refused = [&](JournalLine line) {
    Batch batch;
    batch.journal.push_back(std::move(line));
    return store.commit(std::move(batch)).error == Error::invalid;
  };
  EXPECT_TRUE(refused({.tenant = 1, .stream = "", .key = "", .body = "a"}));
  EXPECT_TRUE(refused({.tenant = 1, .stream = std::string(journal_stream_max + 1, 'x'), .key = "", .body = "a"}));
  EXPECT_TRUE(refused({.tenant = 1, .stream = "s", .key = std::string(journal_key_max + 1, 'x'), .body = "a"}));
  EXPECT_TRUE(refused({.tenant = 1, .stream = "s", .key = "", .body = std::string(journal_body_max + 1, 'x')}));
  append(std::string(journal_body_max, 'x'), std::string(journal_key_max, 'k'), 1,
         std::string(journal_stream_max, 's'));
  EXPECT_EQ(
      bodies({.tenant = 1, .stream = std::string(journal_stream_max, 's'), .key = std::string(journal_key_max, 'k')})
          .size(),
      journal_body_max);
}

}  // namespace
}  // namespace smsbridge::store
