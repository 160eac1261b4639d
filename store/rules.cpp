// SPDX-License-Identifier: MPL-2.0
#include "store/rules.hpp"

#include <algorithm>

namespace smsbridge::store {
namespace {

// From best to worst.
int severity(SegmentState state) {
  switch (state) {
    case SegmentState::delivered:
      return 0;
    case SegmentState::sent:
      return 1;
    case SegmentState::unknown:
      return 2;
    case SegmentState::expired:
      return 3;
    case SegmentState::undeliverable:
      return 4;
    case SegmentState::rejected:
      return 5;
    default:
      return -1;
  }
}

}  // namespace

bool same_phone(std::string_view a, std::string_view b) {
  constexpr std::size_t digits_max = 8, digits_min = 6;
  const auto count = std::min({digits_max, a.size(), b.size()});
  return count >= digits_min && a.substr(a.size() - count) == b.substr(b.size() - count);
}

std::string_view phone_tail(std::string_view number) {
  constexpr std::size_t digits = 6;
  return number.size() > digits ? number.substr(number.size() - digits) : number;
}

void note(Progress& progress, WallMs at, EventKind kind, GatewayId gateway, std::string detail) {
  while (progress.events.size() >= events_max) progress.events.erase(progress.events.begin());
  progress.events.push_back(
      {.at = at, .kind = kind, .gateway = gateway, .attempt = progress.attempts, .detail = std::move(detail)});
}

State state_of(SegmentState state) {
  switch (state) {
    case SegmentState::delivered:
      return State::delivered;
    case SegmentState::undeliverable:
      return State::undeliverable;
    case SegmentState::expired:
      return State::expired;
    case SegmentState::rejected:
      return State::rejected;
    case SegmentState::sent:
      return State::sent;
    default:
      return State::unknown;
  }
}

const Segment* worst_of(const Progress& progress) {
  const auto worst = std::ranges::max_element(progress.segments, {}, [](const auto& s) { return severity(s.state); });
  return worst == progress.segments.end() ? nullptr : &*worst;
}

std::string why_of(const Segment& segment) {
  if (segment.state == SegmentState::delivered) return {};
  if (segment.state == SegmentState::sent) return "sent; whether it arrived is not reported";
  return std::string(name(segment.state)) + (segment.error.empty() ? "" : " err:" + segment.error);
}

bool quotes(std::string_view quote, std::string_view text) {
  for (; !quote.empty() && !text.empty(); quote.remove_prefix(1), text.remove_prefix(1)) {
    if (quote.front() == text.front()) continue;
    if (quote.front() != '?') return false;
    while (text.size() > 1 && (static_cast<unsigned char>(text[1]) & 0xC0) == 0x80) text.remove_prefix(1);
  }
  return quote.find_first_not_of(' ') == std::string_view::npos;
}

std::vector<Segment> with_receipts(std::vector<Segment> segments, const std::vector<Segment>& known) {
  for (std::size_t i = 0; i < segments.size() && i < known.size(); ++i)
    // A phone that got a copy got the message, whatever becomes of the other copy.
    if (known[i].state == SegmentState::delivered ||
        (known[i].provider_id == segments[i].provider_id && known[i].state > segments[i].state))
      segments[i] = known[i];
  return segments;
}

bool untouched(const std::vector<Segment>& segments) {
  return std::ranges::all_of(segments, [](const Segment& segment) {
    return segment.state == SegmentState::unsent && segment.provider_id.empty();
  });
}

}  // namespace smsbridge::store
