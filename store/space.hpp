// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <thread>

namespace smsbridge::store {

inline constexpr std::uint64_t full_below_bytes = 1 << 20;  // a disk with less free is full
std::uint64_t disk_free_bytes(const std::filesystem::path& folder);

// Keeps blocks behind the end of the database file written with zeros, well ahead of need. A commit that grows the file
// waits for the file system's journal, up to twenty times longer than one that overwrites; and a full disk shows here,
// before a commit fails. LMDB knows its own end and does not see what lies behind it.
class Space {
 public:
  Space(std::filesystem::path file, std::uint64_t step_bytes, std::uint64_t limit_bytes);
  ~Space();
  Space(const Space&) = delete;
  Space& operator=(const Space&) = delete;

  // Starts the helper thread when less than half a step lies behind `used_bytes`. Writer's thread.
  void ensure(std::uint64_t used_bytes);
  // Runs what writes to the file and returns the database's new end. The helper writes no zeros meanwhile, and none
  // before that end afterwards. Writer's thread.
  void commit(const std::function<std::uint64_t()>& write);
  // The file could not be made larger at the last try.
  bool disk_full() const { return disk_full_.load(std::memory_order_relaxed); }
  std::uint64_t disk_free_bytes() const;

 private:
  void extend();
  bool write_zeros(int file, std::uint64_t until);
  const std::filesystem::path file_;
  const std::uint64_t step_bytes_, limit_bytes_;
  std::mutex mutex_;  // guards the file's end and the two below
  std::uint64_t used_end_ = 0, written_end_ = 0;
  std::atomic<bool> disk_full_{false};
  std::atomic<bool> extending_{false};
  std::thread helper_;
};

}  // namespace smsbridge::store
