// SPDX-License-Identifier: MPL-2.0
#include "bridge/doors/api/message_fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>

#include "bridge/config/custom_tlv.hpp"
#include "bridge/config/template.hpp"
#include "bridge/config/units.hpp"
#include "bridge/policy/quiet_hours.hpp"
#include "bridge/text/binary.hpp"
#include "bridge/text/control.hpp"
#include "bridge/text/number.hpp"
#include "bridge/text/time.hpp"
#include "http_gateways/sms_octets.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

constexpr store::WallMs schedule_max_ms = 366ll * 24 * 3600 * 1000, validity_max_ms = 63ll * 7 * 24 * 3600 * 1000;
constexpr std::size_t octets_per_character = 4;  // of UTF-8, at most
constexpr std::size_t octets_max = 10000;        // of a binary message; as characters of a text

void read_send_at(MessageReading& r, const json::value& value) {
  const auto at =
      read_time("send_at", value.is_string() ? std::string_view(value.get_string()) : "", "/send_at", r.errors);
  if (at > r.now + schedule_max_ms) return r.wrong("send_at", "bad-value", "send_at is more than a year ahead");
  r.submission.send_at = at;
}

void read_validity(MessageReading& r, const json::value& value) {
  std::optional<store::WallMs> validity;
  if (value.is_string())
    validity = parse_duration_ms(value.get_string());
  else if (value.is_int64() && value.get_int64() <= validity_max_ms / 1000)
    validity = std::max<std::int64_t>(value.get_int64(), 0) * 1000;
  if (!validity || *validity < 1000 || *validity > validity_max_ms)
    return r.wrong("validity", "bad-value",
                   "validity must be a duration such as 2h or a number of seconds, at least 1 s and at most 63 weeks");
  r.submission.validity_ms = *validity;
}

// Hex digits, two an octet.
std::string read_octets(MessageReading& r, const char* name, const json::value& value) {
  const auto octets = value.is_string() ? http_gateways::from_hex(std::string_view(value.get_string())) : std::nullopt;
  if (!octets || octets->empty()) {
    r.wrong(name, "bad-value", std::string(name) + " is made of hex digits, two for each octet");
    return {};
  }
  if (octets->size() <= octets_max) return *octets;
  r.wrong(name, "too-long", fmt::format("{} has at most {} octets", name, octets_max));
  return {};
}

void read_binary(MessageReading& r, const json::value& value) { r.submission.octets = read_octets(r, "binary", value); }

void read_header(MessageReading& r, const json::value& value) {
  auto& header = r.submission.header;
  header = read_octets(r, "udh", value);
  if (const auto why = text::why_not_a_header(header); !why.empty())
    r.wrong("udh", "bad-value", "udh is no user data header: " + why);
}

void read_data_coding(MessageReading& r, const json::value& value) {
  const auto* number = value.if_int64();
  if (!number || *number < 0 || *number > 255)
    return r.wrong("data_coding", "bad-value", "data_coding is a whole number from 0 to 255");
  r.submission.data_coding = static_cast<std::uint8_t>(*number);
}

// A number, or its text: 5121, "0x1401".
std::string text_of_scalar(const json::value* value) {
  if (!value) return {};
  if (value->is_string()) return std::string(value->get_string());
  return value->is_number() ? json::serialize(*value) : std::string();
}

void read_tlv(MessageReading& r, const std::string& place, const json::value& value) {
  const auto* object = value.if_object();
  if (!object) return r.wrong(place, "bad-type", "a TLV is an object with tag, type and value");
  for (const auto& [key, member] : *object)
    if (key != "tag" && key != "type" && key != "value")
      return r.wrong(place + "/" + std::string(key), "unknown-field", "a TLV has tag, type and value");
  const auto tag = parse_tag(text_of_scalar(object->if_contains("tag")));
  if (!tag) return r.wrong(place + "/tag", "bad-value", tag.error());
  const auto* type = object->if_contains("type");
  const auto* given = object->if_contains("value");
  if (given && !given->is_string() && !given->is_int64() && !given->is_uint64())
    return r.wrong(place + "/value", "bad-type", "value is a text or a whole number; left out, the TLV is empty");
  auto octets = tlv_value(type ? text_of_scalar(type) : custom_tlv_types().front(), text_of_scalar(given));
  if (!octets) return r.wrong(place, "bad-value", "value: " + octets.error());
  if (std::ranges::find(r.submission.tlvs, *tag, &store::Tlv::tag) != r.submission.tlvs.end())
    return r.wrong(place + "/tag", "bad-value", "this tag stands here twice");
  r.submission.tlvs.push_back({*tag, *std::move(octets)});
}

void read_tlvs(MessageReading& r, const json::value& value) {
  const auto* list = value.if_array();
  if (!list) return r.wrong("tlvs", "bad-type", "tlvs must be a list of objects with tag, type and value");
  if (list->size() > custom_tlvs_max)
    return r.wrong("tlvs", "too-long", fmt::format("a message brings at most {} TLVs", custom_tlvs_max));
  for (std::size_t i = 0; i < list->size(); ++i) read_tlv(r, fmt::format("tlvs/{}", i), (*list)[i]);
}

void read_variables(MessageReading& r, const json::value& value) {
  if (!value.is_object())
    return r.wrong("variables", "bad-type",
                   "variables must be an object of names and values, such as {\"firstName\": \"Amina\"}");
  r.by_template.values = value.get_object();
}

bool read_flag(MessageReading& r, const char* name, const json::value& value) {
  if (!value.is_bool()) r.wrong(name, "bad-type", std::string(name) + " must be true or false");
  return value.is_bool() && value.get_bool();
}

using R = MessageReading;
constexpr std::array<MessageField, 21> fields{{
    {.name = "to",
     .characters = 50,
     .text = [](R& r) -> std::string& { return r.submission.to; },
     .required = true,
     .as_given = true,
     .in_preview = true},
    {.name = "text",
     .characters = 10000,
     .text = [](R& r) -> std::string& { return r.submission.text; },
     .as_given = true,
     .in_preview = true},
    {.name = "template",
     .characters = 64,
     .text = [](R& r) -> std::string& { return r.by_template.name; },
     .in_preview = true},
    {.name = "language",
     .characters = 3,
     .text = [](R& r) -> std::string& { return r.by_template.language; },
     .in_preview = true},
    {.name = "variables", .read = read_variables, .in_preview = true},
    {.name = "from", .characters = 20, .text = [](R& r) -> std::string& { return r.submission.from; }},
    {.name = "client_ref",
     .characters = 100,
     .text = [](R& r) -> std::string& { return r.submission.client_ref; },
     .in_lists = true},
    {.name = "target_user",
     .characters = 100,
     .text = [](R& r) -> std::string& { return r.submission.target_user; },
     .in_lists = true},
    {.name = "triggered_by",
     .characters = 100,
     .text = [](R& r) -> std::string& { return r.submission.triggered_by; },
     .in_lists = true},
    {.name = "lane", .characters = 20, .text = [](R& r) -> std::string& { return r.lane; }, .in_preview = true},
    {.name = "gateway", .characters = 64, .text = [](R& r) -> std::string& { return r.gateway; }, .in_preview = true},
    {.name = "route", .characters = 64, .text = [](R& r) -> std::string& { return r.route; }, .in_preview = true},
    {.name = "country",
     .characters = 2,
     .text = [](R& r) -> std::string& { return r.submission.country; },
     .in_preview = true},
    {.name = "send_at", .read = read_send_at},
    {.name = "validity", .read = read_validity},
    {.name = "flash",
     .read = [](R& r, const json::value& value) { r.submission.flash = read_flag(r, "flash", value); },
     .in_preview = true},
    {.name = "transliterate",
     .read = [](R& r, const json::value& value) { r.submission.transliterate = read_flag(r, "transliterate", value); },
     .in_preview = true},
    {.name = "binary", .characters = 2 * octets_max, .read = read_binary},
    {.name = "udh", .characters = 278, .read = read_header},
    {.name = "data_coding", .read = read_data_coding},
    {.name = "tlvs", .read = read_tlvs},
}};

void read_text(MessageReading& r, const MessageField& field, const json::value& value) {
  const std::string name(field.name);
  if (!value.is_string()) return r.wrong(name, "bad-type", name + " must be a string");
  const std::string_view text = value.get_string();
  if (text.empty() && !field.as_given) return r.wrong(name, "bad-value", name + " must not be empty; leave it out");
  if (text.size() > field.characters * (field.as_given ? octets_per_character : 1))
    return r.wrong(name, "too-long", name + " is too long");
  if (field.in_lists && text::has_control(text))
    return r.wrong(name, "bad-value", name + " must not hold line breaks or other control characters");
  field.text(r) = text;
}

// What names something that there must be.
void look_up(MessageReading& r, const RoutingTable& table) {
  auto& s = r.submission;
  store::Lane lane{};
  if (!r.lane.empty() && !store::parse(r.lane, lane))
    r.wrong("lane", "bad-value", "lane is one of otp, transaction, reminder, campaign");
  else if (!r.lane.empty())
    s.lane = lane;
  if (!r.gateway.empty() && !(s.gateway = table.gateway(r.gateway)))
    r.wrong("gateway", "bad-value", "there is no gateway '" + r.gateway + "'");
  if (!r.route.empty() && !(s.route = table.route(r.route)))
    r.wrong("route", "bad-value", "there is no route '" + r.route + "'");
  if (s.gateway && s.route) r.wrong("route", "bad-value", "name a gateway or a route, not both");
  if (!s.country.empty() && !text::is_known_country(s.country))
    r.wrong("country", "bad-value", "country is an ISO 3166 code such as KE");
}

// An answer to a phone goes out at night, since its person is awake: a caller's message does not pass for one.
void check_cause(MessageReading& r) {
  if (r.submission.triggered_by.starts_with(answer_of_rule))
    r.wrong("triggered_by", "bad-value",
            fmt::format("triggered_by must not begin with '{}': so begin the answers of inbound rules, and quiet hours "
                        "do not hold these up",
                        answer_of_rule));
}

// A text, a template or octets: what belongs to the one means nothing for the others.
void check_kind(MessageReading& r, const json::object& object) {
  const bool has_text = object.contains("text"), is_binary = object.contains("binary"),
             by_template = object.contains("template");
  if (!has_text && !is_binary && !by_template)
    r.wrong("text", "missing", "text is missing; a template can make one: give 'template' and 'variables'");
  if (has_text && is_binary) r.wrong("binary", "bad-value", "send a text or octets, not both");
  if (by_template && (has_text || is_binary))
    r.wrong("template", "bad-value", "send a text, or a template that makes one, not both");
  for (const auto* name : {"language", "variables"})
    if (object.contains(name) && !by_template)
      r.wrong(name, "bad-value", std::string(name) + " goes with template only: a text stays as it is");
  if (!r.by_template.language.empty() && !is_language(r.by_template.language))
    r.wrong("language", "bad-value", "language is a word such as en, fr or sw");
  for (const auto* name : {"udh", "data_coding"})
    if (object.contains(name) && !is_binary)
      r.wrong(name, "bad-value", std::string(name) + " goes with binary only: of a text the gateway makes it");
  if (is_binary && object.contains("transliterate"))
    r.wrong("transliterate", "bad-value", "only a text can be transliterated");
  if (r.submission.flash && r.submission.data_coding)
    r.wrong("flash", "bad-value", "flash stands in the data_coding of octets: leave out one of the two");
}

}  // namespace

std::span<const MessageField> message_fields() { return fields; }

tl::expected<Submission, Problem> read_submission(const json::value& value, const Directory& directory,
                                                  store::WallMs now) {
  const auto* object = value.if_object();
  if (!object) return tl::unexpected(invalid({{"", "bad-type", "a message is a JSON object"}}));
  MessageReading reading{.submission = {}, .now = now, .errors = {}};
  for (const auto& [key, member] : *object) {
    const auto field = std::ranges::find(fields, std::string_view(key), &MessageField::name);
    if (field == fields.end())
      reading.wrong(key, "unknown-field", "there is no field " + std::string(key));
    else if (field->read)
      field->read(reading, member);
    else
      read_text(reading, *field, member);
  }
  for (const auto& field : fields)
    if (field.required && !object->contains(field.name))
      reading.wrong(field.name, "missing", std::string(field.name) + " is missing");
  check_kind(reading, *object);
  check_cause(reading);
  look_up(reading, *directory.table());
  if (!reading.errors.empty()) return tl::unexpected(invalid(std::move(reading.errors)));
  if (object->contains("template")) reading.submission.by_template = std::move(reading.by_template);
  return std::move(reading.submission);
}

// Times before 1970 are as long ago as any: the store knows none, and takes 0 for "not given".
store::WallMs read_time(const std::string& name, std::string_view text, const std::string& pointer,
                        std::vector<FieldError>& errors) {
  const auto at = text::parse_rfc3339(text);
  if (at) return std::max<store::WallMs>(*at, 1);
  errors.push_back({pointer, "bad-value",
                    name + " must be a time such as 2026-11-24T10:15:00Z: " + std::string(text::explain(at.error()))});
  return 0;
}

}  // namespace smsbridge::bridge
