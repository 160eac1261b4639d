// SPDX-License-Identifier: MPL-2.0
#include "bridge/events/task_worker.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;

constexpr WallMs claim_again_ms = 1000, again_first_ms = 1000;
constexpr Duration write_again_after = 1s;

bool may_be_written_yet(store::Error error) {
  return error != store::Error::unavailable && error != store::Error::broken && error != store::Error::invalid;
}

}  // namespace

WallMs again_after(int attempt, WallMs longest) {
  return std::min(longest, again_first_ms << std::clamp(attempt - 1, 0, 20));
}

TaskWorker::TaskWorker(Context context, std::string kind, std::size_t at_once, Work work)
    : context_(std::move(context)),
      kind_(std::move(kind)),
      at_once_(at_once),
      work_(std::move(work)),
      timer_(context_.clock.timer(context_.executor)) {}

void TaskWorker::due(WallMs at) {
  boost::asio::post(context_.executor, [this, alive = alive_, at] {
    if (!*alive || ended_) return;
    if (at <= context_.clock.wall()) return claim();
    know(at);
    arm();
  });
}

// What is told while a claim is under way may be younger than what that claim will say.
void TaskWorker::know(WallMs due_at) {
  if (due_at) next_due_ = next_due_ ? std::min(next_due_, due_at) : due_at;
}

void TaskWorker::claim() {
  if (ended_) return;
  if (claiming_ || under_way_.size() >= at_once_) {
    claim_again_ = true;
    return;
  }
  claiming_ = true;
  claim_again_ = false;
  next_due_ = 0;
  const auto count = static_cast<std::uint32_t>(at_once_ - under_way_.size());
  context_.store.claim({{.kind = kind_, .count = count}}, context_.executor,
                       [this, alive = alive_](store::TaskClaimResult result) {
                         if (*alive) claimed(std::move(result));
                       });
}

void TaskWorker::claimed(store::TaskClaimResult result) {
  claiming_ = false;
  if (result.error != store::Error::none) {
    know(context_.clock.wall() + claim_again_ms);
    return ended_ ? give_back() : arm();
  }
  claim_again_ = claim_again_ || result.ends.front().more_due;
  know(result.ends.front().next_due);
  std::vector<std::uint64_t> taken;
  for (auto& task : result.tasks) {
    taken.push_back(++last_);
    under_way_.emplace(last_, UnderWay{.task = std::move(task)});
  }
  if (ended_) return give_back();
  for (const auto number : taken)
    work_(under_way_.at(number).task, [this, alive = alive_, number](Outcome outcome) {
      if (*alive) end(number, std::move(outcome));
    });
  if (claim_again_) claim();
  arm();
}

void TaskWorker::end(std::uint64_t number, Outcome outcome) {
  const auto it = under_way_.find(number);
  if (it == under_way_.end()) return;  // it was given back
  auto& task = it->second.task;
  it->second.writing = true;
  outcome.batch.only_if.emplace_back(store::TaskHeld{.task = task.task, .lease = task.lease});
  outcome.batch.ended_tasks.push_back({.task = task.task, .lease = task.lease, .again_at = outcome.again_at});
  write(number, std::make_shared<Outcome>(std::move(outcome)));
}

// For as long as it takes: what is not ended here is done once more after a restart.
void TaskWorker::write(std::uint64_t number, std::shared_ptr<Outcome> outcome) {
  context_.store.commit(std::exchange(outcome->batch, {}), context_.executor,
                        [this, alive = alive_, number, outcome](store::BatchResult result) {
                          if (!*alive) return;
                          if (result.error != store::Error::none && may_be_written_yet(result.error) && !ended_) {
                            outcome->batch = std::move(result.unapplied);
                            auto timer = std::shared_ptr<Timer>(context_.clock.timer(context_.executor));
                            return timer->at(context_.clock.now() + write_again_after,
                                             [this, still = alive_, timer, number, outcome] {
                                               if (*still) write(number, outcome);
                                             });
                          }
                          under_way_.erase(number);
                          if (outcome->written) outcome->written(result);
                          if (ended_) return give_back();
                          if (claim_again_) claim();
                          arm();
                        });
}

void TaskWorker::arm() {
  if (!next_due_ || ended_) return timer_->cancel();
  const auto wait = std::max<WallMs>(1, next_due_ - context_.clock.wall());
  timer_->at(context_.clock.now() + std::chrono::milliseconds(wait), [this] {
    if (next_due_ && context_.clock.wall() >= next_due_) {
      next_due_ = 0;
      claim();
    }
    arm();
  });
}

void TaskWorker::stop(std::function<void()> ended) {
  boost::asio::post(context_.executor, [this, alive = alive_, ended = std::move(ended)]() mutable {
    if (!*alive) return;
    ended_ = std::move(ended);
    timer_->cancel();
    give_back();
  });
}

// What was only read from outside is begun anew by the next process; what is on its way to the disk is waited for.
void TaskWorker::give_back() {
  store::Batch batch;
  std::erase_if(under_way_, [&](const auto& entry) {
    const auto& task = entry.second.task;
    if (entry.second.writing) return false;
    batch.ended_tasks.push_back({.task = task.task, .lease = task.lease, .again_at = std::max<WallMs>(1, task.due_at)});
    return true;
  });
  if (batch.size() > 0) {
    claiming_ = true;
    return context_.store.commit(std::move(batch), context_.executor,
                                 [this, alive = alive_](const store::BatchResult&) {
                                   if (!*alive) return;
                                   claiming_ = false;
                                   give_back();
                                 });
  }
  if (!under_way_.empty() || claiming_) return;
  if (const auto tell = std::exchange(ended_, [] {})) tell();
}

}  // namespace smsbridge::bridge
