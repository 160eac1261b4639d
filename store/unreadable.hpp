// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/codec.hpp"

namespace smsbridge::store {

// A record that damage, or a newer program, left behind. It is kept as it is, and the rest goes on without it.
struct Unreadable {
  std::string table, key;  // the key as people write it: a number, or hexadecimal octets
  std::string why;
};

std::string readable_key(std::string_view key);

// What was met and could not be read, each record once. Any thread.
class UnreadableRecords {
 public:
  void note(std::string_view table, std::string_view key, std::string_view why);
  bool has(std::string_view table, std::string_view key) const;  // asked for each message: quick while there are none
  // Those that nobody was told of yet.
  std::vector<Unreadable> take();

 private:
  static constexpr std::size_t known_max = 100'000;
  std::atomic<bool> any_{false};
  mutable std::mutex mutex_;  // guards what follows
  std::set<std::pair<std::string, std::string>, std::less<>> known_;
  std::vector<Unreadable> untold_;
};

// The record, or nothing where there is none, or none that can be read.
template <class Decode>
auto decoded(UnreadableRecords& unreadable, std::string_view table, std::string_view key,
             const std::optional<std::string_view>& record, const Decode& decode)
    -> std::optional<decltype(decode(*record))> {
  if (!record) return std::nullopt;
  try {
    return decode(*record);
  } catch (const BadRecord& error) {
    unreadable.note(table, key, error.what());
    return std::nullopt;
  }
}

}  // namespace smsbridge::store
