// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "store/unreadable.hpp"

namespace smsbridge::store {

// What reading a whole store found. It changes nothing, and the daemon may be at work.
struct Verification {
  std::optional<std::string> damage;  // of the file itself: nothing else was read then
  std::uint64_t messages = 0;
  std::array<std::uint64_t, state_count> by_state{};
  std::uint64_t unreadable = 0;      // records that cannot be read
  std::uint64_t broken = 0;          // records that disagree with others
  std::uint64_t aside = 0;           // records that the daemon put aside
  std::vector<Unreadable> findings;  // of all three, the first ones
  bool ok() const { return !damage && unreadable == 0 && broken == 0; }
};

constexpr std::size_t findings_max = 1000;

// Throws OpenError when there is no store, or it cannot be opened.
Verification verify(const std::filesystem::path& folder);

}  // namespace smsbridge::store
