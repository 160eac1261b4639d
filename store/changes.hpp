// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "store/errors.hpp"
#include "store/journal.hpp"
#include "store/marks.hpp"
#include "store/message.hpp"
#include "store/objects.hpp"
#include "store/settlement.hpp"
#include "store/tasks.hpp"
#include "store/usage.hpp"

// Everything that can be written. Changes travel in batches: one durable transaction, one result each, and any batch
// may be repeated without storing, sending or counting anything twice.
namespace smsbridge::store {

// A new message. The store gives the id and stamps the times.
struct Enqueue {
  Content content;
  bool replace_on_conflict = false;  // Fineract reuses ids after a restore: other content is a new message
  bool only_if_known = false;        // it would be refused now: nothing is stored, but a repetition is recognised
  std::string failed_because;        // not empty: kept for people to see, final from the start, never sent
  std::string postponed_because;     // not empty: why it is due later than it was asked for; for its timeline
};
struct Enqueued {
  enum class Kind : std::uint8_t {
    stored,    // new
    known,     // the same message was accepted earlier: `id` is that one, nothing was stored
    conflict,  // the reference belongs to other content: nothing was stored
    unknown,   // of only_if_known: it was never accepted
  } kind = Kind::stored;
  MessageId id = 0;
  WallMs created_at = 0;
};

struct ReceiptRecorded {
  GatewayId gateway = 0;
  std::vector<std::string> provider_ids;  // candidates, in the order to try
  std::size_t as_given =
      ~std::size_t{0};                   // so many stand in the receipt; the others are conversions to another notation
  std::size_t usable = ~std::size_t{0};  // so many may be used at once; the others only when the receipt has waited
  SegmentState state = SegmentState::unknown;
  bool whole_message = false;  // this carrier sends one receipt for all parts: it speaks of those it has
  std::string error;
  std::string word;                // the carrier's own for a state that is not final, for people; perhaps empty
  std::string destination;         // the phone, see same_phone(). Empty: not compared
  std::string other_address;       // where the phone may stand instead; believed of an id that only one message has
  std::vector<GatewayId> account;  // gateways that share the account, and so its ids; empty: only `gateway`
  std::string quote;               // the beginning of the text, if the receipt has it
  bool may_guess = true;           // an unknown id may be taken for that of the one message held for this phone
  MessageId message = 0;           // where the provider gives our own reference back: the message it belongs to,
  std::uint16_t attempt = 0;       // and which attempt
};

// A message that waits, and was not handed to anybody, goes to another gateway's queue.
struct Move {
  MessageId id = 0;
  GatewayId from = 0, to = 0;
  TenantId tenant = 0;
  Lane lane = Lane::transaction;
  WallMs due_at = 0;  // its place in the queue
  std::string why;
};

struct Control {
  enum class Action : std::uint8_t { cancel, retry } action = Action::cancel;
  TenantId tenant = 0;
  MessageId id = 0;
  // Of a cancel: the carrier of this gateway, which has it since this attempt, says that it will not deliver it.
  struct AtCarrier {
    GatewayId gateway = 0;
    std::uint16_t attempt = 0;
  };
  std::optional<AtCarrier> at_carrier{};
  WallMs validity_ms = 0;  // with retry: how long from now,
  GatewayId gateway = 0;   // and by which way when it had none, or that is gone; 0: by its own
};

// A tenant that is gone loses what is kept under its number, some of it with each change: messages with their
// references, journal, tasks and marks. What was used stays: numbers that a bill is compared with.
struct EraseTenant {
  TenantId tenant = 0;
  MessageId from = 0;  // where the change before stopped
  struct MarksOf {
    std::string scope, prefix;  // whose keys begin so; empty: all of the scope
  };
  std::vector<MarksOf> marks;
};
struct TenantErased {
  std::size_t messages = 0, others = 0;  // of the one: lines, tasks, references and marks
  std::optional<MessageId> from;         // give it to the next change; nothing: all is gone
};

// What must hold for the whole batch, as things are before it.
struct MarkAbsent {
  std::string scope, key;
};
struct TaskHeld {
  TaskKey task;
  std::uint64_t lease = 0;
};
struct ObjectAt {
  std::string key;
  Revision revision = 0;  // 0: there is none
};
using Condition = std::variant<MarkAbsent, TaskHeld, ObjectAt>;

// All of it is in one transaction. Where `only_if` does not hold, or an error is answered, none of it is applied: "the
// task is done, its message is enqueued, its line is in the journal, its mark is set" happens once, or not at all.
struct Batch {
  std::vector<ReceiptRecorded> receipts;
  std::vector<Settlement> settlements;
  std::vector<Enqueue> enqueue;
  std::vector<Control> controls;
  std::vector<Move> moves;
  std::vector<Condition> only_if;
  std::vector<PutObject> objects;
  std::vector<EraseObject> erased_objects;
  std::vector<EndTask> ended_tasks;  // before those that are put: what is done may be put again
  std::vector<PutTask> tasks;
  std::vector<JournalLine> journal;
  std::vector<EraseMark> erased_marks;
  std::vector<PutMark> marks;
  std::vector<std::string> tenants;  // names that get a number, if they have none
  std::vector<EraseTenant> erased_tenants;
  std::size_t size() const {
    return receipts.size() + settlements.size() + enqueue.size() + controls.size() + moves.size() + only_if.size() +
           objects.size() + erased_objects.size() + ended_tasks.size() + tasks.size() + journal.size() +
           erased_marks.size() + marks.size() + tenants.size() + erased_tenants.size();
  }
  // It brings what needs room later, too, and is refused when there is little.
  bool brings_work() const { return !enqueue.empty() || !tasks.empty(); }
};
// Whether all names, keys and values have a size that can be kept.
bool is_within_limits(const Batch& batch);
constexpr std::size_t batch_items_max = 8192, tenant_name_max = 400;

enum class Settled : std::uint8_t {
  ok,
  repeated,    // my own, earlier
  superseded,  // another attempt holds the message: count it, do not send again
};
enum class Receipted : std::uint8_t {
  matched,
  repeated,       // changed nothing: already known, or of lower rank
  parked,         // it may be ahead of its message's outcome: kept, and matched when that arrives
  another_phone,  // kept and given up at once: nothing is being sent, and the one message that has this id went to
                  // another phone
  ambiguous,      // likewise: several messages have this id, and nothing tells which is meant
};
// Why a receipt was given up as nobody's.
enum class Unmatched : std::uint8_t {
  no_message,     // no message has its id
  another_phone,  // the one message that has it went to another phone
  ambiguous,      // several messages have it, and nothing tells which is meant
  no_room,        // it gave way to newer ones before it had waited long
};
constexpr std::size_t unmatched_count = 4;
enum class Controlled : std::uint8_t {
  done,
  not_found,
  too_late,
  no_way,  // of a retry: it had no gateway, and none was named
};

struct BatchResult {
  Error error = Error::none;
  std::vector<Receipted> receipts;
  std::vector<Settled> settled;
  std::vector<Enqueued> enqueued;
  std::vector<Controlled> controls;
  std::vector<Settled> moved;        // superseded: it left the queue by another way
  std::optional<std::size_t> unmet;  // the condition that did not hold: nothing was applied
  std::vector<ObjectChanged> objects, erased_objects;
  std::vector<TaskEnded> ended_tasks;
  std::vector<TaskPut> tasks;
  std::vector<std::uint64_t> journal;  // ids of its lines
  std::vector<bool> erased_marks;      // whether there was one
  std::vector<MarkPut> marks;
  std::vector<TenantId> tenants;  // 0: its record is damaged
  std::vector<TenantErased> erased_tenants;
  Batch unapplied;  // with an error: the batch itself, so that the caller can repeat it
};

// A queue is tenant x gateway x lane.
struct Queue {
  GatewayId gateway = 0;
  TenantId tenant = 0;
  Lane lane = Lane::transaction;
  friend bool operator==(const Queue&, const Queue&) = default;
  friend auto operator<=>(const Queue&, const Queue&) = default;
};

struct Want {
  Queue queue;
  std::uint32_t count = 0;
  WallMs accepted_until = 0;  // what was accepted later stays in the queue; 0: nothing does
};
constexpr std::size_t claim_messages_max = 4096;

// What a gateway takes as soon as it is due, in the commit that brings it: nothing waits for a claim of its own. At
// most `count` messages, of a lane at most `lane_max`.
struct StandingClaim {
  GatewayId gateway = 0;
  std::uint32_t count = 0;
  std::array<std::uint32_t, lane_count> lane_max{};
};

struct Claimed {
  MessageId id = 0;
  std::uint16_t attempt = 0;
  std::uint16_t attempts_before = 0;   // of these, made before a person retried the message
  bool in_doubt = false;               // an earlier attempt perhaps sent it,
  std::uint16_t doubtful_attempt = 0;  // this one
  WallMs due_at = 0;
  WallMs expires_at = 0;
  Content content;
  std::vector<Segment> segments;  // of earlier attempts
  std::vector<GatewayId> left;    // gateways it moved away from
};

// What is left in a queue after a claim.
struct QueueEnd {
  Queue queue;
  bool more_due = false;
  WallMs next_due = 0;  // of the first message that is not due yet, 0: none
};

struct ClaimResult {
  Error error = Error::none;
  std::vector<Claimed> messages;
  std::vector<QueueEnd> ends;
};

// What a transaction that is not committed yet did to a message: a carrier took it, or it reached its end.
struct News {
  MessageId id = 0;
  TenantId tenant = 0;
  State state = State::submitted;
};
// The message as that transaction leaves it; nothing where a record cannot be read.
using ReadMessage = std::function<std::optional<Message>(MessageId)>;
// Tasks and lines of the journal that are to be in the same commit as what they tell of. Called on the writer's thread
// inside of the transaction: it must not block, and may be called again for the same news when that fails.
// `kept` is false where the store has no room even for outcomes: what is answered is not written then.
using Alongside = std::function<Batch(const std::vector<News>& news, const ReadMessage& read, bool kept)>;

// How many receipts were given up as nobody's, by the gateway that brought them; each is told once.
using GivenUp = std::map<std::pair<GatewayId, Unmatched>, std::size_t>;

// A message reached its end, or a person revived it; for metrics.
struct Final {
  MessageId id = 0;
  TenantId tenant = 0;
  GatewayId gateway = 0;
  State state = State::failed;
  WallMs submitted_at = 0;
  WallMs finished_at = 0;
};

}  // namespace smsbridge::store
