// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/fineract.hpp"

#include "bridge/config/checks.hpp"
#include "bridge/config/keys.hpp"
#include "bridge/config/tls.hpp"

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;
using F = FineractSettings;

constexpr std::size_t hook_secret_min = 16;

void check_address(ConfigSection& s, const char* key, const std::string& url) {
  check_url(s, key, url, "https://fineract.example.org:8443/fineract-provider/api/v1",
            "the password passes in clear text");
}

void check_api_url(ConfigSection& s, F& fineract) {
  auto& url = fineract.url;
  while (url.ends_with('/')) url.pop_back();
  check_address(s, "url", url);
  if (url.find_first_of("?#@") != std::string::npos)
    s.problem("url", "is the address of the API and nothing else: no query, no user and password", "bad-value");
}

void check_login(ConfigSection& s, F& fineract) {
  const bool by_oauth = !fineract.oauth.client_id.empty();
  if (by_oauth && !fineract.user.empty())
    s.problem("user", "there is 'oauth' as well: only one of them can log in", "bad-value");
  if (!by_oauth && (fineract.user.empty() || fineract.password.empty()))
    s.problem(fineract.user.empty() ? "user" : "password", "is missing: user and password, or 'oauth'", "missing");
}

// It stands in an address, and Fineract's log has it.
void check_hook_secret(ConfigSection& s, F& fineract) {
  const auto& secret = fineract.hook_secret;
  if (secret.empty()) return;
  if (secret.size() < hook_secret_min)
    s.problem("hook_secret", "has less than 16 characters: who guesses it makes up events", "bad-value");
  if (secret.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != std::string::npos)
    s.problem("hook_secret", "has other characters than letters, digits, - and _: it is part of an address",
              "bad-value");
}

const Keys<F::OAuth>& oauth_keys() {
  using O = F::OAuth;
  using K = Keys<O>;
  static const K keys{
      K::text("token_url", &O::token_url, "Where a token is asked for")
          .needed()
          .address()
          .url()
          .checked([](ConfigSection& s, O& o) { check_address(s, "token_url", o.token_url); }),
      K::text("client_id", &O::client_id, "Name of this client there").needed(),
      K::secret("client_secret", &O::client_secret, "Its secret").needed(),
      K::text("scope", &O::scope, "Scope of the token, where one is wanted"),
  };
  return keys;
}

}  // namespace

const Keys<F>& fineract_keys() {
  using K = Keys<F>;
  static const K keys(
      {
          K::text("url", &F::url, "Its API, such as https://fineract.example.org:8443/fineract-provider/api/v1")
              .needed()
              .address()
              .url()
              .checked(check_api_url),
          K::text("tenant", &F::tenant, "Fineract's tenant identifier, where it is not the tenant's name"),
          K::text("user", &F::user, "Who reads there; make a user of its own, with the rights to read"),
          K::secret("password", &F::password, "The user's password"),
          K::section<F::OAuth>(
              "oauth", [](F& f) -> F::OAuth& { return f.oauth; }, oauth_keys(),
              "OAuth 2.0 with client credentials, instead of user and password"),
          K::section<TlsOptions>(
              "tls", [](F& f) -> TlsOptions& { return f.tls; }, tls_keys(), "How Fineract's server is known")
              .address(),
          K::duration("timeout", &F::timeout, 1s, 5min, "Then a request has failed"),
          K::secret("hook_secret", &F::hook_secret,
                    "Last part of the address of its web hooks: /hooks/fineract/SECRET/; none: no hook is taken")
              .checked(check_hook_secret),
          K::boolean("hook_any_path", &F::hook_any_path,
                     "Takes hooks at / without the secret, for Fineract 1.5 and 1.6; for a closed network only"),
          K::duration_ms("confirm", &F::confirm_ms, second, day,
                         "How long after its hook an event may become true in Fineract; then nobody is told"),
          K::boolean("adopt_lost", &F::adopt_lost,
                     "Sends what waits in Fineract and was never posted here, when Fineract asks for it"),
          K::texts("data_tables", &F::data_tables,
                   "Data tables with one row for each client, whose columns texts may name"),
          K::text("language_field", &F::language_field, "Their column with the client's language"),
          K::text(
              "opt_out_field", &F::opt_out_field,
              "Their column that is true for clients who want no text of events, and of others none of opt_out_lanes"),
      },
      check_login);
  return keys;
}

}  // namespace smsbridge::bridge
