// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "store/changes.hpp"
#include "store/errors.hpp"
#include "store/tasks.hpp"

namespace smsbridge::store {

using Done = std::function<void(BatchResult)>;
using ClaimDone = std::function<void(ClaimResult)>;
using TaskClaimDone = std::function<void(TaskClaimResult)>;

// What the writer is asked for, what came of it, and who is told at home.
struct Request {
  Batch batch;
  std::vector<Want> wants;
  std::vector<TaskWant> task_wants;
  boost::asio::any_io_executor home;
  Done done;
  ClaimDone claimed;
  TaskClaimDone tasks_claimed;
  BatchResult result;
  ClaimResult claim_result;
  TaskClaimResult task_claim_result;
  std::size_t size() const { return std::max<std::size_t>(1, batch.size()) + wants.size() + task_wants.size(); }
  void refuse(Error error);
  void answer();  // at home
};
// It is large, and goes through several lists.
using RequestPtr = std::unique_ptr<Request>;

// Each at its home, with one wake-up a home.
void answer(std::vector<RequestPtr> requests);

}  // namespace smsbridge::store
