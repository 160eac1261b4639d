// SPDX-License-Identifier: MPL-2.0
#include "bridge/delivery/learnt_ids.hpp"

#include <fmt/format.h>

#include <charconv>
#include <string>
#include <utility>

#include "bridge/env/log.hpp"

namespace smsbridge::bridge {
namespace {

const std::string id_rule_scope = "id rule";  // marks: "base size-of-the-receipt's-prefix prefixes", by the account

std::string key_of(const GatewaySettings& gateway) {
  const auto& way = gateway.smpp();
  return fmt::format("{}@{}:{}", way.session.system_id, way.address.host, way.address.port);
}

std::string written(const smpp::IdRule& rule) {
  return fmt::format("{} {} {}{}", static_cast<int>(rule.base), rule.receipt_prefix.size(), rule.receipt_prefix,
                     rule.response_prefix);
}

std::optional<smpp::IdRule> read(std::string_view text) {
  std::size_t base = 0, size = 0;
  const auto* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, base);
  if (first.ec != std::errc() || first.ptr == end || base >= smpp::id_base_count) return std::nullopt;
  const auto second = std::from_chars(first.ptr + 1, end, size);
  if (second.ec != std::errc() || second.ptr == end) return std::nullopt;
  const std::string_view prefixes(second.ptr + 1, end);
  if (size > prefixes.size()) return std::nullopt;
  return smpp::IdRule{.base = static_cast<smpp::IdRule::Base>(base),
                      .receipt_prefix = std::string(prefixes.substr(0, size)),
                      .response_prefix = std::string(prefixes.substr(size))};
}

}  // namespace

std::shared_ptr<IdLearning> LearntIds::of(const GatewaySettingsPtr& gateway, const store::Store& store, WallMs now) {
  if (!gateway->is_smpp() || !smpp::is_open(gateway->smpp().dialect)) return nullptr;
  const auto& dialect = gateway->smpp().dialect;
  return all_.of(
      gateway,
      [&] {
        const auto mark = store.reader().mark(id_rule_scope, key_of(*gateway), now);
        auto rule = mark ? read(*mark) : std::nullopt;
        // The dialect may say otherwise since.
        if (rule && !smpp::may_be(rule->base, dialect)) rule.reset();
        return std::make_shared<IdLearning>(dialect, std::move(rule));
      },
      [](IdLearning&) {});
}

void IdLessons::answered(const Answer& answer, std::string_view phone, Time now) {
  if (!learning_ || answer.kind != Answer::Kind::accepted) return;
  for (const auto& id : answer.provider_ids) learning_->answered(id, phone, now);
}

void IdLessons::received(const std::vector<std::string>& ids, std::string_view from, std::string_view to, Time now) {
  if (learning_) learning_->received(ids, from, to, now);
}

GatewayStatus::Ids IdLessons::describe(const smpp::Dialect& dialect) const {
  using Base = smpp::IdRule::Base;
  if (!learning_) {
    auto base = Base::same;
    for (const auto other : {Base::decimal, Base::hexadecimal})
      if (smpp::may_be(other, dialect)) base = other;
    return {.by_dialect = true, .rule = smpp::IdRule{.base = base}};
  }
  auto [rule, pairs, wanted] = learning_->state();
  return {.by_dialect = false, .rule = std::move(rule), .pairs = pairs, .pairs_wanted = wanted};
}

void IdLessons::look(store::Store& store, const boost::asio::any_io_executor& executor) {
  if (!learning_) return;
  const auto rule = learning_->rule();
  if (rule == kept_) return;
  kept_ = rule;
  if (rule)
    log::info("gateway", "learnt how ids of messages are written in receipts", "gateway", gateway_.name, "conversion",
              smpp::conversion_name(rule->base), "receipt_prefix", rule->receipt_prefix, "response_prefix",
              rule->response_prefix);
  else
    log::warn("gateway",
              "receipts have ids that are not written as was learnt: learning it anew. If two systems of the carrier "
              "write them differently, it stays open",
              "gateway", gateway_.name);
  const auto key = key_of(gateway_);
  store::Batch batch;
  batch.erased_marks.push_back({.scope = id_rule_scope, .key = key});
  // Without an end: what contradicts it ends it.
  if (rule) batch.marks.push_back({.scope = id_rule_scope, .key = key, .value = written(*rule)});
  // Where it cannot be written, the next start begins anew.
  store.commit(std::move(batch), executor, [](const store::BatchResult&) {});
}

}  // namespace smsbridge::bridge
