// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <optional>

#include "bridge/policy/error_rate.hpp"
#include "bridge/policy/patience.hpp"
#include "bridge/policy/receipt_watch.hpp"

namespace smsbridge::bridge {

// How far a gateway is trusted. The one place that decides what counts as down: whether it can send, is throttled,
// still gets receipts, and how many messages fail comes in; how routes use it, and whether what waits there may leave,
// comes out. Pure: the caller brings the time.
class Trust {
 public:
  enum class State : std::uint8_t {
    down,     // it cannot send, or is paused: chosen where there is no other, and what waits may leave
    probing,  // it came back, takes few messages or reports none any more: it gets one message a second
    tried,    // throttled: chosen as before, and what waits may leave. While it is probed, that is its state
    trusted,
  };
  // What became different, for people.
  enum class News : std::uint8_t {
    none,
    receipts_stopped,
    receipts_come,  // again
    many_fail,
    fewer_fail,
  };

  // `known_as`: what routes take it for, when it follows upon one that they knew.
  Trust(WallMs receipts_quiet_ms, State known_as)
      : receipts_(receipts_quiet_ms), came_back_(known_as == State::down || known_as == State::probing) {}

  // Whether it can send: routes know it at once.
  void can_send(bool can) {
    can_send_ = can;
    if (!can) came_back_ = true;
  }
  // Once a second, and when it is throttled: since when it is so. What was gone between two looks only moves nothing.
  News see(WallMs now, bool throttled) {
    if (!can_send_) {
      if (!down_since_) down_since_ = now;
      up_since_ = 0;
    } else {
      if (!up_since_) up_since_ = now;
      if (now - up_since_ >= trusted_after_ms) down_since_ = 0;
    }
    if (!throttled)
      throttled_since_ = 0;
    else if (!throttled_since_)
      throttled_since_ = now;
    return receipts_.became_quiet(now) ? News::receipts_stopped : News::none;
  }
  News taken(WallMs now, bool awaits_receipt) {
    const auto news = ended(false);
    if (can_send_) came_back_ = false;
    down_since_ = 0;
    if (awaits_receipt) receipts_.awaited(now);
    return news;
  }
  // For a reason that may pass.
  News failed() { return ended(true); }
  News receipt_came() {
    if (!receipts_.came()) return News::none;
    if (can_send_) came_back_ = false;
    return News::receipts_come;
  }

  State state() const {
    if (!can_send_) return State::down;
    if (came_back_ || receipts_.quiet_since() || errors_.is_high()) return State::probing;
    return throttled_since_ ? State::tried : State::trusted;
  }
  // For how long what waits here is to wait; nothing: it stays.
  std::optional<Patience> patience() const {
    if (!up_since_) return Patience{.reason = metrics::MoveReason::unreachable, .since = down_since_};
    if (throttled_since_) return Patience{.reason = metrics::MoveReason::throttled, .since = throttled_since_};
    return std::nullopt;
  }
  WallMs down_since() const { return up_since_ ? 0 : down_since_; }
  bool is_throttled() const { return throttled_since_ != 0; }
  WallMs receipts_quiet_since() const { return receipts_.quiet_since(); }  // 0: they are not

 private:
  static constexpr WallMs trusted_after_ms = 60'000;  // a gateway that comes and goes counts as down all the while
  News ended(bool failed) {
    const bool was_high = errors_.is_high();
    errors_.ended(failed);
    if (was_high == errors_.is_high()) return News::none;
    return was_high ? News::fewer_fail : News::many_fail;
  }

  ReceiptWatch receipts_;
  ErrorRate errors_;
  bool can_send_ = false;
  WallMs down_since_ = 0;       // or paused; 0: it can send, and a message was taken, or it has been up for long
  WallMs up_since_ = 0;         // 0: it could not send when it was seen
  WallMs throttled_since_ = 0;  // 0: it is not
  bool came_back_;              // and has taken nothing since
};

}  // namespace smsbridge::bridge
