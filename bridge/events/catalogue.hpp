// SPDX-License-Identifier: MPL-2.0
// Which commands of Fineract tell of which event, and how its state shows that the event is true. Data, and nothing
// else.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "bridge/config/event.hpp"

namespace smsbridge::bridge {

// By what Fineract's API shows that a command took place. A hook says little: it is sent before the commit, also for
// commands that were refused or wait for somebody's approval.
enum class Proof : std::uint8_t {
  state,            // the subject is in one of `states`; none: it is there
  transaction,      // it has the transaction that the hook names as `resourceId`, and it was not reversed
  sub_transaction,  // likewise `subResourceId`, where there is one; and it is in one of `states`
  charge,           // it has the charge that the hook names as `resourceId`
  waived_charge,    // likewise, and some of it was waived
  closing,  // that transaction paid the rest, and it is in one of `states` since: most such commands do not do that
};

// A command whose hook may tell of an event.
struct HookRow {
  std::string_view entity, action;  // X-Fineract-Entity, X-Fineract-Action
  std::string_view event;
  Proof proof = Proof::state;
  std::vector<std::int64_t> states{};  // Fineract's ids
  // What shows it may have been so before: the command is given the time to end, or to be rolled back.
  bool settles = false;
};
// Those of one command; several events may follow from it. None: nobody is told of it.
std::vector<const HookRow*> hooks_of(std::string_view entity, std::string_view action);
std::span<const HookRow> hook_table();

}  // namespace smsbridge::bridge
