// SPDX-License-Identifier: MPL-2.0
#include "store/lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "store/errors.hpp"

namespace smsbridge::store {

namespace {

constexpr const char* lock_name = "daemon.lock";

}  // namespace

ServiceLock::ServiceLock(const std::filesystem::path& folder) {
  std::error_code ignored;
  std::filesystem::create_directories(folder, ignored);
  const auto path = folder / lock_name;
  fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (fd_ < 0)
    throw OpenError("store: cannot open " + path.string() + ": " + std::strerror(errno) + ". Is the folder writable?");
  if (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    ::close(fd_);
    throw OpenError("store: another smsbridge serves or verifies " + folder.string() +
                    "; stop it first, or give this one its own store.path");
  }
}

ServiceLock::~ServiceLock() { ::close(fd_); }

QuietLock::QuietLock(const std::filesystem::path& folder) {
  const auto path = folder / lock_name;
  fd_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd_ < 0 && errno != ENOENT)  // a copy may be without it
    throw OpenError("store: cannot tell whether " + folder.string() + " is in use: " + path.string() + ": " +
                    std::strerror(errno));
  if (fd_ >= 0 && ::flock(fd_, LOCK_SH | LOCK_NB) != 0) {
    ::close(fd_);
    throw OpenError("store: an smsbridge serves " + folder.string() +
                    ", and its lock.mdb cannot be written by this user: do it as the user of the daemon, or stop it");
  }
}

QuietLock::~QuietLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace smsbridge::store
