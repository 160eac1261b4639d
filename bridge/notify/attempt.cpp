// SPDX-License-Identifier: MPL-2.0
#include "bridge/notify/attempt.hpp"

#include <boost/json.hpp>

#include "bridge/notify/event.hpp"
#include "bridge/notify/outbox.hpp"
#include "bridge/policy/webhook.hpp"
#include "bridge/text/ucs2.hpp"
#include "http_gateways/reply.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

constexpr std::size_t detail_octets_max = 500;

std::string text_in(const json::object& line, std::string_view key) {
  const auto* value = line.if_contains(key);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}
std::int64_t number_in(const json::object& line, std::string_view key) {
  const auto* value = line.if_contains(key);
  return value && value->is_int64() ? value->get_int64() : 0;
}

}  // namespace

HookAttempt attempt_of(const HttpTransport::Result& result, Duration took, WallMs now) {
  HookAttempt attempt{.duration_ms = std::chrono::duration_cast<std::chrono::milliseconds>(took).count()};
  using metrics::WebhookResult;
  if (result.end == HttpTransport::End::answered) {
    attempt.status = result.reply.status;
    const bool ok = verdict_of(attempt.status) == HookVerdict::taken;
    attempt.result = ok ? WebhookResult::ok : WebhookResult::http_error;
    if (!ok) attempt.detail = "it answered " + std::to_string(attempt.status);
    attempt.again_after = http_gateways::retry_after_ms(result.reply.headers, now / 1000).value_or(0);
    return attempt;
  }
  attempt.result = result.refused     ? WebhookResult::refused
                   : result.timed_out ? WebhookResult::timeout
                                      : WebhookResult::network_error;
  attempt.detail = result.detail;
  return attempt;
}

store::JournalLine journal_line(store::GatewayId webhook, const store::ClaimedTask& task, std::uint32_t number,
                                const HookAttempt& attempt, std::string_view end) {
  json::object line{{"event", event_id(task.task.key)},
                    {"type", event_type(task.task.key)},
                    {"attempt", number},
                    {"result", metrics::label_value(attempt.result)},
                    {"status", attempt.status},
                    {"duration_ms", attempt.duration_ms}};
  if (!attempt.detail.empty()) line["detail"] = text::repaired_utf8(attempt.detail.substr(0, detail_octets_max));
  if (!end.empty()) {
    line["end"] = end;
    // For a replay.
    line["body"] = task.body;
  }
  return {.tenant = task.task.tenant,
          .stream = hook_tasks(webhook),
          .key = std::string(event_about(task.task.key)),
          .body = json::serialize(line)};
}

std::optional<KeptAttempt> read_attempt(const store::JournalEntry& entry) {
  boost::system::error_code unreadable;
  const auto value = json::parse(entry.body, unreadable);
  if (unreadable || !value.is_object()) return std::nullopt;
  const auto& line = value.get_object();
  return KeptAttempt{.at = entry.at,
                     .event = text_in(line, "event"),
                     .type = text_in(line, "type"),
                     .number = number_in(line, "attempt"),
                     .result = text_in(line, "result"),
                     .status = number_in(line, "status"),
                     .duration_ms = number_in(line, "duration_ms"),
                     .detail = text_in(line, "detail"),
                     .end = text_in(line, "end"),
                     .body = text_in(line, "body")};
}

}  // namespace smsbridge::bridge
