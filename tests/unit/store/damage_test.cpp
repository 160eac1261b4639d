// SPDX-License-Identifier: MPL-2.0
// Files that a disk, a restore or a newer program left damaged: the store goes on without what it cannot read, or
// refuses to open and says why. Each damage is drawn from a seed, and done to a copy of one store that holds
// everything.
#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <fstream>
#include <random>

#include "store/errors.hpp"
#include "store/keys.hpp"
#include "store/lock.hpp"
#include "store/pages.hpp"
#include "store/store.hpp"
#include "store/verify.hpp"

namespace smsbridge::store {
namespace {

namespace fs = std::filesystem;

constexpr WallMs start_time = 1'790'000'000'000;
constexpr Queue queue{.gateway = 7, .tenant = 1, .lane = Lane::transaction};
constexpr std::array tables = {"message",     "progress", "due",         "leased", "open",       "reference",
                               "parked",      "counts",   "usage",       "object", "task",       "task_due",
                               "task_leased", "journal",  "journal_key", "mark",   "mark_expiry"};
constexpr int messages_made = 120;

// A store that is stepped by hand.
class Opened {
 public:
  explicit Opened(const fs::path& path, WallMs now = start_time, bool check_file = true) : now_(now) {
    Options options{
        .path = path, .size_limit_bytes = 64 << 20, .check_file = check_file, .prewrite_bytes = 0, .sync = false};
    options.wall_clock = [this] { return now_; };
    store.emplace(std::move(options));
    store->open_queue();
  }
  BatchResult commit(Batch batch) {
    BatchResult result;
    store->commit(std::move(batch), io_.get_executor(), [&](BatchResult r) { result = std::move(r); });
    turn();
    return result;
  }
  ClaimResult claim(std::uint32_t count) {
    ClaimResult result;
    store->claim(std::vector<Want>{{.queue = queue, .count = count}}, io_.get_executor(),
                 [&](ClaimResult r) { result = std::move(r); });
    turn();
    return result;
  }
  TaskClaimResult claim_tasks(std::uint32_t count) {
    TaskClaimResult result;
    store->claim(std::vector<TaskWant>{{.kind = "event", .count = count}}, io_.get_executor(),
                 [&](TaskClaimResult r) { result = std::move(r); });
    turn();
    return result;
  }
  void pass(WallMs ms) {
    now_ += ms;
    store->step();
  }
  std::optional<Store> store;

 private:
  void turn() {
    store->step();
    io_.restart();
    io_.poll();
  }
  boost::asio::io_context io_;
  WallMs now_;
};

Enqueue message(int number) {
  Enqueue change;
  auto& c = change.content;
  c.tenant = queue.tenant;
  c.gateway = queue.gateway;
  c.lane = queue.lane;
  c.client_ref = "ref" + std::to_string(number);
  if (number % 3 == 0) c.idempotency_key = "key" + std::to_string(number);
  c.to = "+2547123456" + std::to_string(10 + number % 90);
  c.text = std::string(number % 10 == 0 ? 5000 : 80, 'x');  // long ones have pages of their own
  c.digest = 1;
  c.expires_at = start_time + 3'600'000;
  return change;
}

ReceiptRecorded receipt_of(const std::string& id) {
  return {.gateway = queue.gateway,
          .provider_ids = {id},
          .state = SegmentState::delivered,
          .error = "000",
          .destination = "254700000000"};
}

// Something in each state, receipts without a message, merged references, and a claim that is open.
void fill(const fs::path& path) {
  Opened it(path, start_time, false);
  for (int i = 0; i < messages_made; i += 20) {
    Batch batch;
    for (int k = i; k < i + 20; ++k) batch.enqueue.push_back(message(k));
    it.commit(std::move(batch));
    it.pass(31'000);  // a pass of the references
  }
  Batch outcomes;
  int number = 0;
  for (const auto& m : it.claim(60).messages) {
    Settlement settlement{.id = m.id, .attempt = m.attempt, .what = Taken{.receipt_wait_ms = 600'000}};
    if (++number % 4 == 0)
      settlement.what = Held{.wait_ms = 600'000};
    else if (number % 4 == 1)
      settlement.what = Failed{}, settlement.status_message = "no";
    else
      settlement.segments = {{.state = SegmentState::accepted, .provider_id = "P" + std::to_string(number - 1)}};
    outcomes.settlements.push_back(std::move(settlement));
  }
  it.commit(std::move(outcomes));
  Batch receipts;
  for (int i = 0; i < 10; ++i) receipts.receipts.push_back(receipt_of("nobody" + std::to_string(i)));
  it.commit(std::move(receipts));
  Batch others;
  others.objects.push_back({.key = "gateway/promo", .value = R"({"id": 3, "kind": "smpp"})", .expected = {}});
  for (int i = 0; i < 20; ++i) {
    const auto key = std::to_string(i);
    others.tasks.push_back({.task = {.tenant = 1, .kind = "event", .key = key}, .due_at = 0, .body = "body"});
    others.journal.push_back({.tenant = 1, .stream = "events", .key = key, .body = "line"});
    others.marks.push_back({.scope = "hook", .key = key, .value = "seen", .expires_at = start_time + 3'600'000});
  }
  it.commit(std::move(others));
  it.claim_tasks(10);
  it.claim(20);
}

// All that a day brings. Nothing may throw, and no commit may fail.
void use(Opened& it) {
  const auto& reader = it.store->reader();
  std::vector<MessageId> ids;
  MessageId before = 0;
  do {
    const auto page = reader.page({}, before, 50);
    for (const auto& m : page.messages) ids.push_back(m.id);
    before = page.next;
  } while (before);
  EXPECT_GE(ids.size(), std::size_t{messages_made} - 1) << "one damaged record hides one message";
  std::vector<std::string> references;
  for (int i = 0; i < messages_made; ++i) references.push_back("ref" + std::to_string(i));
  reader.find(queue.tenant, references);
  reader.waiting(queue, start_time + 3'600'000, nullptr, 1000);
  Batch batch;
  for (const auto id : ids) {
    reader.get(id);
    batch.controls.push_back({.action = id % 2 ? Control::Action::cancel : Control::Action::retry,
                              .tenant = queue.tenant,
                              .id = id,
                              .validity_ms = 60'000});
  }
  for (int i = 0; i < 60; ++i) batch.receipts.push_back(receipt_of("P" + std::to_string(i)));
  for (int i = 0; i < 10; ++i) batch.receipts.push_back(receipt_of("nobody" + std::to_string(i)));
  for (int i = 0; i < messages_made; i += 7) batch.enqueue.push_back(message(i));
  EXPECT_EQ(it.commit(std::move(batch)).error, Error::none);
  for (int round = 0; round < 3; ++round) {
    Batch outcomes;
    const auto claimed = it.claim(40);
    EXPECT_EQ(claimed.error, Error::none);
    for (const auto& m : claimed.messages)
      outcomes.settlements.push_back({.id = m.id, .attempt = m.attempt, .what = Taken{.awaits_receipt = false}});
    EXPECT_EQ(it.commit(std::move(outcomes)).error, Error::none);
    it.pass(1'200'000);
  }
  Batch others;
  for (const auto& task : it.claim_tasks(100).tasks)
    others.ended_tasks.push_back({.task = task.task, .lease = task.lease});
  others.journal.push_back({.tenant = 1, .stream = "events", .key = "1", .body = "line"});
  for (int i = 0; i < 25; ++i)
    others.marks.push_back({.scope = "hook", .key = std::to_string(i), .value = "seen", .expires_at = 0});
  EXPECT_EQ(it.commit(std::move(others)).error, Error::none);
  reader.objects("gateway/");
  EXPECT_GE(reader.journal({.tenant = 1, .stream = "events"}).entries.size(), 20u)
      << "one damaged record hides one line";
  Batch fresh;
  fresh.enqueue.push_back(message(100'000));
  EXPECT_EQ(it.commit(std::move(fresh)).enqueued.at(0).kind, Enqueued::Kind::stored);
  EXPECT_TRUE(it.store->has_room());
  EXPECT_FALSE(it.store->is_failing());
}

class DamageTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("smsbridge-damage-" + std::to_string(std::random_device{}()));
    fs::create_directories(folder_);
    fill(folder_ / "sound");
  }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path copy() {
    const auto path = folder_ / "copy";
    fs::remove_all(path);
    fs::copy(folder_ / "sound", path);
    return path;
  }
  fs::path folder_;
};

using Random = std::mt19937_64;
std::size_t draw(Random& random, std::size_t count) { return static_cast<std::size_t>(random() % count); }

void flip(std::string& octets, Random& random) {
  if (octets.empty()) return;
  octets[draw(random, octets.size())] ^= static_cast<char>(1 << draw(random, 8));
}

// One record of one table: its version, a bit, its end, its key.
std::string damage_record(const fs::path& path, Random& random) {
  lmdb::Environment environment(path, 64 << 20, false);
  lmdb::Transaction txn(environment, lmdb::Transaction::Kind::write);
  const std::string name = tables[draw(random, tables.size())];
  const auto table = txn.open_table(name.c_str());
  std::vector<std::pair<std::string, std::string>> records;
  {
    lmdb::Cursor cursor(txn, table);
    for (bool ok = cursor.first(); ok; ok = cursor.next()) records.emplace_back(cursor.key(), cursor.value());
  }
  EXPECT_FALSE(records.empty()) << name;
  auto [key, value] = records[draw(random, records.size())];
  txn.erase(table, key);
  const auto way = draw(random, 4);
  if (way == 0 && !value.empty()) value[0] = static_cast<char>(200);
  if (way == 1) flip(value, random);
  if (way == 2) value.resize(draw(random, value.size() + 1));
  if (way == 3) flip(key, random);
  txn.put(table, key, value);
  txn.commit();
  return name + ", way " + std::to_string(way);
}

TEST_F(DamageTest, OneBadRecordStopsNothing) {
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    Random random(seed);
    const auto path = copy();
    SCOPED_TRACE("seed " + std::to_string(seed) + ": " + damage_record(path, random));
    ASSERT_NO_THROW({
      Opened it(path);
      use(it);
      it.store.reset();
      Opened again(path, start_time + 4'000'000);
    });
  }
}

TEST_F(DamageTest, AnUnknownVersionIsNamedAndKept) {
  const auto path = copy();
  MessageId id = 0;
  {
    lmdb::Environment environment(path, 64 << 20, false);
    lmdb::Transaction txn(environment, lmdb::Transaction::Kind::write);
    const auto table = txn.open_table("message");
    std::string value;
    {
      lmdb::Cursor cursor(txn, table);  // a commit ends the cursors of its transaction
      ASSERT_TRUE(cursor.last());
      id = keys::id(cursor.key());
      value = cursor.value();
    }
    value[0] = 77;
    txn.put(table, keys::of_id(id), value);
    txn.commit();
  }
  Opened it(path);
  use(it);
  const auto told = it.store->take_unreadable();
  ASSERT_EQ(told.size(), 2u) << "once each, the message and its place in the queue, however often they are met";
  EXPECT_EQ(told[0].table, "message");
  EXPECT_EQ(told[0].key, std::to_string(id));
  EXPECT_EQ(told[0].why, "message: unknown record version");
  EXPECT_FALSE(it.store->reader().get(id));
  it.store.reset();
  lmdb::Environment environment(path, 64 << 20, false);
  lmdb::Transaction txn(environment, lmdb::Transaction::Kind::write);
  EXPECT_EQ(txn.get(txn.open_table("message"), keys::of_id(id)).value()[0], 77);
}

TEST_F(DamageTest, AnOutcomeDoesNotDestroyTheDamagedRecordItReplaces) {
  const auto path = copy();
  std::string damaged;
  std::string key;
  {
    lmdb::Environment environment(path, 64 << 20, false);
    lmdb::Transaction txn(environment, lmdb::Transaction::Kind::write);
    const auto table = txn.open_table("parked");
    {
      lmdb::Cursor cursor(txn, table);
      ASSERT_TRUE(cursor.first());
      key = cursor.key();
      damaged = cursor.value();
    }
    damaged[0] = 99;
    txn.put(table, key, damaged);
    txn.commit();
  }
  { Opened it(path); }
  lmdb::Environment environment(path, 64 << 20, false);
  lmdb::Transaction txn(environment, lmdb::Transaction::Kind::write);
  EXPECT_FALSE(txn.get(txn.open_table("parked"), key));
  EXPECT_EQ(txn.get(txn.open_table("aside"), "parked/" + key), damaged);
}

// The counts that a store has, and then is made to have.
template <class Change>
CountsByQueueOwner with_other_counts(const fs::path& path, Change change) {
  const auto sound = Opened(path).store->counts();
  lmdb::Environment environment(path, 64 << 20, false);
  lmdb::Transaction txn(environment, lmdb::Transaction::Kind::write);
  for (auto [owner, counts] : sound) {
    change(counts);
    std::string record;
    encode(counts, record);
    txn.put(txn.open_table("counts"), keys::of_counts(owner), record);
  }
  txn.commit();
  return sound;
}

TEST_F(DamageTest, CountsThatDisagreeAreCountedAnew) {
  const auto path = copy();
  const auto sound = with_other_counts(
      path, [](StateCounts& counts) { counts[static_cast<std::size_t>(State::queued)] += std::int64_t{1} << 48; });
  Opened it(path);
  EXPECT_EQ(it.store->counts(), sound);
  ASSERT_EQ(it.store->take_unreadable().size(), 1u);
  use(it);
}

// As many messages as there are, and in other states: nothing that is looked at when a store is opened shows it.
TEST_F(DamageTest, CountsWhoseSumAloneIsRightAreSaidAndCountedAnewByTheNext) {
  const auto path = copy();
  const auto sound = with_other_counts(path, [](StateCounts& counts) {
    auto& queued = counts[static_cast<std::size_t>(State::queued)];
    counts[static_cast<std::size_t>(State::delivered)] += std::exchange(queued, 0);
  });
  std::int64_t settled = 0;
  {
    Opened it(path);
    EXPECT_TRUE(it.store->take_unreadable().empty());
    const auto claimed = it.claim(2).messages;
    Batch batch;
    for (const auto& message : claimed)
      batch.settlements.push_back(
          {.id = message.id, .attempt = message.attempt, .what = Failed{}, .status_message = "no", .segments = {}});
    settled = static_cast<std::int64_t>(claimed.size());
    ASSERT_EQ(it.commit(std::move(batch)).error, Error::none) << "no message depends on it";
    ASSERT_EQ(it.store->take_unreadable().size(), 1u);
    for (const auto& [owner, counts] : it.store->counts())
      for (const auto count : counts) EXPECT_GE(count, 0);
  }
  Opened it(path);
  const auto anew = it.store->counts().at({queue.tenant, queue.gateway});
  const auto before = sound.at({queue.tenant, queue.gateway});
  const auto failed = static_cast<std::size_t>(State::failed), delivered = static_cast<std::size_t>(State::delivered);
  EXPECT_EQ(anew[failed], before[failed] + settled);
  EXPECT_EQ(anew[delivered], before[delivered]);
  use(it);
}

TEST_F(DamageTest, BitsThatFlipInPagesAreFoundOrHarmless) {
  std::size_t refused = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const auto file = copy() / "data.mdb";
    {
      std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
      const auto size = fs::file_size(file);
      // Heads of pages more often than their texts: that is where it hurts.
      const auto page = draw(random, size / 4096) * 4096;
      const auto at = static_cast<std::streamoff>(page + draw(random, seed % 2 ? 4096 : 200));
      bytes.seekg(at);
      const int octet = bytes.get();
      bytes.seekp(at);
      bytes.put(static_cast<char>(octet ^ 1 << draw(random, 8)));
    }
    const auto found = verify(file.parent_path());
    try {
      Opened it(file.parent_path());
      use(it);
    } catch (const OpenError& error) {
      ++refused;
      EXPECT_TRUE(found.damage) << error.what();
      EXPECT_NE(std::string(error.what()).find(file.parent_path().string()), std::string::npos) << error.what();
      EXPECT_NE(std::string(error.what()).find("backup"), std::string::npos) << error.what();
    }
  }
  EXPECT_GT(refused, 20u) << "nothing was damaged";
}

TEST_F(DamageTest, AFileThatIsShorterThanItsContentsIsRefused) {
  for (std::size_t left = 1; left <= 10; ++left) {
    const auto file = copy() / "data.mdb";
    fs::resize_file(file, fs::file_size(file) * left / 11);
    const auto damage = find_damage(file);
    ASSERT_TRUE(damage) << left;
    EXPECT_THROW(Opened{file.parent_path()}, OpenError);
  }
}

TEST_F(DamageTest, ASoundFileIsSoundAlsoAfterMuchHasBeenDone) {
  const auto path = copy();
  EXPECT_EQ(find_damage(path / "data.mdb"), std::nullopt);
  EXPECT_EQ(find_damage(path / "none.mdb"), std::nullopt);
  Opened it(path);
  use(it);
  for (int round = 0; round < 50; ++round) {
    Batch batch;
    for (int i = 0; i < 100; ++i) batch.enqueue.push_back(message(1000 + round * 100 + i));
    it.commit(std::move(batch));
    Batch outcomes;
    for (const auto& m : it.claim(90).messages)
      outcomes.settlements.push_back({.id = m.id, .attempt = m.attempt, .what = Taken{.awaits_receipt = false}});
    it.commit(std::move(outcomes));
    it.pass(31'000);
    ASSERT_EQ(find_damage(path / "data.mdb"), std::nullopt) << round;
    ASSERT_EQ(find_damage(path / "data.mdb", 5), std::nullopt) << round;
  }
}

TEST_F(DamageTest, VerifyFindsASoundStoreSound) {
  const auto path = copy();
  auto found = verify(path);
  EXPECT_TRUE(found.ok()) << (found.findings.empty() ? "" : found.findings.front().why);
  EXPECT_EQ(found.messages, std::uint64_t{messages_made});
  Opened it(path);
  use(it);
  found = verify(path);
  EXPECT_TRUE(found.ok()) << "while it is open: " << (found.findings.empty() ? "" : found.findings.front().why);
  for (const auto& [owner, counts] : it.store->counts())
    for (std::size_t state = 0; state < state_count; ++state)
      EXPECT_EQ(found.by_state[state], static_cast<std::uint64_t>(counts[state])) << state;
  EXPECT_THROW(verify(folder_ / "none"), OpenError);
}

// Somebody who may read the files and write nothing. Root may write everything, and becomes nobody for a while.
class Reader {
 public:
  explicit Reader(const fs::path& folder) : folder_(folder) {
    for (const auto& file : fs::directory_iterator(folder_)) fs::permissions(file, fs::perms(0444));
    fs::permissions(folder_, fs::perms(0555));
    if (::geteuid() == 0) changed_ = ::seteuid(65534) == 0;
  }
  ~Reader() {
    if (changed_) {
      EXPECT_EQ(::seteuid(0), 0);
    }
    fs::permissions(folder_, fs::perms(0755));
    for (const auto& file : fs::directory_iterator(folder_)) fs::permissions(file, fs::perms(0644));
  }
  static bool is_one() { return ::geteuid() != 0; }

 private:
  fs::path folder_;
  bool changed_ = false;
};

TEST_F(DamageTest, VerifyNeedsNothingToWriteIn) {
  for (const bool whole : {true, false}) {
    SCOPED_TRACE(whole ? "the whole folder" : "the file alone");
    const auto path = copy();
    std::optional<ServiceLock> daemon(path);  // makes its file
    if (!whole)
      for (const auto* file : {"lock.mdb", "daemon.lock"}) fs::remove(path / file);
    const Reader reader(path);
    if (!Reader::is_one()) GTEST_SKIP() << "root cannot become another user here";
    if (whole) {
      try {
        verify(path);
        FAIL() << "the daemon may write meanwhile, and does not know that somebody reads";
      } catch (const OpenError& error) {
        EXPECT_NE(std::string(error.what()).find("as the user of the daemon"), std::string::npos) << error.what();
      }
    }
    daemon.reset();
    const auto found = verify(path);
    EXPECT_TRUE(found.ok());
    EXPECT_EQ(found.messages, std::uint64_t{messages_made});
  }
}

TEST_F(DamageTest, VerifyNamesWhatIsDamagedOrDisagrees) {
  const std::tuple<const char*, const char*, bool> cases[] = {
      {"message", "message: unknown record version", false},
      {"progress", "progress: unknown record version", false},
      {"leased", "claim: unknown record version", false},
      {"parked", "parked receipt: unknown record version", false},
      {"reference", "reference: unknown record version", false},
      {"due", "queue entry: unknown record version", false},
      {"due", "is queued, but in no queue, and nobody sends it", true},
      {"message", "stands in a queue, and there is no such message", true},
      {"open", "waits for a receipt, but its wait has no end", true},
      {"counts", "counts: unknown record version", false},
      {"usage", "usage: unknown record version", false},
      {"task", "task: unknown record version", false},
      {"task_leased", "lease of a task: unknown record version", false},
      {"journal", "line of the journal: unknown record version", false},
      {"mark", "mark: unknown record version", false},
      {"task", "is due, and there is no such task", true},
      {"task_due", "waits, and is in no queue", true},
      {"journal_key", "is not found by its key", true},
      {"mark_expiry", "expires, and nothing will remove it", true}};
  for (const auto& [name, what, gone] : cases) {
    const auto path = copy();
    {
      lmdb::Environment environment(path, 64 << 20, false);
      lmdb::Transaction txn(environment, lmdb::Transaction::Kind::write);
      const auto table = txn.open_table(name);
      std::string key, value;
      {
        lmdb::Cursor cursor(txn, table);
        ASSERT_TRUE(cursor.last());
        key = cursor.key();
        value = cursor.value();
      }
      if (gone) {
        txn.erase(table, key);
      } else {
        value[0] = 99;
        txn.put(table, key, value);
      }
      txn.commit();
    }
    const auto found = verify(path);
    EXPECT_FALSE(found.ok()) << what;
    EXPECT_EQ(found.unreadable > 0, !gone) << what;
    EXPECT_TRUE(std::ranges::any_of(found.findings, [&, w = what](const auto& f) { return f.why == w; })) << what;
  }
}

TEST_F(DamageTest, AFileThatIsGoneIsMissed) {
  const auto path = copy();
  EXPECT_FALSE(Opened(path).store->has_lost_its_file());
  fs::resize_file(path / "data.mdb", 0);
  EXPECT_TRUE(Opened(path).store->has_lost_its_file());
  EXPECT_FALSE(Opened(path).store->has_lost_its_file()) << "said once";
  fs::remove(path / "data.mdb");
  EXPECT_TRUE(Opened(path).store->has_lost_its_file());
  EXPECT_FALSE(Opened(folder_ / "new").store->has_lost_its_file());
}

}  // namespace
}  // namespace smsbridge::store
