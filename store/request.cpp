// SPDX-License-Identifier: MPL-2.0
#include "store/request.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>

namespace smsbridge::store {

void Request::refuse(Error error) {
  result = {};
  result.error = error;
  result.unapplied = std::move(batch);
  claim_result = {.error = error, .messages = {}, .ends = {}};
  task_claim_result = {.error = error, .tasks = {}, .ends = {}};
}

void Request::answer() {
  if (done) done(std::move(result));
  if (claimed) claimed(std::move(claim_result));
  if (tasks_claimed) tasks_claimed(std::move(task_claim_result));
}

void answer(std::vector<RequestPtr> requests) {
  // One wake-up a shard, not one a request.
  std::vector<std::pair<boost::asio::any_io_executor, std::vector<RequestPtr>>> homes;
  for (auto& request : requests) {
    auto home =
        std::find_if(homes.begin(), homes.end(), [&](const auto& entry) { return entry.first == request->home; });
    if (home == homes.end()) {
      homes.emplace_back(request->home, std::vector<RequestPtr>());
      home = std::prev(homes.end());
    }
    home->second.push_back(std::move(request));
  }
  for (auto& [home, answered] : homes)
    boost::asio::post(home, [done = std::make_shared<std::vector<RequestPtr>>(std::move(answered))] {
      for (auto& request : *done) request->answer();
    });
}

}  // namespace smsbridge::store
