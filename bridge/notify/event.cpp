// SPDX-License-Identifier: MPL-2.0
#include "bridge/notify/event.hpp"

#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <charconv>

#include "bridge/text/message_id.hpp"
#include "bridge/text/time.hpp"
#include "bridge/text/ucs2.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

// What carriers say is octets: JSON is UTF-8, and an event stays small.
constexpr std::size_t words_octets_max = 1000;

json::value words(const std::string& text) {
  if (text.empty()) return nullptr;
  return json::value(text::repaired_utf8(text.substr(0, words_octets_max)));
}

json::value time_at(WallMs at) { return at ? json::value(text::time_text(at)) : json::value(nullptr); }

// The error of the first part that did not arrive.
json::value carrier_error(const store::Progress& progress) {
  for (const auto& segment : progress.segments)
    if (!segment.error.empty() && segment.state != store::SegmentState::delivered) return words(segment.error);
  return nullptr;
}

// about, time, type: the last two have no '_'.
std::pair<std::string_view, std::string_view> cut_last(std::string_view key) {
  const auto at = key.rfind('_');
  if (at == std::string_view::npos) return {key, {}};
  return {key.substr(0, at), key.substr(at + 1)};
}

std::int64_t number_of(std::string_view digits) {
  std::int64_t value = -1;
  const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return ec == std::errc() && end == digits.data() + digits.size() ? value : -1;
}

}  // namespace

HookEvent make_event(WebhookEvent type, std::string_view about, WallMs at, json::object data) {
  HookEvent event{.key = fmt::format("{}_{:013}_{}", about, at, static_cast<int>(type)), .body = {}};
  event.body = json::serialize(json::object{{"id", event_id(event.key)},
                                            {"type", name(type)},
                                            {"timestamp", text::time_text(at)},
                                            {"data", std::move(data)}});
  return event;
}

std::string event_id(std::string_view key) { return "evt_" + std::string(key); }
std::string_view event_about(std::string_view key) { return cut_last(cut_last(key).first).first; }
WallMs event_at(std::string_view key) { return number_of(cut_last(cut_last(key).first).second); }
std::string_view event_type(std::string_view key) {
  const auto type = number_of(cut_last(key).second);
  if (type < 0 || type >= static_cast<std::int64_t>(webhook_event_count) || event_at(key) < 0) return {};
  return name(static_cast<WebhookEvent>(type));
}

json::object message_data(const store::Message& message, store::State state, std::string_view tenant,
                          std::string_view gateway) {
  const auto& c = message.content;
  const auto& p = message.progress;
  // A message of which nobody will hear again is sent as soon as it is taken.
  if (state == store::State::submitted && p.state == store::State::sent) state = p.state;
  const bool ended = store::is_final(state);
  return {{"id", message_id_text(message.id)},
          {"client_ref", words(c.client_ref)},
          {"tenant", tenant},
          {"to", c.to},
          {"from", words(c.from)},
          {"state", store::name(state)},
          {"status_message", ended ? words(p.status_message) : json::value(nullptr)},
          {"error", ended ? carrier_error(p) : json::value(nullptr)},
          {"gateway", gateway.empty() ? json::value(nullptr) : json::value(gateway)},
          {"lane", store::name(c.lane)},
          {"source", store::name(c.source)},
          {"parts", c.parts},
          {"attempts", p.attempts},
          {"maybe_duplicate", p.maybe_duplicate},
          {"created_at", time_at(c.created_at)},
          {"submitted_at", time_at(p.submitted_at)},
          {"finished_at", ended ? time_at(p.finished_at) : json::value(nullptr)}};
}

std::optional<WebhookEvent> event_of(store::State state) {
  switch (state) {
    case store::State::submitted:
      return WebhookEvent::submitted;
    case store::State::delivered:
      return WebhookEvent::delivered;
    case store::State::undeliverable:
    case store::State::failed:
    case store::State::cancelled:
    case store::State::rejected:
    case store::State::unknown:
      return WebhookEvent::failed;
    case store::State::expired:
      return WebhookEvent::expired;
    // It was told as submitted, and no receipt follows.
    case store::State::sent:
    case store::State::queued:
    case store::State::doubtful:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace smsbridge::bridge
