// SPDX-License-Identifier: MPL-2.0
// What phones said, the rules for it, and who gets no more campaigns.
#include <unistd.h>

#include <boost/json.hpp>
#include <fstream>
#include <iostream>
#include <sstream>

#include "bridge/cli/client.hpp"
#include "bridge/cli/commands.hpp"
#include "bridge/cli/exit_codes.hpp"
#include "bridge/cli/objects.hpp"
#include "bridge/cli/table.hpp"
#include "bridge/text/printable.hpp"
#include "http_gateways/coding.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

constexpr std::size_t import_lines = 1000;

struct InboundOptions : ClientOptions {
  Filters filters{{"from", ""}, {"to", ""}, {"gateway", ""}, {"since", ""}, {"until", ""}};
  std::size_t limit = 50;
  std::string number, reason, file;
};

int list_inbound(const InboundOptions& options) {
  Table table({"RECEIVED", "FROM", "TO", "GATEWAY", "PARTS", "ACTION", "RULE", "TEXT"}, ::isatty(STDOUT_FILENO) != 0);
  table.leave_out_first({"RULE", "PARTS", "GATEWAY"});
  table.cut_last({"RECEIVED", "FROM"});
  const auto filters = query_of(options.filters, {"since", "until"});
  const auto listed = list_pages(options, "/api/v1/inbound", filters, options.limit, [&](const json::object& m) {
    const auto missing = m.at("missing_parts").as_array().size();
    table.add({text_of(m, "received_at"), text_of(m, "from"), text_of(m, "to"), text_of(m, "gateway"),
               text_of(m, "parts") + (missing ? ", " + std::to_string(missing) + " missing" : ""), text_of(m, "action"),
               text_of(m, "rule"), one_line(text_of(m, "text"))});
  });
  if (listed.code == exit_done && !options.json) table.print(std::cout);
  return listed.code;
}

int list_rules(const InboundOptions& options) {
  Table table({"NAME", "POSITION", "KEYWORDS", "LANGUAGE", "ACTION", "ANSWER"}, ::isatty(STDOUT_FILENO) != 0);
  const auto answer = call(options, "GET", "/api/v1/inbound-rules");
  if (!answer.ok()) return report(answer);
  for (const auto& item : answer.body.as_object().at("items").as_array()) {
    const auto& rule = item.as_object();
    if (options.json) {
      std::cout << json::serialize(rule) << "\n";
      continue;
    }
    std::string keywords;
    for (const auto& word : rule.at("keywords").as_array())
      keywords += (keywords.empty() ? "" : ",") + std::string(word.as_string());
    table.add(
        {text_of(rule, "name"), text_of(rule, "position"), keywords, text_of(rule, "language"), text_of(rule, "action"),
         rule.at("template").is_null() ? one_line(text_of(rule, "answer")) : "template " + text_of(rule, "template")});
  }
  if (!options.json) table.print(std::cout);
  return exit_done;
}

int list_opt_outs(const InboundOptions& options) {
  Table table({"NUMBER", "SINCE", "HOW", "REASON", "BY"}, ::isatty(STDOUT_FILENO) != 0);
  const auto filter = options.number.empty() ? "" : "&number=" + http_gateways::percent_encode(options.number);
  const auto listed = list_pages(options, "/api/v1/opt-outs", filter, options.limit, [&](const json::object& m) {
    table.add({text_of(m, "number"), text_of(m, "since"), text_of(m, "how"), one_line(text_of(m, "reason")),
               text_of(m, "by")});
  });
  if (listed.code == exit_done && !options.json) table.print(std::cout);
  return listed.code;
}

int say_opt_out(const InboundOptions& options, const ClientAnswer& answer, const std::string& what) {
  if (!answer.ok()) return report(answer);
  if (options.json)
    std::cout << json::serialize(answer.body) << "\n";
  else
    std::cout << text_of(answer.body.as_object(), "number") << " " << what << "\n";
  return exit_done;
}

int add_opt_out(const InboundOptions& options) {
  const auto answer = call(options, "POST", "/api/v1/opt-outs",
                           json::serialize(json::object{{"number", options.number}, {"reason", options.reason}}));
  return say_opt_out(options, answer,
                     answer.status == 201 ? "gets no more campaigns" : "had opted out before, and stays so");
}

int remove_opt_out(const InboundOptions& options) {
  return say_opt_out(options,
                     call(options, "DELETE",
                          "/api/v1/opt-outs/" + http_gateways::percent_encode(options.number) +
                              "?reason=" + http_gateways::percent_encode(options.reason)),
                     "gets campaigns again");
}

// In pieces that the daemon takes; where one is refused the ones before it are in force, and it says how far it came.
int import_opt_outs(const InboundOptions& options) {
  std::ifstream opened;
  if (options.file != "-") opened.open(options.file, std::ios::binary);
  auto& in = options.file == "-" ? std::cin : opened;
  if (!in) throw ClientError(exit_usage, "cannot read " + options.file);
  std::int64_t added = 0, known = 0;
  std::size_t refused = 0, before = 0;
  for (std::string line, piece; in;) {
    std::size_t lines = 0;
    for (piece.clear(); lines < import_lines && std::getline(in, line); ++lines) piece += line + "\n";
    if (lines == 0) break;
    const auto answer = call(options, "POST", "/api/v1/opt-outs/import", piece);
    if (!answer.ok()) {
      std::cerr << "the first " << before << " lines of " << options.file << " are in force\n";
      return report(answer);
    }
    const auto& body = answer.body.as_object();
    added += body.at("added").to_number<std::int64_t>();
    known += body.at("known").to_number<std::int64_t>();
    for (const auto& error : body.at("errors").as_array()) {
      ++refused;
      const auto number = text_of(error.as_object(), "pointer").substr(sizeof("line ") - 1);
      std::cerr << options.file << ":" << before + std::strtoul(number.c_str(), nullptr, 10) << ": "
                << text::printable(text_of(error.as_object(), "detail")) << "\n";
    }
    before += lines;
  }
  std::cout << added << " added, " << known << " known before, " << refused << " refused\n";
  return refused ? exit_partly : exit_done;
}

int export_opt_outs(const InboundOptions& options) {
  const auto answer = call(options, "GET", "/api/v1/opt-outs/export");
  if (!answer.ok()) return report(answer);
  if (const auto* csv = answer.body.if_string()) std::cout << std::string_view(*csv);
  return exit_done;
}

using Work = int (*)(const InboundOptions&);

void add_opt_outs(CLI::App& app, const std::shared_ptr<InboundOptions>& options, Run& run) {
  auto* opt_outs = app.add_subcommand("opt-outs", "Phones that get no more campaigns and reminders");
  opt_outs->require_subcommand(1);
  const auto add = [&](const char* name, const char* what, Work work) {
    auto* command = opt_outs->add_subcommand(name, what);
    add_client_options(*command, *options);
    add_tenant_option(*command, *options);
    command->callback([options, work, &run] { run = [options, work] { return work(*options); }; });
    return command;
  };
  auto* lister = add("list", "All of them, in the order of their numbers", list_opt_outs);
  lister->add_option("--number", options->number, "Only this one");
  lister->add_option("--limit", options->limit, "How many")->capture_default_str();
  for (auto* command :
       {add("add", "Send a phone no more of them", add_opt_out),
        add("remove", "Send a phone campaigns again, because its owner asked for it", remove_opt_out)}) {
    command->add_option("number", options->number, "Phone number")->required();
    command->add_option("--reason", options->reason, "Why; it is kept")->required();
  }
  add("import", "Set many: a number and perhaps a reason a line, CSV", import_opt_outs)
      ->add_option("file", options->file, "File; - is stdin")
      ->required();
  add("export", "All of them as CSV", export_opt_outs);
}

}  // namespace

void add_inbound(CLI::App& app, Run& run) {
  auto options = std::make_shared<InboundOptions>();
  auto* inbound = app.add_subcommand("inbound", "What phones said");
  inbound->require_subcommand(1);
  auto* lister = inbound->add_subcommand("list", "Messages of phones, newest first");
  add_client_options(*lister, *options);
  add_tenant_option(*lister, *options);
  static const std::map<std::string, const char*> help = {
      {"from", "The phone's number"},
      {"to", "What it wrote to"},
      {"gateway", "Name of the gateway that brought it"},
      {"since", "Kept at or after, such as 2026-11-24T00:00:00Z, or 1h: that long ago"},
      {"until", "Kept before, likewise"}};
  for (auto& [key, value] : options->filters) lister->add_option("--" + key, value, help.at(key));
  lister->add_option("--limit", options->limit, "How many")->capture_default_str();
  lister->callback([options, &run] { run = [options] { return list_inbound(*options); }; });
  auto* rules = app.add_subcommand("inbound-rules", "What follows when a phone sends a keyword");
  rules->require_subcommand(1);
  auto* rule_lister = rules->add_subcommand("list", "All rules, in the order in which they are asked");
  add_client_options(*rule_lister, *options);
  rule_lister->callback([options, &run] { run = [options] { return list_rules(*options); }; });
  add_object_commands(*rules, "inbound-rule", run);
  add_opt_outs(app, options, run);
}

}  // namespace smsbridge::bridge
