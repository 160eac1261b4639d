// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <functional>
#include <optional>

#include "http_gateways/provider.hpp"

// The cases of tests/data/providers: what they hold is in the README.md there.
namespace smsbridge::http_gateways::testing {

std::string read_file(const std::string& path);
std::vector<boost::json::object> cases(const std::string& provider, const std::string& file);
// The account of a case: account.json, the case's config (or config_file), and its other settings.
std::unique_ptr<Provider> account_of(const std::string& provider, const boost::json::object& input);

// Runs every case of these files that is no signature; one that the folder has and nobody runs fails.
void run_cases(const std::string& provider);

// An outcome, or the class with which a message is rejected.
struct Meaning {
  Meaning(Outcome meant) : outcome(meant) {}
  Meaning(ErrorClass refused) : error_class(refused) {}
  Outcome outcome = Outcome::rejected;
  ErrorClass error_class = ErrorClass::none;
};
struct ReplyRow {
  const char* name;
  Reply reply;
  Meaning meaning;
  const char* provider_code = nullptr;  // null: not checked
};

// Reads the reply of each row, and before them those that any provider, or a proxy before it, may give: web pages,
// faults, too fast. `unavailable` is what 503 means.
void run_replies(const Provider& provider, const std::vector<ReplyRow>& rows,
                 ErrorClass unavailable = ErrorClass::temporary);

// A thousand of them, to stand behind others: "&p0=%FF..." and ",\"p0\":0...".
std::string many_fields();
std::string many_members();

// What is no callback and no answer, besides what every provider gets to read.
struct Garbage {
  std::vector<std::string> bodies = {};      // nothing is believed of them
  std::vector<std::string> odd_bodies = {};  // perhaps something is
  std::optional<bool> authentic = true;      // nullopt: some are, others are not
  int status = 200;                          // of the answer to what is authentic
  std::optional<std::string> answer = {};    // nullopt: not checked
  // The requests that carry such a body; empty: GET and POST, with it in the query and in the body.
  std::function<std::vector<CallbackRequest>(const std::string& body)> requests = {};
  std::int64_t now_s = 0;
};
// Nothing is thrown.
void run_garbage(const Provider& provider, const Garbage& garbage);

}  // namespace smsbridge::http_gateways::testing
