// SPDX-License-Identifier: MPL-2.0
#include "store/lock.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <random>

#include "store/errors.hpp"

namespace smsbridge::store {
namespace {

TEST(Lock, OneDaemonServesAStoreAndNobodyReadsBesideItUnseen) {
  const auto folder =
      std::filesystem::temp_directory_path() / ("smsbridge-lock-" + std::to_string(std::random_device{}()));
  std::optional<ServiceLock> first(folder);
  EXPECT_THROW(ServiceLock{folder}, OpenError);
  EXPECT_THROW(QuietLock{folder}, OpenError);
  first.reset();
  {
    const QuietLock reader(folder), another(folder);
    EXPECT_THROW(ServiceLock{folder}, OpenError);
  }
  EXPECT_NO_THROW(ServiceLock{folder});
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace smsbridge::store
