// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// The durable record is the message: there is no second type in the bridge to convert to and from.
namespace smsbridge::store {

// 63 bit, given by the store, strictly growing: milliseconds since 2024-01-01 in the upper bits, a counter in the
// lower 22.
using MessageId = std::uint64_t;
using TenantId = std::uint32_t;
using GatewayId = std::uint32_t;  // the stable number of the configuration, which Fineract knows as providerId
using RouteId = std::uint32_t;    // likewise: no gateway has the same number as a route
using WallMs = std::int64_t;      // milliseconds since 1970 UTC; 0 means "none"

constexpr WallMs id_epoch_ms = 1704067200000;
constexpr int id_counter_bits = 22;
constexpr MessageId first_id_at(WallMs at) {
  return at <= id_epoch_ms ? 1 : static_cast<MessageId>(at - id_epoch_ms) << id_counter_bits;
}
constexpr WallMs id_time(MessageId id) { return static_cast<WallMs>(id >> id_counter_bits) + id_epoch_ms; }

enum class Lane : std::uint8_t { otp, transaction, reminder, campaign };
constexpr std::size_t lane_count = 4;

enum class Source : std::uint8_t { api, fineract, cli, event, schedule };
constexpr std::size_t source_count = 5;

enum class Encoding : std::uint8_t {
  gsm7,
  ucs2,
  latin1,
  gsm7_shift,  // by the national tables of a language
  binary,      // no text
};
constexpr std::size_t encoding_count = 5;

enum class State : std::uint8_t {
  queued,         // waits for its due time or for a free place in a window
  submitted,      // the carrier took it, the receipt is awaited
  delivered,      // final
  undeliverable,  // final, by receipt
  failed,         // final, by us or by the carrier's refusal
  cancelled,      // final, by a person
  doubtful,       // perhaps sent, held: a receipt or the end of the wait decides
  expired,        // final: validity ended, by us or by receipt
  rejected,       // final, by receipt
  sent,           // final: taken by the carrier, and no receipt will come
  unknown,        // final: the carrier itself does not know
};
constexpr std::size_t state_count = 11;
using StateCounts = std::array<std::int64_t, state_count>;  // how many messages are in each

constexpr bool is_final(State state) {
  return state != State::queued && state != State::submitted && state != State::doubtful;
}

// A TLV of a carrier's own, its value in octets as they are sent (SMPP 3.4 section 5.3.1).
struct Tlv {
  std::uint16_t tag = 0;
  std::string value;
  bool operator==(const Tlv&) const = default;
};

// What its tenant's quiet hours are to a message.
enum class AtNight : std::uint8_t {
  by_lane,  // they say which lanes wait
  waits,
  goes,
};
constexpr std::size_t at_night_count = 3;

// Written once, when the message is accepted.
struct Content {
  TenantId tenant = 0;
  GatewayId gateway = 0;  // the way out chosen at acceptance; 0: none was possible
  RouteId route = 0;      // the route that chose it, which may choose others; 0: the caller named the gateway
  Lane lane = Lane::transaction;
  Source source = Source::api;
  Encoding encoding = Encoding::gsm7;
  std::uint8_t parts = 1;
  WallMs created_at = 0;  // stamped by the store
  WallMs due_at = 0;      // stamped by the store unless the caller scheduled it
  WallMs expires_at = 0;
  std::uint64_t digest = 0;     // of what makes two messages under one reference the same message
  std::string client_ref;       // Fineract's internalId, or the caller's own reference
  std::string idempotency_key;  // of the request that brought it
  std::string from, to, text;
  std::string target_user, triggered_by;
  // For people: who its route passed over, and why; without a route, who named its gateway. Empty: the route's first,
  // or the tenant's default.
  std::string way;
  bool flash = false;           // the phone shows it at once, and does not keep it
  bool transliterated = false;  // the text is not the one that was given, but close to it and with fewer parts
  std::uint16_t replaced = 0;   // characters that go as '?': the gateway's alphabet lacks them
  // Instead of a text, where the encoding is binary.
  std::string octets, header;     // the header with its length octet
  std::int16_t data_coding = -1;  // as the caller set it; -1: as the gateway carries octets
  std::vector<Tlv> tlvs;          // besides its gateway's; at most 255 of them
  // The template that the text was made of, for people: its version, the text's language, the language that was asked
  // for, and its name, with spaces between. Empty: none.
  std::string made_by;
  AtNight at_night = AtNight::by_lane;
};

enum class SegmentState : std::uint8_t {
  unsent,
  accepted,
  enroute,
  delivered,
  undeliverable,
  expired,
  rejected,
  unknown,
  sent,  // final: it left, and whether it arrives nobody will tell
};
constexpr std::size_t segment_state_count = 9;
constexpr bool is_final(SegmentState state) { return state >= SegmentState::delivered; }

// One segment as the carrier knows it. Only segments that are `unsent` are submitted by the next attempt.
struct Segment {
  SegmentState state = SegmentState::unsent;
  std::string provider_id;
  std::string error;  // the carrier's own code, perhaps with words
};

enum class EventKind : std::uint8_t {
  submitted,
  retry_scheduled,
  doubtful,
  receipt,
  final_state,
  cancelled,
  retried,
  moved,      // to another gateway
  postponed,  // not sent at this time of day
};
constexpr std::size_t event_kind_count = 9;

// A line of the message's timeline. At most `events_max` are kept; the last ones win.
struct Event {
  WallMs at = 0;
  EventKind kind = EventKind::submitted;
  GatewayId gateway = 0;
  std::uint16_t attempt = 0;
  std::string detail;
};
constexpr std::size_t events_max = 24;

// The small record that changes. A message without one is queued and was never tried.
struct Progress {
  State state = State::queued;
  bool maybe_duplicate = false;  // an attempt ended without an answer: the phone may get, or have got, it twice
  std::uint16_t attempts = 0;
  std::uint16_t attempts_before = 0;   // of these, made before a person retried the message
  GatewayId gateway = 0;               // of the last attempt
  GatewayId queue_gateway = 0;         // whose queue it is in since it moved; 0: as in the content
  std::uint16_t doubtful_attempt = 0;  // the first one that was perhaps sent, as long as that is open; 0: none
  GatewayId when_silent = 0;           // where it moves when no receipt comes; 0: nowhere
  std::vector<GatewayId> left;         // the gateways it moved away from
  WallMs due_at = 0;      // when queued: its key in the queue; otherwise: its key among those that wait for receipts
  WallMs expires_at = 0;  // 0: as in the content; set when a person retried the message
  WallMs submitted_at = 0;
  WallMs finished_at = 0;
  std::string status_message;
  std::vector<Segment> segments;
  std::vector<Event> events;
};

struct Message {
  MessageId id = 0;
  Content content;
  Progress progress;
};

// The gateway whose queue a message is, or was last, in.
inline GatewayId gateway_of(const Content& content, const Progress& progress) {
  return progress.queue_gateway ? progress.queue_gateway : content.gateway;
}

std::string_view name(Lane lane);
std::string_view name(Source source);
std::string_view name(Encoding encoding);
std::string_view name(State state);
std::string_view name(SegmentState state);
std::string_view name(EventKind kind);
bool parse(std::string_view text, Lane& lane);
bool parse(std::string_view text, State& state);
bool parse(std::string_view text, Source& source);

}  // namespace smsbridge::store
