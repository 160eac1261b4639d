// SPDX-License-Identifier: MPL-2.0
#include "store/message.hpp"

#include "store/errors.hpp"

namespace smsbridge::store {
namespace {

constexpr std::array<std::string_view, lane_count> lane_names = {"otp", "transaction", "reminder", "campaign"};
constexpr std::array<std::string_view, source_count> source_names = {"api", "fineract", "cli", "event", "schedule"};
constexpr std::array<std::string_view, encoding_count> encoding_names = {"gsm7", "ucs2", "latin1", "gsm7_shift",
                                                                         "binary"};
constexpr std::array<std::string_view, state_count> state_names = {
    "queued",   "submitted", "delivered", "undeliverable", "failed", "cancelled",
    "doubtful", "expired",   "rejected",  "sent",          "unknown"};
constexpr std::array<std::string_view, segment_state_count> segment_names = {
    "unsent", "accepted", "enroute", "delivered", "undeliverable", "expired", "rejected", "unknown", "sent"};
constexpr std::array<std::string_view, event_kind_count> event_names = {
    "submitted", "retry_scheduled", "doubtful", "receipt", "final", "cancelled", "retried", "moved", "postponed"};

template <class Enum, std::size_t N>
bool parse_name(std::string_view text, const std::array<std::string_view, N>& names, Enum& value) {
  for (std::size_t i = 0; i < N; ++i) {
    if (names[i] == text) {
      value = static_cast<Enum>(i);
      return true;
    }
  }
  return false;
}

}  // namespace

std::string_view name(Lane lane) { return lane_names[static_cast<std::size_t>(lane)]; }
std::string_view name(Source source) { return source_names[static_cast<std::size_t>(source)]; }
std::string_view name(Encoding encoding) { return encoding_names[static_cast<std::size_t>(encoding)]; }
std::string_view name(State state) { return state_names[static_cast<std::size_t>(state)]; }
std::string_view name(SegmentState state) { return segment_names[static_cast<std::size_t>(state)]; }
std::string_view name(EventKind kind) { return event_names[static_cast<std::size_t>(kind)]; }
bool parse(std::string_view text, Lane& lane) { return parse_name(text, lane_names, lane); }
bool parse(std::string_view text, State& state) { return parse_name(text, state_names, state); }
bool parse(std::string_view text, Source& source) { return parse_name(text, source_names, source); }

std::string explain(Error error) {
  switch (error) {
    case Error::none:
      return "done";
    case Error::unavailable:
      return "the store is closing";
    case Error::unknown:
      return "a write to the disk failed";
    case Error::busy:
      return "the store's inbox is full";
    case Error::full:
      return "no room is left on the disk or in the store";
    case Error::invalid:
      return "the request breaks a limit of the store";
    case Error::broken:
      return "a write to the disk failed, and the store takes nothing more until the process starts anew";
  }
  return "unexpected store error";
}

}  // namespace smsbridge::store
