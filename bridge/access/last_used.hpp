// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <map>
#include <mutex>
#include <string>

#include "store/store.hpp"

namespace smsbridge::bridge {

// When each key was used last. A request costs a look into a table in memory; what changed is written once a minute,
// all of it in one commit, and when the daemon stops: one that dies forgets a minute. Any thread.
class LastUsed {
 public:
  explicit LastUsed(store::Store& store) : store_(store) {}

  // By its name in the store, where one of a tenant's settings has no record.
  void note(const std::string& key, store::WallMs now, bool of_settings = false);
  void forget(const std::string& prefix);          // keys that are gone, by how their names begin
  store::WallMs at(const std::string& key) const;  // 0: never
  // Once a second: writes when it is time to. The executor is where the answer of the store goes.
  void keep(store::WallMs now, const boost::asio::any_io_executor& executor);
  void keep_all();  // waits for the disk; where that fails, the log says so

 private:
  store::Batch unkept();
  store::Store& store_;
  mutable std::mutex mutex_;  // guards what follows
  struct Use {
    store::WallMs at = 0;
    bool is_kept = false, of_settings = false;
  };
  std::map<std::string, Use> uses_;  // since the start
  store::WallMs kept_at_ = 0;
};

}  // namespace smsbridge::bridge
