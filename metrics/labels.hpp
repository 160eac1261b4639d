// SPDX-License-Identifier: MPL-2.0
// Every value that a label may have, apart from the names of configured objects. Labels come from these enums and never
// from input, so no peer and no customer can make the number of series grow.
#pragma once

#include <array>
#include <cstddef>

namespace smsbridge::metrics {

// The values of an enum in its order, as they stand in the exposition. Each enum below specialises it.
template <class Enum>
inline constexpr std::array<const char*, 0> label_values{};

template <class Enum>
inline constexpr std::size_t label_count = label_values<Enum>.size();

template <class Enum>
constexpr const char* label_value(Enum value) {
  return label_values<Enum>[static_cast<std::size_t>(value)];
}

#define SMSBRIDGE_LABEL(Enum, last, ...)                                                \
  template <>                                                                           \
  inline constexpr auto label_values<Enum> = std::to_array<const char*>({__VA_ARGS__}); \
  static_assert(label_count<Enum> == static_cast<std::size_t>(Enum::last) + 1)

enum class HttpMethod { get, head, post, put, patch, delete_, options, other };
SMSBRIDGE_LABEL(HttpMethod, other, "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other");

// Why a client's connection was closed without an answer.
enum class ConnectionDrop {
  full,           // all that may be open are busy
  address_full,   // one address has as many as it may have
  evicted,        // it said nothing, and a new one needed its place
  no_descriptor,  // the process may open no more files
};
SMSBRIDGE_LABEL(ConnectionDrop, no_descriptor, "full", "address_full", "evicted", "no_descriptor");

enum class Source { api, fineract, cli, event, schedule };
SMSBRIDGE_LABEL(Source, schedule, "api", "fineract", "cli", "event", "schedule");

// The problem codes of the HTTP API that refuse a message.
enum class RejectReason {
  malformed_json,
  unauthenticated,
  forbidden,
  payload_too_large,
  unsupported_media_type,
  invalid_request,
  invalid_number,
  blocked_number,
  no_route,
  budget_spent,
  opted_out,
  same_text,
  unknown_template,
  missing_variable,
  too_many_parts,
  idempotency_mismatch,
  idempotency_in_progress,
  rate_limited,
  queue_full,
  shutting_down,
  store_full,
  storage_failed,
  other,
};
SMSBRIDGE_LABEL(RejectReason, other, "malformed_json", "unauthenticated", "forbidden", "payload_too_large",
                "unsupported_media_type", "invalid_request", "invalid_number", "blocked_number", "no_route",
                "budget_spent", "opted_out", "same_text", "unknown_template", "missing_variable", "too_many_parts",
                "idempotency_mismatch", "idempotency_in_progress", "rate_limited", "queue_full", "shutting_down",
                "store_full", "storage_failed", "other");

// How a phone came to get no more campaigns.
enum class OptOutHow { keyword, carrier, staff, import };
SMSBRIDGE_LABEL(OptOutHow, import, "keyword", "carrier", "staff", "import");

// What became of a hook of Fineract, or of one text that follows from it.
enum class EventResult {
  received,       // it is a task
  ignored,        // nobody is told of such a command
  disabled,       // nothing that is switched on is for it
  refused,        // Fineract did not carry it out, or somebody has to approve it
  unreadable,     // the hook is none that Fineract sends
  duplicate,      // it came before
  waits,          // Fineract does not answer, or does not show it yet
  not_confirmed,  // Fineract never showed it, or shows that it is not so
  not_wanted,     // product, office or amount is not one that is told of
  no_recipient,   // nobody of that kind
  no_number,
  opted_out,
  template_error,  // the text could not be made
  not_accepted,    // no route, a spent budget and the like
  sent,            // given to the queue
  given_up,        // Fineract did not answer for too long
};
SMSBRIDGE_LABEL(EventResult, given_up, "received", "ignored", "disabled", "refused", "unreadable", "duplicate", "waits",
                "not_confirmed", "not_wanted", "no_recipient", "no_number", "opted_out", "template_error",
                "not_accepted", "sent", "given_up");

// What became of an id that Fineract asks for and nobody posted.
enum class RepairHow {
  bound,    // it is that of a message that came without one
  adopted,  // its post was lost: it was read from Fineract, and sent
};
SMSBRIDGE_LABEL(RepairHow, adopted, "bound", "adopted");

// How a run of a schedule ended.
enum class ScheduleEnd {
  ok,
  skipped,  // its time was missed, or a holiday
  stopped,  // by a person
  error,
};
SMSBRIDGE_LABEL(ScheduleEnd, error, "ok", "skipped", "stopped", "error");

// What became of a row of what a schedule reads.
enum class ScheduleRow {
  sent,
  repeated,  // it got its message of this period before
  refused,
};
SMSBRIDGE_LABEL(ScheduleRow, refused, "sent", "repeated", "refused");

// What quiet hours put off: when it was accepted, or when it was about to leave.
enum class Postponed { accepted, leaving };
SMSBRIDGE_LABEL(Postponed, leaving, "accepted", "leaving");

enum class PartEncoding { gsm7, gsm7_shift, latin1, ucs2, binary };
SMSBRIDGE_LABEL(PartEncoding, binary, "gsm7", "gsm7_shift", "latin1", "ucs2", "binary");

enum class TextChange { transliterated, replaced };
SMSBRIDGE_LABEL(TextChange, replaced, "transliterated", "replaced");

enum class FinalState { delivered, undeliverable, expired, rejected, failed, cancelled, unknown };
SMSBRIDGE_LABEL(FinalState, unknown, "delivered", "undeliverable", "expired", "rejected", "failed", "cancelled",
                "unknown");

enum class RetryReason { throttled, temporary, timeout, disconnected };
SMSBRIDGE_LABEL(RetryReason, disconnected, "throttled", "temporary", "timeout", "disconnected");

enum class MoveReason { unreachable, throttled, refused, retries_used_up };
SMSBRIDGE_LABEL(MoveReason, retries_used_up, "unreachable", "throttled", "refused", "retries_used_up");

enum class QueueState { scheduled, queued, in_flight, awaiting_receipt };
SMSBRIDGE_LABEL(QueueState, awaiting_receipt, "scheduled", "queued", "in_flight", "awaiting_receipt");

enum class DoubtPolicy {
  resend,  // may be delivered twice
  hold,    // may not be delivered at all
};
SMSBRIDGE_LABEL(DoubtPolicy, hold, "resend", "hold");

enum class SubmitResult { ok, throttled, queue_full, temporary, permanent, timeout, disconnected };
SMSBRIDGE_LABEL(SubmitResult, disconnected, "ok", "throttled", "queue_full", "temporary", "permanent", "timeout",
                "disconnected");

enum class ReceiptState { enroute, accepted, delivered, undeliverable, expired, deleted, rejected, unknown };
SMSBRIDGE_LABEL(ReceiptState, unknown, "enroute", "accepted", "delivered", "undeliverable", "expired", "deleted",
                "rejected", "unknown");

enum class SessionState { closed, connecting, binding, bound, unbinding, backoff };
SMSBRIDGE_LABEL(SessionState, backoff, "closed", "connecting", "binding", "bound", "unbinding", "backoff");

enum class BindResult { ok, refused, connect_failed, tls_failed, timeout, dns_failed, closed, not_smpp };
SMSBRIDGE_LABEL(BindResult, not_smpp, "ok", "refused", "connect_failed", "tls_failed", "timeout", "dns_failed",
                "closed", "not_smpp");

enum class DisconnectReason { local, peer_unbind, peer_closed, enquire_link_timeout, protocol_error, io_error };
SMSBRIDGE_LABEL(DisconnectReason, io_error, "local", "peer_unbind", "peer_closed", "enquire_link_timeout",
                "protocol_error", "io_error");

// Why a session is bound to another of its carrier's hosts than before.
enum class HostChange {
  failed,    // its own could not be used
  returned,  // its own is good again
};
SMSBRIDGE_LABEL(HostChange, returned, "failed", "returned");

// What a carrier said when it was asked what became of a message.
enum class QueryResult {
  ended,      // how it ended
  under_way,  // it has not
  refused,
  unanswered,
};
SMSBRIDGE_LABEL(QueryResult, unanswered, "ended", "under_way", "refused", "unanswered");

// And when it was asked to deliver a part no more.
enum class CancelResult { cancelled, refused, unanswered };
SMSBRIDGE_LABEL(CancelResult, unanswered, "cancelled", "refused", "unanswered");

enum class Direction { sent, received };
SMSBRIDGE_LABEL(Direction, received, "sent", "received");

// A request and its response are one command: the direction and the role of the link tell them apart, but a lost
// response must be visible, so the responses have names of their own.
enum class SmppCommand {
  bind,
  bind_resp,
  submit_sm,
  submit_sm_resp,
  deliver_sm,
  deliver_sm_resp,
  data_sm,
  data_sm_resp,
  enquire_link,
  enquire_link_resp,
  unbind,
  unbind_resp,
  generic_nack,
  other,
};
SMSBRIDGE_LABEL(SmppCommand, other, "bind", "bind_resp", "submit_sm", "submit_sm_resp", "deliver_sm", "deliver_sm_resp",
                "data_sm", "data_sm_resp", "enquire_link", "enquire_link_resp", "unbind", "unbind_resp", "generic_nack",
                "other");

// What an attempt to deliver events to a webhook came to.
enum class WebhookResult {
  ok,
  http_error,  // it answered, and not with 2xx
  timeout,
  network_error,
  refused,  // by us: the address is none that it may go to
};
SMSBRIDGE_LABEL(WebhookResult, refused, "ok", "http_error", "timeout", "network_error", "refused");

// What became of an event for a webhook.
enum class WebhookEnd {
  delivered,
  given_up,   // it failed for too long, or too often
  discarded,  // its webhook was removed
  no_room,    // it was never kept: the store has no room
};
SMSBRIDGE_LABEL(WebhookEnd, no_room, "delivered", "given_up", "discarded", "no_room");

enum class StoreOperation { commit, read, open };
SMSBRIDGE_LABEL(StoreOperation, open, "commit", "read", "open");

enum class ClockJump { ahead, back, kept };
SMSBRIDGE_LABEL(ClockJump, kept, "ahead", "back", "kept");

enum class LogLevel { debug, info, warning, error, critical };
SMSBRIDGE_LABEL(LogLevel, critical, "debug", "info", "warning", "error", "critical");

#undef SMSBRIDGE_LABEL

}  // namespace smsbridge::metrics
