// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/inbound.hpp"

#include "bridge/config/checks.hpp"
#include "bridge/config/keys.hpp"
#include "bridge/text/keyword.hpp"
#include "bridge/text/segments.hpp"

namespace smsbridge::bridge {
namespace {

using Rule = InboundRuleSettings;

constexpr std::size_t keywords_max = 100, answer_parts_max = 6;

Choices<Rule::Action> action_choices() {
  return {{"answer", Rule::Action::answer}, {"forward", Rule::Action::forward}, {"opt_out", Rule::Action::opt_out},
          {"opt_in", Rule::Action::opt_in}, {"balance", Rule::Action::balance}, {"due", Rule::Action::next_due},
          {"last", Rule::Action::last}};
}

// One word, as the first word of a message is looked at.
void check_keywords(ConfigSection& s, Rule& rule) {
  if (rule.keywords.size() > keywords_max)
    s.problem("keywords", "has more than 100 words: make several rules of it", "bad-value");
  for (const auto& keyword : rule.keywords)
    if (const auto words = text::words_of(keyword); words.size() != 1)
      s.problem("keywords", "'" + keyword + "' is not one word, such as BAL: the first word of a message is compared",
                "bad-value");
}

// A phone must not read {{balance}}.
void check_answer(ConfigSection& s, Rule& rule) {
  if (rule.answer.find("{{") != std::string::npos)
    s.problem("answer", "holds '{{': no values stand in an answer, a template has them: see 'template'", "bad-value");
  const auto measured = text::measure(rule.answer);
  if (!rule.answer.empty() && (measured.parts == 0 || measured.parts > answer_parts_max))
    s.problem("answer", "is no text that goes out in at most 6 parts", "bad-value");
  if (!rule.answer.empty() && !rule.by_template.empty())
    s.problem("template", "is one answer, and 'answer' another one: leave out one of the two", "bad-value");
  if (!rule.answer.empty() && asks_bank(rule.action))
    s.problem("answer", "is what the bank says: 'template' tells how", "bad-value");
  if (asks_bank(rule.action) && rule.by_template.empty()) rule.by_template = "answer-" + std::string(name(rule.action));
  if (rule.answer.empty() && rule.by_template.empty() && rule.action == Rule::Action::answer)
    s.problem("answer", "is missing: what is the answer of a rule that answers? Give 'answer' or 'template'",
              "missing");
}

const Keys<Rule>& rule_keys() {
  using K = Keys<Rule>;
  static const K keys{
      K::text("name", &Rule::name, "Name in API and logs").needed().checked([](ConfigSection& s, Rule& rule) {
        check_name(s, rule.name);
      }),
      K::integer("id", &Rule::id, 1, 1'000'000'000, "Its number; one that is made at run time gets one")
          .usually(nullptr),
      K::text("description", &Rule::description, "For people"),
      K::integer("position", &Rule::position, 0, 1'000'000, "Rules with a lower one are asked first"),
      K::texts("tenants", &Rule::tenants, "Names of tenants; none: all"),
      K::texts("keywords", &Rule::keywords, "First words of a message, in any case and without accents")
          .needed()
          .checked(check_keywords),
      K::choice("language", &Rule::language, {"en", "fr", "es", "sw", "hi"},
                "Language of keywords and answer: which text of a template is taken"),
      K::choice("action", &Rule::action, action_choices(), "What else follows than the answer"),
      K::text("template", &Rule::by_template, "Template that the answer is made of, instead of 'answer'"),
      K::text("answer", &Rule::answer, "Text that the phone gets").checked(check_answer),
      K::integer("daily_limit", &Rule::daily_limit, 1, 1000,
                 "Most answers of the bank to one phone within 24 hours, with balance, due and last"),
  };
  return keys;
}

}  // namespace

const Keys<InboundSettings>& inbound_keys() {
  using I = InboundSettings;
  using K = Keys<I>;
  static const K keys{
      K::duration_ms("parts_wait", &I::parts_wait_ms, second, 7 * day,
                     "How long the parts of a message are waited for; then it is kept without those that lack"),
      K::duration_ms("repeat_window", &I::repeat_window_ms, 0, 7 * day,
                     "Equal messages of one phone within it are one that the carrier repeated; 0s: never"),
  };
  return keys;
}

std::vector<KeyInfo> inbound_rule_infos() { return rule_keys().infos(); }

void read_inbound_rule(ConfigSection& s, InboundRuleSettings& rule) {
  if (s.node().IsMap()) rule.settings = to_json(s.node()).as_object();
  rule_keys().read(s, rule);
}

InboundRuleSettings read_inbound_rule(const boost::json::object& settings, const std::filesystem::path& folder,
                                      std::vector<ConfigProblem>& problems) {
  return read_object<InboundRuleSettings>(settings, folder, problems, read_inbound_rule);
}

std::string_view name(InboundRuleSettings::Action action) {
  static const auto words = action_choices();
  for (const auto& [word, meaning] : words)
    if (meaning == action) return word;
  return "answer";
}

bool asks_bank(InboundRuleSettings::Action action) {
  return action == Rule::Action::balance || action == Rule::Action::next_due || action == Rule::Action::last;
}

}  // namespace smsbridge::bridge
