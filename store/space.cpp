// SPDX-License-Identifier: MPL-2.0
#include "store/space.hpp"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <system_error>

namespace smsbridge::store {
namespace {
constexpr std::uint64_t margin_bytes = 1 << 20;
}

Space::Space(std::filesystem::path file, std::uint64_t step_bytes, std::uint64_t limit_bytes)
    : file_(std::move(file)), step_bytes_(step_bytes), limit_bytes_(limit_bytes) {
  std::error_code ec;
  const auto size = std::filesystem::file_size(file_, ec);
  if (!ec) written_end_ = size;
}

Space::~Space() {
  if (helper_.joinable()) helper_.join();
}

void Space::ensure(std::uint64_t used_bytes) {
  if (!step_bytes_ || extending_) return;
  {
    const std::lock_guard lock(mutex_);
    used_end_ = std::max(used_end_, used_bytes);
    if (used_end_ + step_bytes_ / 2 <= written_end_ || written_end_ >= limit_bytes_) return;
  }
  if (helper_.joinable()) helper_.join();
  extending_ = true;
  try {
    helper_ = std::thread([this] { extend(); });
  } catch (const std::system_error&) {
    extend();  // no thread can be made: this commit waits for it
  }
}

void Space::commit(const std::function<std::uint64_t()>& write) {
  const std::lock_guard lock(mutex_);
  used_end_ = std::max(used_end_, write());
}

void Space::extend() {
  const int file = ::open(file_.c_str(), O_WRONLY | O_CLOEXEC);
  std::uint64_t until = 0;
  {
    const std::lock_guard lock(mutex_);
    until = std::min(std::max(used_end_, written_end_) + step_bytes_, limit_bytes_);
  }
  bool ok = file >= 0;
  while (ok && written_end_ < until) ok = write_zeros(file, until);
  ok = ok && ::fdatasync(file) == 0;
  if (file >= 0) ::close(file);
  disk_full_ = !ok;
  extending_ = false;
}

// One block, where no commit has been and none is.
bool Space::write_zeros(int file, std::uint64_t until) {
  static constexpr std::size_t block_bytes = 256 << 10;
  static const std::array<char, block_bytes> zeros{};
  const std::lock_guard lock(mutex_);
  // The margin is for the small commits of other programs, such as `keys create`.
  const auto from = std::max(used_end_ + std::min(margin_bytes, step_bytes_ / 4), written_end_);
  if (from >= until) {
    written_end_ = from;
    return true;
  }
  const auto written =
      ::pwrite(file, zeros.data(), std::min<std::uint64_t>(block_bytes, until - from), static_cast<off_t>(from));
  if (written <= 0) return false;
  written_end_ = from + static_cast<std::uint64_t>(written);
  return true;
}

std::uint64_t Space::disk_free_bytes() const { return store::disk_free_bytes(file_.parent_path()); }

std::uint64_t disk_free_bytes(const std::filesystem::path& folder) {
  struct statvfs info {};
  if (::statvfs(folder.c_str(), &info) != 0) return 0;
  return std::uint64_t{info.f_bavail} * info.f_frsize;
}

}  // namespace smsbridge::store
