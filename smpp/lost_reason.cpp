// SPDX-License-Identifier: MPL-2.0
#include "smpp/lost_reason.hpp"

namespace smsbridge::smpp {

std::string_view lost_reason_name(LostReason reason) {
  switch (reason) {
    case LostReason::local:
      return "local";
    case LostReason::peer_unbind:
      return "peer_unbind";
    case LostReason::peer_closed:
      return "peer_closed";
    case LostReason::enquire_link_timeout:
      return "enquire_link_timeout";
    case LostReason::protocol_error:
      return "protocol_error";
    case LostReason::not_bound:
      return "not_bound";
    case LostReason::bind_timeout:
      return "bind_timeout";
    case LostReason::bind_refused:
      return "bind_refused";
    case LostReason::frame_timeout:
      return "frame_timeout";
  }
  return "local";
}

}  // namespace smsbridge::smpp
