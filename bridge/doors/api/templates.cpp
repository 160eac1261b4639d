// SPDX-License-Identifier: MPL-2.0
// /api/v1/templates: what there is, what becomes of one with values, and what is wrong with it.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>

#include "bridge/config/ready_templates.hpp"
#include "bridge/doors/admission.hpp"
#include "bridge/doors/api/api.hpp"
#include "bridge/doors/api/objects.hpp"
#include "bridge/doors/api/paging.hpp"
#include "bridge/doors/api/text_json.hpp"
#include "bridge/doors/api/values.hpp"
#include "bridge/http/reading.hpp"
#include "bridge/intake/by_template.hpp"
#include "bridge/text/template_lint.hpp"
#include "bridge/text/transliteration.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

json::object template_info(const Services& services, const Caller& caller, const TemplateSettings& made) {
  const bool whole = speaks_for_all(services, caller);
  json::object texts_of;
  for (const auto& text : made.texts) texts_of[text.language] = text.text;
  const auto object = services.objects.find(ObjectKind::text_template, made.name);
  return {{"name", made.name},
          {"id", made.id},
          {"version", made.version},
          {"description", made.description},
          {"tenants", whole || made.tenants.empty() ? texts(made.tenants) : texts({caller.tenant->config.name})},
          {"event", text_or_null(made.event)},
          {"audience", name(made.audience)},
          {"texts", std::move(texts_of)},
          {"variables", texts(made.variables)},
          {"managed_by", object ? managed_by(object) : "ready"},
          {"settings", whole ? json::value(made.settings) : json::value(nullptr)}};
}

// What the caller has under its name; nullptr: nothing. One that others have made their own is for him as it was.
TemplatePtr seen_by(const Services& services, const Caller& caller, const TemplatePtr& made) {
  if (!made || speaks_for_all(services, caller) || made->tenants.empty() ||
      std::ranges::find(made->tenants, caller.tenant->config.name) != made->tenants.end())
    return made;
  return find_ready_template(made->name);
}

void list_templates(Services& services, const HttpRequest& request, const Respond& respond) {
  const auto caller = admit(services, request, "config:read", respond);
  if (!caller) return;
  json::array items;
  for (const auto& made : with_ready_templates(services.directory.table()->templates))
    if (const auto seen = seen_by(services, *caller, made)) items.push_back(template_info(services, *caller, *seen));
  respond(page_of(request, std::move(items), {}));
}

// nullptr: the answer has been given.
TemplatePtr asked_template(Services& services, const Caller& caller, const HttpRequest& request,
                           const Respond& respond) {
  if (auto made = seen_by(services, caller, services.directory.table()->template_of(request.captures.front())))
    return made;
  respond(to_response(no_such("template", request.captures.front())));
  return nullptr;
}

void get_template(Services& services, const HttpRequest& request, const Respond& respond) {
  const auto caller = admit(services, request, "config:read", respond);
  if (!caller) return;
  const auto made = asked_template(services, *caller, request, respond);
  if (!made) return;
  respond({.body = json::serialize(template_info(services, *caller, *made)),
           .headers = etag_header(services.objects.find(ObjectKind::text_template, made->name))});
}

// ---- render ----

struct RenderRequest {
  std::string language, text;
  json::object variables;
  std::optional<text::Sample> sample;
};

void read_render_field(RenderRequest& asked, std::string_view key, const json::value& value,
                       std::vector<FieldError>& errors) {
  const auto* word = value.if_string();
  const auto pointer = "/" + std::string(key);
  if (key == "language" || key == "text") {
    if (!word) return errors.push_back({pointer, "bad-type", std::string(key) + " must be a text"});
    if (word->size() > template_octets_max)
      return errors.push_back({pointer, "too-long", "a template has at most 4000 octets"});
    (key == "text" ? asked.text : asked.language) = std::string_view(*word);
  } else if (key == "variables") {
    if (!value.is_object()) return errors.push_back({pointer, "bad-type", "variables must be an object"});
    asked.variables = value.get_object();
  } else if (key == "sample") {
    if (word && *word == "typical")
      asked.sample = text::Sample::typical;
    else if (word && *word == "longest")
      asked.sample = text::Sample::longest;
    else
      errors.push_back({pointer, "bad-value", "sample is typical or longest"});
  } else {
    errors.push_back({pointer, "unknown-field", "the fields are language, variables, sample and text"});
  }
}

json::object rendered_json(const TemplateSettings& made, const TemplateText& source, const RenderRequest& asked,
                           const TenantSettings& tenant) {
  auto values = asked.sample ? text::sample_values(source.made, *asked.sample) : json::object();
  for (const auto& [key, value] : asked.variables) values[key] = value;
  auto rendered = render(source, values, tenant);
  const bool transliterate = !made.unicode || made.transliterate.value_or(tenant.transliterate);
  const auto other = transliterate ? text::transliterated_to_save(rendered.text, {}) : std::nullopt;
  const auto& shown = other ? *other : rendered.text;
  const auto measured = text::measure(shown);
  const bool is_ucs2 = measured.encoding == text::Encoding::ucs2;
  return {{"template", made.name},
          {"version", made.version},
          {"language", source.language},
          {"text", shown},
          {"missing", texts(rendered.missing)},
          {"unreadable", texts(rendered.unreadable)},
          {"encoding", is_ucs2 ? "ucs2" : "gsm7"},
          {"parts", measured.parts},
          {"units", measured.units},
          {"units_per_part", measured.units_per_segment},
          {"transliterated", other.has_value()},
          {"forces_ucs2", forcing_json(rendered.text)},
          {"choices", choices_json({.text = rendered.text, .transliterate = transliterate})}};
}

// What is asked of one template, for the tenant who asks.
struct Question {
  const TenantSettings& tenant;
  TemplatePtr made;
  json::value body;
};

// Nothing: the answer has been given.
std::optional<Question> read_question(Services& services, const HttpRequest& request, const Respond& respond) {
  const auto caller = admit(services, request, "config:read", respond, true);
  if (!caller) return std::nullopt;
  auto made = asked_template(services, *caller, request, respond);
  if (!made) return std::nullopt;
  auto body = read_json(request);
  if (body) return Question{.tenant = caller->tenant->config, .made = std::move(made), .body = *std::move(body)};
  respond(to_response(body.error()));
  return std::nullopt;
}

void render_template(Services& services, const HttpRequest& request, const Respond& respond) {
  const auto question = read_question(services, request, respond);
  if (!question) return;
  const auto& [tenant, made, body] = *question;
  RenderRequest asked;
  std::vector<FieldError> errors;
  if (!body.is_object()) errors.push_back({"", "bad-type", "send a JSON object, such as {\"sample\": \"typical\"}"});
  if (const auto* object = body.if_object())
    for (const auto& [key, value] : *object) read_render_field(asked, key, value, errors);
  auto source = text_for(*made, asked.language, tenant);
  if (!asked.text.empty()) {
    auto parsed = text::Template::parse(asked.text);
    if (!asked.language.empty()) source.language = asked.language;
    if (parsed)
      source.made = *std::move(parsed);
    else
      errors.push_back(
          {"/text", "bad-value",
           fmt::format("line {}, column {}: {}", parsed.error().line, parsed.error().column, parsed.error().detail)});
  }
  if (!errors.empty()) return respond(to_response(invalid(std::move(errors))));
  respond({.body = json::serialize(rendered_json(*made, source, asked, tenant)), .headers = {}});
}

// ---- lint ----

std::string_view severity_word(text::Finding::Severity severity) {
  using enum text::Finding::Severity;
  return severity == error ? "error" : severity == warning ? "warning" : "note";
}

json::object linted_json(const TemplateSettings& made, const std::string& language, const std::string& text,
                         const TenantSettings& tenant) {
  const bool officer = made.audience == Audience::officer || made.audience == Audience::staff;
  const auto linted = text::lint({.text = text,
                                  .language = language,
                                  .currency = tenant.currency,
                                  .own_variables = made.variables,
                                  .transliterate = !made.unicode || made.transliterate.value_or(tenant.transliterate),
                                  .to_client = !officer});
  json::array findings;
  for (const auto& finding : linted.findings)
    findings.push_back({{"severity", severity_word(finding.severity)},
                        {"code", finding.code},
                        {"line", finding.line ? json::value(finding.line) : json::value(nullptr)},
                        {"column", finding.column ? json::value(finding.column) : json::value(nullptr)},
                        {"detail", finding.detail}});
  return {{"language", language},
          {"encoding", linted.typical.encoding == text::Encoding::ucs2 ? "ucs2" : "gsm7"},
          {"parts_typical", linted.typical.parts},
          {"parts_longest", linted.longest.parts},
          {"findings", std::move(findings)}};
}

// The texts that are to be looked at: those that were sent, or those of the template.
std::map<std::string, std::string> read_lint_texts(const json::value& body, const TemplateSettings& made,
                                                   std::vector<FieldError>& errors) {
  std::map<std::string, std::string> chosen;
  const auto* object = body.if_object();
  const auto* given = object ? object->if_contains("texts") : nullptr;
  if (!object) errors.push_back({"", "bad-type", "send a JSON object; {} looks at the texts that there are"});
  if (object)
    for (const auto& [key, value] : *object)
      if (key != "texts") errors.push_back({"/" + std::string(key), "unknown-field", "the only field is texts"});
  if (!given) {
    for (const auto& text : made.texts) chosen[text.language] = text.text;
    return chosen;
  }
  if (!given->is_object() || given->get_object().size() > 30) {
    errors.push_back({"/texts", "bad-type", "texts are an object of languages and texts, at most 30"});
    return chosen;
  }
  for (const auto& [language, text] : given->get_object())
    if (is_language(language) && text.is_string() && text.get_string().size() <= template_octets_max)
      chosen[std::string(language)] = std::string(text.get_string());
    else
      errors.push_back({"/texts/" + std::string(language), "bad-value",
                        "is no text of at most 4000 octets in a language such as en, fr or sw"});
  return chosen;
}

void lint_template(Services& services, const HttpRequest& request, const Respond& respond) {
  const auto question = read_question(services, request, respond);
  if (!question) return;
  const auto& [tenant, made, body] = *question;
  std::vector<FieldError> errors;
  const auto chosen = read_lint_texts(body, *made, errors);
  if (!errors.empty()) return respond(to_response(invalid(std::move(errors))));
  json::array items, missing;
  for (const auto& [language, text] : chosen) items.push_back(linted_json(*made, language, text, tenant));
  for (const auto& language : tenant.languages)
    if (!made->text_in(language) && !chosen.contains(language)) missing.emplace_back(language);
  respond({.body = json::serialize(json::object{
               {"template", made->name}, {"items", std::move(items)}, {"missing_languages", std::move(missing)}}),
           .headers = {}});
}

}  // namespace

std::vector<Endpoint> template_endpoints(Services& services) {
  using enum http::verb;
  const auto by = [&services](void (*work)(Services&, const HttpRequest&, const Respond&)) {
    return [&services, work](const HttpRequest& r, const Respond& a) { work(services, r, a); };
  };
  const std::string base = "/api/v1/templates";
  return {{get, base, by(list_templates)},
          {get, base + "/{name}", by(get_template)},
          {post, base + "/{name}/render", by(render_template)},
          {post, base + "/{name}/lint", by(lint_template)}};
}

}  // namespace smsbridge::bridge
