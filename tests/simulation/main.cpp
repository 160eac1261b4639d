// SPDX-License-Identifier: MPL-2.0
// simulate --seeds N [--first S] | --seed X [--verbose]
//
// Runs the bridge in simulated worlds, one a seed. A failure prints its seed and the broken promise, and `--seed` runs
// just that world again. SMSBRIDGE_TEST_LONG=1 runs ten times as many.
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>

#include "tests/simulation/world.hpp"

namespace {

using namespace smsbridge;

constexpr std::uint64_t repeated_runs = 5;  // the first seeds run twice: both must go the same way

struct Arguments {
  std::uint64_t first = 1, seeds = 300;
  bool verbose = false, valid = true;
};

Arguments read_arguments(int argc, char** argv) {
  Arguments arguments;
  bool only_one = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--verbose") {
      arguments.verbose = true;
      continue;
    }
    std::uint64_t number = 0;
    const std::string_view value = ++i < argc ? argv[i] : "";
    const auto [end, ec] = std::from_chars(value.data(), value.data() + value.size(), number);
    const bool is_number = !value.empty() && ec == std::errc() && end == value.data() + value.size();
    if (name == "--seeds")
      arguments.seeds = number;
    else if (name == "--first" || name == "--seed")
      arguments.first = number;
    else
      arguments.valid = false;
    only_one = only_one || name == "--seed";
    arguments.valid = arguments.valid && is_number;
  }
  const char* longer = std::getenv("SMSBRIDGE_TEST_LONG");
  if (longer && std::string_view(longer) == "1") arguments.seeds *= 10;
  if (only_one) arguments.seeds = 1;
  return arguments;
}

simulation::RunResult run(std::uint64_t seed, bool verbose) {
  const auto folder = std::filesystem::temp_directory_path() / fmt::format("smsbridge-simulate-{}", ::getpid());
  const auto options = simulation::draw_options(seed);
  if (verbose) fmt::print("{}\n", simulation::describe(options));
  try {
    return simulation::World(options, folder, verbose).run();
  } catch (const std::exception& error) {
    simulation::RunResult result;
    result.broken = simulation::Broken{"exception", error.what()};
    return result;
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto arguments = read_arguments(argc, argv);
  if (!arguments.valid) {
    fmt::print(stderr, "usage: simulate [--seeds N] [--first S] [--seed X] [--verbose]\n");
    return 2;
  }
  spdlog::set_level(spdlog::level::off);
  const auto began = std::chrono::steady_clock::now();
  std::uint64_t failed = 0, messages = 0, parts = 0, receipts = 0, refused = 0, crashes = 0, flaps = 0, changes = 0,
                traces = 0;
  bridge::Duration virtual_time{};
  for (std::uint64_t i = 0; i < arguments.seeds; ++i) {
    const auto seed = arguments.first + i;
    auto result = run(seed, arguments.verbose);
    if (!result.broken && i < repeated_runs && run(seed, false).trace != result.trace)
      result.broken = simulation::Broken{"determinism", "the same seed gave another run"};
    messages += result.messages;
    parts += result.parts_taken;
    receipts += result.receipts_answered;
    refused += result.receipts_refused;
    crashes += result.crashes;
    flaps += result.flaps;
    changes += result.changes;
    traces = traces * 31 + result.trace;
    virtual_time += result.took;
    if (!result.broken) continue;
    ++failed;
    fmt::print("FAILED seed={} promise={} {}\n  {}\n{}", seed, result.broken->promise, result.broken->detail,
               simulation::describe(simulation::draw_options(seed)), result.story);
    std::fflush(stdout);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  fmt::print(
      "simulate: {} of {} seeds kept all promises; {} messages, {} parts taken, {} receipts answered, {} refused, "
      "{} crashes, {} flaps, {} changes, {:.0f} virtual "
      "hours in {:.1f} s, trace {:016x}\n",
      arguments.seeds - failed, arguments.seeds, messages, parts, receipts, refused, crashes, flaps, changes,
      std::chrono::duration<double, std::ratio<3600>>(virtual_time).count(), took.count(), traces);
  return failed ? 1 : 0;
}
