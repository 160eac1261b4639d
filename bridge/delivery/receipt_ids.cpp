// SPDX-License-Identifier: MPL-2.0
#include "bridge/delivery/receipt_ids.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace smsbridge::bridge {

void add_ids(const smpp::Receipt& receipt, const smpp::Dialect& dialect, const IdLearning* learning,
             store::ReceiptRecorded& change) {
  auto& ids = change.provider_ids;
  const auto add = [&ids](std::string id) {
    if (std::ranges::find(ids, id) == ids.end()) ids.push_back(std::move(id));
  };
  const auto add_by = [&](const smpp::IdRule& rule) {
    for (const auto& candidate : receipt.id_candidates)
      if (auto id = smpp::response_id_of(candidate, rule)) add(*std::move(id));
  };
  const auto add_variants = [&] {
    for (const auto& candidate : receipt.id_candidates)
      for (auto& variant : smpp::id_variants(candidate, dialect)) add(std::move(variant));
  };
  const bool open = smpp::is_open(dialect);
  const auto learnt = open && learning ? learning->rule() : std::nullopt;
  // Where the notation is known the conversion is no guess, and the id as it stands would be another message's.
  if (learnt)
    add_by(*learnt);
  else if (!open)
    add_variants();
  if (ids.empty())
    for (const auto& candidate : receipt.id_candidates) add(candidate);
  change.as_given = ids.size();
  if (!open || learnt) return;
  // A prefix that was seen once is the first guess: without it nothing would be found until it is learnt.
  if (const auto likely = learning ? learning->likely() : std::nullopt; likely && likely->has_prefix()) add_by(*likely);
  add_variants();
}

}  // namespace smsbridge::bridge
