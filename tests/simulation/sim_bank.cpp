// SPDX-License-Identifier: MPL-2.0
#include "tests/simulation/sim_bank.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/json.hpp>
#include <charconv>

namespace smsbridge::simulation {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

const std::string address = "http://bank/fineract-provider/api/v1";
const std::string hook_secret = "simulated-hook-secret";
constexpr std::string_view reports_path = "runreports/";
constexpr Duration asked_for = 20s;                      // of who asks
constexpr std::int64_t approved = 200, submitted = 100;  // Fineract's states of loans

}  // namespace

class SimBank::Transport : public bridge::HttpTransport {
 public:
  Transport(SimBank& bank, std::unique_ptr<bridge::HttpTransport> others, boost::asio::any_io_executor executor)
      : bank_(bank), others_(std::move(others)), executor_(std::move(executor)) {}
  ~Transport() override { *alive_ = false; }

  void send(http_gateways::Request request, Done done) override {
    if (!request.url.starts_with(address)) return others_->send(std::move(request), std::move(done));
    auto path = request.url.substr(address.size() + 1);
    std::optional<SimReports::Reading> reading;
    if (path.starts_with(reports_path)) reading = bank_.reports_.ask(path.substr(reports_path.size()));
    const auto delay = bank_.draw_delay();
    bank_.clock_.after(std::min<Duration>(delay, asked_for), [=, this, alive = alive_, done = std::move(done)] {
      if (!*alive) return;
      Result result{.end = End::perhaps_sent, .reply = {}, .detail = "no answer in time", .timed_out = true};
      if (delay < asked_for) result = bank_.result_of(path, reading);
      boost::asio::post(executor_, [done, result] { done(result); });
    });
  }
  void abort() override { others_->abort(); }

 private:
  SimBank& bank_;
  std::unique_ptr<bridge::HttpTransport> others_;
  boost::asio::any_io_executor executor_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

std::unique_ptr<bridge::HttpTransport> SimBank::transport(SimBank& bank, std::unique_ptr<bridge::HttpTransport> others,
                                                          boost::asio::any_io_executor executor) {
  return std::make_unique<Transport>(bank, std::move(others), std::move(executor));
}

Duration SimBank::draw_delay() {
  const bool late = faults_.late > 0 && random_.chance(faults_.late);
  return std::chrono::milliseconds(random_.between(1, late ? 30'000 : 400));
}

// What was asked may be answered there, and not arrive here.
bridge::HttpTransport::Result SimBank::result_of(std::string_view path,
                                                 const std::optional<SimReports::Reading>& reading) {
  using End = bridge::HttpTransport::End;
  if (down_) return {.end = End::not_sent, .reply = {}, .detail = "connection refused"};
  if (faults_.busy > 0 && random_.chance(faults_.busy))
    return {.end = End::answered, .reply = {.status = 503, .headers = {}, .body = "busy"}, .detail = {}};
  if (faults_.lost > 0 && random_.chance(faults_.lost))
    return {.end = End::perhaps_sent, .reply = {}, .detail = "the connection was lost"};
  if (reading)
    return {
        .end = End::answered, .reply = {.status = 200, .headers = {}, .body = reports_.answer(*reading)}, .detail = {}};
  if (auto shown = accounts_.answer(path))
    return {.end = End::answered, .reply = {.status = 200, .headers = {}, .body = std::move(*shown)}, .detail = {}};
  return {.end = End::answered, .reply = answer(path), .detail = {}};
}

void SimBank::configure(bridge::Config& config) {
  for (auto& tenant : config.tenants)
    tenant.fineract = {.url = address, .user = "bridge", .password = "secret", .hook_secret = hook_secret};
  bridge::TemplateSettings text;
  text.name = "approved";
  text.id = 600;
  const std::string words = "#{{loanId}}.";
  text.texts.push_back({.language = "en", .text = words, .made = *bridge::text::Template::parse(words)});
  config.templates.push_back(std::move(text));
  bridge::EventSettings event;
  event.name = event.event = "loan-approved";
  event.id = 700;
  event.recipients.push_back({.to = bridge::Audience::client, .by_template = "approved", .language = {}});
  config.events.push_back(std::move(event));
}

void SimBank::draw_faults(bridge::Random& random, RunOptions& options) {
  const auto perhaps = [&random] { return random.chance(0.4) ? static_cast<double>(random.between(5, 40)) / 100 : 0; };
  options.bank.lost = perhaps();
  options.bank.busy = perhaps();
  options.bank.late = perhaps();
}

http_gateways::Reply SimBank::answer(std::string_view path) const {
  const auto slash = path.find('/');
  std::size_t number = 0;
  std::from_chars(path.data() + slash + 1, path.data() + path.size(), number);
  const auto found = loans_.find(number);
  if (found == loans_.end()) return {.status = 404, .headers = {}, .body = "{}"};
  const auto& loan = found->second;
  json::object shown{{"id", number}, {"active", true}};
  if (path.starts_with("clients/")) {
    const auto name = fmt::format("Client {}", number);
    shown["firstname"] = name;
    shown["displayName"] = name;
    shown["mobileNo"] = loan.phone;
  } else {
    const bool is_approved = loan.approved_at && *loan.approved_at <= clock_.now();
    shown["clientId"] = number;
    shown["status"] = {{"id", is_approved ? approved : submitted}, {"value", is_approved ? "Approved" : "Submitted"}};
  }
  return {.status = 200, .headers = {}, .body = json::serialize(shown)};
}

HttpClient::Request SimBank::hook_of(std::size_t number, const Loan& loan, const std::string& tenant) {
  json::object body{{"entityName", "LOAN"}, {"actionName", "APPROVE"}, {"request", json::object()}};
  if (!loan.refused) body["response"] = {{"loanId", number}, {"clientId", number}, {"resourceId", number}};
  body["timestamp"] = fmt::format("2026-11-30T00:00:00.{:06}Z", number);
  HttpClient::Request raw;
  raw.method(http::verb::post);
  raw.target(fmt::format("/hooks/fineract/{}/", hook_secret));
  raw.set(http::field::content_type, "application/json; charset=UTF-8");
  raw.set("Fineract-Platform-TenantId", tenant);
  raw.set("X-Fineract-Entity", "LOAN");
  raw.set("X-Fineract-Action", "APPROVE");
  raw.body() = json::serialize(body);
  return raw;
}

}  // namespace smsbridge::simulation
