// SPDX-License-Identifier: MPL-2.0
#include "bridge/events/fineract_check.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <sstream>
#include <utility>

#include "bridge/events/fineract_client.hpp"
#include "bridge/events/fineract_json.hpp"
#include "bridge/text/printable.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;
using State = FineractFinding::State;
using End = FineractAnswer::End;

constexpr WallMs clock_difference_max = 60'000;

// What is read there: people, their accounts, and Fineract's own messages.
constexpr std::array rights_needed = {"READ_CLIENT", "READ_GROUP",          "READ_LOAN",
                                      "READ_STAFF",  "READ_SAVINGSACCOUNT", "READ_SMS"};
constexpr std::array rights_to_all = {"ALL_FUNCTIONS", "ALL_FUNCTIONS_READ"};

// Fineract's jobs that carry messages. Seeded, each runs once a day.
constexpr std::array message_jobs = {"Update SMS Outbound with Campaign Message", "Send Messages to SMS Gateway",
                                     "Get Delivery Reports from SMS Gateway"};

// Quartz: seconds, minutes, hours, ... A plain number of hours is once a day at most.
bool is_rare(const std::string& cron) {
  std::istringstream fields(cron);
  std::string seconds, minutes, hours;
  fields >> seconds >> minutes >> hours;
  return !hours.empty() && hours.find_first_not_of("0123456789") == std::string::npos;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

}  // namespace

std::string_view name(State state) {
  constexpr std::array<std::string_view, 4> names = {"ok", "warning", "failed", "unknown"};
  return names[static_cast<std::size_t>(state)];
}

FineractFinding rights_found(const json::value& permissions) {
  FineractFinding found{.about = "rights", .detail = {}, .advice = {}};
  const auto* list = permissions.if_array();
  if (!list) {
    found.detail = "Fineract did not say which rights the user has";
    return found;
  }
  const auto has = [&](const char* right) {
    return std::ranges::any_of(*list, [&](const json::value& each) { return each == right; });
  };
  std::vector<std::string> missing;
  if (!std::ranges::any_of(rights_to_all, has))
    for (const auto* right : rights_needed)
      if (!has(right)) missing.emplace_back(right);
  found.state = missing.empty() ? State::ok : State::failed;
  found.detail = missing.empty() ? "it may read what is needed" : "it lacks " + joined(missing);
  if (!missing.empty()) found.advice = "give its role these permissions";
  if (missing.empty() && has("ALL_FUNCTIONS")) {
    found.state = State::warning;
    found.detail = "it may do everything";
    found.advice = "make a user of its own with the permission ALL_FUNCTIONS_READ";
  }
  return found;
}

FineractFinding sms_service_found(const json::value& properties, const TenantSettings& tenant, std::uint16_t own_port) {
  FineractFinding found{.about = "sms-service", .detail = {}, .advice = {}};
  std::map<std::string, std::string, std::less<>> values;
  if (const auto* list = properties.if_array())
    for (const auto& each : *list)
      if (const auto* property = each.if_object()) values[text_at(*property, "name")] = text_at(*property, "value");
  if (!values.contains("host_name")) {
    found.detail = "Fineract did not say where it posts messages";
    return found;
  }
  const auto port = values["port_number"].empty() ? std::string("9191") : values["port_number"];
  found.detail = "messages are posted to " + text::printable(values["host_name"]) + ":" + text::printable(port);
  const auto& key = values["tenant_app_key"];
  const auto& ours = tenant.fineract_app_keys;
  const bool known = std::ranges::find(ours, key) != ours.end();
  if (key.empty() ? !tenant.fineract_allow_empty_key : !known) {
    found.state = State::failed;
    found.detail += key.empty() ? ", without a key" : ", with a key that this bridge does not know";
    found.advice = "PUT externalservice/SMS in Fineract with tenant_app_key as it is in fineract_app_key here";
  } else if (port != std::to_string(own_port)) {
    found.state = State::warning;
    found.detail += "; the bridge listens on " + std::to_string(own_port);
    found.advice = "right if something forwards one port to the other; else PUT externalservice/SMS with port_number";
  } else {
    found.state = State::ok;
    found.detail += ", with a key of this tenant";
  }
  return found;
}

FineractFinding jobs_found(const json::value& jobs) {
  FineractFinding found{.about = "jobs", .state = State::ok, .detail = {}, .advice = {}};
  std::vector<std::string> off, rare, seen;
  if (const auto* list = jobs.if_array())
    for (const auto& each : *list) {
      const auto* job = each.if_object();
      const auto title = job ? text_at(*job, "displayName") : std::string();
      if (std::ranges::find(message_jobs, title) == message_jobs.end()) continue;
      seen.push_back(title);
      if (!is_true_at(*job, "active"))
        off.push_back("'" + title + "'");
      else if (is_rare(text_at(*job, "cronExpression")))
        rare.push_back("'" + title + "'");
    }
  if (seen.size() < message_jobs.size()) {
    found.state = State::unknown;
    found.detail = "Fineract did not name the jobs that carry messages";
    return found;
  }
  if (!off.empty()) found.detail = "switched off: " + joined(off);
  if (!rare.empty())
    found.detail += (off.empty() ? "" : "; ") + std::string("once a day or less often: ") + joined(rare);
  found.state = !off.empty() ? State::failed : !rare.empty() ? State::warning : State::ok;
  if (found.state == State::ok)
    found.detail = "the three jobs that carry messages run more than once a day";
  else
    found.advice = R"(PUT jobs/{id} in Fineract with {"cronExpression":"0 0/2 * * * ?","active":true})";
  return found;
}

namespace {

// One look, question by question. It keeps itself alive through the question that is open.
class Look : public std::enable_shared_from_this<Look> {
 public:
  Look(const TenantSettings& tenant, std::uint16_t own_port, const boost::asio::any_io_executor& executor,
       const MakeHttpTransport& make_transport, const Clock& clock,
       std::function<void(std::vector<FineractFinding>)> done)
      : tenant_(tenant),
        own_port_(own_port),
        clock_(clock),
        client_(*tenant_.fineract, tenant_.name, executor, make_transport, clock),
        done_(std::move(done)) {}

  // The first question: one that needs no login.
  void begin() { client_.get_beside("/actuator/info", then(&Look::took_version)); }

 private:
  FineractClient::Done then(void (Look::*step)(const FineractAnswer&)) {
    return [self = shared_from_this(), step](const FineractAnswer& answer) { (self.get()->*step)(answer); };
  }
  void find(std::string about, State state, std::string detail, std::string advice = {}) {
    found_.push_back(
        {.about = std::move(about), .state = state, .detail = std::move(detail), .advice = std::move(advice)});
  }
  void end() { done_(std::move(found_)); }

  void took_version(const FineractAnswer& answer) {
    if (answer.end == End::unreachable) {
      find("reach", State::failed, answer.detail,
           "check 'url' and 'tls' of the tenant's 'fineract', the name server and firewalls from this host");
      return end();
    }
    find("reach", State::ok, tenant_.fineract->url + " answers");
    find_version(answer);
    find_clock(answer);
    if (tenant_.fineract->oauth.client_id.empty()) return client_.log_in(then(&Look::took_login));
    client_.get("offices?fields=id", then(&Look::took_token_login));
  }

  void find_version(const FineractAnswer& answer) {
    boost::system::error_code error;
    const auto* version = answer.ok() ? answer.body.find_pointer("/git/build/version", error) : nullptr;
    if (version && version->is_string())
      find("version", State::ok, "Fineract " + text::printable(version->get_string()));
    else
      find("version", State::unknown, "it does not tell its version: actuator/info is closed");
  }

  void find_clock(const FineractAnswer& answer) {
    if (!answer.clock) return find("clock", State::unknown, "the answer has no date");
    const auto apart = *answer.clock - clock_.wall();
    const auto seconds = std::to_string(std::abs(apart) / 1000);
    if (std::abs(apart) <= clock_difference_max) return find("clock", State::ok, seconds + " s apart");
    find("clock", State::warning, seconds + " s " + (apart > 0 ? "ahead of" : "behind") + " this host",
         "let both hosts take the time from the same servers (NTP)");
  }

  bool logged_in(const FineractAnswer& answer) {
    if (answer.ok()) return true;
    const bool by_user = tenant_.fineract->oauth.client_id.empty();
    const std::string who = by_user ? "'user' and 'password'" : "'oauth'";
    find("login", State::failed, answer.detail,
         answer.end == End::not_found
             ? "'url' has to end as Fineract's API does: .../fineract-provider/api/v1"
             : "check " + who + " of the tenant's 'fineract', and that '" +
                   (tenant_.fineract->tenant.empty() ? tenant_.name : tenant_.fineract->tenant) +
                   "' is Fineract's tenant identifier");
    end();
    return false;
  }

  void took_login(const FineractAnswer& answer) {
    if (!logged_in(answer)) return;
    const auto* login = answer.body.if_object();
    if (!login || !is_true_at(*login, "authenticated")) {
      find("login", State::failed, "whoever answers at 'url' is no Fineract",
           "'url' has to end as Fineract's API does: .../fineract-provider/api/v1");
      return end();
    }
    if (is_true_at(*login, "isTwoFactorAuthenticationRequired"))
      find("login", State::failed, "the user needs a second factor", "give its role the permission BYPASS_TWOFACTOR");
    else if (is_true_at(*login, "shouldRenewPassword"))
      find("login", State::warning, "the user's password is to be renewed", "renew it, and change it here");
    else
      find("login", State::ok, "as " + text::printable(text_at(*login, "username")));
    const auto* permissions = login->if_contains("permissions");
    found_.push_back(rights_found(permissions ? *permissions : json::value()));
    client_.get("externalservice/SMS", then(&Look::took_service));
  }

  void took_token_login(const FineractAnswer& answer) {
    if (answer.end != End::forbidden && !logged_in(answer)) return;
    find("login", State::ok, "by a token for " + text::printable(tenant_.fineract->oauth.client_id));
    find("rights", State::unknown, "Fineract tells them only of users with a password");
    client_.get("externalservice/SMS", then(&Look::took_service));
  }

  // Both are looked at by somebody who may; who may not reads messages and people all the same.
  void took_service(const FineractAnswer& answer) {
    if (answer.ok())
      found_.push_back(sms_service_found(answer.body, tenant_, own_port_));
    else
      find("sms-service", State::unknown, answer.detail,
           answer.end == End::forbidden ? "with READ_EXTERNALSERVICES it could be looked at" : "");
    client_.get("jobs", then(&Look::took_jobs));
  }

  void took_jobs(const FineractAnswer& answer) {
    if (answer.ok())
      found_.push_back(jobs_found(answer.body));
    else
      find("jobs", State::unknown, answer.detail,
           answer.end == End::forbidden ? "with READ_SCHEDULER they could be looked at" : "");
    end();
  }

  const TenantSettings tenant_;
  const std::uint16_t own_port_;
  const Clock& clock_;
  FineractClient client_;
  std::function<void(std::vector<FineractFinding>)> done_;
  std::vector<FineractFinding> found_;
};

}  // namespace

void check_fineract(const TenantSettings& tenant, std::uint16_t own_port, const boost::asio::any_io_executor& executor,
                    const MakeHttpTransport& make_transport, const Clock& clock,
                    std::function<void(std::vector<FineractFinding>)> done) {
  std::make_shared<Look>(tenant, own_port, executor, make_transport, clock, std::move(done))->begin();
}

}  // namespace smsbridge::bridge
