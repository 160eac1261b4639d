// SPDX-License-Identifier: MPL-2.0
#include "http_gateways/generic/pattern.hpp"

#include <algorithm>
#include <array>

namespace smsbridge::http_gateways {
namespace {

constexpr std::size_t searched_octets_max = 4096;
constexpr std::size_t pattern_octets_max = 500, pattern_steps_max = 1000;
constexpr std::int64_t pattern_memory_max = 1 << 20;  // what is known of a text so far; where it is full it begins anew
constexpr std::size_t near_octets = 256;

// Behind the set of characters that begins here.
std::size_t end_of_set(std::string_view pattern, std::size_t at) {
  ++at;
  if (pattern.substr(at).starts_with('^')) ++at;
  if (pattern.substr(at).starts_with(']')) ++at;  // as the first it is one of the set
  while (at < pattern.size() && pattern[at] != ']')
    if (pattern.substr(at).starts_with("[:"))
      at = std::min(pattern.find(":]", at), pattern.size() - 2) + 2;
    else
      at += pattern[at] == '\\' ? 2 : 1;
  return std::min(at + 1, pattern.size());
}

// A line ends before CR LF too: RE2's own $ is between the two.
std::string with_line_ends(std::string_view pattern) {
  std::string out;
  for (std::size_t at = 0; at < pattern.size();) {
    std::size_t end = at + 1;
    if (pattern.substr(at).starts_with("\\Q"))
      end = std::min(pattern.find("\\E", at), pattern.size());
    else if (pattern[at] == '\\')
      end = std::min(at + 2, pattern.size());
    else if (pattern[at] == '[')
      end = end_of_set(pattern, at);
    out += pattern[at] == '$' ? "(?:\\r?$)" : pattern.substr(at, end - at);
    at = end;
  }
  return out;
}

std::string why_no_pattern(const RE2& expression) {
  switch (expression.error_code()) {
    case RE2::ErrorPatternTooLarge:
    case RE2::ErrorRepeatSize:
      return "the pattern is too large: repeat less often than " + expression.error_arg();
    case RE2::ErrorBadPerlOp:
    case RE2::ErrorBadEscape:
    case RE2::ErrorRepeatOp:
      return "bad regular expression: " + expression.error() +
             "; look-around, back-references and possessive repetition are not known here: they would let a reply "
             "stall all gateways";
    default:
      return "bad regular expression: " + expression.error();
  }
}

}  // namespace

Pattern::Pattern(const Node& node) {
  const auto source = node.non_empty_text();
  if (source.size() > pattern_octets_max)
    node.fail("the pattern has " + std::to_string(source.size()) + " octets, and at most " +
              std::to_string(pattern_octets_max) + " are searched for: look for less");
  RE2::Options options;
  options.set_encoding(RE2::Options::EncodingLatin1);  // octets, whatever they are
  options.set_dot_nl(true);
  options.set_log_errors(false);
  options.set_max_mem(pattern_memory_max);
  expression_ = std::make_shared<const RE2>("(?m)" + with_line_ends(source), options);
  if (!expression_->ok()) node.fail(why_no_pattern(*expression_));
  if (steps() > pattern_steps_max)
    node.fail("the pattern takes " + std::to_string(steps()) + " steps where " + std::to_string(pattern_steps_max) +
              " are the most: repeat less, {1,40} in the place of {1,400}");
  node.take(Node::Share::steps, steps());
}

bool Pattern::search(std::string_view text, std::size_t from, std::size_t to,
                     std::span<re2::StringPiece> groups) const {
  return expression_->Match({text.data(), text.size()}, from, to, RE2::UNANCHORED, groups.data(),
                            static_cast<int>(groups.size()));
}

bool Pattern::found_in(std::string_view text) const {
  text = text.substr(0, searched_octets_max);
  return search(text, 0, text.size(), {});
}

std::optional<std::string> Pattern::group_of(std::string_view text) const {
  text = text.substr(0, searched_octets_max);
  std::array<re2::StringPiece, 2> groups;
  if (!search(text, 0, text.size(), groups) || !groups[1].data()) return std::nullopt;
  return std::string(groups[1].data(), groups[1].size());
}

std::vector<std::string> Pattern::groups_of(std::string_view text) const {
  text = text.substr(0, list_octets_max);
  std::vector<std::string> all;
  std::array<re2::StringPiece, 2> groups;
  const auto end_of_match = [&] { return static_cast<std::size_t>(groups[0].data() - text.data()) + groups[0].size(); };
  // A pattern that reads on to the end of the text before it knows that its match was a short one would do so for each
  // element. So it sees what is near first, and twice as much each time that this is not enough.
  for (std::size_t at = 0; at < text.size() && all.size() < list_elements_max;) {
    std::size_t size = near_octets;
    const auto end = [&] { return std::min(text.size(), at + size); };
    while (!search(text, at, end(), groups) || (end_of_match() == end() && end() < text.size())) {
      if (end() == text.size()) return all;
      size *= 2;
    }
    if (groups[1].data()) all.emplace_back(groups[1].data(), groups[1].size());
    at = end_of_match() + (groups[0].empty() ? 1 : 0);
  }
  return all;
}

}  // namespace smsbridge::http_gateways
