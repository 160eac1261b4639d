// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "bridge/env/clock.hpp"
#include "store/settlement.hpp"
#include "store/store.hpp"

namespace smsbridge::bridge {

// Takes what a gateway learned to the store: everything that one turn of the loop brings is one batch. What cannot be
// written is tried again for as long as it takes, because nobody else knows it; receipts go back to the carrier, which
// repeats them, before they fill the memory. One shard, as its gateway.
class OutcomeWriter {
 public:
  struct Context {
    boost::asio::any_io_executor executor;
    Clock& clock;
    store::Store& store;
  };
  // Both are called on the shard. `idle`: something was written, or given up; look at is_idle().
  struct Told {
    std::function<void(const std::vector<store::Receipted>&)> receipts_stored;
    std::function<void(std::size_t receipts)> receipts_given_back;
    std::function<void()> idle;
  };
  OutcomeWriter(Context context, Told told) : context_(std::move(context)), told_(std::move(told)) {}
  ~OutcomeWriter() { *alive_ = false; }

  void add(store::Settlement settlement);
  // `owed` is called once: true when the receipt is on disk, false when it cannot be stored now.
  void add(store::ReceiptRecorded receipt, std::function<void(bool stored)> owed);
  // What was added goes to the store now, not at the end of the turn.
  void flush();
  // What cannot be written is given up: the process ends.
  void abandon() { abandoned_ = true; }
  bool is_idle() const { return running_ == 0 && batch_.size() == 0; }

 private:
  // A batch on its way to the disk, and who is told once it is there.
  struct Writing {
    store::Batch batch;
    std::vector<std::function<void(bool stored)>> owed;
    Time since{};
  };
  void schedule_flush();
  void commit(Writing writing);
  void repeat(Writing writing);

  const Context context_;
  const Told told_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  store::Batch batch_;
  std::vector<std::function<void(bool stored)>> owed_;
  bool flush_posted_ = false, abandoned_ = false;
  std::size_t running_ = 0;
};

}  // namespace smsbridge::bridge
