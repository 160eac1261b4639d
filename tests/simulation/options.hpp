// SPDX-License-Identifier: MPL-2.0
#pragma once
#include "bridge/config/config.hpp"
#include "bridge/env/random.hpp"
#include "bridge/smsc_sim/options.hpp"
#include "tests/simulation/sim_clock.hpp"

namespace smsbridge::simulation {

inline constexpr WallMs wall_at_start = 1'790'000'000'000;

// What may go wrong on the way. Probabilities are per event; all are 0 once the world is healed.
struct NetworkFaults {
  double refuse = 0;     // a connection attempt
  double no_answer = 0;  // a connection attempt
  double reset = 0;      // per chunk on the way
  double hang = 0;       // per chunk: from here on both directions are silent, nobody is told
  double fragment = 0;   // a chunk is cut in pieces
};

struct NetworkOptions {
  Duration latency = std::chrono::milliseconds(5), jitter{};
  NetworkFaults faults;
};

// What a receiver of webhooks does wrong. Probabilities are per request.
struct HookFaults {
  double lost = 0;    // it took the event, and the answer is lost
  double refuse = 0;  // it answers 500
  double busy = 0;    // it answers 503
};

// What a bank does wrong besides being down. Probabilities are per question.
struct BankFaults {
  double lost = 0;  // its answer is lost
  double busy = 0;  // it answers 503
  double late = 0;  // it takes up to half a minute, longer than anybody waits
};

// The reports of schedules, and what people and bad luck do to their runs.
struct ReportOptions {
  std::size_t clients = 0;  // in each
  std::size_t others = 0;   // rows besides that can be no message
  int by_hand = 0;          // times that somebody runs one
  double anew = 0;          // of these
  int stops = 0;            // of what runs or waits
  int switches = 0;         // off, and on again, by the file
  double dies = 0;          // after an answer of the bank, the daemon does
  double fails = 0;         // likewise some commits
};

// A carrier that comes and goes: up for a while, down for a while, each drawn anew.
struct Flapping {
  std::size_t gateway = 0;  // place in the configuration
  Duration from{}, until{};
  Duration up_max{}, down_max{};
};

// Everything a run is made of, drawn from its seed.
struct RunOptions {
  std::uint64_t seed = 0;
  bridge::Config config;                           // tenants, gateways, lanes
  std::vector<bridge::smsc_sim::Options> centres;  // one a gateway
  NetworkOptions network;

  std::size_t submissions = 100;
  Duration safety = std::chrono::minutes(10);  // as long as faults exist
  Duration submit_during = std::chrono::minutes(5);
  double repeat = 0, conflict = 0, bad_number = 0, long_text = 0, ucs2 = 0, short_validity = 0, scheduled = 0;
  double cancel = 0, retry = 0;     // a submission is followed by one
  std::size_t phones = 1000;        // few: many messages go to the same one
  std::optional<store::Lane> lane;  // of all messages

  int crashes = 0, stops = 0;     // within `safety`
  int outages = 0, hang_ups = 0;  // of a centre; hang-ups: it unbinds everybody
  int failing_commits = 0;        // times that some commits fail
  int pauses = 0;                 // of a gateway, by a person
  int drains = 0;                 // likewise
  int changes = 0;                // of the settings of a gateway or the route, while the daemon runs
  int wall_jumps = 0;
  int events = 0;               // that happen at the banks, whose hooks tell of them
  double events_false = 0;      // of those that are said and are not true
  int bank_outages = 0;         // all banks are one server
  BankFaults bank;              // of each question
  ReportOptions reports;        // none without schedules in the configuration
  int questions = 0;            // that phones ask the banks
  int phone_messages = 0;       // that phones send to the tenants, by carriers that go by SMPP
  double phone_stops = 0;       // that begin with STOP
  int mended_jumps = 0;         // of the wall clock, by hours or days, back again within a minute
  bool shared_account = false;  // the first two gateways are binds of one account
  bool calm = false;            // nothing is lost and nothing stops, but for messages that a carrier chokes on:
  std::string poison;           // to these phones; the others are not held up by them
  std::vector<Flapping> flapping;
  double tlvs = 0;       // messages that bring TLVs of their own
  int host_outages = 0;  // of one of several hosts of a carrier; or it says that it is bound already
  HookFaults hooks;      // of each webhook of the configuration
  int hook_outages = 0;  // of one of them, for up to two minutes
  std::uint64_t store_limit_bytes = 256ull << 20;
  Duration step_max = std::chrono::milliseconds(40);  // the longest commit

  bool late_answers = false;  // response times may exceed the response timeout
};

RunOptions draw_options(std::uint64_t seed);
// Other settings for what runs: another gateway of the same name, another route by the same gateways.
void draw_change(bridge::Random& random, bridge::GatewaySettings& gateway);
bridge::RouteSettings draw_route(bridge::Random& random, const std::vector<bridge::GatewaySettings>& gateways);
// One or a few, of tags that may be any carrier's.
std::vector<store::Tlv> draw_tlvs(bridge::Random& random);
std::string describe(const RunOptions& options);

}  // namespace smsbridge::simulation
