// SPDX-License-Identifier: MPL-2.0
#include "bridge/env/process.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

namespace smsbridge::bridge::process {
namespace {

// In processes of their own: what is given up does not come back.
TEST(ProcessDeathTest, NoCrashLeavesItsMemoryBehind) {
  const auto crashes_would_show = [] {
    ::rlimit limit{};
    ::getrlimit(RLIMIT_CORE, &limit);
    return limit.rlim_cur != 0 || limit.rlim_max != 0 || ::prctl(PR_GET_DUMPABLE) != 0;
  };
  ASSERT_TRUE(crashes_would_show());
  EXPECT_EXIT(
      {
        forbid_core_dumps();
        std::_Exit(crashes_would_show() ? 1 : 0);
      },
      testing::ExitedWithCode(0), "");
}

TEST(ProcessDeathTest, WhatIsOpenedLaterIsNoStandardDescriptor) {
  // The ones that are closed; those that are open stay what they are.
  for (unsigned closed = 0; closed < 8; ++closed) {
    EXPECT_EXIT(
        {
          const int zeros = ::open("/dev/zero", O_RDWR);
          for (int descriptor = 0; descriptor <= STDERR_FILENO; ++descriptor) {
            ::dup2(zeros, descriptor);
            if ((closed >> descriptor & 1) != 0) ::close(descriptor);
          }
          ::close(zeros);
          open_standard_descriptors();
          bool right = ::open("/dev/zero", O_RDONLY) > STDERR_FILENO;
          struct stat null {};
          ::stat("/dev/null", &null);
          for (int descriptor = 0; descriptor <= STDERR_FILENO; ++descriptor) {
            struct stat it {};
            right = right && ::fstat(descriptor, &it) == 0 &&
                    (it.st_rdev == null.st_rdev) == ((closed >> descriptor & 1) != 0);
          }
          std::_Exit(right ? 0 : 1);
        },
        testing::ExitedWithCode(0), "")
        << closed;
  }
}

}  // namespace
}  // namespace smsbridge::bridge::process
