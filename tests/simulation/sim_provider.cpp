// SPDX-License-Identifier: MPL-2.0
#include "tests/simulation/sim_provider.hpp"

#include <fmt/format.h>

#include <boost/asio/post.hpp>
#include <boost/json.hpp>

#include "bridge/smsc_sim/glob.hpp"
#include "http_gateways/form.hpp"
#include "http_gateways/json.hpp"

namespace smsbridge::simulation {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using http_gateways::text_at;
using smpp::MessageState;

constexpr Duration callback_timeout = 10s, callback_retry = 5s;

struct Word {
  MessageState state;
  const char* generic;
  int group, id;  // of Infobip
};
// `unknown` is no end for these providers, so it is not drawn.
constexpr Word words[] = {{MessageState::enroute, "ENROUTE", 1, 3},
                          {MessageState::delivered, "DELIVRD", 3, 5},
                          {MessageState::undeliverable, "UNDELIV", 2, 9},
                          {MessageState::expired, "EXPIRED", 4, 15},
                          {MessageState::rejected, "REJECTD", 5, 4}};

const Word& word_of(MessageState state) {
  for (const auto& word : words)
    if (word.state == state) return word;
  return words[0];
}

std::string host_of(std::string_view url) {
  url.remove_prefix(std::string_view("http://").size());
  return std::string(url.substr(0, url.find('/')));
}

}  // namespace

boost::json::object provider_account(const std::string& kind, std::size_t gateway) {
  const auto url = "http://" + SimProvider::host(gateway);
  if (kind == "infobip") return {{"base_url", url}, {"api_key", "key"}, {"from", "Bank"}};
  auto account = json::parse(R"({
    "name": "sim",
    "request": {"method": "POST", "body": {"type": "json", "value": {
      "to": "{{to_digits}}", "text": "{{text}}", "ref": "{{ref}}", "cb": "{{callback_url}}"}}},
    "response": {"format": "json", "rules": [
      {"when": {"status": "2xx"}, "then": {"outcome": "accepted"}},
      {"when": {"status": "400"}, "then": {"error_class": "route"}},
      {"when": {"status": "404"}, "then": {"error_class": "destination"}},
      {"when": {"status": "503"}, "then": {"error_class": "temporary"}}],
      "message_id": {"json": "/id"}},
    "callback": {"id": {"param": "id"}, "ref": {"query": "ref"}, "status": {"param": "st"}, "map": {
      "ENROUTE": "sent", "DELIVRD": "delivered", "UNDELIV": "undelivered", "EXPIRED": "expired",
      "REJECTD": "rejected"}, "default": "unknown"}})")
                     .as_object();
  account["request"].as_object()["url"] = url + "/send";
  return account;
}

class SimProvider::Transport : public bridge::HttpTransport {
 public:
  Transport(const std::map<std::string, SimProvider*>& by_host, SimClock& clock, boost::asio::any_io_executor executor)
      : by_host_(by_host), clock_(clock), executor_(std::move(executor)) {}
  ~Transport() override { *alive_ = false; }

  void send(http_gateways::Request request, Done done) override {
    auto& p = *by_host_.at(host_of(request.url));
    const auto way = p.drawn(1ms, 80ms);
    if (p.down_ || p.random_.chance(p.refuse_))
      return end(way, {.end = End::not_sent, .reply = {}, .detail = "connection refused"}, std::move(done));
    const Result lost{.end = End::perhaps_sent, .reply = {}, .detail = "no answer in time"};
    if (p.random_.chance(p.options_.disconnect_before)) return end(way + 3s, lost, std::move(done));
    // The request arrives also when the daemon dies meanwhile.
    p.clock_.after(way, [this, alive = alive_, &p, request = std::move(request), lost, done = std::move(done)] {
      const bool no_answer = p.random_.chance(p.options_.swallow) || p.random_.chance(p.options_.disconnect);
      const auto time = p.drawn(p.options_.response_delay, p.options_.response_jitter);
      if (p.down_) {  // since it was sent
        if (*alive) end(3s, lost, done);
        return;
      }
      auto reply = p.take(request);
      if (!*alive) return;
      if (no_answer) return end(3s + time, lost, done);
      Result answered{.end = End::answered, .reply = std::move(reply), .detail = {}};
      p.clock_.after(time, [this, alive, &p, lost, answered = std::move(answered), done] {
        if (*alive) end({}, p.down_ ? lost : answered, done);
      });
    });
  }

  void abort() override {
    *alive_ = false;
    alive_ = std::make_shared<bool>(true);
  }

 private:
  void end(Duration later, Result result, Done done) {
    clock_.after(later, [alive = alive_, executor = executor_, result = std::move(result), done = std::move(done)] {
      if (*alive)
        boost::asio::post(executor, [alive, result, done] {
          if (*alive) done(result);
        });
    });
  }

  const std::map<std::string, SimProvider*>& by_host_;
  SimClock& clock_;
  boost::asio::any_io_executor executor_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

SimProvider::SimProvider(std::size_t gateway, std::string kind, const bridge::smsc_sim::Options& options, double refuse,
                         SimClock& clock, Observer observer, CallBack call_back)
    : gateway_(gateway),
      kind_(std::move(kind)),
      options_(options),
      refuse_(refuse),
      clock_(clock),
      random_(options.seed),
      observer_(std::move(observer)),
      call_back_(std::move(call_back)) {
  std::erase_if(options_.outcomes, [](const auto& outcome) { return outcome.first == MessageState::unknown; });
}

std::unique_ptr<bridge::HttpTransport> SimProvider::transport(const std::map<std::string, SimProvider*>& by_host,
                                                              SimClock& clock, boost::asio::any_io_executor executor) {
  return std::make_unique<Transport>(by_host, clock, std::move(executor));
}

void SimProvider::heal() {
  down_ = false;
  refuse_ = 0;
  auto& o = options_;
  o.reject.clear();
  o.throttle_rate = o.error_rate = o.swallow = o.disconnect = o.disconnect_before = 0;
  o.receipt_before_response = o.receipt_twice = o.receipt_lost = 0;
  o.poison.clear();
}

TakenPart* SimProvider::find(const std::string& provider_id) {
  const auto found = by_id_.find(provider_id);
  if (found != by_id_.end()) return found->second;
  // An attempt without an answer goes by our own reference.
  const auto named = by_reference_.find(provider_id);
  return named == by_reference_.end() ? nullptr : named->second;
}

Duration SimProvider::drawn(Duration delay, Duration jitter) {
  return delay + Duration(random_.between(0, std::max<Duration::rep>(jitter.count(), 0)));
}

http_gateways::Reply SimProvider::take(const http_gateways::Request& request) {
  // Asked for the status of a message: it says no more than it reports.
  if (request.method == "GET") return {.status = 200, .headers = {}, .body = R"({"results": []})"};
  observer_.submit_seen({});
  const bool infobip = kind_ == "infobip";
  const auto body = http_gateways::parse_json(request.body).value_or(json::value());
  const auto at = [&](std::string_view generic, std::string_view other) {
    return text_at(body, infobip ? other : generic);
  };
  const auto to = at("/to", "/messages/0/destinations/0/to");
  const auto reference = at("/ref", "/messages/0/destinations/0/messageId");
  if (to.empty() || reference.empty()) observer_.protocol_error("protocol error: an unreadable request");
  const auto now = clock_.now();
  while (!last_second_.empty() && last_second_.front() + 1s < now) last_second_.pop_front();
  last_second_.push_back(now);
  if (options_.throttle_rate > 0 && static_cast<double>(last_second_.size()) > options_.throttle_rate)
    return {.status = 429, .headers = {{"Retry-After", "1"}}, .body = {}};
  // What it says of one message sounds as if it were of the account.
  if (!options_.poison.empty() && bridge::smsc_sim::glob_matches(options_.poison, to)) {
    static constexpr int statuses[] = {401, 402, 403, 407, 429};
    return {.status = statuses[options_.seed % std::size(statuses)], .headers = {}, .body = {}};
  }
  if (random_.chance(options_.error_rate)) return {.status = 503, .headers = {}, .body = {}};
  for (const auto& rule : options_.reject)
    if (bridge::smsc_sim::glob_matches(rule.first, to)) {
      if (!infobip) return {.status = rule.second == 0x0B ? 404 : 400, .headers = {}, .body = {}};
      return {.status = 200,
              .headers = {},
              .body = fmt::format(R"({{"messages":[{{"to":"{}","status":{{"groupId":5,"id":{}}},"messageId":"{}"}}]}})",
                                  to, rule.second == 0x0B ? 52 : 6, reference)};
    }
  const auto answer = [&](const std::string& id, int status_id) -> http_gateways::Reply {
    const auto group = status_id == 23 ? 5 : 1;
    return {.status = 200,
            .headers = {},
            .body = infobip ? fmt::format(R"({{"messages":[{{"to":"{}","status":{{"groupId":{},"id":{}}},)"
                                          R"("messageId":"{}","smsCount":1}}]}})",
                                          to, group, status_id, id)
                            : fmt::format(R"({{"id":"{}"}})", id)};
  };
  if (infobip && by_reference_.contains(reference)) return answer(reference, 23);
  auto& part = keep(to, at("/text", "/messages/0/text"));
  part.provider_id = infobip ? reference : fmt::format("sim{}-{}", gateway_, taken_.size());
  by_id_[part.provider_id] = &part;
  by_reference_[reference] = &part;
  observer_.taken(part);
  plan_receipt(part, at("/cb", "/messages/0/notifyUrl"), reference);
  return answer(part.provider_id, 26);
}

TakenPart& SimProvider::keep(const std::string& to, const std::string& text) {
  auto& part = taken_.emplace_back();
  part.gateway = gateway_;
  part.destination = to;
  part.text = text;
  part.taken_at = clock_.now();
  return part;
}

void SimProvider::plan_receipt(TakenPart& part, std::string callback_url, std::string reference) {
  if (callback_url.empty() || random_.chance(options_.receipt_lost)) return;
  const bool early = random_.chance(options_.receipt_before_response);
  const auto due = early ? Duration::zero() : drawn(options_.receipt_delay, options_.receipt_jitter);
  if (random_.chance(0.3)) {
    ++waiting_;
    clock_.after(due / 2, [this, &part, callback_url, reference] { report(part, callback_url, reference, false); });
  }
  for (int copies = random_.chance(options_.receipt_twice) ? 2 : 1; copies > 0; --copies) {
    ++waiting_;
    clock_.after(due * copies, [this, &part, callback_url, reference] { report(part, callback_url, reference, true); });
  }
}

void SimProvider::report(TakenPart& part, const std::string& callback_url, const std::string& reference,
                         bool final_state) {
  auto state = MessageState::enroute;
  if (final_state) {
    if (part.state == MessageState::none || part.state == MessageState::enroute) {
      double total = 0, drawn_weight = static_cast<double>(random_.between(0, 1'000'000)) / 1'000'000.0;
      for (const auto& [outcome, weight] : options_.outcomes) total += weight;
      drawn_weight *= total;
      part.state = MessageState::delivered;
      for (const auto& [outcome, weight] : options_.outcomes) {
        if (drawn_weight < weight) {
          part.state = outcome;
          break;
        }
        drawn_weight -= weight;
      }
    }
    state = part.state;
  } else if (part.state == MessageState::none) {
    part.state = state;
  }
  const auto& word = word_of(state);
  http_gateways::CallbackRequest request{
      .method = "POST", .url = callback_url, .headers = {{"Content-Type", "application/json"}}, .body = {}};
  request.body = kind_ == "infobip"
                     ? fmt::format(R"({{"results":[{{"messageId":"{}","status":{{"groupId":{},"id":{}}},)"
                                   R"("error":{{"id":0}}}}]}})",
                                   part.provider_id, word.group, word.id)
                     : fmt::format(R"({{"id":"{}","st":"{}"}})", part.provider_id, word.generic);
  const auto answered = std::make_shared<bool>(false);
  const auto again = [this, &part, callback_url, reference, final_state, answered](Duration later) {
    clock_.after(later, [this, &part, callback_url, reference, final_state, answered] {
      if (!std::exchange(*answered, true)) report(part, callback_url, reference, final_state);
    });
  };
  call_back_(request, [this, &part, state, answered, again](const http_gateways::CallbackAnswer& answer) {
    if (*answered) return;
    if (answer.status < 200 || answer.status > 299) return again(callback_retry);
    *answered = true;
    --waiting_;
    part.receipt_answered_at = clock_.now();
    observer_.receipt_answered(part, state);
  });
  again(callback_timeout);
}

}  // namespace smsbridge::simulation
