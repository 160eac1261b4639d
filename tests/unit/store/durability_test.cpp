// SPDX-License-Identifier: MPL-2.0
// What is answered is on the disk: the calls by which LMDB puts it there are seen on their way to the system.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <climits>
#include <cstring>
#include <filesystem>
#include <random>

#include "store/store.hpp"

namespace {

constexpr off_t heads_end = 8192;  // the first two pages say which tree is the newest

std::vector<std::string> calls;
bool watching = false;

bool is_the_store(int fd) {
  char name[PATH_MAX];
  const auto size = ::readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), name, sizeof(name));
  return size > 0 && std::string_view(name, static_cast<std::size_t>(size)).ends_with("/data.mdb");
}

}  // namespace

// These take the place of the C library's for the whole program.
extern "C" int fdatasync(int fd) {
  if (watching && is_the_store(fd)) calls.emplace_back("flush");
  return static_cast<int>(::syscall(SYS_fdatasync, fd));
}

extern "C" ssize_t pwrite(int fd, const void* data, size_t size, off_t at) {
  if (watching && at < heads_end && is_the_store(fd))
    calls.emplace_back((::fcntl(fd, F_GETFL) & O_DSYNC) != 0 ? "head to the disk" : "head to memory");
  return ::syscall(SYS_pwrite64, fd, data, size, at);
}

namespace smsbridge::store {
namespace {

using Calls = std::vector<std::string>;

TEST(Durability, ACommitIsOnTheDiskBeforeItIsAnswered) {
  const auto path =
      std::filesystem::temp_directory_path() / ("smsbridge-durability-" + std::to_string(std::random_device{}()));
  {
    Options options{.path = path, .size_limit_bytes = 16u << 20, .prewrite_bytes = 0};
    options.wall_clock = [] { return WallMs{1'790'000'000'000}; };
    Store store(std::move(options));
    store.open_queue();
    boost::asio::io_context io;
    const auto step = [&] {
      watching = true;
      store.step();
      watching = false;
      const auto seen = std::exchange(calls, {});
      EXPECT_EQ(io.poll(), 1u) << "now it is answered";
      io.restart();
      return seen;
    };
    const Calls durable{"flush", "head to the disk"};
    Batch accepted;
    auto& content = accepted.enqueue.emplace_back().content;
    content.tenant = content.gateway = 1;
    content.to = "+254712345678";
    content.text = "hello";
    store.commit(std::move(accepted), io.get_executor(), [](const BatchResult& result) {
      EXPECT_EQ(result.error, Error::none);
      EXPECT_EQ(result.enqueued.at(0).kind, Enqueued::Kind::stored);
    });
    EXPECT_EQ(step(), durable);
    ClaimResult claimed;
    store.claim({{.queue = {.gateway = 1, .tenant = 1}, .count = 1}}, io.get_executor(),
                [&](ClaimResult result) { claimed = std::move(result); });
    EXPECT_EQ(step(), durable) << "before a byte of it leaves";
    ASSERT_EQ(claimed.messages.size(), 1u);
    Batch sent;
    sent.settlements.push_back({.id = claimed.messages[0].id, .attempt = 1, .what = Taken{.awaits_receipt = false}});
    store.commit(std::move(sent), io.get_executor(), [](const BatchResult&) {});
    EXPECT_EQ(step(), durable);
  }
  std::filesystem::remove_all(path);
}

}  // namespace
}  // namespace smsbridge::store
