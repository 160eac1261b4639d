// SPDX-License-Identifier: MPL-2.0
#include "store/reader.hpp"

#include <algorithm>

#include "store/keys.hpp"

namespace smsbridge::store {
namespace {

constexpr std::size_t scanned_max =
    20000;  // rows one page looks at, so that a rare filter cannot hold the snapshot long

bool passes(const Filter& filter, const Content& content) {
  if (filter.tenant && content.tenant != filter.tenant) return false;
  if (filter.lane && content.lane != *filter.lane) return false;
  if (filter.source && content.source != *filter.source) return false;
  if (!filter.to.empty() && content.to != filter.to) return false;
  if (!filter.client_ref.empty() && content.client_ref != filter.client_ref) return false;
  if (!filter.text_contains.empty() && content.text.find(filter.text_contains) == std::string::npos &&
      content.target_user.find(filter.text_contains) == std::string::npos)
    return false;
  return true;
}

bool passes(const Filter& filter, const Progress& progress) {
  if (filter.states.empty()) return true;
  return std::ranges::any_of(filter.states, [&](State state) {
    return progress.state == state || (state == State::doubtful && progress.maybe_duplicate);
  });
}

}  // namespace

std::optional<Message> Reader::read(const lmdb::Transaction& txn, MessageId id) const {
  const auto key = keys::of_id(id);
  auto content = decoded(unreadable_, "message", key, txn.get(tables_.message, key), decode_content);
  if (!content) return std::nullopt;
  return Message{.id = id, .content = std::move(*content), .progress = read_progress(txn, key)};
}

Progress Reader::read_progress(const lmdb::Transaction& txn, std::string_view key) const {
  const auto record = txn.get(tables_.progress, key);
  if (!record) return {};
  auto progress = decoded(unreadable_, "progress", key, record, decode_progress);
  if (progress) return std::move(*progress);
  Progress unknown;
  unknown.state = State::unknown;
  unknown.status_message = "what became of it cannot be read: its record is damaged";
  return unknown;
}

std::optional<Message> Reader::get(MessageId id) const {
  const lmdb::Transaction txn(environment_, lmdb::Transaction::Kind::read);
  return read(txn, id);
}

std::vector<std::optional<Message>> Reader::find(TenantId tenant, const std::vector<std::string>& client_refs) const {
  // Memory first, then a snapshot: an entry leaves memory only after the commit that put it into the table.
  std::vector<MessageId> ids(client_refs.size());
  std::vector<std::string> keys_left(client_refs.size());
  for (std::size_t i = 0; i < client_refs.size(); ++i) {
    if (client_refs[i].size() > keys::reference_length_max) continue;
    auto key = keys::of_reference(tenant, keys::ReferenceKind::client, client_refs[i]);
    if (const auto waiting = references_.waiting(key))
      ids[i] = waiting->id;
    else
      keys_left[i] = std::move(key);
  }
  const lmdb::Transaction txn(environment_, lmdb::Transaction::Kind::read);
  std::vector<std::optional<Message>> found(client_refs.size());
  for (std::size_t i = 0; i < client_refs.size(); ++i) {
    if (!ids[i] && !keys_left[i].empty())
      if (const auto record = txn.get(tables_.reference, keys_left[i]))
        if (const auto reference = decoded(unreadable_, "reference", keys_left[i], record, decode_reference))
          ids[i] = reference->id;
    if (ids[i]) found[i] = read(txn, ids[i]);
  }
  return found;
}

Page Reader::page(const Filter& filter, MessageId before, std::size_t limit) const {
  Page page;
  const lmdb::Transaction txn(environment_, lmdb::Transaction::Kind::read);
  lmdb::Cursor cursor(txn, tables_.message);
  if (filter.until) before = std::min(before ? before : ~MessageId{0}, first_id_at(filter.until));
  bool ok = before ? (cursor.seek(keys::of_id(before)) ? cursor.previous() : cursor.last()) : cursor.last();
  for (std::size_t scanned = 0; ok; ok = cursor.previous(), ++scanned) {
    if (cursor.key().size() != sizeof(MessageId)) continue;
    const auto id = keys::id(cursor.key());
    if (filter.from && id_time(id) < filter.from) return page;
    if (page.messages.size() == limit || scanned == scanned_max) {
      page.next = id + 1;
      return page;
    }
    auto content = decoded(unreadable_, "message", cursor.key(), cursor.value(), decode_content);
    if (!content || !passes(filter, *content)) continue;
    Message message{.id = id, .content = std::move(*content), .progress = read_progress(txn, cursor.key())};
    if (filter.gateway && gateway_of(message.content, message.progress) != *filter.gateway) continue;
    if (passes(filter, message.progress)) page.messages.push_back(std::move(message));
  }
  return page;
}

ParkedPage Reader::parked(const ParkedQuery& query) const {
  ParkedPage page;
  const lmdb::Transaction txn(environment_, lmdb::Transaction::Kind::read);
  lmdb::Cursor cursor(txn, tables_.parked);
  bool ok = query.before && cursor.seek(key_of(*query.before)) ? cursor.previous() : cursor.last();
  std::optional<ParkedPlace> last;
  for (std::size_t scanned = 0; ok; ok = cursor.previous(), ++scanned) {
    if (cursor.key().size() != keys::open_size) continue;
    if (page.receipts.size() == query.limit || scanned == scanned_max) {
      page.next = last;
      return page;
    }
    last = parked_place(cursor.key());
    auto parked = decoded(unreadable_, "parked", cursor.key(), cursor.value(), decode_parked);
    if (!parked || (query.gateway && parked->receipt.gateway != *query.gateway)) continue;
    page.receipts.push_back({.place = *last, .parked = std::move(*parked)});
  }
  return page;
}

WallMs Reader::oldest_due(const Queue& queue) const {
  const lmdb::Transaction txn(environment_, lmdb::Transaction::Kind::read);
  lmdb::Cursor cursor(txn, tables_.due);
  const auto prefix = keys::of_queue(queue);
  return cursor.seek(prefix) && cursor.key().starts_with(prefix) && cursor.key().size() == keys::due_size
             ? keys::due_at(cursor.key())
             : 0;
}

std::vector<Waiting> Reader::waiting(const Queue& queue, WallMs due_before, const Waiting* after,
                                     std::size_t limit) const {
  const lmdb::Transaction txn(environment_, lmdb::Transaction::Kind::read);
  lmdb::Cursor cursor(txn, tables_.due);
  const auto prefix = keys::of_queue(queue);
  const auto begin = after ? keys::of_due(queue, after->due_at, after->message.id) : prefix;
  std::vector<Waiting> found;
  for (bool ok = cursor.seek(begin); ok && cursor.key().starts_with(prefix) && found.size() < limit;
       ok = cursor.next()) {
    if (cursor.key().size() != keys::due_size) continue;
    const auto due = keys::due_at(cursor.key());
    if (due >= due_before) break;
    const auto entry = decoded(unreadable_, "due", cursor.key(), cursor.value(), decode_due);
    if (!entry || entry->in_doubt || (after && cursor.key() == begin)) continue;
    if (auto message = read(txn, keys::due_id(cursor.key())))
      found.push_back({.due_at = due, .message = std::move(*message)});
  }
  return found;
}

AwaitedPage Reader::awaited(GatewayId gateway, AwaitedAt from, WallMs until, std::size_t looked_at_max) const {
  const lmdb::Transaction txn(environment_, lmdb::Transaction::Kind::read);
  lmdb::Cursor cursor(txn, tables_.open);
  AwaitedPage page;
  std::size_t looked_at = 0;
  for (bool ok = cursor.seek(keys::of_open(from.until, from.id)); ok; ok = cursor.next()) {
    if (cursor.key().size() != keys::open_size) continue;
    const AwaitedAt at{.until = keys::read<WallMs>(cursor.key(), 0), .id = keys::read<MessageId>(cursor.key(), 8)};
    if (at.until >= until) break;
    if (looked_at++ == looked_at_max) {
      page.next = at;
      break;
    }
    auto message = read(txn, at.id);
    if (!message || gateway_of(message->content, message->progress) != gateway) continue;
    const auto state = message->progress.state;
    if (state == State::submitted || state == State::doubtful)
      page.messages.push_back({.until = at.until, .message = std::move(*message)});
  }
  return page;
}

std::optional<std::size_t> Reader::ahead_of(const Queue& queue, WallMs due_at, MessageId id, std::size_t limit) const {
  const lmdb::Transaction txn(environment_, lmdb::Transaction::Kind::read);
  const auto key = keys::of_due(queue, due_at, id);
  if (!txn.get(tables_.due, key)) return std::nullopt;
  lmdb::Cursor cursor(txn, tables_.due);
  std::size_t ahead = 0;
  for (bool ok = cursor.seek(keys::of_queue(queue)); ok && ahead < limit && cursor.key() < key; ok = cursor.next())
    ++ahead;
  return ahead;
}

std::optional<Object> Reader::object(const std::string& key) const {
  const lmdb::Transaction txn(environment_, lmdb::Transaction::Kind::read);
  auto record = decoded(unreadable_, "object", key, txn.get(tables_.object, key), decode_object);
  if (!record) return std::nullopt;
  return Object{.key = key, .value = std::move(record->value), .revision = record->revision};
}

std::vector<Object> Reader::objects(const std::string& prefix) const {
  const lmdb::Transaction txn(environment_, lmdb::Transaction::Kind::read);
  lmdb::Cursor cursor(txn, tables_.object);
  std::vector<Object> found;
  for (bool ok = cursor.seek(prefix); ok && cursor.key().starts_with(prefix); ok = cursor.next())
    if (auto record = decoded(unreadable_, "object", cursor.key(), cursor.value(), decode_object))
      found.push_back(
          {.key = std::string(cursor.key()), .value = std::move(record->value), .revision = record->revision});
  return found;
}

JournalPage Reader::journal(const JournalQuery& query) const {
  const lmdb::Transaction txn(environment_, lmdb::Transaction::Kind::read);
  return Journal::page(txn, tables_, unreadable_, query);
}

Reader::WaitingTasks Reader::waiting_tasks(const std::string& kind, std::size_t limit) const {
  const lmdb::Transaction txn(environment_, lmdb::Transaction::Kind::read);
  const auto prefix = keys::of_task_kind(kind);
  lmdb::Cursor cursor(txn, tables_.task_due);
  WaitingTasks waiting;
  for (bool ok = cursor.seek(prefix); ok && cursor.key().starts_with(prefix) && waiting.count < limit;
       ok = cursor.next()) {
    if (waiting.count++ > 0) continue;
    if (const auto first = keys::task_due(cursor.key())) waiting.first_due_at = first->at;
  }
  return waiting;
}

std::optional<std::string> Reader::mark(const std::string& scope, const std::string& key, WallMs now) const {
  const lmdb::Transaction txn(environment_, lmdb::Transaction::Kind::read);
  return Marks::find(txn, tables_, unreadable_, scope, key, now);
}

std::vector<Mark> Reader::marks(const MarkQuery& query, WallMs now) const {
  const lmdb::Transaction txn(environment_, lmdb::Transaction::Kind::read);
  return Marks::page(txn, tables_, unreadable_, query, now);
}

}  // namespace smsbridge::store
