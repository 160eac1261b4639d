// SPDX-License-Identifier: MPL-2.0
#include "bridge/text/template_lint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "bridge/text/costs.hpp"
#include "bridge/text/nearest.hpp"
#include "bridge/text/transliteration.hpp"
#include "bridge/text/variables.hpp"

namespace smsbridge::bridge::text {
namespace {

using Severity = Finding::Severity;

constexpr std::size_t forcing_max = 1000, parts_fine_max = 2;
constexpr std::string_view own_typical = "a value", own_longest = "a value of an own column";

bool is_among(std::span<const std::string> names, std::string_view name) {
  return std::ranges::any_of(names, [&](const auto& each) { return equal_names(each, name); });
}

// Of "client.displayName" the last word.
std::string_view last_word(std::string_view name) { return name.substr(name.rfind('.') + 1); }

class Lint {
 public:
  explicit Lint(const LintOf& of) : of_(of) {}

  Linted run() {
    const auto made = Template::parse(of_.text);
    if (!made) {
      const auto& error = made.error();
      out_.findings.push_back({Severity::error, "unreadable", error.line, error.column, error.detail});
      return std::move(out_);
    }
    look_at_names(*made);
    look_at_alphabet();
    out_.typical = measured(*made, Sample::typical);
    out_.longest = measured(*made, Sample::longest);
    if (out_.longest.parts > parts_fine_max)
      say(Severity::warning, "many-parts", 0, 0,
          fmt::format("{} parts with long values, {} with usual ones", out_.longest.parts, out_.typical.parts));
    return std::move(out_);
  }

 private:
  void say(Severity severity, std::string_view code, std::size_t line, std::size_t column, std::string detail) {
    out_.findings.push_back({severity, code, line, column, std::move(detail)});
  }

  void look_at_names(const Template& made) {
    bool names_person = false;
    for (const auto& tag : made.tags()) {
      if (tag.name == ".") continue;
      const auto* known = find_variable(last_word(tag.name));
      names_person |= !tag.is_section && known && known->names_person;
      if (known || is_among(of_.own_variables, tag.name) || is_among(of_.own_variables, last_word(tag.name))) continue;
      const auto close = nearest_to(tag.name);
      const auto at = template_error_at(of_.text, tag.at, {});
      say(Severity::error, "unknown-variable", at.line, at.column,
          fmt::format("'{}' is not known{}; one of your own, such as a column of a data table, stands in 'variables'",
                      tag.name, close.empty() ? "" : ": did you mean '" + close + "'?"));
    }
    if (of_.to_client && !names_person)
      say(Severity::warning, "names-nobody", 0, 0,
          "it names nobody: where several share a phone, none of them knows for whom it is. {{firstName}} would say "
          "it");
  }

  std::string nearest_to(const std::string& name) const {
    std::vector<std::string> names(of_.own_variables.begin(), of_.own_variables.end());
    for (const auto& known : known_variables()) names.emplace_back(known.name);
    return nearest(name, names);
  }

  // One line for each character that can be written otherwise; where the language needs UCS-2, that is no mistake.
  void look_at_alphabet() {
    const auto forcing = forcing_ucs2(of_.text, forcing_max);
    const auto needed = std::ranges::find(forcing, false, &Forcing::replaceable);
    if (needed != forcing.end())
      return say(
          Severity::note, "ucs2", 0, 0,
          fmt::format("it goes as UCS-2, of which a part has 67 to 70 characters: '{}' ({}) is not in the GSM alphabet",
                      needed->character, needed->code_point));
    std::set<std::string> told;
    for (const auto& each : forcing) {
      if (!told.insert(each.character).second) continue;
      const auto [line, column] = place_of(each.position);
      say(of_.transliterate ? Severity::note : Severity::warning, "forces-ucs2", line, column,
          fmt::format("'{}' ({}) makes all of it UCS-2, with half as many characters in a part; '{}' would not{}",
                      each.character, each.code_point, each.replacement,
                      of_.transliterate ? ", and is what goes out" : ""));
    }
  }

  // Of the n-th character.
  std::pair<std::size_t, std::size_t> place_of(std::size_t position) const {
    std::size_t at = 0;
    for (std::size_t seen = 0; at < of_.text.size(); ++at)
      if ((of_.text[at] & 0xC0) != 0x80 && ++seen == position) break;
    const auto place = template_error_at(of_.text, at, {});
    return {place.line, place.column};
  }

  Measure measured(const Template& made, Sample sample) const {
    const auto rendered = made.render(sample_values(made, sample), locale_of(of_.language), of_.currency);
    const auto other = of_.transliterate ? transliterated_to_save(rendered.text, {}) : std::nullopt;
    return measure(other ? *other : rendered.text);
  }

  const LintOf& of_;
  Linted out_;
};

}  // namespace

Linted lint(const LintOf& of) { return Lint(of).run(); }

boost::json::object sample_values(const Template& made, Sample sample) {
  boost::json::object values;
  for (const auto& tag : made.tags()) {
    if (tag.name == ".") continue;
    const auto* known = find_variable(last_word(tag.name));
    const bool longest = sample == Sample::longest;
    const bool is_amount = tag.form.starts_with("money") || tag.form == "amount" || tag.form == "number";
    std::string_view value = longest ? own_longest : own_typical;
    if (known)
      value = longest ? known->longest : known->typical;
    else if (is_amount)
      value = longest ? "12345678.90" : "4500";
    else if (tag.form.starts_with("date"))
      value = "2026-09-30";
    values[tag.name] = value;
  }
  return values;
}

}  // namespace smsbridge::bridge::text
