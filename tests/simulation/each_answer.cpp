// SPDX-License-Identifier: MPL-2.0
#include "tests/simulation/each_answer.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace smsbridge::simulation {

void EachAnswer::asks(store::TenantId tenant, const std::string& phone, bool is_known) {
  auto& asker = askers_[{tenant, phone}];
  asker.is_known = is_known;
  ++asker.questions;
}

std::optional<std::string> EachAnswer::see(const store::Message& message, std::optional<std::size_t> number) {
  const auto& content = message.content;
  const auto what = fmt::format("message {} to {}", message.id, content.to);
  const auto told_of = number ? phone_of_number_.find(*number) : phone_of_number_.end();
  if (told_of == phone_of_number_.end()) return what + " tells of no account";
  if (told_of->second != content.to) return what + " tells of the account of " + told_of->second;
  const auto asker = askers_.find({content.tenant, content.to});
  if (asker == askers_.end() || !asker->second.is_known) return what + " answers nobody";
  asker->second.answers.insert(message.id);
  if (asker->second.answers.size() > asker->second.questions)
    return what +
           fmt::format(" is one of {} answers to {} questions", asker->second.answers.size(), asker->second.questions);
  return std::nullopt;
}

// How many there have to be, and no more.
std::size_t EachAnswer::least(const Asker& asker) const {
  if (!asker.is_known) return 0;
  const auto& rules = options_.config.inbound_rules;
  return std::min(asker.questions, rules.empty() ? 0 : static_cast<std::size_t>(rules.front().daily_limit));
}

std::string EachAnswer::owes() const {
  for (const auto& [key, asker] : askers_)
    if (asker.answers.size() < least(asker))
      return fmt::format("{} asked {} times and got {} answers", key.second, asker.questions, asker.answers.size());
  return {};
}

std::optional<std::string> EachAnswer::wrong_at_end() const {
  if (const auto owed = owes(); !owed.empty()) return owed;
  for (const auto& [key, asker] : askers_)
    if (asker.answers.size() > least(asker))
      return fmt::format("{} got {} answers, more than the limit", key.second, asker.answers.size());
  return std::nullopt;
}

}  // namespace smsbridge::simulation
