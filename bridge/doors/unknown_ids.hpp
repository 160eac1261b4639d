// SPDX-License-Identifier: MPL-2.0
#pragma once
// Ids that Fineract asks for and nobody posted.
#include <deque>
#include <map>
#include <mutex>
#include <string>

#include "store/message.hpp"

namespace smsbridge::bridge {

constexpr std::size_t unknown_ids_max = 20000;  // of one tenant, of at most client_ref_max octets each

// When an id was first asked for that nobody posted. After a grace time it is called failed, because ids that never
// resolve hide newer ones from Fineract, which always asks for the same 200. In memory: a restart starts the grace
// anew, and so does a tenant's full table for the id that stood there longest. No tenant costs another one its ids.
class UnknownIds {
 public:
  bool expired(store::TenantId tenant, const std::string& id, store::WallMs now, store::WallMs grace) {
    std::lock_guard lock(mutex_);
    auto& asked = asked_[tenant];
    const auto [it, inserted] = asked.first.try_emplace(id, now);
    if (inserted) {
      asked.order.push_back(it);
      if (asked.order.size() > unknown_ids_max) {
        asked.first.erase(asked.order.front());
        asked.order.pop_front();
      }
    }
    return now - it->second >= grace;
  }

 private:
  using Table = std::map<std::string, store::WallMs>;
  struct Asked {
    Table first;
    std::deque<Table::iterator> order;  // as they came
  };
  std::mutex mutex_;
  std::map<store::TenantId, Asked> asked_;
};

}  // namespace smsbridge::bridge
