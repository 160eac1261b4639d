// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/smpp_fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>

#include "bridge/config/checks.hpp"
#include "bridge/config/custom_tlv.hpp"
#include "bridge/config/keys.hpp"
#include "bridge/config/lanes.hpp"

namespace smsbridge::bridge {
namespace {

constexpr std::size_t service_type_max = 5;  // SMPP 3.4 section 5.2.11, without the NUL
constexpr int ton_max = 6, npi_max = 18;     // that the standard names
constexpr std::uint8_t priority_max = 4;     // SMPP 5.0 section 4.7.19; before it 3
constexpr WallMs validity_most_ms = 28 * day;

std::optional<AddressType> parse_address_type(const std::string& text) {
  unsigned ton = 0, npi = 0;
  char behind = 0;
  if (std::sscanf(text.c_str(), "%3u/%3u%c", &ton, &npi, &behind) != 2 || ton > 255 || npi > 255) return std::nullopt;
  return AddressType{static_cast<std::uint8_t>(ton), static_cast<std::uint8_t>(npi)};
}

// Left as it is where the key is not given.
template <class Value>
void read_address_type(ConfigSection& s, const std::string& key, Value& value) {
  std::string text;
  s.read(key, text);
  if (text.empty()) return;
  const auto type = parse_address_type(text);
  if (!type)
    return s.problem(key,
                     "'" + text + "' is not a type of number and a numbering plan, TON/NPI, such as 5/0 for a name",
                     "bad-value");
  if (type->ton > ton_max || type->npi > npi_max)
    s.problem(key, "'" + text + "' is none of the standard's: TON is 0 to 6, NPI 0 to 18", "unusual", true);
  value = *type;
}

template <class Object, class Value>
typename Keys<Object>::Key address_type_key(const char* name, Value Object::*member, const char* usual,
                                            const char* help) {
  auto key = Keys<Object>::special(
      name, KeyInfo::Type::text,
      [name, member](ConfigSection& s, Object& object) { read_address_type(s, name, object.*member); }, help);
  return *usual ? std::move(key).usually(usual) : std::move(key);
}

void check_destination(ConfigSection& s, AddressSettings& addresses) {
  check_country(s, "country", addresses.country);
  if (addresses.destination_form == AddressSettings::Form::national && addresses.country.empty())
    s.problem("destination_form", "the national form takes 'country': whose numbers are written so", "missing");
}

const Keys<AddressSettings>& address_keys() {
  using A = AddressSettings;
  using K = Keys<A>;
  static const K keys(
      {
          address_type_key("name", &A::name, "5/0", "TON/NPI of a sender that is a name"),
          address_type_key("short_code", &A::short_code, "3/0", "TON/NPI of a sender of at most 8 digits"),
          address_type_key("number", &A::number, "1/1", "TON/NPI of a sender that is an international number"),
          address_type_key("destination", &A::destination, "1/1", "TON/NPI of the phone; in national form 2/1"),
          K::choice(
              "destination_form", &A::destination_form,
              Choices<A::Form>{{"digits", A::Form::digits}, {"plus", A::Form::plus}, {"national", A::Form::national}},
              "How the phone's number is written"),
          K::text("country", &A::country, "ISO country whose numbers are written in national form"),
      },
      check_destination);
  return keys;
}

template <class Object>
typename Keys<Object>::Read fits_service_type(std::string (*text_of)(const Object&)) {
  return [text_of](ConfigSection& s, Object& object) {
    const auto text = text_of(object);
    if (text.size() > service_type_max)
      s.problem("service_type", fmt::format("is longer than {} characters: a submit cannot carry it", service_type_max),
                "bad-value");
    else if (std::ranges::any_of(text, [](char c) { return c < 0x20 || c > 0x7E; }))
      s.problem("service_type", "is made of ASCII letters, digits and signs", "bad-value");
  };
}

void read_service_type(ConfigSection& s, SenderFields& row) {
  std::string text;
  s.read("service_type", text);
  if (s.is_given("service_type")) row.service_type = text;
}

const Keys<SenderFields>& sender_keys() {
  using F = SenderFields;
  using K = Keys<F>;
  static const K keys(
      {
          K::text("sender", &F::sender, "Sender whose messages it is for, as the message or its tenant names it")
              .checked([](ConfigSection& s, F& row) { check_sender(s, row.sender, {}); }),
          K::text("tenant", &F::tenant, "Tenant whose messages it is for"),
          address_type_key("type", &F::type, "", "TON/NPI of the sender"),
          K::special("service_type", KeyInfo::Type::text, read_service_type, "Instead of the gateway's")
              .checked(fits_service_type<F>([](const F& row) { return row.service_type.value_or(""); })),
          K::integer("protocol_id", &F::protocol_id, 0, 255, "Instead of the gateway's"),
          K::list<CustomTlv>(
              "tlvs", [](F& row) -> CustomTlv& { return row.tlvs.emplace_back(); }, read_custom_tlv, custom_tlv_infos,
              "TLVs of these messages, besides the gateway's or instead of them")
              .checked([](ConfigSection& s, F& row) { check_tags(s, row.tlvs); }),
      },
      [](ConfigSection& s, F& row) {
        if (row.sender.empty() && row.tenant.empty())
          s.problem("", "names neither a sender nor a tenant: what holds for all stands at the gateway itself",
                    "missing");
      });
  return keys;
}
void read_sender_fields(ConfigSection& s, SenderFields& row) { sender_keys().read(s, row); }
std::vector<KeyInfo> sender_infos() { return sender_keys().infos(); }

void check_rows(ConfigSection& s, SubmitFields& fields) {
  std::map<std::pair<std::string, std::string>, std::size_t> seen;
  for (std::size_t i = 0; i < fields.senders.size(); ++i) {
    const auto& row = fields.senders[i];
    if (!seen.emplace(std::pair(row.sender, row.tenant), i).second)
      s.problem_in("senders", i, row.sender.empty() ? "tenant" : "sender", "two rows are for the same messages",
                   "duplicate");
  }
}

void check_validity(ConfigSection& s, SubmitFields& fields) {
  if (fields.validity_max_ms && fields.validity_min_ms > fields.validity_max_ms)
    s.problem("validity_min", "is longer than 'validity_max', which is " + duration_text(fields.validity_max_ms),
              "bad-value");
}

using LanePriorities = std::array<std::optional<std::uint8_t>, store::lane_count>;

const Keys<LanePriorities>& lane_priority_keys() {
  static const Keys<LanePriorities> keys = [] {
    std::vector<Keys<LanePriorities>::Key> lanes;
    for (const auto& [name, lane] : lane_choices())
      lanes.push_back(Keys<LanePriorities>::integer(
          name,
          [at = static_cast<std::size_t>(lane)](LanePriorities& values) -> std::optional<std::uint8_t>& {
            return values[at];
          },
          0, priority_max, "Of the lane " + name));
    return Keys<LanePriorities>(std::move(lanes));
  }();
  return keys;
}

}  // namespace

const Keys<SubmitFields>& submit_field_keys() {
  using F = SubmitFields;
  using K = Keys<F>;
  static const K keys{
      K::section<AddressSettings>("addresses", &F::addresses, address_keys(), "How senders and phones are written"),
      K::text("service_type", &F::service_type, "Where the carrier asks for one, at most 5 characters")
          .checked(fits_service_type<F>([](const F& fields) { return fields.service_type; })),
      K::integer("protocol_id", &F::protocol_id, 0, 255, "protocol_id of each submit"),
      K::integer("priority", &F::priority, 0, priority_max, "priority_flag of each submit; 4 is of SMPP 5.0"),
      K::section<LanePriorities>("lane_priority", &F::lane_priority, lane_priority_keys(), "Of single lanes, instead"),
      K::choice(
          "registered_delivery", &F::registered_delivery,
          Choices<F::Receipts>{
              {"final", F::Receipts::final}, {"failure", F::Receipts::failure}, {"success", F::Receipts::success}},
          "Which receipts are asked for; success is of SMPP 5.0"),
      K::boolean("intermediate_receipts", &F::intermediate, "Also those of messages that are still on their way"),
      K::boolean("replace_if_present", &F::replace_if_present,
                 "A message takes the place of one that waits at the carrier for the same phone from the same sender"),
      K::duration_ms("validity_max", &F::validity_max_ms, 0, validity_most_ms,
                     "The longest that the carrier is told to try; 0s: as long as the message is valid"),
      K::duration_ms("validity_min", &F::validity_min_ms, 0, validity_most_ms,
                     "The shortest, where the carrier refuses less; 0s: none")
          .checked(check_validity),
      K::list<CustomTlv>(
          "tlvs", [](F& fields) -> CustomTlv& { return fields.tlvs.emplace_back(); }, read_custom_tlv, custom_tlv_infos,
          "TLVs of the carrier's own, in each submit")
          .checked([](ConfigSection& s, F& fields) { check_tags(s, fields.tlvs); }),
      K::list<SenderFields>(
          "senders", [](F& fields) -> SenderFields& { return fields.senders.emplace_back(); }, read_sender_fields,
          sender_infos, "What differs for single senders or tenants")
          .checked(check_rows),
  };
  return keys;
}

}  // namespace smsbridge::bridge
