// SPDX-License-Identifier: MPL-2.0
#include "bridge/doors/api/preview.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "bridge/doors/admission.hpp"
#include "bridge/doors/api/message_fields.hpp"
#include "bridge/doors/api/message_json.hpp"
#include "bridge/doors/api/text_json.hpp"
#include "bridge/doors/api/values.hpp"
#include "bridge/http/reading.hpp"
#include "bridge/intake/by_template.hpp"
#include "bridge/text/number.hpp"
#include "bridge/text/segments.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

// How it was asked for, before it was prepared.
struct Asked {
  std::string text, country;
  bool gateway = false, route = false, transliterate = false;
};

std::string_view reason(const Asked& asked, const RouteSettingsPtr& route) {
  if (asked.gateway) return "the gateway was named";
  if (asked.route) return "the route was named";
  return route ? "the first route that fits" : "the tenant's default gateway";
}

json::object preview_json(const Services& services, const Asked& asked, const Prepared& prepared) {
  const auto& content = prepared.enqueue.content;
  const auto table = services.directory.table();
  const auto gateway = table->gateway(content.gateway);
  const auto options = gateway->text_options();
  const auto cut = text::segment(content.text, options);
  const auto number = text::normalise_number(content.to, asked.country, text::Lengths::any);
  const auto route = table->route(content.route);
  const auto* price = table->prices->find(content.gateway, content.to);
  const auto price_of = [price](std::size_t parts) {
    return price ? json::value(money_text(price->part * static_cast<std::int64_t>(parts))) : json::value(nullptr);
  };
  const bool waits = !prepared.enqueue.postponed_because.empty();
  const auto not_before = time_or_null(waits ? content.due_at : 0);
  return {{"to", content.to},
          {"country", number && !number->country.empty() ? json::value(number->country) : json::value(nullptr)},
          {"pattern_matched", !prepared.unlikely_number},
          {"warnings", warnings_json(content)},
          {"encoding", store::name(content.encoding)},
          {"national", cut ? national_json(cut->shift) : json::value(nullptr)},
          {"parts", content.parts},
          {"units", cut ? cut->units : 0},
          {"units_per_part", cut ? cut->units_per_segment : 1},
          {"text", content.text},
          {"template", template_json(content)},
          {"flash", content.flash},
          {"transliterated", content.transliterated},
          {"replaced", content.replaced},
          {"forces_ucs2", forcing_json(asked.text)},
          {"choices", choices_json({.text = asked.text,
                                    .options = options,
                                    .transliterate = asked.transliterate,
                                    .texts_only = !gateway->takes_more_than_texts(),
                                    .price = price_of})},
          {"gateway", gateway->name},
          {"route", route ? json::value(route->name) : json::value(nullptr)},
          {"price", price_of(content.parts)},
          {"currency", price ? json::value(price->currency) : json::value(nullptr)},
          {"not_before", not_before},
          {"reason", reason(asked, route)}};
}

}  // namespace

void post_preview(Services& services, const HttpRequest& request, Respond respond) {
  const auto caller = admit(services, request, "messages:send", respond, true);
  if (!caller) return;
  auto value = read_json(request);
  if (!value) return respond(to_response(value.error()));
  std::vector<FieldError> errors;
  if (const auto* object = value->if_object())
    for (const auto& [key, field] : *object)
      if (const auto known = std::ranges::find(message_fields(), std::string_view(key), &MessageField::name);
          known == message_fields().end() || !known->in_preview)
        errors.push_back({"/" + std::string(key), "unknown-field", "there is no field " + std::string(key)});
  if (!errors.empty()) return respond(to_response(invalid(std::move(errors))));
  auto submission = read_submission(*value, services.directory, services.clock.wall());
  if (!submission) return respond(to_response(submission.error()));
  const auto& tenant = caller->tenant->config;
  if (submission->by_template)
    if (const auto refusal = make_by_template(*submission, tenant, *services.directory.table()))
      return respond(to_response(problem_of(*refusal)));
  const Asked asked{.text = submission->text,
                    .country = submission->country.empty() ? tenant.default_country : submission->country,
                    .gateway = submission->gateway != nullptr,
                    .route = submission->route != nullptr,
                    .transliterate = submission->transliterate.value_or(tenant.transliterate)};
  const auto prepared = services.intake.prepare(std::move(*submission), *caller->tenant);
  if (prepared.refusal) return respond(to_response(problem_of(*prepared.refusal)));
  respond({.body = json::serialize(preview_json(services, asked, prepared)), .headers = {}});
}

}  // namespace smsbridge::bridge
