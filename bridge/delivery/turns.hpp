// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <optional>

#include "bridge/delivery/channel.hpp"
#include "bridge/delivery/under_way.hpp"
#include "bridge/policy/pace.hpp"
#include "bridge/policy/quiet_hours.hpp"
#include "bridge/policy/suspects.hpp"

namespace smsbridge::bridge {

// Whose turn it is: submits what is ready, in its order and no faster than the pace. What may be at fault for what the
// way out said goes apart, see Suspects: such messages have their turn when the others cannot go on, and before they do
// again, so that neither waits for all of the other kind. One shard, as its gateway.
class Turns {
 public:
  // They outlive it.
  struct Context {
    boost::asio::any_io_executor executor;
    Clock& clock;
    UnderWay& under_way;
    Pace& pace;
  };
  struct Owner {
    std::function<bool()> more_may_come;                 // of others than those that are here
    std::function<void(const Attempt& attempt)> went;    // a part of it
    std::function<void(UnderWay::Order order)> is_over;  // nothing more of it goes out: it may be settled
    std::function<void()> again;                         // calls run(), if something can be submitted
    std::function<std::string(const store::Claimed& message)> why_not;  // it is not to be sent any more; empty: it is
    std::function<std::optional<Quiet>(const store::Claimed& message)> later;  // it is not to be sent now
  };
  Turns(Context context, Owner owner)
      : context_(std::move(context)),
        owner_(std::move(owner)),
        timer_(context_.clock.timer(context_.executor)),
        apart_timer_(context_.clock.timer(context_.executor)) {}

  void run(Channel& channel);
  void again_at(Time due);

  Suspects::Apart apart(store::MessageId id) const { return suspects_.apart(id); }
  // It was blamed, and others passed since: if it happens again, this message is at fault.
  bool is_at_fault(store::MessageId id) const { return suspects_.others_passed(id, context_.clock.now()); }
  // Of a part in flight.
  void answered(std::uint64_t cookie, const UnderWay::Sending& sending, const Answer& answer);
  // Together with others on its connection.
  void lost(store::MessageId id) { suspects_.lost(id, context_.clock.now()); }

  // A part in flight was surely not sent: it keeps its place, and no attempt is counted.
  void not_taken(std::uint64_t cookie, UnderWay::Sending& sending);
  // Likewise, because the way out is too busy. True: it is not for this message to try again, and it stands back.
  bool throttled(std::uint64_t cookie, UnderWay::Sending& sending, Duration pause, Channel& channel);
  // Likewise; the peer blames the account, in words that may mean this message.
  Channel::Owner::Blame blamed(std::uint64_t cookie, UnderWay::Sending& sending);

 private:
  // Read once for all that is submitted in one go: a look at the clock is not cheap.
  struct Moment {
    Channel& channel;
    Time now{};
    WallMs wall = 0;
    bool throttled = false;  // lately
  };
  // What came of an attempt to submit something.
  enum class Turn : std::uint8_t {
    went,   // something was submitted, or ended
    waits,  // for its own bind, or for another to its phone; other messages may go
    none,   // nothing can go now
  };
  void stand_back(UnderWay::Order order);
  Turn submit_others(const Moment& moment);
  Turn submit_apart(const Moment& moment);
  Pace::Before before_of(const Channel& channel) const;
  Turn submit_next(UnderWay::Order order, const Moment& moment);

  const Context context_;
  const Owner owner_;
  std::unique_ptr<Timer> timer_, apart_timer_;
  Suspects suspects_;
  bool turn_of_apart_ = false;
};

}  // namespace smsbridge::bridge
