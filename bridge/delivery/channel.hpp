// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "bridge/delivery/from_phone.hpp"
#include "bridge/env/clock.hpp"
#include "bridge/policy/outcome.hpp"
#include "http_gateways/provider.hpp"
#include "metrics/metrics.hpp"
#include "smpp/id_rule.hpp"
#include "store/changes.hpp"

namespace smsbridge::bridge {

struct GatewayStatus {
  struct SessionStatus {
    int number = 0;
    std::string state, last_error;
    WallMs next_try_at = 0;  // 0: none is waited for
    std::string host;        // host:port, where it is connected or was last
    WallMs bound_since = 0;  // 0: it is not
  };
  struct HostStatus {  // of a carrier that has several
    std::string host;  // host:port
    std::size_t sessions = 0;
    WallMs avoided_since = 0;  // 0: it is good
    std::string why;
  };
  std::string state;          // up, down, paused
  WallMs paused_since = 0;    // 0: it is not
  WallMs draining_since = 0;  // likewise
  WallMs receipts_quiet_since = 0;
  WallMs down_since = 0;   // or paused
  WallMs next_try_at = 0;  // of an account that cannot be used; 0: it can
  bool throttled = false;
  std::vector<SessionStatus> sessions;
  std::vector<HostStatus> hosts;
  struct Ids {
    bool by_dialect = false;           // it says how receipts write them
    std::optional<smpp::IdRule> rule;  // nothing: it is not known
    std::size_t pairs = 0, pairs_wanted = 0;
  };
  std::optional<Ids> ids;  // of SMPP only
  std::size_t window_in_use = 0, window_limit = 0, in_flight = 0;
  double rate_limit = 0;
  std::string last_error;    // of the account
  std::string callback_url;  // where the provider reports to; empty: nowhere
  std::string balance, balance_currency;
  WallMs balance_at = 0;  // 0: not known
};

// The way out of a gateway: the binds to a carrier, or an account with an HTTP provider. Sends what it is given and
// reports what came of it; it decides nothing about messages. One shard; all calls and callbacks run there.
class Channel {
 public:
  // A message in the form in which it leaves.
  struct Outgoing {
    virtual ~Outgoing() = default;
    std::size_t parts = 1;  // that are submitted each by itself
    bool alone = false;     // nothing else may be under way on the same connection
  };

  class Owner {
   public:
    virtual ~Owner() = default;
    // `cookie` is what submit() was given.
    virtual void on_answer(std::uint64_t cookie, Answer answer) = 0;
    // Too fast, and the message is not at fault: it keeps its place, and nothing goes out for the `pause` that the peer
    // asks for; 0: it asks for none.
    virtual void on_throttled(std::uint64_t cookie, Duration pause, const std::string& why) = 0;
    // Surely not sent, because the way out is at fault: it keeps its place.
    virtual void on_not_taken(std::uint64_t cookie) = 0;
    // Surely not sent. The peer blames the account, or asks for a long pause, in words that may mean this message
    // alone.
    enum class Blame : std::uint8_t {
      message,        // others passed since it said so before: `if_at_fault` is the message's answer
      way_out,        // perhaps: another message shows it. This one stands back behind the others
      way_out_again,  // and no other was there to show it
      known,          // another part of the same message met it just now
    };
    virtual Blame on_blamed(std::uint64_t cookie, Answer if_at_fault) = 0;
    // A part that was reported as unknown was taken after all.
    virtual void on_late_answer(std::uint64_t cookie, std::string provider_id) = 0;
    // `answer` is called once: true when the receipt is on disk, false when it cannot be stored now.
    virtual void on_receipt(store::ReceiptRecorded receipt, metrics::ReceiptState state,
                            std::function<void(bool stored)> answer) = 0;
    // A message from a phone. `answer` is called once: true when it is on disk, false when it cannot be stored now.
    virtual void on_inbound(FromPhone message, std::function<void(bool kept)> answer) = 0;
    // What the carrier said of a message when it was asked.
    virtual void on_learnt(store::ReceiptRecorded) {}
    virtual void on_room() = 0;                                    // more may be submitted
    virtual void on_up_or_down() = 0;                              // is_up() changed
    virtual void on_closed() = 0;                                  // something closed after stop() or abort()
    virtual bool is_sending_to(std::string_view phone) const = 0;  // empty: to anybody
    // Of what was submitted and waits here to be fetched: whether it may leave at this time of day.
    virtual bool may_leave(std::uint64_t) { return true; }
  };

  virtual ~Channel() = default;
  virtual void start() = 0;
  // Where it waits before the next attempt, to connect or to use the account: now.
  virtual void reconnect() {}
  // Takes nothing more, waits for open answers, then closes.
  virtual void stop() = 0;
  // Closes at once; what is open is reported as unknown.
  virtual void abort() = 0;
  virtual bool is_closed() const = 0;

  // After a lost answer the same message may be sent again, and its phone gets it once.
  virtual bool can_repeat() const { return false; }
  // A receipt can come for a message that was taken under this id.
  virtual bool reports(std::string_view provider_id) const = 0;

  virtual bool is_up() const = 0;            // something can be submitted, now or when answers come
  virtual std::size_t capacity() const = 0;  // parts in flight at most
  virtual std::size_t room() const = 0;      // parts that can be submitted now
  // Messages that may be claimed beyond capacity(), so that it never runs dry.
  virtual std::size_t ahead_max() const { return std::numeric_limits<std::size_t>::max(); }

  // Why the message cannot be carried here at all; for people.
  virtual tl::expected<std::unique_ptr<Outgoing>, std::string> prepare(const store::Claimed& message, WallMs now) = 0;
  // Whether a part of this message can be submitted now: it may need a bind of its own, or the bind of its other parts.
  virtual bool has_room_for(Outgoing&) { return room() > 0; }
  // No more of this message will be submitted.
  virtual void done_with(const Outgoing&) {}
  enum class Submitted { yes, invalid, no_room };
  virtual Submitted submit(std::uint64_t cookie, Outgoing& message, std::size_t part) = 0;
  // What was submitted and has not left is reported as not taken.
  virtual void take_back() {}

  // What came of the wish that a message, which the carrier took, is delivered no more.
  struct CancelAnswer {
    enum class Kind : std::uint8_t {
      cancelled,     // the carrier will not deliver it
      refused,       // it may: it is too late, or the carrier says no
      unanswered,    // nobody knows
      not_possible,  // nobody was asked
    } kind = Kind::not_possible;
    std::string detail;  // for people
  };
  // `done` is called once, here or later.
  virtual void cancel(const store::Message&, std::function<void(CancelAnswer)> done) {
    done({CancelAnswer::Kind::not_possible, "this kind of gateway cannot cancel what it handed over"});
  }

  // A request of the provider to our callback address. `respond` is called once, after what it says is on disk.
  virtual void receive(const http_gateways::CallbackRequest& request,
                       std::function<void(http_gateways::CallbackAnswer)> respond);

  virtual void describe(GatewayStatus& status) const = 0;
  virtual void publish_metrics() = 0;  // once a second, and after changes of state
};

// Only providers call back.
inline void Channel::receive(const http_gateways::CallbackRequest&,
                             std::function<void(http_gateways::CallbackAnswer)> respond) {
  respond({.status = 404, .content_type = "text/plain", .body = "this gateway takes no callbacks\n"});
}

}  // namespace smsbridge::bridge
