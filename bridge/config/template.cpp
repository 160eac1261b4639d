// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/template.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "bridge/config/checks.hpp"
#include "bridge/config/custom_tlv.hpp"
#include "bridge/config/keys.hpp"
#include "bridge/config/lanes.hpp"
#include "bridge/text/costs.hpp"
#include "bridge/text/sender.hpp"
#include "bridge/text/ucs2.hpp"

namespace smsbridge::bridge {
namespace {

using Tpl = TemplateSettings;

constexpr std::size_t texts_max = 30, event_octets_max = 64, own_variables_max = 200;

std::string why_not_a_text(const std::string& text) {
  if (text.empty()) return "is empty";
  if (text.size() > template_octets_max) return fmt::format("has more than {} octets", template_octets_max);
  if (!text::is_valid_utf8(text)) return "is not valid UTF-8";
  if (text.find('\0') != std::string::npos) return "holds a NUL character";
  return {};
}

// "sw, line 1, column 6: ...", since all texts stand under one key.
void read_texts(ConfigSection& s, Tpl& made) {
  s.map("texts", [&](const std::string& language, const std::string& text) {
    const auto refuse = [&](const std::string& why) { s.problem("texts", language + ": " + why, "bad-value"); };
    if (!is_language(language))
      return s.problem("texts", "'" + language + "' is not a language such as en, fr or sw", "bad-value");
    if (const auto why = why_not_a_text(text); !why.empty()) return refuse(why);
    auto parsed = text::Template::parse(text);
    if (!parsed)
      return s.problem("texts",
                       fmt::format("{}, line {}, column {}: {}", language, parsed.error().line, parsed.error().column,
                                   parsed.error().detail),
                       "bad-value");
    if (made.text_in(language)) return refuse("stands here twice");
    made.texts.push_back({.language = language, .text = text, .made = *std::move(parsed)});
  });
  if (s.is_good() && made.texts.empty())
    s.problem("texts", "has no text: give one in each language, such as {en: Dear {{firstName}}}", "missing");
  if (made.texts.size() > texts_max) s.problem("texts", fmt::format("are more than {}", texts_max), "bad-value");
}

void check_alphabet(ConfigSection& s, Tpl& made) {
  if (made.unicode) return;
  for (const auto& each : made.texts)
    for (const auto& forcing : text::forcing_ucs2(each.text, 1))
      s.problem("unicode",
                fmt::format("is false, and the text in {} has '{}' ({}), which the GSM alphabet lacks", each.language,
                            forcing.character, forcing.code_point),
                "bad-value");
}

const Keys<Tpl>& template_keys() {
  using K = Keys<Tpl>;
  static const K keys{
      K::text("name", &Tpl::name, "Name in API, CLI and logs").needed().checked([](ConfigSection& s, Tpl& made) {
        check_name(s, made.name);
      }),
      K::integer("id", &Tpl::id, 1, 1'000'000'000, "Its number; one that is made at run time gets one")
          .usually(nullptr),
      K::integer("version", &Tpl::version, 1, 1'000'000'000,
                 "Counts its changes; of one that is made at run time the daemon counts"),
      K::text("description", &Tpl::description, "For people"),
      K::texts("tenants", &Tpl::tenants, "Names of tenants that may use it; none: all"),
      K::text("event", &Tpl::event, "What happened when it is sent, such as loan-approved, or reply; for people")
          .checked([](ConfigSection& s, Tpl& made) {
            check_no_control(s, "event", made.event);
            if (made.event.size() > event_octets_max)
              s.problem("event", fmt::format("has more than {} octets", event_octets_max), "bad-value");
          }),
      K::choice("audience", &Tpl::audience, audience_choices(), "Whom it is for; lint judges by it"),
      K::special("texts", KeyInfo::Type::tree, read_texts,
                 "The text in each language, such as {en: Dear {{firstName}}}")
          .needed(),
      K::texts("variables", &Tpl::variables,
               "Names it may use besides those that are known, such as columns of data tables")
          .checked([](ConfigSection& s, Tpl& made) {
            if (made.variables.size() > own_variables_max)
              s.problem("variables", fmt::format("are more than {}", own_variables_max), "bad-value");
          }),
      K::text("sender", &Tpl::sender, "Sender of messages that name none").checked([](ConfigSection& s, Tpl& made) {
        check_sender(s, made.sender, {});
      }),
      K::choice("lane", &Tpl::lane, lane_choices(), "Lane of messages that name none; else transaction")
          .usually(nullptr),
      K::special(
          "transliterate", KeyInfo::Type::boolean,
          [](ConfigSection& s, Tpl& made) {
            if (!s.is_given("transliterate")) return s.know("transliterate");
            s.read("transliterate", made.transliterate.emplace());
          },
          "Of messages that do not say; else as the tenant has it"),
      K::boolean("unicode", &Tpl::unicode,
                 "false: texts outside of the GSM alphabet are refused, and values transliterated")
          .checked(check_alphabet),
      K::list<store::Tlv>(
          "tlvs", [](Tpl& made) -> store::Tlv& { return made.tlvs.emplace_back(); }, read_custom_tlv, custom_tlv_infos,
          "TLVs of its messages; of a gateway's with the same tag these go out")
          .checked([](ConfigSection& s, Tpl& made) { check_tags(s, made.tlvs); }),
  };
  return keys;
}

}  // namespace

const Choices<Audience>& audience_choices() {
  static const Choices<Audience> choices{{"client", Audience::client},
                                         {"group", Audience::group},
                                         {"guarantor", Audience::guarantor},
                                         {"officer", Audience::officer},
                                         {"staff", Audience::staff}};
  return choices;
}

std::string_view name(Audience audience) {
  for (const auto& [word, meaning] : audience_choices())
    if (meaning == audience) return word;
  return "client";
}

bool is_language(std::string_view word) {
  return (word.size() == 2 || word.size() == 3) &&
         std::ranges::all_of(word, [](char c) { return c >= 'a' && c <= 'z'; });
}

const TemplateText* TemplateSettings::text_in(std::string_view language) const {
  const auto it = std::ranges::find(texts, language, &TemplateText::language);
  return it == texts.end() ? nullptr : &*it;
}

std::vector<KeyInfo> template_infos() { return template_keys().infos(); }

void read_template(ConfigSection& s, TemplateSettings& made) {
  if (s.node().IsMap()) made.settings = to_json(s.node()).as_object();
  template_keys().read(s, made);
}

TemplateSettings read_template(const boost::json::object& settings, const std::filesystem::path& folder,
                               std::vector<ConfigProblem>& problems) {
  return read_object<TemplateSettings>(settings, folder, problems, read_template);
}

}  // namespace smsbridge::bridge
