// SPDX-License-Identifier: MPL-2.0
#include "bridge/policy/id_learning.hpp"

#include <algorithm>
#include <utility>

#include "smpp/receipt.hpp"
#include "store/rules.hpp"

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;

// What was sent stays as long as there is room, so that a rate of thousands a second leaves some whose receipts come
// minutes later.
constexpr std::size_t sent_max = 512, early_max = 64;
constexpr Duration sent_for = 10min, early_for = 1min;
constexpr std::size_t phones_min = 5, contradicted_after = 10;
// A receipt in a thousand may be damaged or false. More are a site of the carrier, and would be lost.
constexpr std::size_t forgiven_after = 1000;

// The same for phones that may be one: quicker to compare.
std::uint64_t tail_of(std::string_view phone) {
  std::uint64_t tail = 0;
  for (const char c : store::phone_tail(phone)) tail = tail << 8 | static_cast<std::uint8_t>(c);
  return tail;
}

}  // namespace

IdLearning::News IdLearning::answered(std::string_view id, std::string_view phone, Time now) {
  if (id.empty()) return News::none;
  const std::lock_guard lock(mutex_);
  const auto tail = tail_of(phone);
  keep({.id = std::string(id), .phone = std::string(phone), .tail = tail, .at = now});
  auto news = News::none;
  while (!early_.empty() && now - early_.front().at > early_for) early_.pop_front();
  for (auto receipt = early_.begin(); receipt != early_.end();) {
    const bool may_be_ours = receipt->from_tail == tail || receipt->to_tail == tail;
    auto told = News::none;
    receipt = may_be_ours && explains(receipt->receipt(), told) ? early_.erase(receipt) : std::next(receipt);
    if (told != News::none) news = told;
  }
  return news;
}

void IdLearning::keep(Sent sent) {
  while (sent_.size() >= sent_max) {
    if (!sent_.front().is_paired && sent.at - sent_.front().at < sent_for) return;
    drop(sent_.begin());
  }
  sent_.push_back(std::move(sent));
  by_tail_.emplace(sent_.back().tail, std::prev(sent_.end()));
}

void IdLearning::drop(SentPlace sent) {
  auto [it, end] = by_tail_.equal_range(sent->tail);
  by_tail_.erase(std::find_if(it, end, [&](const auto& each) { return each.second == sent; }));
  sent_.erase(sent);
}

IdLearning::News IdLearning::received(const std::vector<std::string>& ids, std::string_view from, std::string_view to,
                                      Time now) {
  const std::lock_guard lock(mutex_);
  const Received receipt{.ids = ids, .from = from, .to = to, .from_tail = tail_of(from), .to_tail = tail_of(to)};
  auto news = News::none;
  if (explains(receipt, news)) return news;
  if (early_.size() >= early_max) early_.pop_front();
  early_.push_back({.ids = ids,
                    .from = std::string(from),
                    .to = std::string(to),
                    .from_tail = receipt.from_tail,
                    .to_tail = receipt.to_tail,
                    .at = now});
  return news;
}

// Whether a message explains the receipt, by whatever rule.
bool IdLearning::explains(const Received& receipt, News& news) {
  if (rule_ && explains_by(*rule_, receipt)) {
    agrees();
    return true;
  }
  auto explained = explanations(receipt, false);
  if (explained.empty()) explained = explanations(receipt, true);
  if (explained.empty()) return false;
  const auto& [rule, sent] = explained.front();
  const bool one_alone = std::ranges::all_of(explained, [&](const auto& each) { return each.first == rule; });
  if (one_alone && !std::exchange(sent->is_paired, true)) news = shows(rule, sent->phone);
  return true;
}

bool IdLearning::is_of(const Sent& sent, const Received& receipt) {
  return store::same_phone(receipt.from, sent.phone) || store::same_phone(receipt.to, sent.phone);
}

std::vector<IdLearning::SentPlace> IdLearning::to_phone_of(const Received& receipt) {
  std::vector<SentPlace> found;
  const auto look = [&](std::uint64_t tail) {
    for (auto [it, end] = by_tail_.equal_range(tail); it != end; ++it)
      if (is_of(*it->second, receipt)) found.push_back(it->second);
  };
  look(receipt.from_tail);
  if (receipt.to_tail != receipt.from_tail) look(receipt.to_tail);
  return found;
}

bool IdLearning::explains_by(const smpp::IdRule& rule, const Received& receipt) {
  for (const auto sent : to_phone_of(receipt))
    for (const auto& id : receipt.ids)
      if (const auto wanted = smpp::response_id_of(id, rule);
          wanted && smpp::canonical_id(*wanted) == smpp::canonical_id(sent->id)) {
        drop(sent);  // it has nothing more to teach
        return true;
      }
  return false;
}

IdLearning::Explained IdLearning::explanations(const Received& receipt, bool with_prefix) {
  Explained found;
  for (const auto sent : to_phone_of(receipt))
    for (const auto& id : receipt.ids)
      for (auto& rule : with_prefix ? smpp::prefixed_rules_between(sent->id, id) : smpp::rules_between(sent->id, id))
        if (smpp::may_be(rule.base, dialect_)) found.emplace_back(std::move(rule), sent);
  return found;
}

bool IdLearning::Pairs::add(const std::string& phone, std::size_t wanted) {
  auto& of_phone = of_phone_[phone];
  if (of_phone >= wanted / phones_min) return false;
  ++of_phone;
  return ++count_ >= wanted;
}

// A pair of this phone shows the rule, and the one that is fixed does not explain it.
IdLearning::News IdLearning::shows(const smpp::IdRule& rule, const std::string& phone) {
  if (rule_) {
    if (!against_.add(phone, contradicted_after)) return News::none;
    rule_.reset();
    shown_.reset();
    wanted_ = std::min(2 * wanted_, wanted_max);
    return News::contradicted;
  }
  if (shown_ != rule) {
    shown_ = rule;
    for_it_.clear();
  }
  if (!for_it_.add(phone, wanted_)) return News::none;
  rule_ = std::exchange(shown_, std::nullopt);
  against_.clear();
  agreed_ = 0;
  return News::learnt;
}

void IdLearning::agrees() {
  if (++agreed_ % forgiven_after != 0) return;
  against_.take_back_one();
  if (against_.count() == 0) against_.clear();
}

std::optional<smpp::IdRule> IdLearning::rule() const {
  const std::lock_guard lock(mutex_);
  return rule_;
}

std::optional<smpp::IdRule> IdLearning::likely() const {
  const std::lock_guard lock(mutex_);
  return rule_ ? rule_ : shown_;
}

IdLearning::State IdLearning::state() const {
  const std::lock_guard lock(mutex_);
  return {.rule = rule_, .pairs = shown_ ? for_it_.count() : 0, .wanted = wanted_};
}

}  // namespace smsbridge::bridge
