// SPDX-License-Identifier: MPL-2.0
#include "bridge/access/sessions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <boost/json.hpp>

#include "bridge/access/keys.hpp"
#include "bridge/env/log.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

constexpr store::WallMs minute = 60'000, idle_max = 30 * minute, session_max = 12 * 60 * minute,
                        session_max_of_sender = 8 * 60 * minute;
// A browser takes the first name from nobody who speaks without TLS, and sends it to nobody else.
constexpr std::string_view secure_cookie = "__Host-smsbridge", plain_cookie = "smsbridge-session";

store::WallMs longest(const ConsolePerson& person) {
  return person.role == "sender" ? session_max_of_sender : session_max;
}

// A proxy on this machine ends TLS.
bool is_secure(const HttpRequest& request) {
  return request.peer.address.is_loopback() &&
         boost::beast::iequals(request.header("X-Forwarded-Proto"), std::string_view("https"));
}

std::string_view cookie(const HttpRequest& request, std::string_view name) {
  auto rest = request.header(http::field::cookie);
  while (!rest.empty()) {
    auto pair = rest.substr(0, rest.find(';'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    pair.remove_prefix(std::min(pair.size(), pair.find_first_not_of(' ')));
    if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=')
      return pair.substr(name.size() + 1);
  }
  return {};
}

std::string_view shown_secret(const HttpRequest& request) {
  const auto secret = cookie(request, secure_cookie);
  return secret.empty() ? cookie(request, plain_cookie) : secret;
}

std::string session_object(std::string_view secret) { return "session/" + hash_of(secret); }

std::string set_cookie(const HttpRequest& request, std::string_view value, store::WallMs seconds) {
  const bool secure = is_secure(request);
  return fmt::format("{}={}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}{}", secure ? secure_cookie : plain_cookie,
                     value, seconds, secure ? "; Secure" : "");
}

struct Kept {
  std::string person;
  store::WallMs began_at = 0;
};
std::optional<Kept> read_session(const store::Object& record) try {
  const auto object = json::parse(record.value).as_object();
  return Kept{.person = std::string(object.at("person").as_string()), .began_at = object.at("began_at").as_int64()};
} catch (const std::exception&) {
  return std::nullopt;
}

Problem refused(ProblemCode code, std::string why) { return {.code = code, .detail = std::move(why), .errors = {}}; }

Problem over() {
  return refused(ProblemCode::unauthenticated, "you are not signed in any more: sign in again, nothing is lost");
}

bool changes_something(const HttpRequest& request) {
  return request.raw.method() != http::verb::get && request.raw.method() != http::verb::head;
}

void erase(store::Batch& batch, const std::string& object) {
  batch.erased_objects.push_back({.key = object, .expected = {}});
  batch.erased_objects.push_back({.key = use_of(object), .expected = {}});
}

}  // namespace

std::optional<Problem> not_from_console(const HttpRequest& request) {
  const auto site = request.header("Sec-Fetch-Site");
  if (request.header("X-Smsbridge") == "1" && (site.empty() || site == "same-origin")) return std::nullopt;
  return refused(ProblemCode::forbidden,
                 "a change by somebody who is signed in takes the header 'X-Smsbridge: 1', which the console sends; a "
                 "program shows a key instead");
}

std::optional<tl::expected<Sessions::SignedIn, Problem>> Sessions::of(const HttpRequest& request) const {
  const auto secret = shown_secret(request);
  if (secret.empty()) return std::nullopt;
  const auto object = session_object(secret);
  const auto record = store_.reader().object(object);
  const auto kept = record ? read_session(*record) : std::nullopt;
  const auto person = kept ? find_person(store_, kept->person) : std::nullopt;
  const auto now = clock_.wall();
  const auto failed = [](Problem problem) { return tl::expected<SignedIn, Problem>(tl::unexpect, std::move(problem)); };
  if (!person || kept->began_at < person->sessions_from) return failed(over());
  if (person->disabled) return failed(refused(ProblemCode::unauthenticated, "this person is disabled: ask your owner"));
  const auto ends_at = kept->began_at + longest(*person);
  if (now >= ends_at || now - std::max(kept->began_at, uses_.at(object)) >= idle_max) return failed(over());
  if (changes_something(request))
    if (auto problem = not_from_console(request)) return failed(std::move(*problem));
  uses_.note(object, now);
  uses_.note(object_of(*person), now);
  return SignedIn{.person = std::move(*person), .ends_at = ends_at};
}

tl::expected<ConsolePerson, Problem> Sessions::sign_in(const std::string& name, const std::string& password,
                                                       const std::string& address) {
  const auto now = clock_.now();
  const std::string by_name = "name " + name, by_address = "address " + address;
  {
    const std::lock_guard lock(mutex_);
    if (const auto wait = std::max(lockout_.wait(by_name, now), lockout_.wait(by_address, now)); wait > Duration{}) {
      const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
      auto problem =
          refused(ProblemCode::rate_limited, fmt::format("too many wrong passwords: try again in {} s", seconds));
      problem.retry_after_seconds = static_cast<int>(seconds);
      return tl::unexpected(std::move(problem));
    }
  }
  auto person = find_person(store_, name);
  const bool right = person ? is_password(*person, password) : (waste_time_on(password), false);
  const std::lock_guard lock(mutex_);
  if (!right) {
    lockout_.failed(by_name, now);
    lockout_.failed(by_address, now);
    log::warn("access", "a sign-in failed", "name", name, "address", address);
    return tl::unexpected(refused(ProblemCode::unauthenticated, "the name or the password is wrong"));
  }
  lockout_.succeeded(by_name);
  lockout_.succeeded(by_address);
  if (person->disabled)
    return tl::unexpected(refused(ProblemCode::forbidden, "this person is disabled: ask your owner"));
  log::info("access", "signed in", "name", name, "role", person->role, "address", address);
  return std::move(*person);
}

Sessions::Begun Sessions::begin(const ConsolePerson& person, const HttpRequest& request) {
  const auto secret = random_hex(32);
  const auto now = clock_.wall();
  store::Batch batch;
  batch.objects.push_back({.key = session_object(secret),
                           .value = json::serialize(json::object{{"person", person.name}, {"began_at", now}}),
                           .expected = {}});
  if (const auto before = shown_secret(request); !before.empty()) erase(batch, session_object(before));
  // Those that nobody can use any more.
  for (const auto& record : store_.reader().objects("session/")) {
    const auto kept = read_session(record);
    if (!kept || now - kept->began_at >= session_max) erase(batch, record.key);
  }
  store_.commit_and_wait(std::move(batch));
  return {.set_cookie = set_cookie(request, secret, longest(person) / 1000), .ends_at = now + longest(person)};
}

void Sessions::end(const HttpRequest& request) {
  const auto secret = shown_secret(request);
  if (secret.empty()) return;
  store::Batch batch;
  erase(batch, session_object(secret));
  store_.commit_and_wait(std::move(batch));
  uses_.forget(session_object(secret));
}

bool Sessions::end_all(ConsolePerson person) {
  person.sessions_from = clock_.wall() + 1;
  return keep_person(store_, person);
}

std::string Sessions::cookie_of_nobody(const HttpRequest& request) { return set_cookie(request, "", 0); }

}  // namespace smsbridge::bridge
