// SPDX-License-Identifier: MPL-2.0
// What is asked of a gateway that runs, from whatever thread.
#include <boost/asio/post.hpp>

#include "bridge/delivery/gateways.hpp"

namespace smsbridge::bridge {

void Gateways::ask(const std::string& gateway, Action action, boost::asio::any_io_executor home,
                   std::function<void(GatewayStatus)> done) {
  const auto running = find(gateway);
  if (!running)
    return boost::asio::post(home, [done = std::move(done)] { done({.state = "down", .last_error = "was removed"}); });
  boost::asio::post(running->place.executor,
                    [this, running, gateway, action, home = std::move(home), done = std::move(done)] {
                      const auto changed = act(gateway, *running, action);
                      GatewayStatus status{.state = "down", .last_error = "is being changed; ask again"};
                      if (running->gateway) status = running->gateway->status();
                      status.draining_since = running->since.draining.value_or(0);
                      const auto answer = [done, status = std::move(status)] { done(status); };
                      if (!changed) return boost::asio::post(home, answer);
                      remember(gateway, running->since, home, answer);
                    });
}

// What is asked of a gateway that is just being replaced holds for its successor. False: there is nothing to remember.
bool Gateways::act(const std::string& name, Running& running, Action action) {
  if (action == Action::show) return false;
  // Whoever resumes a gateway mended something perhaps.
  if (running.gateway && (action == Action::reconnect || action == Action::resume)) running.gateway->reconnect();
  if (action == Action::reconnect) return false;
  const auto now = context_.clock.wall();
  auto& since = running.since;
  if (!since.paused) since.paused = remembered(paused_prefix + name);
  if (!since.draining) since.draining = remembered(draining_prefix + name);
  if (action == Action::pause) {
    if (!*since.paused) since.paused = now;
    if (running.gateway && !running.gateway->status().paused_since) running.gateway->pause(*since.paused);
    return true;
  }
  const bool drain = action == Action::drain;
  if (!drain || !*since.draining) since.draining = drain ? now : 0;
  if (!drain) since.paused = 0;
  if (!running.gateway) return true;
  running.gateway->drain(*since.draining);
  if (!drain && running.gateway->status().paused_since) running.gateway->resume();
  return true;
}

void Gateways::callback(const std::string& gateway, http_gateways::CallbackRequest request,
                        boost::asio::any_io_executor home, std::function<void(http_gateways::CallbackAnswer)> done) {
  const auto answer = [home, done = std::move(done)](http_gateways::CallbackAnswer given) {
    boost::asio::post(home, [done, given = std::move(given)] { done(given); });
  };
  // The provider tries again.
  const http_gateways::CallbackAnswer later{.status = 503, .body = "the gateway is being changed\n"};
  const auto running = find(gateway);
  if (!running) return answer(later);
  boost::asio::post(running->place.executor, [running, request = std::move(request), answer, later] {
    if (!running->gateway || running->stopped) return answer(later);
    running->gateway->receive(request, answer);
  });
}

void Gateways::cancel(const std::string& gateway, store::Message message, boost::asio::any_io_executor home,
                      std::function<void(Channel::CancelAnswer)> done) {
  const auto answer = [home, done = std::move(done)](Channel::CancelAnswer given) {
    boost::asio::post(home, [done, given = std::move(given)] { done(given); });
  };
  const Channel::CancelAnswer later{Channel::CancelAnswer::Kind::unanswered, "its gateway is being changed; try again"};
  const auto running = find(gateway);
  if (!running) return answer(later);
  boost::asio::post(running->place.executor, [running, message = std::move(message), answer, later] {
    if (!running->gateway || running->stopping) return answer(later);
    running->gateway->cancel(message, answer);
  });
}

}  // namespace smsbridge::bridge
