// SPDX-License-Identifier: MPL-2.0
#include "store/verify.hpp"

#include <boost/unordered/unordered_flat_set.hpp>
#include <functional>
#include <map>
#include <memory>

#include "store/errors.hpp"
#include "store/guard.hpp"
#include "store/keys.hpp"
#include "store/ledger.hpp"
#include "store/lock.hpp"
#include "store/pages.hpp"

namespace smsbridge::store {
namespace {

// One snapshot, read from its beginning to its end.
class Check {
 public:
  explicit Check(const std::filesystem::path& folder)
      : environment_(folder),
        quiet_(environment_.is_locked() ? nullptr : std::make_unique<QuietLock>(folder)),
        txn_(environment_, lmdb::Transaction::Kind::read) {}

  Verification run(const std::filesystem::path& file) {
    // The snapshot is held, so that no page of it, or of a later one, is used again meanwhile.
    out_.damage = find_damage(file);
    if (out_.damage) out_.damage = find_damage(file);  // its head was being written
    if (out_.damage) return std::move(out_);
    each("leased", [this](std::string_view key, std::string_view value) { look_at_claim(key, value); });
    each("message", [this](std::string_view key, std::string_view value) { look_at_message(key, value); });
    each("progress", [this](std::string_view key, std::string_view value) { look_at_progress(key, value); });
    each("due", [this](std::string_view key, std::string_view value) { look_at_due(key, value); });
    each("open", [this](std::string_view key, std::string_view) { look_at_open(key); });
    each("reference",
         [this](std::string_view key, std::string_view value) { readable("reference", key, value, decode_reference); });
    each("parked", [this](std::string_view key, std::string_view value) {
      if (sized("parked", key, keys::open_size)) readable("parked", key, value, decode_parked);
    });
    each("usage", [this](std::string_view key, std::string_view value) {
      if (sized("usage", key, 13)) readable("usage", key, value, decode_usage);
    });
    compare_counts();
    look_at_ideas();
    each("aside", [this](std::string_view key, std::string_view) {
      ++out_.aside;
      const auto slash = key.find('/');
      const auto own = slash == std::string_view::npos ? std::string_view() : key.substr(slash + 1);
      find("aside", std::string(key.substr(0, slash)) + "/" + readable_key(own), "was put aside by the daemon");
    });
    return std::move(out_);
  }

 private:
  using Look = std::function<void(std::string_view key, std::string_view value)>;

  void each(const char* name, const Look& look) {
    const auto table = txn_.find_table(name);
    if (!table) return;
    lmdb::Cursor cursor(txn_, *table);
    for (bool ok = cursor.first(); ok; ok = cursor.next()) look(cursor.key(), cursor.value());
  }

  std::optional<std::string_view> get(const char* name, std::string_view key) {
    const auto table = txn_.find_table(name);
    return table ? txn_.get(*table, key) : std::nullopt;
  }

  void find(std::string_view table, std::string key, std::string_view what) {
    if (out_.findings.size() < findings_max)
      out_.findings.push_back({.table = std::string(table), .key = std::move(key), .why = std::string(what)});
  }
  void cannot_be_read(std::string_view table, std::string_view key, std::string_view what) {
    ++out_.unreadable;
    find(table, readable_key(key), what);
  }
  void disagrees(std::string_view table, std::string key, std::string_view what) {
    ++out_.broken;
    find(table, std::move(key), what);
  }

  bool sized(std::string_view table, std::string_view key, std::size_t size) {
    if (key.size() == size) return true;
    cannot_be_read(table, key, "no key of this table");
    return false;
  }

  template <class Decode>
  auto readable(std::string_view table, std::string_view key, std::string_view value, const Decode& decode)
      -> std::optional<decltype(decode(value))> {
    try {
      return decode(value);
    } catch (const BadRecord& error) {
      cannot_be_read(table, key, error.what());
      return std::nullopt;
    }
  }

  void look_at_claim(std::string_view key, std::string_view value) {
    if (!sized("leased", key, sizeof(std::uint64_t))) return;
    if (const auto claim = readable("leased", key, value, decode_leased))
      for (const auto& message : *claim) claimed_.insert(message.id);
  }

  void look_at_message(std::string_view key, std::string_view value) {
    ++out_.messages;
    if (!sized("message", key, sizeof(MessageId))) return;
    const auto content = readable("message", key, value, decode_content);
    std::optional<Progress> progress;
    bool progress_known = true;
    if (const auto record = get("progress", key)) try {
        progress = decode_progress(*record);
      } catch (const BadRecord&) {
        progress_known = false;  // told of in its own table
      }
    if (!content || !progress_known) {
      ++unknown_;
      return;
    }
    const auto state = progress ? progress->state : State::queued;
    const Queue queue{.gateway = gateway_of(*content, progress.value_or(Progress{})),
                      .tenant = content->tenant,
                      .lane = content->lane};
    ++out_.by_state[static_cast<std::size_t>(state)];
    ++counts_[{queue.tenant, queue.gateway}][static_cast<std::size_t>(state)];
    const auto id = keys::id(key);
    const auto due = progress ? progress->due_at : content->due_at;
    if (state == State::queued && !get("due", keys::of_due(queue, due, id)) && !claimed_.contains(id))
      disagrees("message", std::to_string(id), "is queued, but in no queue, and nobody sends it");
    if ((state == State::submitted || state == State::doubtful) && !get("open", keys::of_open(due, id)))
      disagrees("message", std::to_string(id), "waits for a receipt, but its wait has no end");
  }

  void look_at_progress(std::string_view key, std::string_view value) {
    if (!sized("progress", key, sizeof(MessageId))) return;
    readable("progress", key, value, decode_progress);
    if (!get("message", key)) disagrees("progress", readable_key(key), "has no message");
  }

  void look_at_due(std::string_view key, std::string_view value) {
    if (!sized("due", key, keys::due_size)) return;
    if (static_cast<std::uint8_t>(key[keys::queue_size - 1]) >= lane_count)
      return cannot_be_read("due", key, "no key of this table");
    readable("due", key, value, decode_due);
    const auto id = keys::due_id(key);
    const auto message = get("message", keys::of_id(id));
    if (!message) return disagrees("due", std::to_string(id), "stands in a queue, and there is no such message");
    try {
      const auto owner = decode_owner(*message);
      const auto record = get("progress", keys::of_id(id));
      const auto progress = record ? decode_progress(*record) : Progress{};
      auto queue = owner.queue;
      if (progress.queue_gateway) queue.gateway = progress.queue_gateway;
      if (progress.state != State::queued)
        disagrees("due", std::to_string(id), "stands in a queue, and is " + std::string(name(progress.state)));
      else if (queue != keys::due_queue(key) || (record && progress.due_at != keys::due_at(key)))
        disagrees("due", std::to_string(id), "stands in a queue that is not its own");
    } catch (const BadRecord&) {
      return;  // told of in its own table
    }
  }

  void look_at_open(std::string_view key) {
    if (!sized("open", key, keys::open_size)) return;
    const auto id = keys::read<MessageId>(key, 8);
    if (!get("message", keys::of_id(id))) disagrees("open", std::to_string(id), "waits, and there is no such message");
  }

  void look_at_ideas() {
    each("object",
         [this](std::string_view key, std::string_view value) { readable("object", key, value, decode_object); });
    each("task", [this](std::string_view key, std::string_view value) { look_at_task(key, value); });
    each("task_due", [this](std::string_view key, std::string_view) {
      const auto due = keys::task_due(key);
      if (!due) return cannot_be_read("task_due", key, "no key of this table");
      if (!get("task", due->task)) disagrees("task_due", readable_key(due->task), "is due, and there is no such task");
    });
    each("task_leased", [this](std::string_view key, std::string_view value) {
      readable("task_leased", key, value, decode_task_lease);
      if (!get("task", key)) disagrees("task_leased", readable_key(key), "is claimed, and there is no such task");
    });
    each("journal", [this](std::string_view key, std::string_view value) { look_at_line(key, value); });
    each("mark", [this](std::string_view key, std::string_view value) {
      const auto mark = readable("mark", key, value, decode_mark);
      if (mark && mark->expires_at && !get("mark_expiry", keys::of_mark_expiry(mark->expires_at, key)))
        disagrees("mark", readable_key(key), "expires, and nothing will remove it");
    });
  }

  void look_at_task(std::string_view key, std::string_view value) {
    const auto name = keys::task(key);
    if (!name) return cannot_be_read("task", key, "no key of this table");
    const auto task = readable("task", key, value, decode_task);
    if (task && !get("task_leased", key) && !get("task_due", keys::of_task_due(name->kind, task->due_at, key)))
      disagrees("task", readable_key(key), "waits, and is in no queue");
  }

  void look_at_line(std::string_view key, std::string_view value) {
    const auto place = keys::journal(key);
    if (!place) return cannot_be_read("journal", key, "no key of this table");
    const auto line = readable("journal", key, value, decode_journal);
    if (line && !line->key.empty() &&
        !get("journal_key", keys::of_journal_key(place->tenant, place->stream, line->key, place->id)))
      disagrees("journal", readable_key(key), "is not found by its key");
  }

  // Messages that cannot be read are still counted as what they were.
  void compare_counts() {
    std::uint64_t surplus = 0;
    std::set<std::pair<TenantId, GatewayId>> seen;
    each("counts", [&](std::string_view key, std::string_view value) {
      if (!sized("counts", key, 8)) return;
      const auto noted = readable("counts", key, value, decode_counts);
      if (!noted) return;
      const auto& counts = *noted;
      const std::pair owner{keys::read<TenantId>(key, 0), keys::read<GatewayId>(key, 4)};
      seen.insert(owner);
      for (std::size_t state = 0; state < state_count; ++state) {
        const auto found = counts_[owner][state];
        if (counts[state] > found && surplus + static_cast<std::uint64_t>(counts[state] - found) <= unknown_)
          surplus += static_cast<std::uint64_t>(counts[state] - found);
        else if (counts[state] != found)
          differs(owner, state, counts[state], found);
      }
    });
    for (const auto& [owner, counts] : counts_)
      for (std::size_t state = 0; state < state_count && !seen.contains(owner); ++state)
        if (counts[state] != 0) differs(owner, state, 0, counts[state]);
  }

  void differs(const std::pair<TenantId, GatewayId>& owner, std::size_t state, std::int64_t noted, std::int64_t found) {
    disagrees("counts", "tenant " + std::to_string(owner.first) + ", gateway " + std::to_string(owner.second),
              "says " + std::to_string(noted) + " are " + std::string(name(static_cast<State>(state))) +
                  ", there are " + std::to_string(found));
  }

  lmdb::Environment environment_;
  const std::unique_ptr<QuietLock> quiet_;
  lmdb::Transaction txn_;
  Verification out_;
  boost::unordered_flat_set<MessageId> claimed_;
  std::uint64_t unknown_ = 0;
  CountsByQueueOwner counts_;
};

}  // namespace

Verification verify(const std::filesystem::path& folder) {
  const auto file = folder / "data.mdb";
  std::error_code ec;
  if (const auto size = std::filesystem::file_size(file, ec); ec || size == 0)
    throw OpenError("store: there is no store in " + folder.string() + ": " +
                    (ec ? ec.message() : "its file is empty"));
  try {
    return Check(folder).run(file);
  } catch (const lmdb::LmdbError& error) {
    // What cannot even be opened can still be looked at.
    if (auto damage = find_damage(file)) return Verification{.damage = std::move(damage), .findings = {}};
    throw OpenError("store: cannot open " + folder.string() + ": " + error.what());
  }
}

}  // namespace smsbridge::store
