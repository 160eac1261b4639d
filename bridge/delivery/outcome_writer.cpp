// SPDX-License-Identifier: MPL-2.0
#include "bridge/delivery/outcome_writer.hpp"

#include <boost/asio/post.hpp>
#include <utility>

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;

constexpr Duration commit_retry_delay = 200ms;
constexpr Duration receipt_answer_max = 20s;  // before most centres give up waiting

}  // namespace

void OutcomeWriter::add(store::Settlement settlement) {
  batch_.settlements.push_back(std::move(settlement));
  schedule_flush();
}

void OutcomeWriter::add(store::ReceiptRecorded receipt, std::function<void(bool stored)> owed) {
  batch_.receipts.push_back(std::move(receipt));
  // Answered only after the commit: the carrier repeats it otherwise.
  owed_.push_back(std::move(owed));
  schedule_flush();
}

void OutcomeWriter::schedule_flush() {
  if (batch_.size() == store::batch_items_max) return flush();
  if (std::exchange(flush_posted_, true)) return;
  boost::asio::post(context_.executor, [this, alive = alive_] {
    if (*alive) flush();
  });
}

void OutcomeWriter::flush() {
  flush_posted_ = false;
  if (batch_.size() == 0) return;
  commit({.batch = std::exchange(batch_, {}), .owed = std::exchange(owed_, {}), .since = context_.clock.now()});
}

void OutcomeWriter::commit(Writing writing) {
  ++running_;
  auto batch = std::exchange(writing.batch, {});
  context_.store.commit(std::move(batch), context_.executor,
                        [this, alive = alive_, writing = std::move(writing)](store::BatchResult result) mutable {
                          if (!*alive) return;
                          --running_;
                          const bool ends =
                              result.error == store::Error::unavailable || result.error == store::Error::broken;
                          if (result.error != store::Error::none && !ends) {
                            // Nothing was written, or perhaps everything: the same batch again is safe either way.
                            writing.batch = std::move(result.unapplied);
                            return repeat(std::move(writing));
                          }
                          if (result.error == store::Error::none) {
                            told_.receipts_stored(result.receipts);
                            for (const auto& tell : writing.owed) tell(true);
                          }
                          told_.idle();
                        });
}

void OutcomeWriter::repeat(Writing writing) {
  if (abandoned_) return told_.idle();
  if (!writing.batch.receipts.empty() && context_.clock.now() - writing.since >= receipt_answer_max) {
    told_.receipts_given_back(writing.batch.receipts.size());
    for (const auto& tell : std::exchange(writing.owed, {})) tell(false);
    writing.batch.receipts.clear();
    if (writing.batch.size() == 0) return told_.idle();
  }
  ++running_;
  auto timer = std::shared_ptr<Timer>(context_.clock.timer(context_.executor));
  auto kept = std::make_shared<Writing>(std::move(writing));
  timer->at(context_.clock.now() + commit_retry_delay, [this, alive = alive_, timer, kept] {
    if (!*alive) return;
    --running_;
    if (abandoned_) return told_.idle();
    commit(std::move(*kept));
  });
}

}  // namespace smsbridge::bridge
