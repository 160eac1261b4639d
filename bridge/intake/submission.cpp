// SPDX-License-Identifier: MPL-2.0
#include "bridge/intake/submission.hpp"

#include <algorithm>

#include "bridge/intake/by_template.hpp"
#include "bridge/policy/quiet_hours.hpp"
#include "bridge/text/binary.hpp"
#include "bridge/text/number.hpp"
#include "bridge/text/segments.hpp"
#include "bridge/text/sender.hpp"
#include "bridge/text/transliteration.hpp"
#include "bridge/text/ucs2.hpp"

namespace smsbridge::bridge {
namespace {

constexpr std::size_t sender_length_max = 20;  // the field of SMPP
constexpr std::size_t number_length_max = 50;  // of one that was refused and is shown

store::Encoding stored(const text::Measure& measured) {
  switch (measured.encoding) {
    case text::Encoding::gsm7:
      return measured.shift.is_default() ? store::Encoding::gsm7 : store::Encoding::gsm7_shift;
    case text::Encoding::latin1:
      return store::Encoding::latin1;
    case text::Encoding::ucs2:
      return store::Encoding::ucs2;
  }
  return store::Encoding::gsm7;
}

}  // namespace

// FNV-1a over length-prefixed parts, so that "ab","c" and "a","bc" differ.
std::uint64_t digest_of(std::initializer_list<std::string_view> parts) {
  std::uint64_t hash = 0xcbf29ce484222325ull;
  const auto mix = [&](std::uint8_t octet) { hash = (hash ^ octet) * 0x100000001b3ull; };
  for (const auto part : parts) {
    for (int shift = 0; shift < 32; shift += 8) mix(static_cast<std::uint8_t>(part.size() >> shift));
    for (const char c : part) mix(static_cast<std::uint8_t>(c));
  }
  return hash;
}

namespace {

struct Way {
  GatewaySettingsPtr gateway;  // nullptr: none, and `why` says it
  RouteSettingsPtr route;      // that chose it
  std::string asked;           // what the caller named: part of what makes two messages the same
  std::string why;
  std::string how;  // whom its route passed over, and why; without a route, how it came to its gateway
};

constexpr std::size_t passed_over_max = 240;  // kept with the message
constexpr const char* named_by_caller = "named by the caller";

// Only asked where the first gateway of the route was not taken: most messages take it.
std::string passed_over(const Router& router, const RouteQuery& query, store::WallMs now) {
  std::vector<RouteStep> steps;
  router.choose(query, now, &steps);
  std::string text;
  for (const auto& step : steps)
    if (!step.taken && step.subject.starts_with("gateway "))
      text += (text.empty() ? "" : "; ") + step.subject + ": " + step.why;
  return std::string(text::cut_utf8(text, passed_over_max));
}

Way choose_way(const Submission& s, const Tenant& tenant, const Directory& directory, std::string_view to,
               std::size_t parts, store::Lane lane, store::WallMs now) {
  const bool texts_do = !s.flash && !s.is_binary();
  // What was named, or is the only way there is. Only clients of the API can choose another one: while a gateway is
  // being drained, what Fineract posts once, and what an event or a schedule brings, waits there.
  const bool may_choose = s.source == store::Source::api || s.source == store::Source::cli;
  const auto by_name = [&](const GatewaySettingsPtr& gateway) -> Way {
    if (!texts_do && !gateway->takes_more_than_texts())
      return {.asked = gateway->name,
              .why = "the gateway " + gateway->name + " takes texts only: flash and binary messages go by SMPP"};
    if (!may_choose || !directory.router().is_draining(gateway->id))
      return {.gateway = gateway, .asked = gateway->name, .why = {}};
    return {.asked = gateway->name,
            .why = "the gateway " + gateway->name + " is being drained and takes no new messages"};
  };
  // As if it were not there: whose it is is nobody else's business.
  if (s.gateway && !s.any_gateway && !directory.table()->may_use(tenant.config.name, *s.gateway))
    return {.asked = s.gateway->name, .why = "there is no gateway '" + s.gateway->name + "' for this tenant"};
  if (s.gateway) {
    auto way = by_name(s.gateway);
    way.how = named_by_caller;
    return way;
  }
  const auto preferred = directory.default_for(tenant.config);
  const auto by_default = [&] {
    auto way = by_name(preferred);
    way.asked = s.route ? s.route->name : std::string();  // a repetition names no more, whatever the default is by then
    return way;
  };
  if (!s.route && directory.table()->routes.empty())
    return preferred ? by_default() : Way{.asked = "", .why = "there is no gateway"};
  const RouteQuery query{.tenant = tenant.config.name,
                         .to = to,
                         .from = s.from.empty() ? std::string_view(tenant.config.sender) : std::string_view(s.from),
                         .lane = lane,
                         .parts = static_cast<int>(std::max<std::size_t>(1, parts)),
                         .seed = digest_of({s.to, s.text}),
                         .asked = s.route ? s.route->id : 0,
                         .texts_do = texts_do,
                         .has_tlvs = !s.tlvs.empty(),
                         .may_wait_drained = !may_choose,
                         .without = {}};
  const auto [route, gateway] = directory.router().pick(query, now);
  const auto asked = s.route ? s.route->name : std::string();
  if (gateway) {
    Way way{.gateway = directory.table()->gateway(gateway), .route = route, .asked = asked, .why = {}, .how = {}};
    if (way.gateway && route && way.gateway->name != route->via.front().gateway)
      way.how = passed_over(directory.router(), query, now);
    return way;
  }
  if (!route && s.route)
    return {.asked = asked,
            .why = "the route " + s.route->name + " does not take this message; 'routes test' says why"};
  if (route)
    return {.route = route, .asked = asked, .why = "no gateway of the route " + route->name + " may send this message"};
  if (!tenant.config.default_gateway.empty() && preferred) return by_default();
  return {.asked = asked, .why = "no route fits this message, and the tenant has no default_gateway"};
}

// How it goes out.
struct Cut {
  std::size_t parts = 1;
  store::Encoding encoding{};
  std::size_t replaced = 0;
  std::string why_not;
};

Cut cut_of(const Submission& s, const text::TextOptions& options) {
  if (s.is_binary()) {
    const auto cut = text::segment_binary(s.octets, s.header, options);
    return {.parts = cut ? cut->parts : 1, .encoding = store::Encoding::binary, .why_not = cut ? "" : cut.error()};
  }
  const auto measured = text::measure(s.text, options);
  return {.parts = measured.parts,
          .encoding = stored(measured),
          .replaced = measured.replaced,
          .why_not = measured.parts == 0 ? "the text holds a NUL character" : ""};
}

// What a repetition has to have in common with the first. What there was not at first stands apart: messages without it
// have the digest that they had.
std::uint64_t identity_of(const Submission& s, std::string_view asked, std::string_view lane) {
  // Of a template: what the caller said, whatever the template fills in by then.
  const auto given = s.by_template ? std::to_string(s.by_template->given) : std::string();
  const auto own = [&](std::string_view value) { return s.by_template ? std::string_view() : value; };
  const auto digest =
      digest_of({s.to, s.by_template ? given : s.text, own(s.from), s.country, asked, s.client_ref, s.target_user,
                 s.triggered_by, own(lane), std::to_string(s.send_at), std::to_string(s.validity_ms)});
  if (s.by_template) return s.flash ? digest_of({std::to_string(digest), "flash"}) : digest;
  const auto how = s.transliterate ? (*s.transliterate ? "yes" : "no") : "";
  const bool plain = !s.flash && !s.transliterate && !s.is_binary();
  auto whole = plain ? digest
                     : digest_of({std::to_string(digest), s.flash ? "flash" : "", how, s.octets, s.header,
                                  s.data_coding ? std::to_string(*s.data_coding) : ""});
  for (const auto& tlv : s.tlvs) whole = digest_of({std::to_string(whole), std::to_string(tlv.tag), tlv.value});
  return whole;
}

// As the chosen gateway carries it; `usual` is as most do.
Cut cut_for(Submission& s, store::Content& content, const GatewaySettings* gateway, const Tenant& tenant, Cut usual) {
  const auto options = gateway ? gateway->text_options() : text::TextOptions{};
  auto cut = options == text::TextOptions{} ? std::move(usual) : cut_of(s, options);
  if (s.is_binary() || cut.parts < 2 || !s.transliterate.value_or(tenant.config.transliterate)) return cut;
  auto other = text::transliterated_to_save(s.text, options);
  if (!other) return cut;
  s.text = *std::move(other);
  content.transliterated = true;
  return cut_of(s, options);
}

// What would leave in quiet hours is due at their end, and is good for as long from then on.
void set_times(Submission& s, const TenantSettings& tenant, store::WallMs usual_validity_ms, store::WallMs now,
               store::Enqueue& enqueue) {
  auto& content = enqueue.content;
  content.triggered_by = std::move(s.triggered_by);
  content.at_night = s.at_night;
  content.due_at = s.send_at;
  if (const auto quiet = quiet_at(tenant, content, std::max(now, s.send_at))) {
    content.due_at = quiet->until;
    enqueue.postponed_because = quiet->words();
  }
  content.expires_at = std::max(now, content.due_at) + (s.validity_ms ? s.validity_ms : usual_validity_ms);
}

// What is kept in its own words.
void take_as_given(Submission&& s, store::Content& content) {
  content.text = std::move(s.text);
  content.flash = s.flash;
  content.octets = std::move(s.octets);
  content.header = std::move(s.header);
  if (s.data_coding) content.data_coding = *s.data_coding;
  content.tlvs = std::move(s.tlvs);
  content.made_by = std::move(s.made_by);
  content.client_ref = std::move(s.client_ref);
  content.idempotency_key = std::move(s.idempotency_key);
  content.target_user = std::move(s.target_user);
}

}  // namespace

Prepared prepare(Submission&& s, const Tenant& tenant, const Directory& directory, store::WallMs now) {
  Prepared prepared;
  auto& content = prepared.enqueue.content;
  const auto refuse = [&](ProblemCode code, std::string pointer, std::string detail) {
    if (!prepared.refusal) prepared.refusal = Refusal{code, std::move(pointer), std::move(detail)};
  };
  if (!tenant.config.enabled) refuse(ProblemCode::forbidden, "", why_suspended(tenant.config));
  if (s.by_template)
    if (auto refusal = make_by_template(s, tenant.config, *directory.table()); refusal && !prepared.refusal)
      prepared.refusal = std::move(refusal);
  const auto lane = s.lane.value_or(store::Lane::transaction);
  const auto& country = s.country.empty() ? tenant.config.default_country : s.country;
  auto number = text::normalise_number(s.to, country, lengths_of(tenant));
  if (number) {
    prepared.unlikely_number = !number->pattern_matched;
    content.to = std::move(number->e164);
  } else {
    refuse(ProblemCode::invalid_number, "/to",
           s.to.empty() ? "no phone number" : "invalid phone number: " + std::string(text::explain(number.error())));
    content.to = text::cut_utf8(s.to, number_length_max);
  }
  const bool is_text = text::is_valid_utf8(s.text);
  if (!is_text) s.text = text::utf8_from_latin1(s.text);
  auto cut = cut_of(s, {});
  const auto way = choose_way(s, tenant, directory, content.to, cut.parts, lane, now);
  const auto* gateway = way.gateway.get();
  if (!gateway) refuse(ProblemCode::no_route, way.route ? "/to" : "/gateway", way.why);
  if (directory.budgets())
    if (auto why = directory.budgets()->refusal(tenant, lane); !why.empty())
      refuse(ProblemCode::budget_spent, "/lane", std::move(why));
  if (directory.opt_outs())
    if (auto why = directory.opt_outs()->refusal(tenant, lane, content.to); !why.empty())
      refuse(ProblemCode::opted_out, "/to", std::move(why));
  if (s.opted_out && stops(tenant.config, lane))
    refuse(ProblemCode::opted_out, "/to", "opted_out: by Fineract's column the client wants none of these messages");
  content.tenant = tenant.id;
  content.gateway = gateway ? gateway->id : 0;
  content.lane = lane;
  content.source = s.source;
  content.route = way.route ? way.route->id : 0;
  content.way = way.how;
  content.digest = s.digest ? *s.digest : identity_of(s, way.asked, store::name(lane));
  set_times(s, tenant.config, directory.validity_ms(&tenant.config, lane), now, prepared.enqueue);

  if (!is_text) refuse(ProblemCode::invalid_request, "/text", "the text is not valid UTF-8");
  const auto* const pointer = s.is_binary() ? "/binary" : "/text";
  if (s.text.empty() && !s.is_binary()) refuse(ProblemCode::invalid_request, "/text", "the text is empty");
  cut = cut_for(s, content, gateway, tenant, std::move(cut));
  if (!cut.why_not.empty()) refuse(ProblemCode::invalid_request, pointer, cut.why_not);
  if (const std::size_t parts_max = gateway ? gateway->segments_max : 255; cut.parts > parts_max)
    refuse(ProblemCode::too_many_parts, pointer,
           std::string(s.is_binary() ? "the octets need " : "the text needs ") + std::to_string(cut.parts) +
               " parts, the gateway sends at most " + std::to_string(parts_max));
  if (gateway && !gateway->takes_tlvs() && !s.tlvs.empty())
    refuse(ProblemCode::invalid_request, "/tlvs",
           "the gateway " + gateway->name + " speaks SMPP 3.3, which has no TLVs");
  content.encoding = cut.encoding;
  content.replaced = static_cast<std::uint16_t>(std::min<std::size_t>(cut.replaced, 0xFFFF));
  content.parts = static_cast<std::uint8_t>(std::min<std::size_t>(cut.parts, 255));
  content.from = !s.from.empty()                 ? std::move(s.from)
                 : !tenant.config.sender.empty() ? tenant.config.sender
                 : gateway && !way.route         ? gateway->sender
                                                 : std::string();
  if (const auto why = text::why_not_a_sender(content.from, country); !why.empty()) {
    refuse(ProblemCode::invalid_request, "/from", "no carrier takes the sender: " + why);
    content.from = text::cut_utf8(text::repaired_utf8(content.from), sender_length_max);
  }
  take_as_given(std::move(s), content);
  return prepared;
}

store::GatewayId way_for(const store::Message& message, const Tenant& tenant, const Directory& directory,
                         store::WallMs now) {
  const auto& content = message.content;
  const auto& p = message.progress;
  const bool was_refused = p.state == store::State::failed && p.attempts == 0;
  if (!was_refused && directory.table()->gateway(store::gateway_of(content, p))) return 0;
  // As if it came now. What would be refused still, or read as another message, has no way.
  Submission submission;
  submission.from = content.from;
  submission.to = content.to;
  submission.text = content.text;
  submission.source = content.source;
  submission.lane = content.lane;
  submission.flash = content.flash;
  submission.transliterate = false;  // what is kept is what goes out
  submission.octets = content.octets;
  submission.header = content.header;
  if (content.data_coding >= 0) submission.data_coding = static_cast<std::uint8_t>(content.data_coding);
  submission.tlvs = content.tlvs;
  const auto prepared = prepare(std::move(submission), tenant, directory, now);
  const auto& again = prepared.enqueue.content;
  const bool same = again.to == content.to && again.parts == content.parts && again.encoding == content.encoding;
  return prepared.refusal || !same ? 0 : again.gateway;
}

text::Lengths lengths_of(const Tenant& tenant) {
  return tenant.config.check_number_length ? text::Lengths::of_mobiles : text::Lengths::any;
}

}  // namespace smsbridge::bridge
