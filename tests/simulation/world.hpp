// SPDX-License-Identifier: MPL-2.0
#pragma once
#include "tests/simulation/client.hpp"
#include "tests/simulation/daemon.hpp"
#include "tests/simulation/promises.hpp"
#include "tests/simulation/sim_bank.hpp"
#include "tests/simulation/sim_centre.hpp"
#include "tests/simulation/sim_hook.hpp"
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
  void make_centres();
  void make_hooks();
  void plan_hook_outages();
  void plan_host_outages();
  void set_down(std::size_t place, bool down);
  void note_host(std::size_t place, std::size_t host, bool fails);
  void plan_faults();
  void flap(const Flapping& flapping, bool down);
  void change(std::optional<std::size_t> place = {});  // of a gateway
  void plan_wishes();
  void plan_phones();
  void plan_events();
  void make_reports();
  void report_read();
  void opt_out_clients();
  void plan_reports();
  void plan_stopping_clients();
  void plan_questions();
  const std::string& schedule_name(std::size_t place) const;
  void run_by_hand(std::size_t place, bool anew);
  void switch_schedule(std::size_t place, bool on);
  void watch_reports();
  void heal_reports();
  std::size_t draw_wish(std::size_t like_reference_of);
  std::vector<store::Tlv> draw_tlvs(const Wish& wish) const;
  std::string draw_text(std::size_t number, std::size_t length, bool ucs2,
                        const bridge::GatewaySettings* gateway) const;
  void ask(std::size_t wish);
  // Which gateways are being drained, and since when.
  using Draining = std::map<std::size_t, WallMs>;
  Draining draining() const;
  void answered(std::size_t wish, const Told& told, const Draining& since_asked);
  void accepted(std::size_t wish, const Told& told, const Draining& since_asked);
  void call_back(const http_gateways::CallbackRequest& request,
                 std::function<void(http_gateways::CallbackAnswer)> respond);
  void ask_again(std::size_t wish);
  void control(store::MessageId id, std::size_t tenant, std::string_view action);

  using Action = bridge::GatewayControl::Action;
  // Which of an operator's wishes for a gateway are on disk.
  struct Kept {
    bool paused = false, draining = false;
    bool operator==(const Kept&) const = default;
  };
  struct Operated {
    std::size_t asked = 0;      // how often an operator asked for something
    WallMs draining_since = 0;  // as he was told; 0: it is not
    std::optional<Kept> kept;   // what a restart must find; nothing: he was not answered yet
    std::size_t starts = 0;     // in this life
    bool is_home = true;        // each session is bound to its own host, as far as it was seen
    bool is_down = false;       // all of its carrier
    struct Host {
      int failures = 0;  // that there are now
      Time good_since{};
    };
    std::vector<Host> hosts;
    std::uint64_t binds = 0;
    Time bound_at{};  // the last time that any of its sessions was seen to be
    bridge::GatewaySettings running;
  };
  void operate(std::size_t place, Action action, std::function<void(const bridge::GatewayStatus&)> told = {});
  Kept kept(std::size_t place) const;
  void note_kept(std::size_t place, Action action);
  void check_kept(std::size_t place, const bridge::GatewayStatus& status);
  void check_memory(std::size_t place, const bridge::GatewayStatus& status);
  void see_hosts(std::size_t place, const bridge::GatewayStatus& status);
  void check_hosts(std::size_t place, const bridge::GatewayStatus& status);
  void check_changed();
  void starting(const bridge::GatewaySettings& gateway);
  void make_keys();

  void open();
  void crash(bool after_commit);
  void stop();
  void reopen_later();
  void heal();
  void watch();
  Time liveness_end() const;
  std::string unrest() const;
  void trace(std::string_view what, std::uint64_t a = 0, std::uint64_t b = 0);

  const RunOptions& options_;
  const std::filesystem::path folder_;
  const bool verbose_;
  metrics::Metrics metrics_;
  bridge::BodyMemory bodies_;  // goes after the clock, whose last alarms may hold connections
  boost::asio::io_context io_;
  bridge::Random random_, reports_random_;
  SimClock clock_;
  SimNetwork network_;
  HttpClient clients_;
  SimBank bank_;
  Promises promises_;
  std::vector<std::shared_ptr<Peer>> centres_;     // one may serve two gateways
  std::vector<std::unique_ptr<SimHook>> hooks_;    // by the webhook's place
  std::map<std::string, SimProvider*> providers_;  // of these: by host
  std::deque<Wish> wishes_;
  std::vector<std::string> keys_;                   // of the API, by tenant
  bridge::Config config_;                           // the daemon's file, as it is now
  std::vector<Operated> operated_;                  // by the gateway's place
  std::optional<std::size_t> change_at_next_part_;  // that a carrier takes: how many commits fail then
  std::unique_ptr<Daemon> daemon_;
  std::uint64_t life_ = 0;  // an answer for a client of an earlier life never arrives
  bool healed_ = false, stopping_ = false, reports_dry_ = false;
  std::uint64_t trace_ = 0xcbf29ce484222325ull;
  RunResult result_;
};

}  // namespace smsbridge::simulation
