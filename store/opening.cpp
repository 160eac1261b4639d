// SPDX-License-Identifier: MPL-2.0
#include "store/opening.hpp"

#include <cerrno>

#include "store/errors.hpp"
#include "store/pages.hpp"
#include "store/space.hpp"

namespace smsbridge::store {
namespace {

constexpr std::uint64_t checked_leaves_max = 65536;  // 256 MiB, about a second

}  // namespace

const std::string advice =
    "restore a backup of the folder, or move it away to start with an empty one; 'smsbridge store verify' says what "
    "can be read";

const std::filesystem::path& prepared(const std::filesystem::path& folder) {
  std::error_code ec;
  std::filesystem::create_directories(folder, ec);
  if (ec) throw OpenError("store: cannot make the folder " + folder.string() + ": " + ec.message());
  return folder;
}

bool is_lost(const std::filesystem::path& folder) {
  std::error_code ec;
  const auto size = std::filesystem::file_size(folder / "data.mdb", ec);
  if (!ec && size > 0) return false;
  return std::filesystem::exists(folder / "lock.mdb", ec) || std::filesystem::exists(folder / "master.key", ec);
}

const std::filesystem::path& checked(const std::filesystem::path& folder, bool check_file) {
  const auto file = folder / "data.mdb";
  auto damage = check_file ? find_damage(file, checked_leaves_max) : std::nullopt;
  // A command on this host may have written meanwhile.
  if (damage) damage = find_damage(file, checked_leaves_max);
  std::error_code ec;
  // LMDB takes an empty file for a new one.
  if (damage && std::filesystem::file_size(file, ec) > 0)
    throw OpenError("store: " + file.string() + " is damaged: " + *damage + ". Nothing was changed: " + advice);
  return folder;
}

std::string cannot(const char* verb, const std::filesystem::path& folder, const lmdb::LmdbError& error) {
  const auto what = std::string("store: cannot ") + verb + " " + folder.string() + ": " + error.what();
  if (error.means_disk_full() || (error.code() == EIO && disk_free_bytes(folder) < full_below_bytes))
    return what + ". No room is left on its disk: make room, and try again";
  if (error.means_full()) return what + ". It has reached store.size_limit: raise it";
  if (error.code() == EACCES || error.code() == EROFS || error.code() == ENOENT || error.code() == EAGAIN)
    return what + ". Is the folder writable, and no other smsbridge running on it?";
  return what + ": " + advice;
}

}  // namespace smsbridge::store
