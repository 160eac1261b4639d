// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "store/message.hpp"
#include "tests/simulation/sim_clock.hpp"

namespace smsbridge::simulation {

// Whether messages of one tenant and lane to one phone leave by one gateway as they came: what was accepted before the
// other was asked for leaves first, and is not passed while it waits because it was throttled. Not told of what was
// perhaps sent, tried again, moved or scheduled. Where lines hold and no rate is set, it is also seen that they go one
// after the other while their carrier throttles. Messages go by the numbers in their texts.
class InTurn {
 public:
  using Find = std::function<std::optional<store::Message>(std::size_t number)>;
  // `ways_max`: the longest way of a PDU to a carrier and of one back.
  InTurn(Find find, Duration ways_max, bool lines_hold)
      : find_(std::move(find)), ways_max_(ways_max), lines_hold_(lines_hold) {}

  void asked(std::size_t number, Time now) {
    auto& at = messages_[number].asked;
    if (!at) at = now;
  }
  void accepted(std::size_t number, Time now);
  // The first part of it arrives at the carrier. What is wrong with that, or nothing.
  std::optional<std::string> seen(std::size_t number, Time now);
  void answered(std::size_t number, std::uint32_t status, Time now);
  // What the daemon knew of its paces is gone.
  void began_anew();

 private:
  struct Known {
    std::optional<Time> asked, told, first_seen;
    std::optional<Time> under_way;    // since it was seen, and not answered
    std::optional<Time> thrown_back;  // and not seen since
    int throws = 0;
    bool otherwise = false;  // it was answered in another way
  };
  using Group = std::tuple<store::TenantId, store::Lane, std::string>;
  bool waits_in_turn(std::size_t number, store::GatewayId gateway) const;
  std::string passed(const Known& known, bool first, std::size_t other_number, store::GatewayId gateway,
                     Time now) const;

  const Find find_;
  const Duration ways_max_;
  const bool lines_hold_;
  std::map<std::size_t, Known> messages_;
  std::map<Group, std::vector<std::size_t>> groups_;
  std::map<store::GatewayId, std::vector<Time>> throws_;
};

}  // namespace smsbridge::simulation
