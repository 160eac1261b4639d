// SPDX-License-Identifier: MPL-2.0
// Texts that messages are made of: look at them, write them, see what they cost.
#include <fmt/format.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <iostream>

#include "bridge/cli/client.hpp"
#include "bridge/cli/commands.hpp"
#include "bridge/cli/exit_codes.hpp"
#include "bridge/cli/objects.hpp"
#include "bridge/cli/table.hpp"
#include "bridge/cli/variables.hpp"
#include "bridge/text/printable.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

struct TemplateOptions : ClientOptions {
  std::string name, language, text, sample;
  std::vector<std::string> variables;
};

std::string languages_of(const json::object& made) {
  std::string languages;
  for (const auto& [language, text] : made.at("texts").as_object())
    languages += (languages.empty() ? "" : ",") + std::string(language);
  return languages;
}

int list_templates(const TemplateOptions& options) {
  const auto answer = call(options, "GET", address_of("template"));
  if (!answer.ok()) return report(answer);
  Table table({"NAME", "VERSION", "EVENT", "AUDIENCE", "LANGUAGES", "MANAGED BY", "DESCRIPTION"},
              ::isatty(STDOUT_FILENO) != 0);
  for (const auto& item : answer.body.as_object().at("items").as_array()) {
    const auto& made = item.as_object();
    if (options.json)
      std::cout << json::serialize(made) << "\n";
    else
      table.add({text_of(made, "name"), text_of(made, "version"), text_of(made, "event"), text_of(made, "audience"),
                 languages_of(made), text_of(made, "managed_by"), one_line(text_of(made, "description"))});
  }
  if (!options.json) table.print(std::cout);
  return exit_done;
}

int show_template(const TemplateOptions& options) {
  const auto answer = call(options, "GET", address_of("template", options.name));
  if (!answer.ok()) return report(answer);
  const auto& made = answer.body.as_object();
  if (options.json) {
    std::cout << json::serialize(made) << "\n";
    return exit_done;
  }
  std::cout << text_of(made, "name") << ", version " << text_of(made, "version") << ", for "
            << text_of(made, "audience") << ", managed by " << text_of(made, "managed_by") << "\n";
  for (const auto& [language, text] : made.at("texts").as_object())
    std::cout << std::string(language) << ": " << text::printable(text.as_string()) << "\n";
  return exit_done;
}

// Makes the template where there is none of the name, or only one that is shipped.
int set_text(const TemplateOptions& options) {
  const auto now = call(options, "GET", address_of("template", options.name));
  if (!now.ok() && now.status != 404) return report(now);
  const json::object texts{{options.language, options.text}};
  const bool is_ready = now.ok() && now.body.at("managed_by").as_string() == "ready";
  ClientAnswer answer;
  if (now.ok() && !is_ready) {
    answer = call(options, "PATCH", address_of("template", options.name),
                  json::serialize(json::object{{"texts", texts}}), "*");
  } else {
    json::object settings{{"name", options.name}, {"texts", texts}};
    if (is_ready && now.body.at("settings").is_object()) {
      settings = now.body.at("settings").as_object();
      settings["texts"].as_object()[options.language] = options.text;
    }
    answer = call(options, "POST", address_of("template"), json::serialize(settings));
  }
  if (!answer.ok()) return report(answer);
  if (options.json)
    std::cout << json::serialize(answer.body) << "\n";
  else
    std::cout << "template " << options.name << " has version "
              << text_of(answer.body.at("settings").as_object(), "version") << "\n";
  return exit_done;
}

std::string all_of(const json::value& list) {
  std::string text;
  for (const auto& each : list.as_array()) text += (text.empty() ? "" : ", ") + text::printable(each.as_string());
  return text;
}

// The exit code is 1 when something is missing: no message would go out.
int render_template(const TemplateOptions& options) {
  json::object body;
  if (!options.language.empty()) body["language"] = options.language;
  if (!options.text.empty()) body["text"] = options.text;
  if (!options.sample.empty()) body["sample"] = options.sample;
  if (!options.variables.empty()) body["variables"] = read_variables(options.variables);
  const auto answer = call(options, "POST", address_of("template", options.name) + "/render", json::serialize(body));
  if (!answer.ok()) return report(answer);
  const auto& r = answer.body.as_object();
  const auto missing = all_of(r.at("missing")), unreadable = all_of(r.at("unreadable"));
  const int code = missing.empty() && unreadable.empty() ? exit_done : exit_failed;
  if (options.json) {
    std::cout << json::serialize(r) << "\n";
    return code;
  }
  std::cout << text::printable(text_of(r, "text")) << "\n";
  std::cerr << text_of(r, "language") << ", version " << text_of(r, "version") << ": " << text_of(r, "parts")
            << " part(s) " << text_of(r, "encoding") << ", " << text_of(r, "units") << " units\n";
  if (!missing.empty()) std::cerr << "error: no value for " << missing << "\n";
  if (!unreadable.empty()) std::cerr << "error: " << unreadable << "\n";
  for (const auto& each : r.at("forces_ucs2").as_array())
    std::cerr << "note: '" << text::printable(text_of(each.as_object(), "character")) << "' ("
              << text_of(each.as_object(), "code_point") << ") at " << text_of(each.as_object(), "position")
              << " is not in the GSM alphabet\n";
  return code;
}

// "loan-approved sw 1:6: error unknown-variable: ..."
void print_findings(const std::string& name, const json::object& linted, bool& wrong) {
  const auto language = text_of(linted, "language");
  for (const auto& each : linted.at("findings").as_array()) {
    const auto& f = each.as_object();
    const auto place =
        f.at("line").is_null() ? std::string() : fmt::format(" {}:{}", text_of(f, "line"), text_of(f, "column"));
    std::cout << fmt::format("{} {}{}: {} {}: {}\n", name, language, place, text_of(f, "severity"), text_of(f, "code"),
                             text::printable(text_of(f, "detail")));
    wrong |= f.at("severity").as_string() == "error";
  }
}

// Of one, or of all that were made here. The exit code is 1 when one has an error.
int lint_templates(const TemplateOptions& options) {
  std::vector<std::string> names{options.name};
  if (options.name.empty()) {
    names.clear();
    const auto all = call(options, "GET", address_of("template"));
    if (!all.ok()) return report(all);
    for (const auto& item : all.body.as_object().at("items").as_array())
      if (const auto& made = item.as_object(); made.at("managed_by").as_string() != "ready")
        names.push_back(text_of(made, "name"));
  }
  bool wrong = false;
  for (const auto& name : names) {
    const auto answer = call(options, "POST", address_of("template", name) + "/lint", "{}");
    if (!answer.ok()) return report(answer);
    const auto& linted = answer.body.as_object();
    if (options.json) std::cout << json::serialize(linted) << "\n";
    for (const auto& item : linted.at("items").as_array()) {
      if (options.json) {
        for (const auto& each : item.as_object().at("findings").as_array())
          wrong |= each.as_object().at("severity").as_string() == "error";
        continue;
      }
      const auto& of = item.as_object();
      std::cout << fmt::format("{} {}: {} part(s) {}, {} with long values\n", name, text_of(of, "language"),
                               text_of(of, "parts_typical"), text_of(of, "encoding"), text_of(of, "parts_longest"));
      print_findings(name, of, wrong);
    }
    if (const auto missing = all_of(linted.at("missing_languages")); !missing.empty() && !options.json)
      std::cout << name << ": warning missing-language: there is no text in " << missing << "\n";
  }
  return wrong ? exit_failed : exit_done;
}

}  // namespace

json::object read_variables(const std::vector<std::string>& assignments) {
  json::object values;
  for (const auto& assignment : assignments) {
    const auto equals = assignment.find('=');
    if (equals == std::string::npos || equals == 0)
      throw ClientError(exit_usage, "'" + assignment + "' is not NAME=VALUE, such as firstName=Amina");
    values[assignment.substr(0, equals)] = assignment.substr(equals + 1);
  }
  return values;
}

void add_templates(CLI::App& app, Run& run) {
  auto options = std::make_shared<TemplateOptions>();
  auto* templates = app.add_subcommand("templates", "Texts that messages are made of, in several languages");
  templates->require_subcommand(1);
  const auto add = [&](const char* name, const char* what, int (*work)(const TemplateOptions&)) {
    auto* command = templates->add_subcommand(name, what);
    add_client_options(*command, *options);
    command->callback([options, work, &run] { run = [options, work] { return work(*options); }; });
    return command;
  };
  const auto add_name = [&](CLI::App* command) {
    return command->add_option("name", options->name, "Name of the template");
  };
  add("list", "All templates", list_templates);
  add_name(add("show", "One template with its texts", show_template))->required();
  auto* setter = add("set", "Write its text in one language; the others stay", set_text);
  add_name(setter)->required();
  setter->add_option("language", options->language, "Such as en, fr or sw")->required();
  setter->add_option("text", options->text, "With places for values: 'Dear {{firstName}}'")->required();
  auto* renderer = add("render", "What becomes of it with values; nothing is sent", render_template);
  add_name(renderer)->required();
  add_tenant_option(*renderer, *options);
  renderer->add_option("--language", options->language, "Otherwise the tenant's first");
  renderer->add_option("--var", options->variables, "NAME=VALUE, as often as needed")->allow_extra_args(false);
  renderer->add_option("--sample", options->sample, "With sample values: typical or longest")
      ->check(CLI::IsMember({"typical", "longest"}));
  renderer->add_option("--text", options->text, "Another text than the one that is kept, to try it");
  auto* linter = add("lint", "What is wrong or dear; where none is named, of all that are not shipped", lint_templates);
  add_name(linter);
  add_tenant_option(*linter, *options);
  add_object_commands(*templates, "template", run);
}

}  // namespace smsbridge::bridge
