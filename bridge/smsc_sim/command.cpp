// SPDX-License-Identifier: MPL-2.0
#include "bridge/smsc_sim/command.hpp"

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/json.hpp>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <limits>
#include <type_traits>
#include <utility>

#include "bridge/config/gateway.hpp"
#include "bridge/config/units.hpp"
#include "bridge/smsc_sim/phones.hpp"

namespace smsbridge::bridge::smsc_sim {
namespace {

constexpr std::size_t system_id_max = 15;  // SMPP 3.4 section 5.2.1, without the NUL
constexpr WallMs duration_max_ms = 7 * 86'400'000;

// Steps of 10 us since 1970: a restart counts on above the ids of the run before, at up to
// 100,000 messages a second, and receipts that come late find no new message under an old id.
std::uint64_t id_by_time(IdFormat format) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto count = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
  // Ten decimal or eight hexadecimal digits leave room for less: these begin again after some 11 hours.
  if (format == IdFormat::decimal10 || format == IdFormat::hex8) return 1 + count / 10 % 4'000'000'000;
  return count / 10;
}

// What is read from the command line, and what was wrong with it.
class OptionReader {
 public:
  explicit OptionReader(std::vector<std::string>& mistakes) : mistakes_(mistakes) {}

  void mistake(std::string_view flag, std::string_view value, std::string_view wanted) {
    mistakes_.push_back(fmt::format("{}: '{}' is not {}", flag, value, wanted));
  }

  template <class Integer>
  void integer(std::string_view flag, std::string_view text, Integer& value, std::uint64_t high) {
    const bool is_hex = text.starts_with("0x") || text.starts_with("0X");
    const auto digits = text.substr(is_hex ? 2 : 0);
    std::uint64_t read = 0;
    const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), read, is_hex ? 16 : 10);
    if (ec != std::errc() || end != digits.data() + digits.size() || read > high)
      return mistake(flag, text, fmt::format("a whole number from 0 to {}", high));
    value = static_cast<Integer>(read);
  }

  void number(std::string_view flag, std::string_view text, double& value, double high, std::string_view wanted) {
    double read = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), read);
    if (ec != std::errc() || end != text.data() + text.size() || !(read >= 0 && read <= high))
      return mistake(flag, text, wanted);
    value = read;
  }

  void probability(std::string_view flag, std::string_view text, double& value) {
    number(flag, text, value, 1, "a probability: write a number from 0 (never) to 1 (always), such as 0.05");
  }

  void duration(std::string_view flag, std::string_view text, Duration& value) {
    const auto read = parse_duration_ms(text);
    if (!read || *read > duration_max_ms)
      return mistake(flag, text, "a duration of at most 7d: write a number with its unit, such as 5ms, 2s or 1m30s");
    value = std::chrono::milliseconds(*read);
  }

  template <class Value, std::size_t size>
  void choice(std::string_view flag, std::string_view text, Value& value,
              const std::pair<std::string_view, Value> (&choices)[size]) {
    std::string names;
    for (const auto& [name, choice] : choices) {
      if (name == text) {
        value = choice;
        return;
      }
      names += names.empty() ? "one of " : ", ";
      names += name;
    }
    mistake(flag, text, names);
  }

  void status(std::string_view flag, std::string_view text, std::uint32_t& value) {
    std::uint32_t read = 0;
    const auto mistakes = mistakes_.size();
    integer(flag, text, read, std::numeric_limits<std::uint32_t>::max());
    if (mistakes_.size() != mistakes) return;
    if (read == 0) return mistake(flag, text, "a refusal: 0 means accepted, write another code such as 0x0B");
    value = read;
  }

 private:
  std::vector<std::string>& mistakes_;
};

constexpr std::pair<std::string_view, smpp::MessageState> states[] = {
    {"DELIVRD", smpp::MessageState::delivered}, {"UNDELIV", smpp::MessageState::undeliverable},
    {"EXPIRED", smpp::MessageState::expired},   {"REJECTD", smpp::MessageState::rejected},
    {"DELETED", smpp::MessageState::deleted},   {"ACCEPTD", smpp::MessageState::accepted},
    {"UNKNOWN", smpp::MessageState::unknown},   {"ENROUTE", smpp::MessageState::enroute},
};
constexpr std::pair<std::string_view, Receipts> receipt_choices[] = {
    {"off", Receipts::off}, {"requested", Receipts::requested}, {"always", Receipts::always}};

void read_accounts(OptionReader& read, const std::vector<std::string>& accounts, Options& smsc) {
  for (const auto& account : accounts) {
    const auto colon = account.find(':');
    if (colon == 0 || colon == std::string::npos || colon > system_id_max) {
      // Not repeated on a screen that others may see: it may hold a password.
      read.mistake("--account", "...", "an account: write SYSTEM_ID:PASSWORD, the system_id with 1 to 15 characters");
      continue;
    }
    smsc.accounts.push_back({account.substr(0, colon), account.substr(colon + 1)});
  }
}

void read_outcomes(OptionReader& read, std::string_view outcomes, Options& smsc) {
  smsc.outcomes.clear();
  double total = 0;
  for (std::string_view rest = outcomes; !rest.empty();) {
    const auto comma = std::min(rest.find(','), rest.size());
    const auto item = rest.substr(0, comma);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    const auto colon = item.find(':');
    auto state = smpp::MessageState::delivered;
    double weight = 1;
    read.choice("--outcomes", item.substr(0, colon), state, states);
    if (colon != std::string_view::npos)
      read.number("--outcomes", item.substr(colon + 1), weight, 1e9, "a weight: write a number, such as DELIVRD:90");
    smsc.outcomes.emplace_back(state, weight);
    total += weight;
  }
  if (total <= 0) read.mistake("--outcomes", outcomes, "a mix: write at least one, such as DELIVRD:90,UNDELIV:10");
}

void read_rejects(OptionReader& read, const std::vector<std::string>& rejects, Options& smsc) {
  for (const auto& reject : rejects) {
    const auto equals = reject.rfind('=');
    if (equals == 0 || equals == std::string::npos) {
      read.mistake("--reject", reject, "a rule: write PATTERN=STATUS, such as '4930*=0x0B'");
      continue;
    }
    std::uint32_t status = 0;
    read.status("--reject", std::string_view(reject).substr(equals + 1), status);
    smsc.reject.emplace_back(reject.substr(0, equals), status);
  }
}

std::optional<IdFormat> read_id_format(OptionReader& read, std::string_view flag, const std::string& name) {
  const auto format = id_format_of(name);
  if (!format) read.mistake(flag, name, "one of dec, dec10, hex, hex8, uuid");
  return format;
}

// Where a gateway tries both, the centre is an ordinary one.
IdFormat format_of(smpp::IdNotation notation) {
  switch (notation) {
    case smpp::IdNotation::string:
      return IdFormat::uuid;
    case smpp::IdNotation::hexadecimal:
      return IdFormat::hex;
    case smpp::IdNotation::decimal:
    case smpp::IdNotation::automatic:
      break;
  }
  return IdFormat::decimal;
}

// What a gateway would be told of these carriers, from their side.
void play(const std::string& profile, Options& smsc, std::vector<std::string>& mistakes) {
  std::vector<ConfigProblem> problems;
  const auto gateway = read_gateway(
      {{"name", "sim"}, {"id", 1}, {"host", "127.0.0.1"}, {"port", 1}, {"system_id", "sim"}, {"profile", profile}}, ".",
      problems);
  for (const auto& problem : problems)
    if (!problem.warning) mistakes.push_back("--profile: " + problem.text);
  const auto& way = gateway.smpp();
  smsc.dialect = way.dialect;
  smsc.response_id = format_of(way.dialect.response_id);
  smsc.receipt_id = format_of(way.dialect.receipt_id);
  smsc.receipt_tlvs = smsc.transceivers = way.has_tlvs();
  smsc.throttle_rate = gateway.rate;
}

void print(std::FILE* out, std::string_view line) {
  fmt::print(out, "{}\n", line);
  std::fflush(out);
}

}  // namespace

std::optional<ServerOptions> read_options(const CommandOptions& options, std::vector<std::string>& mistakes) {
  const auto mistakes_before = mistakes.size();
  OptionReader read(mistakes);
  ServerOptions server;
  auto& smsc = server.smsc;
  server.host = options.host;
  server.certificate_file = options.certificate_file;
  server.key_file = options.key_file;
  server.log_file = options.log_file;
  if (options.certificate_file.empty() != options.key_file.empty())
    mistakes.emplace_back("--tls-certificate and --tls-key belong together: give both for TLS, or none");

  read.integer("--port", options.port, server.port, 65'535);
  read_accounts(read, options.accounts, smsc);
  read.integer("--sessions-max", options.sessions_max, smsc.sessions_max, 1'000'000);
  read.duration("--enquire-link-interval", options.enquire_link_interval, smsc.enquire_link_interval);
  read.duration("--response-delay", options.response_delay, smsc.response_delay);
  read.duration("--response-jitter", options.response_jitter, smsc.response_jitter);
  read.duration("--receipt-delay", options.receipt_delay, smsc.receipt_delay);
  read.duration("--receipt-jitter", options.receipt_jitter, smsc.receipt_jitter);
  read.duration("--receipt-retry", options.receipt_retry, smsc.receipt_retry);
  if (smsc.receipt_retry == Duration::zero())
    read.mistake("--receipt-retry", options.receipt_retry, "above 0ms: write how long to wait, such as 10s");
  read.integer("--keeps", options.keeps, smsc.keeps, 10'000'000);
  read.integer("--receipt-window", options.receipt_window, smsc.receipt_window, 100'000);
  if (smsc.receipt_window == 0)
    read.mistake("--receipt-window", options.receipt_window, "at least 1; for no receipts write --receipts off");
  read.choice("--receipts", options.receipts, smsc.receipts, receipt_choices);
  read_outcomes(read, options.outcomes, smsc);
  read_rejects(read, options.reject, smsc);
  read.probability("--error-rate", options.error_rate, smsc.error_rate);
  read.status("--error-status", options.error_status, smsc.error_status);
  if (!options.bind_status.empty()) read.status("--bind-status", options.bind_status, smsc.bind_status);
  read.probability("--swallow", options.swallow, smsc.swallow);
  read.probability("--swallow-questions", options.swallow_questions, smsc.swallow_questions);
  read.probability("--disconnect", options.disconnect, smsc.disconnect);
  read.probability("--disconnect-before", options.disconnect_before, smsc.disconnect_before);
  smsc.poison = options.poison;
  smsc.answers_after_unbind = options.answers_after_unbind;
  smsc.vendor_words = options.vendor_words;
  if (!options.profile.empty()) play(options.profile, smsc, mistakes);
  if (!options.throttle_rate.empty())
    read.number("--throttle-rate", options.throttle_rate, smsc.throttle_rate, 1e9,
                "a rate: write a number of submits a second, or 0 for no limit");
  if (!options.id_format.empty())
    if (const auto format = read_id_format(read, "--id-format", options.id_format)) smsc.response_id = *format;
  if (!options.receipt_id_format.empty())
    smsc.receipt_id = read_id_format(read, "--receipt-id-format", options.receipt_id_format);
  smsc.first_id = id_by_time(smsc.response_id);
  if (!options.first_id.empty())
    read.integer("--first-id", options.first_id, smsc.first_id, std::numeric_limits<std::int64_t>::max());
  smsc.receipts_on_other_session = options.receipts_on_other_session;
  read.probability("--receipt-before-response", options.receipt_before_response, smsc.receipt_before_response);
  read.probability("--receipt-twice", options.receipt_twice, smsc.receipt_twice);
  read.probability("--receipt-lost", options.receipt_lost, smsc.receipt_lost);
  if (options.no_receipt_tlvs) smsc.receipt_tlvs = false;
  read.integer("--seed", options.seed, smsc.seed, std::numeric_limits<std::uint64_t>::max());
  if (mistakes.size() != mistakes_before) return std::nullopt;
  return server;
}

std::string describe(const Counts& counts) {
  const std::chrono::duration<double> passed =
      counts.first_submit ? *counts.last_submit - *counts.first_submit : Duration::zero();
  boost::json::object out;
  out["connections"] = counts.connections;
  out["binds"] = counts.binds;
  out["binds_refused"] = counts.binds_refused;
  out["unbinds"] = counts.unbinds;
  out["enquire_links"] = counts.enquire_links;
  out["submits"] = counts.submits;
  out["accepted"] = counts.accepted;
  out["throttled"] = counts.throttled;
  out["rejected"] = counts.rejected;
  out["errors"] = counts.errors;
  out["queue_full"] = counts.queue_full;
  out["swallowed"] = counts.swallowed;
  out["disconnects"] = counts.disconnects;
  out["disconnects_before"] = counts.disconnects_before;
  out["receipts_due"] = counts.receipts_due;
  out["receipts_sent"] = counts.receipts_sent;
  out["receipts_repeated"] = counts.receipts_repeated;
  out["receipts_answered"] = counts.receipts_answered;
  out["receipts_refused"] = counts.receipts_refused;
  out["receipts_lost"] = counts.receipts_lost;
  out["receipts_twice"] = counts.receipts_twice;
  out["receipts_dropped"] = counts.receipts_dropped;
  out["phone_parts_sent"] = counts.phone_parts_sent;
  out["phone_parts_answered"] = counts.phone_parts_answered;
  out["late_answers"] = counts.late_answers;
  out["queries"] = counts.queries;
  out["cancels"] = counts.cancels;
  out["nacks"] = counts.nacks;
  out["protocol_errors"] = counts.protocol_errors;
  out["window_max"] = counts.window_max;
  auto line = boost::json::serialize(out);
  line.pop_back();
  // Boost.JSON writes 3.5 as 3.5E0, which people read badly. The time is from the first submit to the last.
  const auto rate = passed.count() > 0 ? static_cast<double>(counts.submits - 1) / passed.count() : 0.0;
  return line + fmt::format(",\"seconds\":{:.3f},\"submits_per_second\":{:.1f}}}", passed.count(), rate);
}

int run(const CommandOptions& options) {
  std::vector<std::string> mistakes;
  auto server_options = read_options(options, mistakes);
  for (const auto& mistake : mistakes) print(stderr, "smsc-sim: " + mistake);
  if (!server_options) return 2;
  if (!options.quiet)
    server_options->on_note = [](std::string_view note) { print(stderr, fmt::format("smsc-sim: {}", note)); };
  try {
    boost::asio::io_context context(1);
    boost::asio::signal_set signals(context, SIGINT, SIGTERM);
    Server server(context, *std::move(server_options));
    signals.async_wait([&](boost::system::error_code, int) { context.stop(); });
    print(stdout, "smsc-sim listening on " + server.address());
    Phones phones(context, server, options.inbound_file);
    context.run();
    server.stop();
    print(stdout, describe(server.smsc().counts()));
    return 0;
  } catch (const std::exception& error) {
    print(stderr, fmt::format("smsc-sim: {}", error.what()));
    return 2;
  }
}

}  // namespace smsbridge::bridge::smsc_sim
