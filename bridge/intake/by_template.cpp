// SPDX-License-Identifier: MPL-2.0
#include "bridge/intake/by_template.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <map>

#include "bridge/config/ready_templates.hpp"
#include "bridge/text/nearest.hpp"

namespace smsbridge::bridge {
namespace {

Refusal no_such_template(const RoutingTable& table, const std::string& name, const std::string& tenant) {
  std::vector<std::string> names;
  for (const auto& made : with_ready_templates(table.templates))
    if (template_for(table, made->name, tenant)) names.push_back(made->name);
  const auto close = text::nearest(name, names);
  return {.code = ProblemCode::unknown_template,
          .pointer = "/template",
          .detail = "there is no template '" + name + "' for this tenant" +
                    (close.empty() ? "" : "; did you mean '" + close + "'?")};
}

std::optional<Refusal> why_incomplete(const text::Rendered& rendered, const std::string& name) {
  if (!rendered.missing.empty())
    return Refusal{.code = ProblemCode::missing_variable,
                   .pointer = "/variables",
                   .detail = fmt::format("the template '{}' needs values that were not given: {}", name,
                                         fmt::join(rendered.missing, ", "))};
  if (!rendered.unreadable.empty())
    return Refusal{
        .code = ProblemCode::invalid_request,
        .pointer = "/variables",
        .detail = fmt::format("the template '{}' cannot be filled in: {}", name, fmt::join(rendered.unreadable, "; "))};
  return std::nullopt;
}

// The same text for the same values, in whatever order they stand.
std::string in_order(const boost::json::value& value) {
  std::string text;
  if (const auto* object = value.if_object()) {
    std::map<std::string_view, const boost::json::value*> members;
    for (const auto& [key, member] : *object) members[key] = &member;
    for (const auto& [key, member] : members)
      text += (text.empty() ? "{" : ",") + boost::json::serialize(boost::json::string(key)) + ":" + in_order(*member);
    return text.empty() ? "{}" : text + "}";
  }
  const auto* array = value.if_array();
  if (!array) return boost::json::serialize(value);
  for (const auto& item : *array) text += (text.empty() ? "[" : ",") + in_order(item);
  return text.empty() ? "[]" : text + "]";
}

// A repetition is the same message although the template has another text, lane or sender by then.
std::uint64_t digest_of_given(const Submission& s) {
  const auto how = s.transliterate ? (*s.transliterate ? "yes" : "no") : "";
  auto whole = digest_of({s.by_template->name, s.by_template->language, in_order(s.by_template->values), s.from,
                          s.lane ? store::name(*s.lane) : "", how});
  for (const auto& tlv : s.tlvs) whole = digest_of({std::to_string(whole), std::to_string(tlv.tag), tlv.value});
  return whole;
}

}  // namespace

std::string made_by_text(const MadeBy& made_by) {
  return fmt::format("{} {} {} {}", made_by.version, made_by.language, made_by.asked, made_by.name);
}

// The name comes last: it may have spaces.
std::optional<MadeBy> read_made_by(std::string_view text) {
  std::array<std::string_view, 3> words;
  for (auto& word : words) {
    const auto end = text.find(' ');
    if (end == std::string_view::npos) return std::nullopt;
    word = text.substr(0, end);
    text.remove_prefix(end + 1);
  }
  MadeBy made_by{.language = std::string(words[1]), .asked = std::string(words[2]), .name = std::string(text)};
  std::from_chars(words[0].data(), words[0].data() + words[0].size(), made_by.version);
  return made_by;
}

const TemplateText& text_for(const TemplateSettings& made, std::string_view language, const TenantSettings& tenant) {
  if (const auto* asked = made.text_in(language)) return *asked;
  for (const auto& other : tenant.languages)
    if (const auto* text = made.text_in(other)) return *text;
  return made.texts.front();
}

text::Rendered render(const TemplateText& text, const boost::json::object& values, const TenantSettings& tenant) {
  return text.made.render(values, text::locale_of(text.language), tenant.currency);
}

TemplatePtr template_for(const RoutingTable& table, std::string_view name, std::string_view tenant) {
  auto made = table.template_of(name);
  // What others have made their own is there for this one as it was.
  if (made && !made->tenants.empty() && std::ranges::find(made->tenants, tenant) == made->tenants.end())
    return find_ready_template(name);
  return made;
}

std::optional<Refusal> make_by_template(Submission& s, const TenantSettings& tenant, const RoutingTable& table) {
  auto& asked = *s.by_template;
  asked.given = digest_of_given(s);
  const auto made = template_for(table, asked.name, tenant.name);
  if (!made) return no_such_template(table, asked.name, tenant.name);
  const auto language = asked.language.empty() && !tenant.languages.empty() ? tenant.languages.front() : asked.language;
  const auto& text = text_for(*made, language, tenant);
  s.made_by = made_by_text({.version = made->version,
                            .language = text.language,
                            .asked = language.empty() ? text.language : language,
                            .name = made->name});
  if (s.from.empty()) s.from = made->sender;
  if (!s.lane) s.lane = made->lane;
  if (!s.transliterate) s.transliterate = made->unicode ? made->transliterate : std::optional(true);
  for (const auto& tlv : made->tlvs)
    if (std::ranges::find(s.tlvs, tlv.tag, &store::Tlv::tag) == s.tlvs.end()) s.tlvs.push_back(tlv);
  auto rendered = render(text, asked.values, tenant);
  if (auto refusal = why_incomplete(rendered, made->name)) return refusal;
  s.text = std::move(rendered.text);
  return std::nullopt;
}

}  // namespace smsbridge::bridge
