// SPDX-License-Identifier: MPL-2.0
#include "bridge/doors/api/message_json.hpp"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <ranges>

#include "bridge/doors/api/values.hpp"
#include "bridge/env/log.hpp"
#include "bridge/intake/by_template.hpp"
#include "bridge/text/message_id.hpp"
#include "bridge/text/number.hpp"
#include "bridge/text/time.hpp"
#include "bridge/text/ucs2.hpp"
#include "http_gateways/coding.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

constexpr std::size_t fields_max = 40;

json::value gateway_name(const Directory& directory, store::GatewayId id) {
  const auto gateway = directory.table()->gateway(id);
  return gateway ? json::value(gateway->name) : json::value(nullptr);
}

// A part that no carrier has taken shares the fate of its message, unless that went on without it.
std::string_view segment_state(store::SegmentState state, const store::Progress& progress) {
  switch (state) {
    case store::SegmentState::unsent:
      return progress.state == store::State::submitted ? store::name(store::State::queued)
                                                       : store::name(progress.state);
    case store::SegmentState::accepted:
    case store::SegmentState::enroute:
      return store::name(progress.state == store::State::sent ? store::State::sent : store::State::submitted);
    default:
      return store::name(state);
  }
}

// Which way was chosen when it was accepted, and why. What is not kept with the message follows from it.
json::object routed_json(const store::Message& message, const Directory& directory) {
  const auto& c = message.content;
  const auto route = directory.table()->route(c.route);
  std::string why = c.way.empty() ? "the tenant's default gateway" : c.way;
  if (!c.gateway)
    why = "no way out";
  else if (c.route)
    why = "route " + (route ? route->name : std::to_string(c.route)) +
          (c.way.empty() ? ": the first of its gateways" : "; passed over: " + c.way);
  return {{"at", text::time_text(c.created_at)},
          {"event", "routed"},
          {"gateway", gateway_name(directory, c.gateway)},
          {"attempt", nullptr},
          {"detail", why}};
}

// What it cost, or is to cost by the price list. Null: not known, which is not nothing.
json::value price_json(const store::Message& message, const Directory& directory) {
  constexpr std::string_view note = "price ";
  for (const auto& event : message.progress.events | std::views::reverse)
    if (event.kind == store::EventKind::submitted && event.detail.starts_with(note)) {
      const auto space = event.detail.find(' ', note.size());
      return {{"amount", event.detail.substr(note.size(), space - note.size())},
              {"currency", space == std::string::npos ? "" : event.detail.substr(space + 1)},
              {"expected", false}};
    }
  const auto& c = message.content;
  const auto prices = directory.table()->prices;
  const auto* price = prices->find(store::gateway_of(c, message.progress), c.to);
  if (!price) return nullptr;
  return {{"amount", money_text(price->part * c.parts)}, {"currency", price->currency}, {"expected", true}};
}

// ", of the template loan-approved, version 3, in sw"
std::string made_by_words(const store::Content& content) {
  const auto made_by = read_made_by(content.made_by);
  if (!made_by) return {};
  return fmt::format(", of the template {}, version {}, in {}", made_by->name, made_by->version, made_by->language);
}

}  // namespace

std::string number_warning(std::string_view e164) {
  if (!e164.starts_with('+')) return {};
  const auto number = text::normalise_number(e164, {}, text::Lengths::any);
  if (!number || number->pattern_matched) return {};
  return "the number does not look like a mobile of " + (number->country.empty() ? "its network" : number->country);
}

json::value template_json(const store::Content& content) {
  const auto made_by = read_made_by(content.made_by);
  if (!made_by) return nullptr;
  return {{"name", made_by->name}, {"version", made_by->version}, {"language", made_by->language}};
}

json::array warnings_json(const store::Content& content) {
  json::array all;
  if (auto warning = number_warning(content.to); !warning.empty()) all.emplace_back(std::move(warning));
  if (content.replaced == 1) all.emplace_back("one character is not in the gateway's alphabet, and goes as ?");
  if (content.replaced > 1)
    all.emplace_back(std::to_string(content.replaced) + " characters are not in the gateway's alphabet, and go as ?");
  if (const auto made_by = read_made_by(content.made_by); made_by && made_by->asked != made_by->language)
    all.emplace_back("the template has no text in " + made_by->asked + ": the one in " + made_by->language +
                     " was taken");
  return all;
}

std::string_view shown_state(const store::Message& message, store::WallMs now) {
  if (message.progress.state == store::State::queued && !message.progress.attempts && message.content.due_at > now)
    return "scheduled";
  return store::name(message.progress.state);
}

namespace {

json::array tlvs_json(const std::vector<store::Tlv>& tlvs) {
  json::array all;
  for (const auto& tlv : tlvs)
    all.push_back(
        {{"tag", fmt::format("0x{:04X}", tlv.tag)}, {"type", "octets"}, {"value", http_gateways::hex(tlv.value)}});
  return all;
}

}  // namespace

json::object message_json(const store::Message& message, const Tenants& tenants, const Directory& directory,
                          bool content, store::WallMs now) {
  const auto& c = message.content;
  const auto& p = message.progress;
  const auto* tenant = tenants.find(c.tenant);
  json::array segments;
  for (std::size_t i = 0; i < p.segments.size(); ++i)
    segments.push_back({{"number", i + 1},
                        {"provider_message_id", text_or_null(p.segments[i].provider_id)},
                        {"state", segment_state(p.segments[i].state, p)},
                        {"error", text_or_null(p.segments[i].error)}});
  json::value success = nullptr;
  if (is_final(p.state)) success = p.state == store::State::delivered || p.state == store::State::sent;
  json::object body;
  body.reserve(fields_max);  // or it is moved at each doubling
  body.emplace("id", message_id_text(message.id));
  body.emplace("client_ref", text_or_null(c.client_ref));
  body.emplace("tenant", tenant ? tenant->config.name : std::to_string(c.tenant));
  body.emplace("to", text_or_null(content ? c.to : log::masked(c.to)));
  body.emplace("from", text_or_null(c.from));
  body.emplace("target_user", content ? text_or_null(c.target_user) : json::value(nullptr));
  const bool is_binary = c.encoding == store::Encoding::binary;
  if (content && !is_binary) body.emplace("text", c.text);
  if (content && is_binary) {
    body.emplace("binary", http_gateways::hex(c.octets));
    body.emplace("udh", text_or_null(http_gateways::hex(c.header)));
    body.emplace("data_coding", c.data_coding < 0 ? json::value(nullptr) : json::value(c.data_coding));
  }
  if (content && !c.tlvs.empty()) body.emplace("tlvs", tlvs_json(c.tlvs));
  body.emplace("template", template_json(c));
  body.emplace("state", shown_state(message, now));
  body.emplace("success", success);
  body.emplace("status_message", text_or_null(p.status_message));
  body.emplace("triggered_by", text_or_null(c.triggered_by));
  body.emplace("source", store::name(c.source));
  body.emplace("lane", store::name(c.lane));
  body.emplace("gateway", gateway_name(directory, store::gateway_of(c, p)));
  const auto route = directory.table()->route(c.route);
  body.emplace("route", route ? json::value(route->name) : json::value(nullptr));
  body.emplace("price", price_json(message, directory));
  body.emplace("warnings", warnings_json(c));
  body.emplace("encoding", store::name(c.encoding));
  body.emplace("parts", c.parts);
  body.emplace("flash", c.flash);
  body.emplace("transliterated", c.transliterated);
  body.emplace("attempts", p.attempts);
  body.emplace("maybe_duplicate", p.maybe_duplicate);
  body.emplace("created_at", text::time_text(c.created_at));
  body.emplace("due_at",
               p.state == store::State::queued ? time_or_null(p.due_at ? p.due_at : c.due_at) : json::value(nullptr));
  body.emplace("expires_at", text::time_text(p.expires_at ? p.expires_at : c.expires_at));
  body.emplace("submitted_at", time_or_null(p.submitted_at));
  body.emplace("finished_at", time_or_null(p.finished_at));
  body.emplace("segments", std::move(segments));
  return body;
}

json::object timeline_json(const store::Message& message, const Directory& directory) {
  json::array items;
  const auto warning = number_warning(message.content.to);
  items.push_back(
      {{"at", text::time_text(message.content.created_at)},
       {"event", "accepted"},
       {"gateway", gateway_name(directory, message.content.gateway)},
       {"attempt", nullptr},
       {"detail", "by " + std::string(store::name(message.content.source)) + made_by_words(message.content) +
                      (warning.empty() ? std::string() : "; " + warning)}});
  items.push_back(routed_json(message, directory));
  for (const auto& event : message.progress.events)
    items.push_back({{"at", text::time_text(event.at)},
                     {"event", store::name(event.kind)},
                     {"gateway", gateway_name(directory, event.gateway)},
                     {"attempt", event.attempt ? json::value(event.attempt) : json::value(nullptr)},
                     {"detail", text_or_null(event.detail)}});
  return {{"id", message_id_text(message.id)}, {"items", std::move(items)}};
}

}  // namespace smsbridge::bridge
