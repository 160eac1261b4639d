// SPDX-License-Identifier: MPL-2.0
// Why a session ended, on either side.
#pragma once

#include <cstdint>
#include <string_view>

namespace smsbridge::smpp {

enum class LostReason : std::uint8_t {
  local,                 // we wanted it
  peer_unbind,           // the peer said goodbye
  peer_closed,           // the connection ended
  enquire_link_timeout,  // no sign of life although we asked
  protocol_error,        // the stream cannot be followed, or the peer cannot follow ours
  not_bound,             // for the peer we are not bound (ESME_RINVBNDSTS): whatever we send would fail
  bind_timeout,          // no bind, or no answer to it
  bind_refused,          // the answer was no
  frame_timeout,         // half a PDU, and then nothing
};
std::string_view lost_reason_name(LostReason reason);

}  // namespace smsbridge::smpp
