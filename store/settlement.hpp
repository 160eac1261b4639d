// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "store/message.hpp"

namespace smsbridge::store {

// The carrier has all parts.
struct Taken {
  bool awaits_receipt = true;         // false: none will come, and this is the end
  WallMs receipt_wait_ms = 0;         // how long one is waited for
  GatewayId when_silent = 0;          // after this wait the message goes out by that gateway, perhaps a second time
  std::optional<std::int64_t> price;  // of all parts, in millionths of the gateway's currency; not known: none
  std::size_t parts = 0;              // SMS on the bill; at least one for each segment
  std::string note;                   // for its line of the timeline
};
// It will not be tried again.
struct Failed {
  State state = State::failed;  // or expired
  bool sent = true;             // it reached the carrier
};
// Another attempt follows, by the same gateway.
struct RetryLater {
  WallMs delay_ms = 0;
  bool doubtful = false;    // perhaps sent
  bool repeatable = false;  // perhaps sent, and a repetition does not reach the phone a second time
};
// It waits for a receipt, and fails without one.
struct Held {
  WallMs wait_ms = 0;
  bool doubtful = true, repeatable = false;  // as above, of this attempt
  bool sent = true;                          // false: an earlier attempt was, this one was not made
};
// The next attempt is another gateway's.
struct MovedTo {
  GatewayId gateway = 0;
  bool sent = true;  // false: this attempt does not count
};
// It was not sent, and keeps its place in the queue, or takes one later in it.
struct GivenBack {
  WallMs not_before = 0;  // 0: its own place
};

using Ending = std::variant<GivenBack, Taken, Failed, RetryLater, Held, MovedTo>;

// How an attempt ended.
struct Settlement {
  MessageId id = 0;
  std::uint16_t attempt = 0;
  Ending what;
  std::string status_message;
  std::vector<Segment> segments;  // what is known of each
};
// No other attempt follows by itself.
inline bool is_end(const Settlement& settlement) {
  return std::holds_alternative<Taken>(settlement.what) || std::holds_alternative<Failed>(settlement.what);
}

}  // namespace smsbridge::store
