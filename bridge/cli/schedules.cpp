// SPDX-License-Identifier: MPL-2.0
#include <unistd.h>

#include <boost/json.hpp>
#include <iostream>

#include "bridge/cli/client.hpp"
#include "bridge/cli/commands.hpp"
#include "bridge/cli/exit_codes.hpp"
#include "bridge/cli/objects.hpp"
#include "bridge/cli/table.hpp"
#include "bridge/text/printable.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

struct ScheduleOptions : ClientOptions {
  std::string name, of_run;
  int limit = 50;
  bool anew = false;
};

std::string schedule_address(const ScheduleOptions& options, const std::string& action = {}) {
  return address_of("schedule", options.name) + (action.empty() ? "" : "/" + action);
}

bool printed_as_json(const ScheduleOptions& options, const ClientAnswer& answer) {
  if (options.json) std::cout << json::serialize(answer.body) << "\n";
  return options.json;
}

// "ok: 412 sent, 3 refused"
std::string words_of_run(const json::value& run) {
  const auto* line = run.if_object();
  if (!line) return "-";
  auto text = text_of(*line, "result") + ": " + text_of(*line, "sent") + " sent";
  for (const auto* what : {"repeated", "refused"})
    if (const auto count = text_of(*line, what); count != "0" && count != "-") text += ", " + count + " " + what;
  if (const auto detail = text_of(*line, "detail"); detail != "-") text += " (" + text::printable(detail) + ")";
  return text;
}

std::vector<std::string> schedule_row(const json::object& s) {
  const auto& next = s.at("next_runs").as_array();
  return {text_of(s, "name"),   text_of(s, "tenant"),   text_of(s, "state"),
          text_of(s, "when"),   text_of(s, "zone"),     next.empty() ? "-" : std::string(next.front().as_string()),
          text_of(s, "source"), text_of(s, "template"), words_of_run(s.at("last_run"))};
}

int print_schedules(const ScheduleOptions& options, const ClientAnswer& answer) {
  if (!answer.ok()) return report(answer);
  if (printed_as_json(options, answer)) return exit_done;
  Table table({"NAME", "TENANT", "STATE", "WHEN", "ZONE", "NEXT RUN", "READS", "TEMPLATE", "LAST RUN"},
              ::isatty(STDOUT_FILENO) != 0);
  table.leave_out_first({"TENANT", "ZONE", "READS", "TEMPLATE"});
  const auto& object = answer.body.as_object();
  if (const auto* items = object.if_contains("items"))
    for (const auto& item : items->as_array()) table.add(schedule_row(item.as_object()));
  else
    table.add(schedule_row(object));
  table.print(std::cout);
  return exit_done;
}

int list_schedules(const ScheduleOptions& options) {
  return print_schedules(options, call(options, "GET", address_of("schedule")));
}
int show_schedule(const ScheduleOptions& options) {
  return print_schedules(options, call(options, "GET", schedule_address(options)));
}
int pause_schedule(const ScheduleOptions& options) {
  return print_schedules(options, call(options, "POST", schedule_address(options, "pause")));
}
int resume_schedule(const ScheduleOptions& options) {
  return print_schedules(options, call(options, "POST", schedule_address(options, "resume")));
}

int say_begun(const ScheduleOptions& options, const ClientAnswer& answer, const char* done) {
  if (!answer.ok()) return report(answer);
  if (!printed_as_json(options, answer))
    std::cout << done << "; 'smsbridge schedules runs " << options.name << "' says how it goes\n";
  return exit_done;
}
int run_schedule(const ScheduleOptions& options) {
  const auto body = json::serialize(json::object{{"anew", options.anew}});
  return say_begun(options, call(options, "POST", schedule_address(options, "run"), body), "it runs");
}
int stop_schedule(const ScheduleOptions& options) {
  return say_begun(options, call(options, "POST", schedule_address(options, "stop")),
                   "it stops after the rows that are under way");
}

void print_refused(const json::array& rows) {
  for (const auto& row : rows) {
    const auto& each = row.as_object();
    std::cout << "row " << text_of(each, "row") << "\t" << text::printable(text_of(each, "id")) << "\t"
              << text::printable(text_of(each, "why")) << "\n";
  }
}

// The exit code is 3 when some rows would be refused.
int try_schedule(const ScheduleOptions& options) {
  const auto answer = call(options, "POST", schedule_address(options, "dry-run"));
  if (!answer.ok()) return report(answer);
  const auto& found = answer.body.as_object();
  const bool all = text_of(found, "refused") == "0";
  if (printed_as_json(options, answer)) return all ? exit_done : exit_partly;
  std::cout << text_of(found, "rows") << " rows: " << text_of(found, "sent") << " messages in "
            << text_of(found, "parts") << " parts, " << text_of(found, "repeated")
            << " got theirs in this period already, " << text_of(found, "refused") << " refused\n";
  for (const auto& [currency, price] : found.at("price").as_object())
    std::cout << "price: " << std::string_view(currency) << " " << std::string_view(price.as_string()) << "\n";
  if (text_of(found, "unpriced") != "0")
    std::cout << "price: not known of " << text_of(found, "unpriced") << " messages\n";
  if (const auto seconds = text_of(found, "seconds_to_send"); seconds != "-")
    std::cout << "takes: " << seconds << " s at the rates of the gateways\n";
  for (const auto& row : found.at("first").as_array()) {
    const auto& each = row.as_object();
    std::cout << "row " << text_of(each, "row") << "\t" << text_of(each, "to") << "\t" << text_of(each, "language")
              << "\t" << text::printable(text_of(each, "text")) << "\n";
  }
  if (!all) std::cout << "refused:\n";
  print_refused(found.at("refused_rows").as_array());
  return all ? exit_done : exit_partly;
}

int list_runs(const ScheduleOptions& options) {
  auto target = schedule_address(options, "runs") + "?limit=" + std::to_string(options.limit);
  if (!options.of_run.empty()) target += "&run=" + options.of_run;
  const auto answer = call(options, "GET", target);
  if (!answer.ok()) return report(answer);
  if (printed_as_json(options, answer)) return exit_done;
  Table table({"AT", "EVENT", "RESULT", "ROWS", "SENT", "REPEATED", "REFUSED", "BY", "PERIOD", "RUN", "DETAIL"},
              ::isatty(STDOUT_FILENO) != 0);
  table.leave_out_first({"PERIOD", "BY", "RUN"});
  const auto& items = answer.body.as_object().at("items").as_array();
  for (const auto& item : items) {
    const auto& r = item.as_object();
    table.add({text_of(r, "at"), text_of(r, "event"), text_of(r, "result"), text_of(r, "rows"), text_of(r, "sent"),
               text_of(r, "repeated"), text_of(r, "refused"), text_of(r, "by"), text_of(r, "period"), text_of(r, "run"),
               text::printable(text_of(r, "detail"))});
  }
  table.print(std::cout);
  for (const auto& item : items) print_refused(item.as_object().at("refused_rows").as_array());
  return exit_done;
}

}  // namespace

void add_schedules(CLI::App& app, Run& run) {
  auto options = std::make_shared<ScheduleOptions>();
  auto* schedules =
      app.add_subcommand("schedules", "What is read from Fineract at a time, and becomes a message a row");
  schedules->require_subcommand(1);
  const auto add = [&](const char* name, const char* what, bool one, int (*work)(const ScheduleOptions&)) {
    auto* command = schedules->add_subcommand(name, what);
    add_client_options(*command, *options);
    if (one) command->add_option("name", options->name, "Name of the schedule")->required();
    command->callback([options, work, &run] { run = [options, work] { return work(*options); }; });
    return command;
  };
  add("list", "All schedules", false, list_schedules);
  add("show", "One schedule", true, show_schedule);
  auto* now = add("run", "Run it now: who got a message in this period gets no second", true, run_schedule);
  now->add_flag("--anew", options->anew, "Also those get a message who got one in this period");
  add("dry-run", "Read all rows and send nothing: count, parts, price, texts, what is refused", true, try_schedule);
  add("stop", "Stop its run; what is out stays out", true, stop_schedule);
  add("pause", "It does not run by itself any more", true, pause_schedule);
  add("resume", "It runs by itself again", true, resume_schedule);
  auto* runs = add("runs", "How its runs went, the newest first", true, list_runs);
  runs->add_option("--run", options->of_run, "Of one run, slice by slice, with the rows that were refused");
  runs->add_option("--limit", options->limit, "How many, at most 500")->capture_default_str();
  add_object_commands(*schedules, "schedule", run);
}

}  // namespace smsbridge::bridge
