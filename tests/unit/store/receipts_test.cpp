// SPDX-License-Identifier: MPL-2.0
#include "tests/unit/store/store_fixture.hpp"

namespace smsbridge::store {
namespace {

TEST_F(StoreTest, AReceiptThatCameFirstEndsTheDoubt) {
  const auto held = enqueue(message("1")).id;
  claim(1);
  EXPECT_EQ(receipt("early", SegmentState::delivered), Receipted::parked);
  settle(held, 1, Held{.wait_ms = 60'000}, {{.state = SegmentState::unsent, .provider_id = "early", .error = {}}});
  EXPECT_EQ(progress(held).state, State::delivered);
}

TEST_F(StoreTest, AReceiptToTheOnlyHeldMessageOfAPhoneDecidesIt) {
  const auto held = enqueue(message("1")).id;
  claim(1);
  settle(held, 1, Held{.wait_ms = 60'000});
  EXPECT_EQ(receipt("unseen", SegmentState::delivered, "254700000000"), Receipted::parked) << "another phone";
  EXPECT_EQ(receipt("unseen2", SegmentState::delivered), Receipted::matched);
  EXPECT_EQ(progress(held).state, State::delivered);
}

TEST_F(StoreTest, AReceiptBeforeItsOutcomeWaitsForIt) {
  const auto id = enqueue(message("1")).id;
  claim(1);
  EXPECT_EQ(receipt("0077", SegmentState::delivered), Receipted::parked);
  EXPECT_EQ(receipt("0077", SegmentState::delivered), Receipted::repeated);
  die_and_open();
  claim(1);
  EXPECT_EQ(finish(id, 2, "77"), Settled::ok);
  EXPECT_EQ(progress(id).state, State::delivered);
}

TEST_F(StoreTest, AReceiptOfAnotherPhoneIsNotOurs) {
  const auto id = enqueue(message("1")).id;
  claim(1);
  finish(id, 1, "A");
  EXPECT_EQ(receipt("A", SegmentState::delivered, "254799999999"), Receipted::another_phone);
  EXPECT_EQ(receipt("A", SegmentState::delivered, "0712345678"), Receipted::matched) << "national form";
}

TEST_F(StoreTest, NoReceiptEndsTheWaitAndALateOneStillCorrects) {
  const auto id = enqueue(message("1")).id;
  claim(1);
  finish(id, 1, "A");
  pass(61'000);
  EXPECT_EQ(progress(id).state, State::sent);
  EXPECT_EQ(receipt("A", SegmentState::undeliverable), Receipted::matched);
  EXPECT_EQ(progress(id).state, State::undeliverable);
}

TEST_F(StoreTest, ThatItLeftIsTheLastWordUntilABetterOneComes) {
  const auto id = enqueue(message("1")).id;
  claim(1);
  finish(id, 1, "A");
  EXPECT_EQ(receipt("A", SegmentState::sent), Receipted::matched);
  EXPECT_EQ(progress(id).state, State::sent);
  EXPECT_EQ(receipt("A", SegmentState::sent), Receipted::repeated);
  die_and_open();
  EXPECT_EQ(receipt("A", SegmentState::delivered), Receipted::matched);
  EXPECT_EQ(progress(id).state, State::delivered);
}

// What a carrier tells on the way is shown, each word once, and ends nothing.
TEST_F(StoreTest, WordsOnTheWayAreLinesOfTheTimelineAndNoMore) {
  const auto id = enqueue(message("1")).id;
  claim(1);
  finish(id, 1, "A");
  const auto tell = [&](const std::string& word, SegmentState state = SegmentState::enroute) {
    Batch batch;
    batch.receipts.push_back({.gateway = queue.gateway, .provider_ids = {"A"}, .state = state, .word = word});
    return commit(std::move(batch)).receipts.at(0);
  };
  const auto told = [&] {
    std::vector<std::string> lines;
    for (const auto& event : progress(id).events)
      if (event.kind == EventKind::receipt) lines.push_back(event.detail);
    return lines;
  };
  for (int day = 0; day < 3; ++day)
    for (const auto* word : {"SCHEDLD", "ENROUTE", "BUFFRED", "ACCEPTD"})
      EXPECT_EQ(tell(word), day == 0 ? Receipted::matched : Receipted::repeated) << word;
  EXPECT_EQ(told(), (std::vector<std::string>{"enroute, SCHEDLD", "enroute", "enroute, BUFFRED", "enroute, ACCEPTD"}));
  EXPECT_EQ(progress(id).state, State::submitted);
  for (int i = 0; i < 100; ++i) tell("STEP" + std::to_string(i));
  EXPECT_EQ(told().size(), 8u) << "however many words a carrier has";
  EXPECT_EQ(progress(id).events.front().kind, EventKind::submitted);
  tell("", SegmentState::delivered);
  EXPECT_EQ(progress(id).state, State::delivered);
  const auto lines = told().size();
  EXPECT_EQ(tell("BUFFRED2"), Receipted::repeated) << "behind its end";
  EXPECT_EQ(told().size(), lines);
}

TEST_F(StoreTest, PartsHaveTheirOwnFates) {
  struct {
    const char* name;
    SegmentState first, second;
    State want;
  } const cases[] = {
      {"both delivered", SegmentState::delivered, SegmentState::delivered, State::delivered},
      {"one undeliverable", SegmentState::delivered, SegmentState::undeliverable, State::undeliverable},
      {"one rejected", SegmentState::rejected, SegmentState::delivered, State::rejected},
      {"one still on its way", SegmentState::delivered, SegmentState::enroute, State::submitted},
      {"both left", SegmentState::sent, SegmentState::sent, State::sent},
      {"one left", SegmentState::sent, SegmentState::delivered, State::sent},
      {"one left, one unknown", SegmentState::unknown, SegmentState::sent, State::unknown},
  };
  int number = 0;
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto ref = std::to_string(++number);
    const auto id = enqueue(message(ref)).id;
    ASSERT_EQ(claim(1).messages.size(), 1u);
    settle(id, 1, Taken{.receipt_wait_ms = 60'000}, parts({"a" + ref, "b" + ref}));
    receipt("a" + ref, c.first);
    receipt("b" + ref, c.second);
    EXPECT_EQ(progress(id).state, c.want);
  }
}

// Centres differ: one id for all parts, or one receipt for all ids; early, in time or both.
TEST_F(StoreTest, OneReceiptMaySpeakOfAllParts) {
  struct {
    const char* name;
    std::vector<std::string> ids;
    bool whole_message, early;
    State want;
  } const cases[] = {
      {"its own id each, a receipt each", {"a", "b"}, false, false, State::submitted},
      {"its own id each, one receipt", {"c", "d"}, true, false, State::delivered},
      {"its own id each, one early receipt", {"e", "f"}, true, true, State::delivered},
      {"one id for all", {"g", "g"}, false, false, State::delivered},
      {"one id for all, early", {"h", "h"}, false, true, State::delivered},
      {"one id for all, leading zeros", {"1", "01"}, false, false, State::delivered},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto id = enqueue(message(c.name)).id;
    ASSERT_EQ(claim(1).messages.size(), 1u);
    Batch receipts;
    receipts.receipts.push_back({.gateway = queue.gateway,
                                 .provider_ids = {c.ids.back()},
                                 .state = SegmentState::delivered,
                                 .whole_message = c.whole_message,
                                 .destination = "254712345678"});
    if (c.early) commit(std::move(receipts));
    settle(id, 1, Taken{.receipt_wait_ms = 60'000}, parts(c.ids));
    if (!c.early) commit(std::move(receipts));
    EXPECT_EQ(progress(id).state, c.want);
  }
}

TEST_F(StoreTest, AReceiptWithOurOwnReferenceFindsItsMessage) {
  const auto tell = [&](MessageId id, const std::string& reference, std::uint16_t attempt = 1) {
    Batch batch;
    batch.receipts.push_back({.gateway = queue.gateway,
                              .provider_ids = {reference},
                              .state = SegmentState::delivered,
                              .message = id,
                              .attempt = attempt});
    return commit(std::move(batch)).receipts.at(0);
  };
  const auto answered = enqueue(message("1")).id;
  claim(1);
  finish(answered, 1, "id-of-the-provider");
  EXPECT_EQ(tell(answered, "ref-0", 0), Receipted::parked) << "another attempt's";
  EXPECT_EQ(tell(answered, "ref-1"), Receipted::matched);
  EXPECT_EQ(progress(answered).state, State::delivered);

  const auto held = enqueue(message("2")).id;
  claim(1);
  settle(held, 1, Held{.wait_ms = 60'000});
  EXPECT_EQ(tell(held, "ref-2"), Receipted::matched) << "the attempt that got no answer";
  EXPECT_EQ(progress(held).state, State::delivered);

  // A lost answer: the reference stands where the provider's id would, and the message is to be repeated.
  const auto lost = enqueue(message("4")).id;
  claim(1);
  settle(lost, 1, RetryLater{.delay_ms = 60'000, .doubtful = true, .repeatable = true},
         {{.state = SegmentState::unsent, .provider_id = "ref-4", .error = {}}});
  EXPECT_FALSE(progress(lost).maybe_duplicate);
  EXPECT_EQ(receipt("ref-4", SegmentState::delivered), Receipted::matched);
  pass(61'000);
  const auto claimed = claim(5).messages;
  ASSERT_EQ(claimed.size(), 1u);
  EXPECT_EQ(claimed[0].segments.at(0).state, SegmentState::delivered) << "nothing of it is left to send";

  const auto early = enqueue(message("3")).id;
  claim(1);
  EXPECT_EQ(tell(early, "ref-3"), Receipted::parked) << "ahead of the answer";
  EXPECT_EQ(tell(early, "ref-2", 0), Receipted::parked) << "another attempt's";
  finish(early, 1, "another-id");
  EXPECT_EQ(progress(early).state, State::delivered);
}

TEST_F(StoreTest, OfTwoCopiesInDoubtTheOneThatArrivedIsNamed) {
  const auto id = enqueue(message("1")).id;
  const auto tell = [&](const char* copy, std::uint16_t attempt, SegmentState state) {
    Batch batch;
    batch.receipts.push_back(
        {.gateway = queue.gateway, .provider_ids = {copy}, .state = state, .message = id, .attempt = attempt});
    return commit(std::move(batch)).receipts.at(0);
  };
  claim(1);
  settle(id, 1, RetryLater{.doubtful = true});
  pass(1000);
  claim(1);
  settle(id, 2, Held{.wait_ms = 60'000});
  EXPECT_EQ(tell("first-copy", 1, SegmentState::enroute), Receipted::matched);
  EXPECT_EQ(progress(id).segments.at(0).provider_id, "first-copy");
  EXPECT_EQ(tell("second-copy", 2, SegmentState::delivered), Receipted::matched);
  EXPECT_EQ(progress(id).state, State::delivered);
  EXPECT_EQ(progress(id).segments.at(0).provider_id, "second-copy");
}

TEST_F(StoreTest, AReceiptThatCameWhileItsMessageWasClaimedToBeHeldEndsTheDoubt) {
  const auto id = enqueue(message("1")).id;
  claim(1);
  die_and_open();
  ASSERT_TRUE(claim(1).messages.at(0).in_doubt);
  Batch batch;
  batch.receipts.push_back({.gateway = queue.gateway,
                            .provider_ids = {"ref-1"},
                            .state = SegmentState::delivered,
                            .message = id,
                            .attempt = 1});
  EXPECT_EQ(commit(std::move(batch)).receipts.at(0), Receipted::parked);
  settle(id, 2, Held{.wait_ms = 60'000});
  EXPECT_EQ(progress(id).state, State::delivered);
}

TEST_F(StoreTest, ACarrierThatUsesAnIdAgainDoesNotTakeAReceiptAway) {
  const auto old = enqueue(message("1")).id;
  claim(1);
  finish(old, 1, "35");
  receipt("35", SegmentState::delivered);
  const auto fresh = enqueue(message("2")).id;
  claim(1);
  EXPECT_EQ(receipt("35", SegmentState::delivered), Receipted::parked)
      << "it may be the new one's, ahead of its outcome";
  finish(fresh, 1, "35");
  EXPECT_EQ(progress(fresh).state, State::delivered);
}

TEST_F(StoreTest, AGuessedIdWaitsWithTheReceipt) {
  const auto other = enqueue(message("1")).id;
  claim(1);
  finish(other, 1, "23");
  const auto fresh = enqueue(message("2")).id;
  claim(1);
  Batch batch;
  batch.receipts.push_back({.gateway = queue.gateway,
                            .provider_ids = {"35", "23", "1a"},
                            .usable = 1,
                            .state = SegmentState::delivered,
                            .destination = "254712345678"});
  EXPECT_EQ(commit(std::move(batch)).receipts.at(0), Receipted::parked);
  EXPECT_EQ(progress(other).state, State::submitted) << "a guess decides nothing";
  finish(fresh, 1, "1A");
  EXPECT_EQ(progress(fresh).state, State::delivered) << "the outcome shows the notation";
}

TEST_F(StoreTest, AQuoteOfAnotherTextDecidesNoHeldMessage) {
  const auto held = enqueue(message("1", "hello")).id;
  claim(1);
  settle(held, 1, Held{.wait_ms = 60'000});
  const auto tell = [&](const std::string& quote, bool may_guess) {
    Batch batch;
    batch.receipts.push_back({.gateway = queue.gateway,
                              .provider_ids = {"id-" + quote + (may_guess ? "y" : "n")},
                              .state = SegmentState::delivered,
                              .destination = "254712345678",
                              .quote = quote,
                              .may_guess = may_guess});
    return commit(std::move(batch)).receipts.at(0);
  };
  EXPECT_EQ(tell("other", true), Receipted::parked);
  EXPECT_EQ(tell("hel", false), Receipted::parked) << "a message to that phone is under way";
  EXPECT_EQ(progress(held).state, State::doubtful);
  EXPECT_EQ(tell("hel", true), Receipted::matched);
}

TEST_F(StoreTest, OurOwnReferenceCountsMoreThanTheProvidersId) {
  const auto first = enqueue(message("1")).id, second = enqueue(message("2")).id;
  claim(2);
  finish(first, 1, "77");
  finish(second, 1, "77");
  Batch batch;
  batch.receipts.push_back({.gateway = queue.gateway,
                            .provider_ids = {"77"},
                            .state = SegmentState::delivered,
                            .message = first,
                            .attempt = 1});
  EXPECT_EQ(commit(std::move(batch)).receipts.at(0), Receipted::matched);
  EXPECT_EQ(progress(first).state, State::delivered);
  EXPECT_EQ(progress(second).state, State::submitted);
  EXPECT_EQ(receipt("77", SegmentState::delivered, ""), Receipted::matched) << "only the second can be meant";
  EXPECT_EQ(progress(second).state, State::delivered);
}

TEST_F(StoreTest, OfTwoMessagesWithOneIdNoneIsGuessed) {
  const auto first = enqueue(message("1")).id, second = enqueue(message("2")).id;
  claim(2);
  finish(first, 1, "77");
  finish(second, 1, "77");
  EXPECT_EQ(receipt("77", SegmentState::delivered, ""), Receipted::ambiguous);
  EXPECT_EQ(progress(first).state, State::submitted);
  EXPECT_EQ(progress(second).state, State::submitted);
}

// Two gateways by one account: the centre reports on whichever bind it likes.
TEST_F(StoreTest, ReceiptsBelongToTheAccount) {
  const auto tell = [&](const std::string& id, std::vector<GatewayId> account) {
    Batch batch;
    batch.receipts.push_back({.gateway = 8,
                              .provider_ids = {id},
                              .state = SegmentState::delivered,
                              .destination = "254712345678",
                              .account = std::move(account)});
    return commit(std::move(batch)).receipts.at(0);
  };
  const auto id = enqueue(message("1")).id;
  claim(1);
  finish(id, 1, "a");
  EXPECT_EQ(tell("a", {8}), Receipted::parked) << "another account's";
  EXPECT_EQ(tell("a", {7, 8}), Receipted::matched);
  EXPECT_EQ(progress(id).state, State::delivered);

  const auto early = enqueue(message("2")).id;
  claim(1);
  EXPECT_EQ(tell("b", {7, 8}), Receipted::parked);
  die_and_open();
  claim(1);
  finish(early, 2, "b");
  EXPECT_EQ(progress(early).state, State::delivered) << "ahead of the answer, and over a restart";

  const auto held = enqueue(message("3")).id;
  claim(1);
  settle(held, 1, Held{.wait_ms = 60'000});
  EXPECT_EQ(tell("c", {7, 8}), Receipted::matched);
  EXPECT_EQ(progress(held).state, State::delivered);
}

TEST_F(StoreTest, ThePhoneMayStandInEitherAddress) {
  const auto tell = [&](const std::string& id, const std::string& source, const std::string& destination) {
    Batch batch;
    batch.receipts.push_back({.gateway = queue.gateway,
                              .provider_ids = {id},
                              .state = SegmentState::delivered,
                              .destination = source,
                              .other_address = destination});
    return commit(std::move(batch)).receipts.at(0);
  };
  const auto only = enqueue(message("1")).id;
  claim(1);
  finish(only, 1, "a");
  EXPECT_EQ(tell("a", "22222", "33333"), Receipted::another_phone);
  EXPECT_EQ(tell("a", "22222", "254712345678"), Receipted::matched);
  EXPECT_EQ(progress(only).state, State::delivered);

  const auto first = enqueue(message("2")).id, second = enqueue(message("3")).id;
  claim(2);
  finish(first, 1, "b");
  finish(second, 1, "b");
  EXPECT_EQ(tell("b", "22222", "254712345678"), Receipted::parked) << "an id that two messages have";
}

TEST_F(StoreTest, ALateReceiptCorrectsAnAssumedEndAlsoAfterARestart) {
  const auto id = enqueue(message("1")).id;
  claim(1);
  finish(id, 1, "4a");
  pass(61'000);
  ASSERT_EQ(progress(id).state, State::sent);
  die_and_open();
  EXPECT_EQ(receipt("4a", SegmentState::delivered), Receipted::matched);
  EXPECT_EQ(progress(id).state, State::delivered);
  const auto other = enqueue(message("2")).id;
  claim(1);
  finish(other, 1, "4b");
  pass(61'000);
  pass(limits_.late_receipt_ms + 1000);
  EXPECT_EQ(progress(other).state, State::sent);
}

TEST_F(StoreTest, ThePartThatIsKnownDecidesWhenTheOtherIsSilent) {
  const auto id = enqueue(message("1")).id;
  claim(1);
  settle(id, 1, Taken{.receipt_wait_ms = 60'000}, parts({"4a", "4b"}));
  receipt("4a", SegmentState::undeliverable);
  pass(61'000);
  EXPECT_EQ(progress(id).state, State::undeliverable);
}

TEST_F(StoreTest, AHeldMessageIsFoundByItsPhoneAlsoAfterARestart) {
  const auto held = enqueue(message("1")).id;
  claim(1);
  settle(held, 1, Held{.wait_ms = 60'000});
  die_and_open();
  EXPECT_EQ(receipt("unseen", SegmentState::delivered), Receipted::matched);
  EXPECT_EQ(progress(held).state, State::delivered);
}

TEST_F(StoreTest, OfTwoMessagesToOnePhoneWithOneIdTheNewestIsMeant) {
  const auto old = enqueue(message("1")).id, fresh = enqueue(message("2")).id;
  claim(2);
  finish(old, 1, "35");
  finish(fresh, 1, "35");
  EXPECT_EQ(receipt("35", SegmentState::delivered), Receipted::matched);
  EXPECT_EQ(progress(fresh).state, State::delivered);
  EXPECT_EQ(progress(old).state, State::submitted);
}

}  // namespace
}  // namespace smsbridge::store
