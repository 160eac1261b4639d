// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/events/event_line.hpp"
#include "bridge/events/hook.hpp"
#include "bridge/intake/accept.hpp"
#include "bridge/routing/router.hpp"

namespace smsbridge::bridge {

// Marks: that a hook was taken.
inline const std::string hook_seen_scope = "hook-seen";
// Tasks: a hook, and a configured event that is for it.
inline const std::string event_tasks = "fineract-event";

// A hook as it came.
struct Hook {
  std::string entity, action, content_type;
  std::string_view body;
};
// The same for the same bytes.
std::string occurrence_of(const Tenant& tenant, const Hook& hook);

// Keeps hooks before they are answered: a task for each configured event that is for one, the mark that tells its
// repetition, and a line of the log. Any thread.
class HookInbox {
 public:
  // They outlive it.
  struct Context {
    Clock& clock;
    store::Store& store;
    const Router& router;
    Intake& intake;
  };
  explicit HookInbox(Context context) : context_(context) {}

  // `done` is called once, on `home`: false where it could not be kept.
  using Kept = std::function<void(bool kept)>;
  void take(const Tenant& tenant, const Hook& hook, const boost::asio::any_io_executor& home, Kept done);
  // A text that Fineract made itself, of an "SMS Bridge" hook: {mobileNo, message}. Likewise.
  void take_text(const Tenant& tenant, const Hook& hook, const boost::asio::any_io_executor& home, Kept done);

 private:
  void keep(const Tenant& tenant, const EventLine& line, store::Batch batch, WallMs seen_for,
            const boost::asio::any_io_executor& home, Kept done, std::shared_ptr<SameTexts::Place> same_text = nullptr);
  void commit(store::Batch batch, const boost::asio::any_io_executor& home, int pauses,
              std::function<void(const store::BatchResult&)> done);

  const Context context_;
};

// The configured events of the catalogue's event that are for this tenant, also those that are switched off.
std::vector<EventSettingsPtr> notices_for(const RoutingTable& table, std::string_view event, std::string_view tenant);
// What the log says of a text that was not accepted.
metrics::EventResult event_result_of(const Refusal& refusal);

}  // namespace smsbridge::bridge
