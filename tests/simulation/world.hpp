// SPDX-License-Identifier: MPL-2.0
#pragma once
#include "tests/simulation/daemon.hpp"
#include "tests/simulation/promises.hpp"
#include "tests/simulation/sim_centre.hpp"
#include "tests/simulation/sim_provider.hpp"

namespace smsbridge::simulation {

struct RunResult {
  std::optional<Broken> broken;
  std::string story;        // of the message that the failure names
  std::uint64_t trace = 0;  // hash of all that happened: the same seed gives the same
  std::size_t messages = 0, parts_taken = 0, receipts_answered = 0, receipts_refused = 0, crashes = 0;
  std::size_t flaps = 0, changes = 0;
  Duration took{};  // virtual
};

// One run: clients, the daemon, the network and the centres on one virtual clock. First everything may fail that the
// options say; then the world is healed, and within a bounded time all promises must be kept.
class World {
 public:
  World(const RunOptions& options, std::filesystem::path folder, bool verbose);
  ~World();
  RunResult run();

 private:
  // What a client wants sent; it asks until it gets an answer.
  struct Wish {
    std::size_t number = 0, tenant = 0;
    bridge::Submission submission;
    bool by_fineract = false, may_repeat = false, replaced = false, asked = false;
    int tries = 0;
    std::optional<store::MessageId> id;
  };

  void make_centres();
  void plan_faults();
  void flap(const Flapping& flapping, bool down);
  void change(std::optional<std::size_t> place = {});  // of a gateway
  void plan_wishes();
  std::size_t draw_wish(std::size_t like_reference_of);
  std::string draw_text(std::size_t number, std::size_t length, bool ucs2,
                        const bridge::GatewaySettings* gateway) const;
  void ask(std::size_t wish);
  void answered(std::size_t wish, const store::Enqueue& asked, store::Error error, const store::Enqueued* answer);
  void ask_again(std::size_t wish);
  void control(store::MessageId id, store::TenantId tenant, store::Control::Action action);

  void open();
  void crash(bool after_commit);
  void stop();
  void reopen_later();
  void heal();
  void watch();
  Time liveness_end() const;
  void trace(std::string_view what, std::uint64_t a = 0, std::uint64_t b = 0);

  const RunOptions& options_;
  const std::filesystem::path folder_;
  const bool verbose_;
  boost::asio::io_context io_;
  bridge::Random random_;
  SimClock clock_;
  SimNetwork network_;
  metrics::Metrics metrics_;
  Promises promises_;
  std::vector<std::shared_ptr<Peer>> centres_;     // one may serve two gateways
  std::map<std::size_t, SimProvider*> providers_;  // of these: by the gateway's place
  std::deque<Wish> wishes_;
  std::shared_ptr<const bridge::RoutingTable> table_;  // as the daemon's configuration says it now
  std::optional<std::size_t> change_at_next_part_;     // that a carrier takes: how many commits fail then
  std::unique_ptr<Daemon> daemon_;
  std::uint64_t life_ = 0;  // an answer for a client of an earlier life never arrives
  bool healed_ = false, stopping_ = false;
  std::uint64_t trace_ = 0xcbf29ce484222325ull;
  RunResult result_;
};

}  // namespace smsbridge::simulation
