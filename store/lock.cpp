// SPDX-License-Identifier: MPL-2.0
#include "store/lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "store/errors.hpp"

namespace smsbridge::store {

ServiceLock::ServiceLock(const std::filesystem::path& folder) {
  std::error_code ignored;
  std::filesystem::create_directories(folder, ignored);
  const auto path = folder / "daemon.lock";
  fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (fd_ < 0)
    throw OpenError("store: cannot open " + path.string() + ": " + std::strerror(errno) + ". Is the folder writable?");
  if (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    ::close(fd_);
    throw OpenError("store: another smsbridge serves " + folder.string() +
                    "; stop it first, or give this one its own store.path");
  }
}

ServiceLock::~ServiceLock() { ::close(fd_); }

}  // namespace smsbridge::store
