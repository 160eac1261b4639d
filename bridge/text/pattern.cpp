// SPDX-License-Identifier: MPL-2.0
#include "bridge/text/pattern.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>

namespace smsbridge::bridge::text {
namespace {

class Matcher {
 public:
  Matcher(std::string_view pattern, std::string_view digits) : pattern_(pattern) {
    for (std::size_t at = 0; at < digits.size(); ++at) places_[static_cast<std::size_t>(digits[at] - '0')] |= 1U << at;
  }

  Positions run() { return alternatives(1); }

 private:
  bool at_end() const { return at_ == pattern_.size(); }
  char peek() const { return pattern_[at_]; }

  // Reads up to the closing bracket of the group it is in, or to the end.
  Positions alternatives(Positions from) {
    Positions ends = 0;
    Positions here = from;
    while (!at_end() && peek() != ')') {
      if (peek() == '|') {
        ++at_;
        ends |= here;
        here = from;
      } else if (here == 0) {
        skip();
      } else {
        here = repeated(here);
      }
    }
    return ends | here;
  }

  // To the end of an alternative that matches nothing any more.
  void skip() {
    for (int depth = 0; !at_end(); ++at_) {
      const char c = peek();
      if (depth == 0 && (c == '|' || c == ')')) return;
      depth += (c == '(') - (c == ')');
    }
  }

  // One atom with what follows it: nothing, ?, {n} or {n,m}. A group is read again for each repetition.
  Positions repeated(Positions from) {
    const std::size_t begin = at_;
    Positions here = atom(from);
    int least = 1;
    int most = 1;
    if (!at_end() && peek() == '?') {
      ++at_;
      least = 0;
    } else if (!at_end() && peek() == '{') {
      ++at_;
      least = most = number();
      if (peek() == ',') {
        ++at_;
        most = number();
      }
      ++at_;  // the closing brace
    }
    const std::size_t end = at_;
    Positions ends = least == 0 ? from : 0;
    for (int count = 1; count <= most; ++count) {
      if (count > 1) {
        at_ = begin;
        here = atom(here);
      }
      if (count >= least) ends |= here;
    }
    at_ = end;
    return ends;
  }

  Positions atom(Positions from) {
    switch (peek()) {
      case '(': {
        at_ += 3;  // "(?:"
        const Positions ends = alternatives(from);
        ++at_;
        return ends;
      }
      case '\\':
        at_ += 2;  // "\d"
        return step(from, all_digits);
      case '[':
        return step(from, set());
      default:
        return step(from, 1U << (pattern_[at_++] - '0'));
    }
  }

  // The digits of a set, one bit each.
  unsigned set() {
    unsigned members = 0;
    for (++at_; peek() != ']'; ++at_) {
      const int first = peek() - '0';
      int last = first;
      if (pattern_[at_ + 1] == '-') {
        at_ += 2;
        last = peek() - '0';
      }
      for (int digit = first; digit <= last; ++digit) members |= 1U << digit;
    }
    ++at_;
    return members;
  }

  int number() {
    int value = 0;
    while (peek() >= '0' && peek() <= '9') value = 10 * value + (pattern_[at_++] - '0');
    return value;
  }

  Positions step(Positions from, unsigned members) const {
    Positions places = 0;
    for (; members != 0; members &= members - 1) places |= places_[static_cast<std::size_t>(std::countr_zero(members))];
    return (from & places) << 1;
  }

  static constexpr unsigned all_digits = 0x3FF;

  std::string_view pattern_;
  std::array<Positions, 10> places_{};  // where each digit stands
  std::size_t at_ = 0;
};

}  // namespace

Positions match_ends(std::string_view pattern, std::string_view digits) {
  assert(digits.size() <= pattern_digits_max);
  // Most prefixes are digits and nothing else.
  if (std::ranges::all_of(pattern, [](char c) { return c >= '0' && c <= '9'; }))
    return digits.starts_with(pattern) ? Positions{1} << pattern.size() : Positions{0};
  return Matcher(pattern, digits).run();
}

}  // namespace smsbridge::bridge::text
