// SPDX-License-Identifier: MPL-2.0
// A disk with little room, as the system would tell it.
#include "store/space.hpp"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <sys/statvfs.h>

#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <random>

#include "store/store.hpp"

namespace {
bool nearly_full = false;
}

// It takes the place of the C library's for the whole program.
extern "C" int statvfs(const char* path, struct statvfs* info) noexcept {
  static const auto of_the_system =
      reinterpret_cast<int (*)(const char*, struct statvfs*)>(::dlsym(RTLD_NEXT, "statvfs"));
  const int result = of_the_system(path, info);
  if (nearly_full) info->f_bavail = 1;
  return result;
}

namespace smsbridge::store {
namespace {

// LMDB sees no more than that a write was cut short.
TEST(Space, AWriteThatWasCutShortIsNoRoomWhereTheDiskHasNone) {
  const auto path =
      std::filesystem::temp_directory_path() / ("smsbridge-space-" + std::to_string(std::random_device{}()));
  {
    Options options{.path = path, .size_limit_bytes = 16u << 20, .prewrite_bytes = 1u << 20, .sync = false};
    options.wall_clock = [] { return WallMs{1'790'000'000'000}; };
    Store store(std::move(options));
    store.open_queue();
    boost::asio::io_context io;
    const auto enqueue = [&] {
      Batch batch;
      auto& content = batch.enqueue.emplace_back().content;
      content.tenant = content.gateway = 1;
      content.to = "+254712345678";
      content.text = "hello";
      auto error = Error::invalid;
      store.commit(std::move(batch), io.get_executor(), [&](const BatchResult& result) { error = result.error; });
      store.step();
      io.restart();
      io.poll();
      return error;
    };
    EXPECT_EQ(enqueue(), Error::none);
    store.fail_commits(EIO, 1);
    EXPECT_EQ(enqueue(), Error::unknown) << "there is room: the disk itself is at fault";
    EXPECT_EQ(enqueue(), Error::none);
    nearly_full = true;
    EXPECT_EQ(enqueue(), Error::none) << "what was written ahead still serves";
    store.fail_commits(EIO, 1);
    EXPECT_EQ(enqueue(), Error::full);
    nearly_full = false;
    EXPECT_EQ(enqueue(), Error::none);
  }
  std::filesystem::remove_all(path);
}

TEST(Space, WhatIsWrittenAheadIsBehindWhatIsThere) {
  const auto path =
      std::filesystem::temp_directory_path() / ("smsbridge-ahead-" + std::to_string(std::random_device{}()));
  const std::string page(2u << 20, 'x');
  std::ofstream(path) << "";
  {
    Space space(path, 1u << 20, 16u << 20);
    space.commit([&] {
      std::ofstream(path) << page;
      return page.size();
    });
    space.ensure(page.size());
  }
  std::ifstream file(path);
  std::string there(page.size(), ' ');
  file.read(there.data(), static_cast<std::streamsize>(there.size()));
  EXPECT_TRUE(there == page);
  EXPECT_GE(std::filesystem::file_size(path), 3u << 20);
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace smsbridge::store
