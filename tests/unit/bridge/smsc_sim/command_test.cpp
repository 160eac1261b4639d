// SPDX-License-Identifier: MPL-2.0
#include "bridge/smsc_sim/command.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

#include "bridge/cli/smsc_sim_options.hpp"

namespace smsbridge::bridge::smsc_sim {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

CommandOptions parsed(const std::string& line) {
  CLI::App app;
  CommandOptions options;
  add_smsc_sim_options(app, options);
  app.parse(line);
  return options;
}

TEST(Command, ReadsEveryFlag) {
  std::vector<std::string> mistakes;
  const auto server = read_options(
      parsed("--host 127.0.0.2 --port 0 --account acme:se:cret --account b: --sessions-max 2 --response-delay 5ms "
             "--response-jitter 1ms --receipt-delay 2s --receipt-jitter 1m30s --receipts always --receipt-window 7 "
             "--outcomes DELIVRD:90,UNDELIV:5.5 --throttle-rate 100 --reject 4930*=0x0B --reject *1=69 "
             "--error-rate 0.01 --error-status 0x14 --swallow 0.1 --swallow-questions 0.7 --disconnect 0.2 "
             "--disconnect-before 0.3 "
             "--id-format hex8 --receipt-id-format dec10 --first-id 77 --receipts-on-other-session "
             "--receipt-before-response 0.4 --receipt-twice 0.5 --receipt-lost 0.6 --no-receipt-tlvs --seed 9 "
             "--enquire-link-interval 30s --receipt-retry 3s --log sim.log --quiet"),
      mistakes);
  EXPECT_THAT(mistakes, IsEmpty());
  ASSERT_TRUE(server);
  const auto& smsc = server->smsc;
  EXPECT_EQ(server->host, "127.0.0.2");
  EXPECT_EQ(server->port, 0);
  EXPECT_EQ(server->log_file, "sim.log");
  ASSERT_THAT(smsc.accounts, SizeIs(2));
  EXPECT_EQ(smsc.accounts[0].password, "se:cret");
  EXPECT_EQ(smsc.accounts[1].password, "");
  EXPECT_EQ(smsc.sessions_max, 2U);
  EXPECT_EQ(smsc.response_delay, 5ms);
  EXPECT_EQ(smsc.receipt_jitter, 90s);
  EXPECT_EQ(smsc.receipts, Receipts::always);
  EXPECT_EQ(smsc.receipt_window, 7U);
  ASSERT_THAT(smsc.outcomes, SizeIs(2));
  EXPECT_EQ(smsc.outcomes[1].first, smpp::MessageState::undeliverable);
  EXPECT_EQ(smsc.outcomes[1].second, 5.5);
  ASSERT_THAT(smsc.reject, SizeIs(2));
  EXPECT_EQ(smsc.reject[0].first, "4930*");
  EXPECT_EQ(smsc.reject[1].second, 69U);
  EXPECT_EQ(smsc.error_status, 0x14U);
  EXPECT_EQ(smsc.swallow_questions, 0.7);
  EXPECT_EQ(smsc.disconnect_before, 0.3);
  EXPECT_EQ(smsc.response_id, IdFormat::hex8);
  EXPECT_EQ(smsc.receipt_id, IdFormat::decimal10);
  EXPECT_EQ(smsc.first_id, 77U);
  EXPECT_TRUE(smsc.receipts_on_other_session);
  EXPECT_EQ(smsc.receipt_lost, 0.6);
  EXPECT_FALSE(smsc.receipt_tlvs);
  EXPECT_EQ(smsc.enquire_link_interval, 30s);
  EXPECT_EQ(smsc.receipt_retry, 3s);
  EXPECT_EQ(smsc.seed, 9U);
}

TEST(Command, DefaultsAreGood) {
  std::vector<std::string> mistakes;
  EXPECT_TRUE(read_options({}, mistakes));
  EXPECT_THAT(mistakes, IsEmpty());
}

TEST(Command, ExplainsEveryMistake) {
  const struct {
    std::string line, explanation;
  } cases[] = {
      {"--port 65536", "--port: '65536' is not a whole number from 0 to 65535"},
      {"--response-delay 5", "such as 5ms"},
      {"--receipt-retry 0ms", "above 0ms"},
      {"--receipt-window 0", "at least 1"},
      {"--receipts never", "one of off, requested, always"},
      {"--outcomes DELIVERED:1", "one of DELIVRD, UNDELIV"},
      {"--outcomes DELIVRD:x", "such as DELIVRD:90"},
      {"--outcomes DELIVRD:0", "a mix"},
      {"--reject 4930*", "PATTERN=STATUS"},
      {"--reject 4930*=0", "0 means accepted"},
      {"--swallow 1.5", "a probability"},
      {"--disconnect nan", "a probability"},
      {"--id-format octal", "one of dec, dec10, hex, hex8, uuid"},
      {"--account acme", "SYSTEM_ID:PASSWORD"},
      {"--tls-key key.pem", "give both"},
      {"--seed -1", "a whole number"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.line);
    std::vector<std::string> mistakes;
    EXPECT_FALSE(read_options(parsed(c.line), mistakes));
    EXPECT_THAT(mistakes, Contains(HasSubstr(c.explanation)));
  }
}

TEST(Command, DescribesTheCounts) {
  Counts counts;
  counts.submits = 11;
  counts.first_submit = Time{} + 1s;
  counts.last_submit = Time{} + 3s;
  const auto line = describe(counts);
  EXPECT_THAT(line, HasSubstr("\"submits\":11,"));
  EXPECT_THAT(line, HasSubstr("\"seconds\":2.000,\"submits_per_second\":5.0}"));
}

TEST(Command, PlaysAKindOfCarriers) {
  const struct {
    const char* line;
    IdFormat response;
    std::optional<IdFormat> receipt;
    bool tlvs, transceivers;
    int latin1;
    double rate;
  } cases[] = {
      {"", IdFormat::decimal, std::nullopt, true, true, 3, 0},
      {"--profile ids-hex-dec", IdFormat::hex, IdFormat::decimal, true, true, 3, 0},
      {"--profile smpp-3.3", IdFormat::hex, IdFormat::decimal, false, false, 3, 0},
      {"--profile jasmin", IdFormat::uuid, IdFormat::uuid, true, true, 3, 0},
      {"--profile latin1-default", IdFormat::decimal, IdFormat::decimal, true, true, 0, 0},
      {"--profile jasmin --id-format dec10 --no-receipt-tlvs", IdFormat::decimal10, IdFormat::uuid, false, true, 3, 0},
      {"--profile jasmin --receipt-id-format hex8", IdFormat::uuid, IdFormat::hex8, true, true, 3, 0},
      {"--profile smsportal", IdFormat::decimal, IdFormat::decimal, true, true, 3, 50},
      {"--profile smsportal --throttle-rate 0", IdFormat::decimal, IdFormat::decimal, true, true, 3, 0},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.line);
    std::vector<std::string> mistakes;
    const auto server = read_options(parsed(c.line), mistakes);
    ASSERT_TRUE(server) << mistakes.front();
    EXPECT_EQ(server->smsc.response_id, c.response);
    EXPECT_EQ(server->smsc.receipt_id, c.receipt);
    EXPECT_EQ(server->smsc.receipt_tlvs, c.tlvs);
    EXPECT_EQ(server->smsc.transceivers, c.transceivers);
    EXPECT_EQ(server->smsc.dialect.latin1_coding, c.latin1);
    EXPECT_EQ(server->smsc.throttle_rate, c.rate);
  }
  std::vector<std::string> mistakes;
  EXPECT_FALSE(read_options(parsed("--profile jasmine"), mistakes));
  EXPECT_THAT(mistakes,
              Contains(HasSubstr("--profile: there is no carrier profile 'jasmine'; did you mean 'jasmin'?")));
}

}  // namespace
}  // namespace smsbridge::bridge::smsc_sim
