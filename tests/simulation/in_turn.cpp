// SPDX-License-Identifier: MPL-2.0
#include "tests/simulation/in_turn.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "smpp/status.hpp"

namespace smsbridge::simulation {
namespace {

using namespace std::chrono_literals;

constexpr Duration throttled_for = 55s;   // a minute later both may leave together
constexpr int passed_after = 5;           // throws in a row: it may be its own fault
constexpr Duration answered_within = 2s;  // less than any gateway's patience

}  // namespace

void InTurn::accepted(std::size_t number, Time now) {
  auto& known = messages_[number];
  if (known.told) return;
  known.told = now;
  if (const auto message = find_(number))
    groups_[{message->content.tenant, message->content.lane, message->content.to}].push_back(number);
}

void InTurn::began_anew() {
  throws_.clear();
  for (auto& [number, known] : messages_) {
    known.thrown_back.reset();
    known.under_way.reset();
  }
}

// As it came: it has its place in the order, and nowhere else.
bool InTurn::waits_in_turn(std::size_t number, store::GatewayId gateway) const {
  const auto message = find_(number);
  if (!message) return false;
  const auto& [id, content, p] = *message;
  return p.state == store::State::queued && p.attempts == 0 && !p.maybe_duplicate && p.doubtful_attempt == 0 &&
         p.left.empty() && p.events.empty() && content.gateway == gateway && store::gateway_of(content, p) == gateway &&
         content.due_at <= content.created_at;
}

// What is wrong between a message that arrives now, `first` if for the first time, and another one to its phone.
std::string InTurn::passed(const Known& known, bool first, std::size_t other_number, store::GatewayId gateway,
                           Time now) const {
  const auto& other = messages_.at(other_number);
  if (!other.told || !other.asked || !known.asked) return {};
  if (first && known.told && *known.told < *other.asked && other.first_seen && *other.first_seen + ways_max_ < now) {
    const auto passed_by = find_(other_number);
    if (passed_by && passed_by->content.gateway == gateway && passed_by->progress.left.empty())
      return "left later, and was accepted earlier";
  }
  if (other.otherwise || other.throws >= passed_after || *other.told >= *known.asked) return {};
  if (other.thrown_back && *other.thrown_back + ways_max_ < now && now - *other.thrown_back < throttled_for &&
      waits_in_turn(other_number, gateway))
    return fmt::format("passed it, which waits since it was throttled {} times", other.throws);
  const auto throws = throws_.find(gateway);
  const bool throttles = throws != throws_.end() && std::ranges::any_of(throws->second, [&](Time at) {
                           return at + ways_max_ < now && now - at < throttled_for;
                         });
  if (lines_hold_ && throttles && other.under_way && now - *other.under_way < answered_within &&
      waits_in_turn(other_number, gateway))
    return "did not wait for its answer, although the carrier throttles";
  return {};
}

std::optional<std::string> InTurn::seen(std::size_t number, Time now) {
  auto& known = messages_[number];
  const bool first = !known.first_seen;
  if (first) known.first_seen = now;
  known.under_way = now;
  known.thrown_back.reset();
  const auto message = find_(number);
  if (!message) return std::nullopt;
  const auto gateway = store::gateway_of(message->content, message->progress);
  const auto group = groups_.find({message->content.tenant, message->content.lane, message->content.to});
  if (group == groups_.end() || !waits_in_turn(number, gateway)) return std::nullopt;
  for (const auto other : group->second)
    if (other != number)
      if (const auto what = passed(known, first, other, gateway, now); !what.empty())
        return fmt::format("of #{} and #{}: message {} {}", number, other, message->id, what);
  return std::nullopt;
}

void InTurn::answered(std::size_t number, std::uint32_t status, Time now) {
  auto& known = messages_[number];
  known.under_way.reset();
  if (status != smpp::status_throttled && status != smpp::status_queue_full) {
    known.otherwise = true;
    return;
  }
  known.thrown_back = now;
  ++known.throws;
  if (const auto message = find_(number))
    throws_[store::gateway_of(message->content, message->progress)].push_back(now);
}

}  // namespace smsbridge::simulation
