// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <re2/re2.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http_gateways/generic/definition.hpp"

namespace smsbridge::http_gateways {

// At most so much of a list is taken apart.
constexpr std::size_t list_octets_max = 64 * 1024, list_elements_max = 1000;

// A regular expression that a provider's octets are searched with. Whoever makes a definition chooses the pattern and
// whoever answers or calls chooses the text, and while we search nobody else on the shard is served: so the matcher is
// RE2, whose time grows with the text and never with the number of ways to match. It knows no back-references and no
// look-around, which cannot be had for that price. Only the first 4096 octets are searched.
class Pattern {
 public:
  explicit Pattern(const Node& node);
  bool found_in(std::string_view text) const;
  // What the first group matched.
  std::optional<std::string> group_of(std::string_view text) const;
  // The same of each place, in their order.
  std::vector<std::string> groups_of(std::string_view text) const;
  bool has_group() const { return expression_->NumberOfCapturingGroups() > 0; }
  // Of its program; the longest time that an octet can take.
  std::size_t steps() const { return static_cast<std::size_t>(expression_->ProgramSize()); }

 private:
  bool search(std::string_view text, std::size_t from, std::size_t to, std::span<re2::StringPiece> groups) const;
  std::shared_ptr<const RE2> expression_;
};

}  // namespace smsbridge::http_gateways
