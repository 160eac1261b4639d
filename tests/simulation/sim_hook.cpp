// SPDX-License-Identifier: MPL-2.0
#include "tests/simulation/sim_hook.hpp"

#include <boost/asio/post.hpp>
#include <boost/json.hpp>
#include <charconv>

namespace smsbridge::simulation {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

constexpr std::string_view hook_prefix = "http://hook-";

std::string text_of(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

}  // namespace

class SimHook::Transport : public bridge::HttpTransport {
 public:
  Transport(const std::vector<std::unique_ptr<SimHook>>& hooks, std::unique_ptr<bridge::HttpTransport> others,
            SimClock& clock, boost::asio::any_io_executor executor)
      : hooks_(hooks), others_(std::move(others)), clock_(clock), executor_(std::move(executor)) {}
  ~Transport() override { *alive_ = false; }

  void send(http_gateways::Request request, Done done) override {
    if (!request.url.starts_with(hook_prefix)) return others_->send(std::move(request), std::move(done));
    std::size_t place = 0;
    std::from_chars(request.url.data() + hook_prefix.size(), request.url.data() + request.url.size(), place);
    auto& hook = *hooks_.at(place - 1);
    const auto way = std::chrono::milliseconds(hook.random_.between(1, 200));
    const auto number = ++last_;
    open_[number] = std::move(done);
    if (hook.down_) return end(way, number, {.end = End::not_sent, .reply = {}, .detail = "connection refused"});
    // It arrives also when the daemon dies meanwhile.
    clock_.after(way, [this, alive = alive_, &hook, number, request = std::move(request)] {
      const bool lost = hook.down_ || hook.random_.chance(hook.faults_.lost);
      Result result{.end = End::answered, .reply = {}, .detail = {}};
      if (!hook.down_) result.reply.status = hook.take(request);
      if (!*alive) return;
      if (lost) result = {.end = End::perhaps_sent, .reply = {}, .detail = "no answer in time"};
      end(lost ? Duration(20s) : Duration(std::chrono::milliseconds(hook.random_.between(1, 300))), number,
          std::move(result));
    });
  }

  void abort() override {
    others_->abort();
    for (const auto& [number, done] : std::exchange(open_, {}))
      boost::asio::post(executor_,
                        [done = done] { done({.end = End::perhaps_sent, .reply = {}, .detail = "aborted"}); });
  }

 private:
  void end(Duration later, std::uint64_t number, Result result) {
    clock_.after(later, [this, alive = alive_, number, result = std::move(result)] {
      if (!*alive) return;
      const auto open = open_.extract(number);
      if (!open.empty()) boost::asio::post(executor_, [done = std::move(open.mapped()), result] { done(result); });
    });
  }

  const std::vector<std::unique_ptr<SimHook>>& hooks_;
  std::unique_ptr<bridge::HttpTransport> others_;
  SimClock& clock_;
  boost::asio::any_io_executor executor_;
  std::map<std::uint64_t, Done> open_;
  std::uint64_t last_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

std::unique_ptr<bridge::HttpTransport> SimHook::transport(const std::vector<std::unique_ptr<SimHook>>& hooks,
                                                          std::unique_ptr<bridge::HttpTransport> others,
                                                          SimClock& clock, boost::asio::any_io_executor executor) {
  return std::make_unique<Transport>(hooks, std::move(others), clock, std::move(executor));
}

int SimHook::take(const http_gateways::Request& request) {
  if (random_.chance(faults_.refuse)) return 500;
  if (random_.chance(faults_.busy)) return 503;
  const auto body = json::parse(request.body).as_object();
  const auto tell = [this](const json::object& event) {
    const auto& data = event.at("data").as_object();
    told_({.id = text_of(event, "id"),
           .type = text_of(event, "type"),
           .message = text_of(data, "id"),
           .state = text_of(data, "state")});
  };
  if (text_of(body, "type") != "batch") {
    tell(body);
    return 204;
  }
  for (const auto& event : body.at("data").as_array()) tell(event.as_object());
  return 200;
}

}  // namespace smsbridge::simulation
