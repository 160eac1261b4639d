// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/delivery/from_phone.hpp"
#include "store/message.hpp"

namespace smsbridge::bridge {

using store::WallMs;

// The parts of one message that came so far, in whatever order.
struct PartsSoFar {
  store::TenantId tenant = 0;
  std::string gateway;
  WallMs since = 0;                // when the first of them came
  std::map<int, FromPhone> parts;  // by their number

  int total() const { return parts.empty() ? 0 : parts.begin()->second.parts; }
  bool is_whole() const { return static_cast<int>(parts.size()) == total(); }
  std::vector<int> missing() const;
};

// Without its parts' seams: octets are joined before they are read, because a character may be cut in two. Where parts
// lack, or differ in their alphabet, each is read by itself, and "[...]" stands for what lacks.
std::string joined_text(const PartsSoFar& message);

// A part as it waits in the store, and what can be too long for that.
struct KeptPart {
  store::TenantId tenant = 0;
  std::string gateway;
  WallMs since = 0;
  FromPhone part;
};
std::string value_of(const KeptPart& part);
std::optional<KeptPart> read_part(std::string_view value);

// What tells a message from another one: gateway, sender and reference of all parts; and of a part, or of a message of
// one, also what is in it. Hexadecimal, so that it can be a key.
std::string group_key(std::string_view gateway, const FromPhone& part);
std::string seen_key(std::string_view gateway, const FromPhone& message);

}  // namespace smsbridge::bridge
