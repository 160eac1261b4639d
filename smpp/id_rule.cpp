// SPDX-License-Identifier: MPL-2.0
#include "smpp/id_rule.hpp"

#include <algorithm>
#include <charconv>

#include "smpp/receipt.hpp"

namespace smsbridge::smpp {
namespace {

using Base = IdRule::Base;

constexpr std::size_t prefix_max = 16, rest_min = 4;

std::string in_lower_case(std::string_view id) {
  std::string lower(id);
  for (auto& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

std::optional<std::string> converted(std::string_view id, int from, int to) {
  if (from == 16 && (id.starts_with("0x") || id.starts_with("0X"))) id.remove_prefix(2);
  std::uint64_t value = 0;
  const auto [end, ec] = std::from_chars(id.data(), id.data() + id.size(), value, from);
  if (ec != std::errc() || end != id.data() + id.size()) return std::nullopt;
  char text[24];
  const auto written = std::to_chars(text, text + sizeof text, value, to);
  return std::string(text, written.ptr);
}

std::optional<std::string> converted(std::string_view id, Base base) {
  switch (base) {
    case Base::decimal:
      return converted(id, 10, 16);
    case Base::hexadecimal:
      return converted(id, 16, 10);
    case Base::same:
      break;
  }
  return id.empty() ? std::nullopt : std::optional(canonical_id(id));
}

}  // namespace

std::optional<std::string> response_id_of(std::string_view receipt_id, const IdRule& rule) {
  if (!in_lower_case(receipt_id.substr(0, rule.receipt_prefix.size())).starts_with(rule.receipt_prefix))
    return std::nullopt;
  auto id = converted(receipt_id.substr(rule.receipt_prefix.size()), rule.base);
  if (id) id->insert(0, rule.response_prefix);
  return id;
}

std::vector<IdRule> rules_between(std::string_view response_id, std::string_view receipt_id) {
  std::vector<IdRule> rules;
  for (const auto base : {Base::same, Base::decimal, Base::hexadecimal})
    if (converted(receipt_id, base) == canonical_id(response_id)) rules.push_back({.base = base});
  return rules;
}

std::vector<IdRule> prefixed_rules_between(std::string_view response_id, std::string_view receipt_id) {
  std::vector<IdRule> rules;
  const auto response = in_lower_case(response_id), wanted = canonical_id(response_id);
  for (const auto base : {Base::same, Base::decimal, Base::hexadecimal}) {
    // The shortest one: what follows it may begin with zeros.
    for (std::size_t size = 1; size <= prefix_max && size + rest_min <= receipt_id.size(); ++size)
      if (converted(receipt_id.substr(size), base) == wanted) {
        rules.push_back({.base = base, .receipt_prefix = in_lower_case(receipt_id.substr(0, size))});
        break;
      }
    const auto id = converted(receipt_id, base);
    if (id && id->size() >= rest_min && id->size() < response.size() && response.size() - id->size() <= prefix_max &&
        response.ends_with(*id))
      rules.push_back({.base = base, .response_prefix = response.substr(0, response.size() - id->size())});
  }
  return rules;
}

std::vector<std::string> id_variants(std::string_view id, const Dialect& dialect) {
  std::vector<std::string> variants;
  // A decimal receipt for a hexadecimal response is the usual way round, so it is tried first.
  for (const auto base : {Base::decimal, Base::hexadecimal}) {
    auto variant = may_be(base, dialect) ? converted(id, base) : std::nullopt;
    if (variant && *variant != canonical_id(id) && std::ranges::find(variants, *variant) == variants.end())
      variants.push_back(*std::move(variant));
  }
  return variants;
}

bool may_be(IdRule::Base base, const Dialect& dialect) {
  using enum IdNotation;
  const auto is = [](IdNotation notation, IdNotation wanted) { return notation == automatic || notation == wanted; };
  switch (base) {
    case Base::decimal:
      return is(dialect.receipt_id, decimal) && is(dialect.response_id, hexadecimal);
    case Base::hexadecimal:
      return is(dialect.receipt_id, hexadecimal) && is(dialect.response_id, decimal);
    case Base::same:
      break;
  }
  return true;
}

bool is_open(const Dialect& dialect) {
  using enum IdNotation;
  return (dialect.response_id == automatic || dialect.receipt_id == automatic) && dialect.response_id != string &&
         dialect.receipt_id != string;
}

std::string_view conversion_name(IdRule::Base base) {
  switch (base) {
    case Base::decimal:
      return "decimal to hexadecimal";
    case Base::hexadecimal:
      return "hexadecimal to decimal";
    case Base::same:
      break;
  }
  return "none";
}

}  // namespace smsbridge::smpp
