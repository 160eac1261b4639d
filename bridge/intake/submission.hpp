// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <vector>

#include "bridge/access/tenants.hpp"
#include "bridge/http/problem.hpp"
#include "bridge/intake/same_texts.hpp"
#include "bridge/routing/directory.hpp"
#include "bridge/text/number.hpp"
#include "store/changes.hpp"

namespace smsbridge::bridge {

// The template that a message is to be made of, instead of a text.
struct ByTemplate {
  std::string name, language;
  boost::json::object values;
  std::uint64_t given = 0;  // what the caller said, before the template filled in the rest: part of the digest
};

// What a caller wants sent, from whichever door he came.
struct Submission {
  std::string to, text, from, client_ref, target_user, triggered_by, country, idempotency_key;
  std::optional<store::Lane> lane;
  GatewaySettingsPtr gateway;  // chosen by the caller, and no other is used
  bool any_gateway = false;    // he tries it out for everybody, also where it is not the tenant's
  RouteSettingsPtr route;      // chosen by the caller; with neither, the first route that fits
  store::WallMs send_at = 0;
  store::WallMs validity_ms = 0;
  store::Source source = store::Source::api;
  bool flash = false;                       // shown at once, and not kept
  std::optional<bool> transliterate;        // where it saves parts; else as the tenant has it
  std::string octets, header;               // instead of a text; the header with its length octet
  std::optional<std::uint8_t> data_coding;  // of the octets; else the gateway's
  std::vector<store::Tlv> tlvs;             // by SMPP; a provider gets none
  std::optional<std::uint64_t> digest;      // of what makes two the same, where the door knows better than prepare()
  std::optional<ByTemplate> by_template;    // instead of a text
  std::string made_by;                      // see store::Content
  bool opted_out = false;                   // the tenant's Fineract says so of the person, in its opt_out_field
  store::AtNight at_night = store::AtNight::by_lane;
  bool is_binary() const { return !octets.empty(); }
};

struct Refusal {
  ProblemCode code = ProblemCode::invalid_request;
  std::string pointer, detail;
};

// Checks, normalises, counts segments, chooses the way out. What comes back is ready for the store; with a refusal it
// is as complete as it can be, so that the door may keep it as failed.
struct Prepared {
  store::Enqueue enqueue;
  std::optional<Refusal> refusal;
  bool unlikely_number = false;                 // does not look like a mobile of its country
  std::optional<SameTexts::Place> same_text{};  // among equal texts, until it is on disk
};
Prepared prepare(Submission&& submission, const Tenant& tenant, const Directory& directory, store::WallMs now);

// For a message that had no way out, or whose gateway is gone: the gateway that would be chosen now. 0: none, or the
// message has its own.
store::GatewayId way_for(const store::Message& message, const Tenant& tenant, const Directory& directory,
                         store::WallMs now);

text::Lengths lengths_of(const Tenant& tenant);

std::uint64_t digest_of(std::initializer_list<std::string_view> parts);

}  // namespace smsbridge::bridge
