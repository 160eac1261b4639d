// SPDX-License-Identifier: MPL-2.0
#include "bridge/doors/api/waiting.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/object.hpp>

#include "bridge/text/time.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

constexpr std::size_t ahead_max = 10'000;  // counted one by one

struct Why {
  std::string_view reason;
  std::string detail;
  WallMs until = 0;  // when it goes on, or is tried; 0: not known
};

// The error of the first session that has one, and the earliest next try of all.
Why link_down(const GatewaySettings& gateway, const GatewayStatus& status) {
  Why why{.reason = "gateway_down", .detail = fmt::format("{} cannot send", gateway.name), .until = status.next_try_at};
  if (status.down_since) why.detail += " since " + text::time_text(status.down_since);
  auto error = status.last_error;
  for (const auto& session : status.sessions) {
    if (error.empty()) error = session.last_error;
    if (session.next_try_at && (!why.until || session.next_try_at < why.until)) why.until = session.next_try_at;
  }
  if (!error.empty()) why.detail += ": " + error;
  return why;
}

Why of_queued(const store::Message& message, const GatewaySettings* gateway, const GatewayStatus& status, WallMs due,
              WallMs now) {
  const auto& p = message.progress;
  if (!gateway)
    return {.reason = "no_gateway",
            .detail = "its gateway is gone; 'messages cancel' or 'retry' once there is another"};
  if (due > now && !p.events.empty() && p.events.back().kind == store::EventKind::postponed)
    return {.reason = "quiet_hours", .detail = p.status_message, .until = due};
  if (due > now)
    return p.attempts ? Why{.reason = "retry", .detail = p.status_message, .until = due}
                      : Why{.reason = "scheduled", .detail = "not before its time", .until = due};
  if (status.paused_since)
    return {.reason = "gateway_paused",
            .detail = fmt::format("{} was paused at {}; 'gateways resume {}' lets it send", gateway->name,
                                  text::time_text(status.paused_since), gateway->name)};
  if (status.draining_since && store::id_time(message.id) > status.draining_since)
    return {.reason = "gateway_draining",
            .detail = fmt::format("{} is being emptied since {} and takes nothing new; 'gateways resume {}' ends that",
                                  gateway->name, text::time_text(status.draining_since), gateway->name)};
  if (status.state == "down") return link_down(*gateway, status);
  if (status.throttled)
    return {.reason = "throttled", .detail = fmt::format("the carrier throttles {}", gateway->name)};
  return {.reason = "queue", .detail = fmt::format("{} sends what came before", gateway->name)};
}

}  // namespace

json::value waiting_json(const store::Message& message, const GatewaySettings* gateway, const GatewayStatus& status,
                         const store::Reader& reader, WallMs now) {
  const auto& c = message.content;
  const auto& p = message.progress;
  const auto answer = [](const Why& why, const json::value& ahead) {
    return json::object{{"reason", why.reason},
                        {"detail", why.detail},
                        {"until", why.until ? json::value(text::time_text(why.until)) : json::value(nullptr)},
                        {"ahead", ahead}};
  };
  if (p.state == store::State::submitted || p.state == store::State::doubtful) {
    const bool doubtful = p.state == store::State::doubtful;
    return answer({.reason = "receipt",
                   .detail = doubtful ? "perhaps sent: a receipt decides, or it fails" : "the carrier has it",
                   .until = p.due_at},
                  nullptr);
  }
  if (store::is_final(p.state)) return nullptr;
  const auto due = p.due_at ? p.due_at : c.due_at;
  const store::Queue queue{.gateway = store::gateway_of(c, p), .tenant = c.tenant, .lane = c.lane};
  const auto ahead = reader.ahead_of(queue, due, message.id, ahead_max);
  if (!ahead) return answer({.reason = "being_sent", .detail = "its gateway has it in hand"}, nullptr);
  return answer(of_queued(message, gateway, status, due, now), *ahead);
}

}  // namespace smsbridge::bridge
