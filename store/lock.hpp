// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <filesystem>

namespace smsbridge::store {

// One daemon serves a store: two would send everything twice. Held as long as the object lives, given up by the kernel
// when the process dies. Throws OpenError when another process holds it.
class ServiceLock {
 public:
  explicit ServiceLock(const std::filesystem::path& folder);
  ~ServiceLock();
  ServiceLock(const ServiceLock&) = delete;
  ServiceLock& operator=(const ServiceLock&) = delete;

 private:
  int fd_ = -1;
};

// Nobody serves the store while this lives, and nothing is made or written: for who reads without LMDB's own lock.
// Throws OpenError when somebody serves it, or when that cannot be told.
class QuietLock {
 public:
  explicit QuietLock(const std::filesystem::path& folder);
  ~QuietLock();
  QuietLock(const QuietLock&) = delete;
  QuietLock& operator=(const QuietLock&) = delete;

 private:
  int fd_ = -1;
};

}  // namespace smsbridge::store
