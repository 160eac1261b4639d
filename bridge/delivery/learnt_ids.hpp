// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <optional>

#include "bridge/delivery/channel.hpp"
#include "bridge/delivery/per_account.hpp"
#include "bridge/policy/id_learning.hpp"
#include "bridge/policy/outcome.hpp"
#include "store/store.hpp"

namespace smsbridge::bridge {

// How each SMPP account writes ids in receipts: one for all gateways that use it, and what was learnt outlives the
// process. Any thread.
class LearntIds {
 public:
  // nullptr: no SMPP, or its dialect says how ids are written.
  std::shared_ptr<IdLearning> of(const GatewaySettingsPtr& gateway, const store::Store& store, WallMs now);

 private:
  PerAccount<IdLearning> all_;
};

// Brings what a gateway sees of ids to its account, says what was learnt, and writes it down. On the gateway's
// shard, which lives no longer than the settings.
class IdLessons {
 public:
  IdLessons(const GatewaySettings& gateway, std::shared_ptr<IdLearning> learning)
      : gateway_(gateway), learning_(std::move(learning)), kept_(learning_ ? learning_->rule() : std::nullopt) {}
  // A part of a message to this phone was answered.
  void answered(const Answer& answer, std::string_view phone, Time now);
  void received(const std::vector<std::string>& ids, std::string_view from, std::string_view to, Time now);
  // What is known by now; of this dialect.
  GatewayStatus::Ids describe(const smpp::Dialect& dialect) const;
  // Once a second: what changed is said and kept.
  void look(store::Store& store, const boost::asio::any_io_executor& executor);

 private:
  const GatewaySettings& gateway_;
  const std::shared_ptr<IdLearning> learning_;  // nullptr: there is nothing to learn
  std::optional<smpp::IdRule> kept_;
};

}  // namespace smsbridge::bridge
