// SPDX-License-Identifier: MPL-2.0
#include "bridge/policy/outcome.hpp"

#include <fmt/format.h>

namespace smsbridge::bridge {

Verdict judge(std::uint32_t command_status, const smpp::Dialect& dialect) {
  switch (dialect.class_of(command_status)) {
    case smpp::StatusClass::ok:
      return Verdict::accepted;
    case smpp::StatusClass::throttle:
      return Verdict::throttled;
    case smpp::StatusClass::transient_retry:
      return Verdict::temporary;
    case smpp::StatusClass::session_fatal:
      return Verdict::temporary;  // surely not taken; goes out on the next session
    case smpp::StatusClass::permanent_message_failure:
      return Verdict::refused;
    case smpp::StatusClass::account_refused:
      return Verdict::account_refused;
  }
  return Verdict::refused;
}

std::string describe_status(std::uint32_t command_status) {
  const auto& info = smpp::status_info(command_status);
  if (info.code != command_status) return fmt::format("0x{:08X} {}", command_status, info.meaning);
  return fmt::format("0x{:08X} {}: {}", command_status, info.name, info.meaning);
}

store::SegmentState segment_state(smpp::MessageState state, bool final_state) {
  using store::SegmentState;
  switch (state) {
    case smpp::MessageState::scheduled:
    case smpp::MessageState::enroute:
      return SegmentState::enroute;
    case smpp::MessageState::delivered:
      return final_state ? SegmentState::delivered : SegmentState::enroute;
    case smpp::MessageState::expired:
      return final_state ? SegmentState::expired : SegmentState::enroute;
    case smpp::MessageState::deleted:
    case smpp::MessageState::undeliverable:
      return final_state ? SegmentState::undeliverable : SegmentState::enroute;
    // Taken by the operator at most carriers, read out by its staff at a few: the dialect says which.
    case smpp::MessageState::accepted:
      return final_state ? SegmentState::delivered : SegmentState::enroute;
    case smpp::MessageState::unknown:
      return final_state ? SegmentState::unknown : SegmentState::enroute;
    case smpp::MessageState::rejected:
    case smpp::MessageState::skipped:
      return final_state ? SegmentState::rejected : SegmentState::enroute;
    case smpp::MessageState::none:
      return SegmentState::enroute;
  }
  return SegmentState::enroute;
}

}  // namespace smsbridge::bridge
