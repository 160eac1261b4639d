// SPDX-License-Identifier: MPL-2.0
#include "bridge/events/hook.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <iterator>
#include <sstream>

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;
using Why = NotHeard::Why;

std::string sample(const std::string& name) {
  std::ifstream opened(std::string(TEST_DATA) + "/fineract/" + name, std::ios::binary);
  EXPECT_TRUE(opened) << name;
  return {std::istreambuf_iterator<char>(opened), {}};
}

struct Case {
  const char *file, *entity, *action;
  Subject subject;
  std::int64_t id, resource, sub_resource, client, group;
};

TEST(Hook, NamesWhatWasDone) {
  using enum Subject;
  const Case cases[] = {
      {"hook-loan-approve.json", "LOAN", "APPROVE", loan, 12, 12, 0, 7, 0},
      {"hook-loan-approve.flat-fineract-1.4.json", "LOAN", "APPROVE", loan, 12, 12, 0, 7, 0},
      {"hook-loan-approve-group.json", "LOAN", "APPROVE", loan, 19, 19, 0, 0, 4},
      {"hook-loan-reject.json", "LOAN", "REJECT", loan, 12, 12, 0, 7, 0},
      {"hook-loan-disburse.json", "LOAN", "DISBURSE", loan, 12, 12, 31, 7, 0},
      {"hook-loan-repayment.json", "LOAN", "REPAYMENT", loan, 12, 45, 0, 7, 0},
      {"hook-client-create.json", "CLIENT", "CREATE", client, 7, 7, 0, 7, 0},
      {"hook-client-activate.json", "CLIENT", "ACTIVATE", client, 7, 7, 0, 7, 0},
      {"hook-savings-deposit.json", "SAVINGSACCOUNT", "DEPOSIT", savings, 3, 88, 0, 7, 0},
      {"hook-savings-withdrawal.json", "SAVINGSACCOUNT", "WITHDRAWAL", savings, 3, 89, 0, 7, 0},
  };
  for (const auto& each : cases) {
    const auto heard = hear(each.entity, each.action, "application/json; charset=UTF-8", sample(each.file));
    ASSERT_TRUE(heard) << each.file << ": " << heard.error().detail;
    EXPECT_EQ(subject_of(*heard, each.subject), each.id) << each.file;
    EXPECT_EQ(heard->resource, each.resource) << each.file;
    EXPECT_EQ(heard->sub_resource, each.sub_resource) << each.file;
    EXPECT_EQ(heard->client, each.client) << each.file;
    EXPECT_EQ(heard->group, each.group) << each.file;
  }
}

TEST(Hook, OfAFormNamesTheSame) {
  const auto heard = hear("SAVINGSACCOUNT", "WITHDRAWAL", "application/x-www-form-urlencoded",
                          sample("hook-savings-withdrawal.form.txt"));
  ASSERT_TRUE(heard) << heard.error().detail;
  EXPECT_EQ(heard->savings, 3);
  EXPECT_EQ(heard->resource, 89);
  EXPECT_EQ(heard->client, 7);
  EXPECT_EQ(heard->by, "App Administrator");
}

TEST(Hook, TellsWhoAndTheReceipt) {
  const auto heard = hear("LOAN", "REPAYMENT", "application/json", sample("hook-loan-repayment.json"));
  ASSERT_TRUE(heard);
  EXPECT_EQ(heard->by, "App Administrator");
  EXPECT_EQ(heard->receipt, "MP77001");
  const auto again = heard_of(json_of(*heard));
  EXPECT_EQ(again.receipt, heard->receipt);
  EXPECT_EQ(again.resource, heard->resource);
  EXPECT_EQ(again.entity, "LOAN");
  EXPECT_EQ(again.loan, 12);
}

// Text messages about what did not happen are the worst that a bank can send.
TEST(Hook, OfACommandThatWasNotCarriedOutTellsNothing) {
  const struct {
    const char *what, *type;
    std::string body;
    Why why;
  } cases[] = {
      {"1.5 to 1.8", "application/json", sample("hook-loan-disburse-failed.fineract-1.5-to-1.8.json"), Why::refused},
      {"1.9 and later", "application/json", sample("hook-loan-disburse-failed.fineract-1.9-and-later.json"),
       Why::not_done},
      {"an error without a status", "application/json",
       R"({"request":{},"response":{"errorCode":3001,"resourceId":12}})", Why::refused},
      {"a status beside a result", "application/json", R"({"request":{},"response":{"resourceId":12},"status":"x"})",
       Why::refused},
      {"neither request nor result", "application/json", R"({"entityName":"LOAN","actionName":"DISBURSE"})",
       Why::not_done},
      {"a result that is a text", "application/json", R"({"request":{},"response":"{\"resourceId\":12}"})",
       Why::not_done},
      {"a result that names nothing", "application/json", R"({"request":{},"response":{"changes":{}}})",
       Why::unreadable},
      {"a form of a failure", "application/x-www-form-urlencoded",
       "status=Exception&response=%7BerrorCode%3D3001.0%2C%20resourceId%3D12.0%7D", Why::refused},
      {"a form without a result", "application/x-www-form-urlencoded", "createdByName=mifos&request=%7B%7D",
       Why::not_done},
      {"no JSON", "application/json", "{", Why::unreadable},
      {"a list", "application/json", "[1]", Why::unreadable},
      {"nothing", "application/json", "", Why::unreadable},
  };
  for (const auto& each : cases) {
    const auto heard = hear("LOAN", "DISBURSE", each.type, each.body);
    ASSERT_FALSE(heard) << each.what;
    EXPECT_EQ(static_cast<int>(heard.error().why), static_cast<int>(each.why)) << each.what;
    EXPECT_FALSE(heard.error().detail.empty());
  }
}

// What is kept of a hook has to be read again.
TEST(Hook, CutsALongNameBetweenCharacters) {
  std::string name;
  for (int i = 0; i < 60; ++i) name += "\xE0\xA4\xA8";
  const auto heard =
      hear("LOAN", "APPROVE", "application/json",
           R"({"response":{"loanId":12,"resourceId":12},"request":{},"createdByFullName":")" + name + "\"}");
  ASSERT_TRUE(heard);
  EXPECT_EQ(heard->by, name.substr(0, 99));
  const auto form = hear("LOAN", "APPROVE", "application/x-www-form-urlencoded",
                         "response=%7BloanId%3D12%7D&request=%7B%7D&createdByFullName=a%FFb");
  ASSERT_TRUE(form);
  for (const auto& each : {*heard, *form}) {
    json::error_code error;
    const auto read = json::parse(json::serialize(json_of(each)), error);
    EXPECT_FALSE(error);
    EXPECT_EQ(heard_of(read.as_object()).by, each.by);
  }
}

TEST(Hook, BelievesIdsThatBecameDoubles) {
  const auto heard =
      hear("LOAN", "APPROVE", "application/json", R"({"response":{"loanId":12.0,"resourceId":1.2E1,"clientId":"7"}})");
  ASSERT_TRUE(heard);
  EXPECT_EQ(heard->loan, 12);
  EXPECT_EQ(heard->resource, 12);
  EXPECT_EQ(heard->client, 7);
  // Above 2^53 a double may be another number.
  const auto lost = hear("LOAN", "APPROVE", "application/json", R"({"response":{"loanId":9.1E15,"resourceId":12}})");
  ASSERT_TRUE(lost);
  EXPECT_EQ(lost->loan, 0);
}

// Every request that Fineract's own classes sent, one line each: entity, action, and the ids or the refusal.
TEST(Hook, ReadsEachRecordedRequest) {
  std::istringstream lines(sample("hooks-recorded.develop.txt"));
  std::string line, entity, action, type, body;
  bool in_body = false;
  std::string all;
  const auto tell = [&] {
    if (entity.empty()) return;
    const auto heard = hear(entity, action, type, body);
    all += entity + " " + action + ": " +
           (heard ? std::to_string(heard->resource) + "/" + std::to_string(heard->loan) + "/" +
                        std::to_string(heard->savings) + "/" + std::to_string(heard->client)
                  : heard.error().detail.substr(0, 8)) +
           "\n";
    entity.clear();
  };
  while (std::getline(lines, line)) {
    if (line.ends_with('\r')) line.pop_back();
    const auto header = [&](const std::string& name, std::string& value) {
      if (line.starts_with(name + ": ")) value = line.substr(name.size() + 2);
    };
    if (line.starts_with("==== ")) {
      tell();
      in_body = false;
      body.clear();
      type.clear();
    } else if (!in_body && line.empty()) {
      in_body = !entity.empty();
    } else if (in_body && body.empty()) {
      body = line;
    } else {
      header("X-Fineract-Entity", entity);
      header("X-Fineract-Action", action);
      header("Content-Type", type);
    }
  }
  tell();
  // The same requests by two versions of the web client.
  const std::string once =
      "LOAN APPROVE: 12/12/0/7\n"
      "LOAN APPROVE: 12/12/0/7\n"
      "CLIENT CREATE: 7/0/0/7\n"
      "LOAN REPAYMENT: 77/12/0/7\n"
      "SAVINGSACCOUNT DEPOSIT: 9/0/3/7\n"
      "CLIENT ACTIVATE: 7/0/0/7\n"
      "CLIENT ACTIVATE: 7/0/0/7\n"
      "LOAN DISBURSE: the hook\n"
      "SAVINGSACCOUNT WITHDRAWAL: 9/0/3/7\n"
      "OFFICE CREATE: 2/0/0/0\n"
      "LOAN APPROVE: 12/12/0/7\n"
      "sms send: the hook\n"
      "CLIENT ACTIVATE: 7/0/0/7\n"
      "CLIENT ACTIVATE: 7/0/0/7\n";
  EXPECT_EQ(all, once + once);
}

}  // namespace
}  // namespace smsbridge::bridge
