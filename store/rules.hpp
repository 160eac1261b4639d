// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "store/message.hpp"

// What follows from the records alone, without tables: rules about phones, parts and timelines.
namespace smsbridge::store {

// Carriers write a phone in national or in international form: the last eight digits are compared, or all of the
// shorter number when it has less, but never fewer than six.
bool same_phone(std::string_view a, std::string_view b);
// Equal for numbers that may be the same phone.
std::string_view phone_tail(std::string_view number);

// Adds a line to the timeline; the oldest gives way.
void note(Progress& progress, WallMs at, EventKind kind, GatewayId gateway, std::string detail);

// Of a message in parts the worst part decides. nullptr without parts.
const Segment* worst_of(const Progress& progress);
State state_of(SegmentState state);
// "undeliverable err:001"; empty when delivered.
std::string why_of(const Segment& segment);

// A receipt may have come for a part that an earlier attempt sent: what it said stays.
std::vector<Segment> with_receipts(std::vector<Segment> segments, const std::vector<Segment>& known);

// No part is, or may be, at a carrier: an unsent one that has a provider's id was perhaps sent.
bool untouched(const std::vector<Segment>& segments);

// What a receipt quotes is the beginning of the text; what its alphabet lacks may stand as '?'. No quote: it may be.
bool quotes(std::string_view quote, std::string_view text);

}  // namespace smsbridge::store
