// SPDX-License-Identifier: MPL-2.0
// Who is told of what happens at the bank, and what became of it.
#include <unistd.h>

#include <boost/json.hpp>
#include <iostream>

#include "bridge/cli/client.hpp"
#include "bridge/cli/commands.hpp"
#include "bridge/cli/exit_codes.hpp"
#include "bridge/cli/objects.hpp"
#include "bridge/cli/table.hpp"
#include "bridge/config/yaml.hpp"
#include "bridge/text/printable.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

struct EventOptions : ClientOptions {
  Filters filters{{"event", ""}, {"result", ""}, {"occurrence", ""}, {"since", ""}, {"until", ""}};
  std::size_t limit = 50;
  std::string name, entity, action, file;
};

// Empty where it is null, which text_of() shows as a dash.
std::string filled_in(const json::object& object, const char* key) {
  return object.at(key).is_null() ? std::string() : text_of(object, key);
}

std::string listed_in(const json::array& items, const char* key = nullptr) {
  std::string text;
  for (const auto& item : items)
    text += (text.empty() ? "" : ", ") + (key ? text_of(item.as_object(), key) : std::string(item.as_string()));
  return text;
}

int list_events(const EventOptions& options) {
  const auto answer = call(options, "GET", "/api/v1/events");
  if (!answer.ok()) return report(answer);
  Table table({"NAME", "EVENT", "STATE", "TO", "TEMPLATE", "LANE", "TENANTS"}, ::isatty(STDOUT_FILENO) != 0);
  for (const auto& item : answer.body.as_object().at("items").as_array()) {
    const auto& event = item.as_object();
    if (options.json) {
      std::cout << json::serialize(event) << "\n";
      continue;
    }
    const auto& recipients = event.at("recipients").as_array();
    table.add({text_of(event, "name"), text_of(event, "event"), event.at("enabled").as_bool() ? "on" : "off",
               listed_in(recipients, "to"), listed_in(recipients, "template"), text_of(event, "lane"),
               listed_in(event.at("tenants").as_array())});
  }
  if (!options.json) table.print(std::cout);
  return exit_done;
}

int show_event(const EventOptions& options) {
  const auto answer = call(options, "GET", address_of("event", options.name));
  if (!answer.ok()) return report(answer);
  const auto& event = answer.body.as_object();
  if (options.json) {
    std::cout << json::serialize(event) << "\n";
    return exit_done;
  }
  std::cout << text_of(event, "name") << ", of the event " << text_of(event, "event") << ", "
            << (event.at("enabled").as_bool() ? "on" : "off") << ", managed by " << text_of(event, "managed_by")
            << "\n";
  for (const auto& item : event.at("recipients").as_array()) {
    const auto& recipient = item.as_object();
    const auto language = filled_in(recipient, "language");
    std::cout << "to: " << text_of(recipient, "to") << ", by the template " << text_of(recipient, "template")
              << (language.empty() ? "" : ", in " + language) << "\n";
  }
  for (const auto* key : {"tenants", "products", "offices"})
    if (const auto& words = event.at(key).as_array(); !words.empty())
      std::cout << key << ": " << text::printable(listed_in(words)) << "\n";
  for (const auto* key : {"amount_min", "amount_max", "lane", "sender", "description"})
    if (const auto text = filled_in(event, key); !text.empty())
      std::cout << key << ": " << text::printable(text) << "\n";
  if (const auto delay = event.at("delay_seconds").to_number<double>(); delay > 0)
    std::cout << "delay: " << delay << " s\n";
  return exit_done;
}

int list_catalogue(const EventOptions& options) {
  const auto answer = call(options, "GET", "/api/v1/events/catalogue");
  if (!answer.ok()) return report(answer);
  Table table({"EVENT", "WHEN", "TOLD BY", "HOOKS"}, ::isatty(STDOUT_FILENO) != 0);
  for (const auto& item : answer.body.as_object().at("items").as_array()) {
    const auto& event = item.as_object();
    if (options.json) {
      std::cout << json::serialize(event) << "\n";
      continue;
    }
    std::string hooks;
    for (const auto& hook : event.at("hooks").as_array())
      hooks +=
          (hooks.empty() ? "" : ", ") + text_of(hook.as_object(), "entity") + "/" + text_of(hook.as_object(), "action");
    table.add({text_of(event, "event"), text_of(event, "meaning"), listed_in(event.at("told_by").as_array()), hooks});
  }
  if (!options.json) table.print(std::cout);
  return exit_done;
}

std::vector<std::string> line_of(const json::object& line) {
  return {text_of(line, "event"),
          text_of(line, "notice"),
          text_of(line, "result"),
          text_of(line, "subject"),
          text_of(line, "person"),
          text_of(line, "number"),
          text::printable(text_of(line, "detail"))};
}

int list_log(const EventOptions& options) {
  Table table({"AT", "EVENT", "TOLD BY", "RESULT", "SUBJECT", "PERSON", "NUMBER", "DETAIL"},
              ::isatty(STDOUT_FILENO) != 0);
  table.leave_out_first({"SUBJECT", "TOLD BY"});
  const auto filters = query_of(options.filters, {"since", "until"});
  const auto listed = list_pages(options, "/api/v1/events/log", filters, options.limit, [&](const json::object& line) {
    auto cells = line_of(line);
    cells.insert(cells.begin(), text_of(line, "at"));
    table.add(std::move(cells));
  });
  if (listed.code == exit_done && !options.json) table.print(std::cout);
  return listed.code;
}

// The exit code is 1 where nobody would be told.
int simulate(const EventOptions& options) {
  const auto body = to_json(read_only_document(options.file));
  const auto answer =
      call(options, "POST", "/api/v1/events/simulate",
           json::serialize(json::object{{"entity", options.entity}, {"action", options.action}, {"body", body}}));
  if (!answer.ok()) return report(answer);
  const auto& items = answer.body.as_object().at("items").as_array();
  bool told = false;
  for (const auto& item : items) {
    const auto& step = item.as_object();
    const auto result = text_of(step, "result");
    told = told || result == "sent";
    if (options.json) continue;
    std::cout << text_of(step, "event") << ": " << (result == "sent" ? "would be sent" : result);
    for (const auto* key : {"audience", "person", "number", "detail"})
      if (const auto text = filled_in(step, key); !text.empty()) std::cout << ", " << text::printable(text);
    std::cout << "\n";
    if (const auto text = filled_in(step, "text"); !text.empty())
      std::cout << "  " << text::printable(text) << "  (" << text_of(step, "parts") << " part"
                << (text_of(step, "parts") == "1" ? "" : "s") << ")\n";
  }
  if (options.json) std::cout << json::serialize(answer.body) << "\n";
  return told ? exit_done : exit_failed;
}

int switch_event(const EventOptions& options, bool on) {
  const auto answer =
      call(options, "PATCH", address_of("event", options.name), json::serialize(json::object{{"enabled", on}}), "*");
  // Of the catalogue, and nobody configured it yet: with the text that is shipped.
  if (on && answer.status == 404) {
    const auto made = call(options, "POST", "/api/v1/events", json::serialize(json::object{{"name", options.name}}));
    if (!made.ok()) return report(made);
  } else if (!answer.ok()) {
    return report(answer);
  }
  std::cout << options.name << (on ? " is told from now on\n" : " is told to nobody\n");
  return exit_done;
}
int enable(const EventOptions& options) { return switch_event(options, true); }
int disable(const EventOptions& options) { return switch_event(options, false); }

}  // namespace

void add_events(CLI::App& app, Run& run) {
  auto options = std::make_shared<EventOptions>();
  auto* events = app.add_subcommand("events", "Who is told of what happens at the bank");
  events->require_subcommand(1);
  const auto add = [&](const char* name, const char* what, int (*work)(const EventOptions&), bool of_tenant) {
    auto* command = events->add_subcommand(name, what);
    add_client_options(*command, *options);
    if (of_tenant) add_tenant_option(*command, *options);
    command->callback([options, work, &run] { run = [options, work] { return work(*options); }; });
    return command;
  };
  add("list", "The configured events", list_events, false);
  add("catalogue", "What can happen, and by which hooks of Fineract it is known", list_catalogue, false);
  for (auto* command : {add("show", "One configured event", show_event, false),
                        add("enable", "Tell of it; one of the catalogue is made with its shipped text", enable, false),
                        add("disable", "Tell nobody of it", disable, false)})
    command->add_option("name", options->name, "Name of the event, such as loan-approved")->required();
  auto* log = add("log", "What became of hooks and of each text, newest first", list_log, true);
  static const std::map<std::string, const char*> help = {
      {"event", "Only this one"},
      {"result", "Only with this result: sent, no_number, not_confirmed ..."},
      {"occurrence", "All that follows from one hook"},
      {"since", "At or after, such as 2026-11-24T00:00:00Z, or 1h: that long ago"},
      {"until", "Before, likewise"}};
  for (auto& [key, value] : options->filters) log->add_option("--" + key, value, help.at(key));
  log->add_option("--limit", options->limit, "How many")->capture_default_str();
  auto* simulator = add("simulate", "What a hook would do, step by step; sends nothing", simulate, true);
  simulator->add_option("entity", options->entity, "As Fineract has it, such as LOAN")->required();
  simulator->add_option("action", options->action, "Likewise, such as APPROVE")->required();
  simulator->add_option("file", options->file, "The hook's JSON body; - is stdin")->required();
  add_object_commands(*events, "event", run);
}

}  // namespace smsbridge::bridge
