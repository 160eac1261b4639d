// SPDX-License-Identifier: MPL-2.0
#include "store/space.hpp"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>

namespace smsbridge::store {

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
  if (!step_bytes_ || extending_ || used_bytes + step_bytes_ / 2 <= written_end_) return;
  if (written_end_ >= limit_bytes_) return;
  if (helper_.joinable()) helper_.join();
  extending_ = true;
  // LMDB may be writing up to a quarter of a step behind its end while the helper starts: begin behind that.
  const auto from = std::max<std::uint64_t>(written_end_, used_bytes + step_bytes_ / 4);
  helper_ = std::thread([this, from] { extend(from); });
}

void Space::extend(std::uint64_t from) {
  static constexpr std::size_t block_bytes = 1 << 20;
  static const std::array<char, block_bytes> zeros{};
  const int fd = ::open(file_.c_str(), O_WRONLY | O_CLOEXEC);
  bool ok = fd >= 0;
  const auto until = std::min(from + step_bytes_, limit_bytes_);
  for (auto at = from; ok && at < until; at += block_bytes)
    ok = ::pwrite(fd, zeros.data(), std::min<std::uint64_t>(block_bytes, until - at), static_cast<off_t>(at)) > 0;
  ok = ok && ::fdatasync(fd) == 0;
  if (fd >= 0) ::close(fd);
  if (ok) written_end_ = until;
  disk_full_ = !ok;
  extending_ = false;
}

std::uint64_t Space::disk_free_bytes() const {
  struct statvfs info {};
  if (::statvfs(file_.parent_path().c_str(), &info) != 0) return 0;
  return std::uint64_t{info.f_bavail} * info.f_frsize;
}

}  // namespace smsbridge::store
