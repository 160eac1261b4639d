// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <mutex>
#include <optional>
#include <string>
#include <tl/expected.hpp>

#include "bridge/access/console_people.hpp"
#include "bridge/access/last_used.hpp"
#include "bridge/env/clock.hpp"
#include "bridge/http/problem.hpp"
#include "bridge/http/request.hpp"
#include "bridge/policy/lockout.hpp"

namespace smsbridge::bridge {

// People of the console who are signed in: a cookie with a random number, whose hash the store keeps. A session ends
// half an hour after its last request, and twelve hours (of a sender: eight) after it began. Any thread.
class Sessions {
 public:
  Sessions(store::Store& store, LastUsed& uses, const Clock& clock) : store_(store), uses_(uses), clock_(clock) {}

  struct SignedIn {
    ConsolePerson person;
    store::WallMs ends_at = 0;
  };
  // Nothing: the request shows no cookie of ours. A cookie that is no good any more is a problem, and so is a change
  // that no page of ours asks for.
  std::optional<tl::expected<SignedIn, Problem>> of(const HttpRequest& request) const;

  // The rest waits for the disk, and hashes for a tenth of a second. Who guesses waits longer and longer.
  tl::expected<ConsolePerson, Problem> sign_in(const std::string& name, const std::string& password,
                                               const std::string& address);
  // A new session; whatever session the request has is over.
  struct Begun {
    std::string set_cookie;
    store::WallMs ends_at = 0;
  };
  Begun begin(const ConsolePerson& person, const HttpRequest& request);
  void end(const HttpRequest& request);
  // Those that began until now. False: he was changed or removed just now.
  bool end_all(ConsolePerson person);
  static std::string cookie_of_nobody(const HttpRequest& request);

 private:
  store::Store& store_;
  LastUsed& uses_;
  const Clock& clock_;
  std::mutex mutex_;  // guards lockout_
  Lockout lockout_;
};

// Whether a page of ours sent it: another site cannot set this header, nor hide where it comes from.
std::optional<Problem> not_from_console(const HttpRequest& request);

}  // namespace smsbridge::bridge
