// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "metrics/labels.hpp"
#include "store/journal.hpp"

namespace smsbridge::bridge {

// A line of a tenant's event log: what became of a hook, or of one person's text.
struct EventLine {
  std::string occurrence;  // the same for all that follows from one hook
  std::string event;       // of the catalogue; of a hook that is of none, ENTITY ACTION
  std::string notice;      // the configured event; empty: none in particular
  metrics::EventResult result = metrics::EventResult::received;
  std::string detail;                    // why, for people
  std::string subject;                   // "loan 12"
  std::string audience, person, number;  // whom it was for
  std::string client_ref;                // of the message
  std::string by;                        // who did it at the bank
};
inline constexpr const char* event_stream = "events";
store::JournalLine journal_line(store::TenantId tenant, const EventLine& line);
std::optional<EventLine> read_event_line(std::string_view body);

}  // namespace smsbridge::bridge
