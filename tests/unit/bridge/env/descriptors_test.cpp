// SPDX-License-Identifier: MPL-2.0
#include "bridge/env/descriptors.hpp"

#include <gtest/gtest.h>

namespace smsbridge::bridge {
namespace {

TEST(Descriptors, ClientsGetWhatWeDoNotNeed) {
  struct {
    const char* name;
    std::size_t limit, sessions, listeners, clients;
  } const cases[] = {{"usual", 524288, 8, 2, 4096},
                     {"a service without settings", 1024, 4, 2, 460},
                     {"few", 200, 1, 2, 51},
                     {"more sessions leave less", 200, 20, 2, 32},
                     {"less than we need ourselves", 64, 1, 2, 8},
                     {"many shards", 1024, 4, 60, 15}};
  for (const auto& c : cases)
    EXPECT_EQ(clients_per_listener(c.limit, c.sessions, c.listeners, 4096), c.clients) << c.name;
}

}  // namespace
}  // namespace smsbridge::bridge
