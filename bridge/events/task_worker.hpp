// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "bridge/env/clock.hpp"
#include "store/store.hpp"

namespace smsbridge::bridge {

// How long a task waits for its next attempt: a second at first, and twice as long each time.
WallMs again_after(int attempt, WallMs longest);

// Takes the tasks of one kind out of the store as they become due, has some of them worked on at a time, and ends each
// in the batch that holds what came of it. One shard.
class TaskWorker {
 public:
  struct Context {
    boost::asio::any_io_executor executor;
    Clock& clock;
    store::Store& store;
  };
  struct Outcome {
    store::Batch batch{};        // in one commit with the end of the task
    store::WallMs again_at = 0;  // 0: it is done
    std::function<void(const store::BatchResult&)> written{};
  };
  using Done = std::function<void(Outcome)>;
  // `done` is called once, on the executor. What belongs to a batch that could not be written is done again.
  using Work = std::function<void(const store::ClaimedTask& task, Done done)>;

  TaskWorker(Context context, std::string kind, std::size_t at_once, Work work);
  ~TaskWorker() { *alive_ = false; }

  void start() { claim(); }
  // There are tasks that are due from then on. Any thread.
  void due(WallMs at);
  // No more is begun. What is under way is given back. `ended` is called once, on the executor.
  void stop(std::function<void()> ended);
  std::size_t under_way() const { return under_way_.size(); }

 private:
  void know(WallMs due_at);
  void claim();
  void claimed(store::TaskClaimResult result);
  void end(std::uint64_t number, Outcome outcome);
  void write(std::uint64_t number, std::shared_ptr<Outcome> outcome);
  void arm();
  void give_back();

  const Context context_;
  const std::string kind_;
  const std::size_t at_once_;
  const Work work_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::unique_ptr<Timer> timer_;
  struct UnderWay {
    store::ClaimedTask task;
    bool writing = false;
  };
  std::map<std::uint64_t, UnderWay> under_way_;
  std::uint64_t last_ = 0;
  bool claiming_ = false, claim_again_ = false;
  WallMs next_due_ = 0;  // of what waits in the store; 0: nothing is known to
  std::function<void()> ended_;
};

}  // namespace smsbridge::bridge
