// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <stdexcept>
#include <string>
#include <string_view>

#include "store/changes.hpp"

// Records on disk: a version octet, then fixed little-endian fields, then counted strings; decoded by copy.
// Sealing of texts at rest goes between these functions and the tables: version numbers from 128 on are kept for it.
namespace smsbridge::store {

// A record that this program did not write, or that was damaged.
class BadRecord : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

void encode(const Content& content, std::string& out);
Content decode_content(std::string_view record);
// Only what changes of an old message need; `to` points into the record.
struct Owner {
  Queue queue;
  std::uint8_t parts = 1;
  std::string_view to;
};
Owner decode_owner(std::string_view record);

void encode(const Progress& progress, std::string& out);
Progress decode_progress(std::string_view record);

// A receipt without a message yet.
struct ParkedReceipt {
  ReceiptRecorded receipt;
  std::optional<Unmatched> given_up;  // and told; it is kept all the same, its message may be very late
};
void encode(const ParkedReceipt& parked, std::string& out);
ParkedReceipt decode_parked(std::string_view record);

// The messages of one claim that have no outcome yet, as far as this record knows.
struct LeasedMessage {
  MessageId id = 0;
  std::uint16_t attempt = 0;
};
void encode(const std::vector<LeasedMessage>& messages, std::string& out);
std::vector<LeasedMessage> decode_leased(std::string_view record);

// The value of a queue entry.
struct DueEntry {
  WallMs expires_at = 0;
  bool in_doubt = false;
  bool has_progress = false;  // an earlier attempt left a progress record
};
void encode(const DueEntry& entry, std::string& out);
DueEntry decode_due(std::string_view record);

struct Reference {
  MessageId id = 0;
  std::uint64_t digest = 0;
};
void encode(const Reference& reference, std::string& out);
Reference decode_reference(std::string_view record);

void encode(const StateCounts& counts, std::string& out);
StateCounts decode_counts(std::string_view record);
void encode(const Usage& usage, std::string& out);
Usage decode_usage(std::string_view record);

struct ObjectRecord {
  std::uint64_t revision = 0;
  std::string value;
};
void encode(const ObjectRecord& object, std::string& out);
// Also one of before objects had revisions: its value alone, which begins with no control character.
ObjectRecord decode_object(std::string_view record);

// The part of a task that is written when it is put, and when it has to be done again.
struct TaskRecord {
  WallMs due_at = 0;
  std::uint16_t attempts = 0;  // that ended
  std::string body;
};
void encode(const TaskRecord& task, std::string& out);
TaskRecord decode_task(std::string_view record);
struct TaskLease {
  std::uint64_t lease = 0;
  std::uint16_t attempt = 0;
};
void encode(const TaskLease& lease, std::string& out);
TaskLease decode_task_lease(std::string_view record);

struct JournalRecord {
  std::string key, body;
};
void encode(const JournalRecord& line, std::string& out);
JournalRecord decode_journal(std::string_view record);

struct MarkRecord {
  WallMs expires_at = 0;  // 0: never
  std::string value;
};
void encode(const MarkRecord& mark, std::string& out);
MarkRecord decode_mark(std::string_view record);

}  // namespace smsbridge::store
