// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <optional>
#include <tl/expected.hpp>
#include <vector>

#include "bridge/access/tenants.hpp"
#include "bridge/env/clock.hpp"
#include "bridge/env/log_throttle.hpp"
#include "bridge/http/problem.hpp"
#include "bridge/intake/submission.hpp"
#include "store/store.hpp"

namespace smsbridge::bridge {

// What became of one wish to send.
struct Acceptance {
  enum class Kind : std::uint8_t {
    accepted,  // it is on disk
    replayed,  // it was accepted earlier: `id` is that message
    refused,   // `problem` says why
  } kind = Kind::refused;
  store::MessageId id = 0;
  store::WallMs created_at = 0;
  std::optional<Problem> problem;
};

// The only code that says "accepted": the answer of every door is made of its results. Any thread; `done` runs on the
// executor of the request, at once where nothing has to be asked of the store.
class Intake {
 public:
  Intake(store::Store& store, const Directory& directory, Clock& clock)
      : store_(store), directory_(directory), clock_(clock) {}

  // What would become of it.
  Prepared prepare(Submission&& submission, const Tenant& tenant) const {
    return bridge::prepare(std::move(submission), tenant, directory_, clock_.wall());
  }
  // The same of what is to be accepted: it counts among equal texts to its number until it goes, or was accepted.
  Prepared prepare_to_send(Submission&& submission, const Tenant& tenant);
  // Places among what of the tenant may wait, and turns by its rate, for what is committed elsewhere than by accept():
  // all of it, or none. Not empty: why there are none now. Login codes and transactions need none.
  std::string take_places(const Tenant& tenant, std::vector<store::Enqueue>& wishes);

  // What a caller can do when the writer is behind: come again, or wait for its answer.
  enum class WhenBusy : std::uint8_t { refuse, wait };
  // One result a wish, in their order, once all of them are on disk; or why none is. What was refused by prepare() is
  // still known as a repetition of what was accepted. Counts what it says.
  using Done = std::function<void(tl::expected<std::vector<Acceptance>, Problem>)>;
  // `along` is in the same commit, with its conditions: marks, lines of the journal, tasks. Where one does not hold,
  // nothing is accepted, and the problem is a state-conflict.
  void accept(const Tenant& tenant, std::vector<Prepared> wishes, WhenBusy when_busy,
              const boost::asio::any_io_executor& executor, Done done, store::Batch along = {});

 private:
  struct Asked;
  std::optional<Problem> beyond_limits(const Tenant& tenant, std::vector<Prepared>& wishes);
  void hold_back(const Tenant& tenant, const std::vector<store::Enqueue*>& wishes);
  void note_doubt(const Prepared& prepared, const Tenant& tenant);
  void commit(std::shared_ptr<Asked> asked, store::Batch batch);
  void answer(Asked& asked, const std::vector<store::Enqueued>& answers);

  store::Store& store_;
  const Directory& directory_;
  Clock& clock_;
  log::Throttle doubts_;  // what was taken with a doubt, by tenant
  SameTexts same_texts_;
  log::Throttle limits_;  // and what was not, or later
};

Problem problem_of(const Refusal& refusal);
// What a failed commit means for the caller. With a retry hint where it helps.
Problem problem_of(store::Error error);

}  // namespace smsbridge::bridge
