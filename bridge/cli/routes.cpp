// SPDX-License-Identifier: MPL-2.0
#include <fmt/format.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <iostream>

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

struct RouteOptions : ClientOptions {
  std::string name;                            // show
  std::string to, lane, from, route, country;  // test
  std::int64_t parts = 1;
};

bool is_terminal() { return ::isatty(STDOUT_FILENO) != 0; }

std::string joined_with(const json::array& values, std::string_view separator) {
  std::string text;
  for (const auto& value : values) {
    if (!text.empty()) text += separator;
    text += value.is_string() ? std::string(value.as_string()) : json::serialize(value);
  }
  return text;
}

std::string hours_of(const json::object& route) {
  const auto* hours = route.at("hours").if_object();
  if (!hours) return "-";
  return text_of(*hours, "from") + "-" + text_of(*hours, "until") + " " + text_of(*hours, "zone");
}

// Which messages it is for: "countries KE; lanes otp,transaction".
std::string conditions_of(const json::object& route) {
  std::string text;
  for (const auto* name : {"tenants", "countries", "prefixes", "senders", "lanes"})
    if (const auto& values = route.at(name).as_array(); !values.empty())
      text += (text.empty() ? "" : "; ") + std::string(name) + " " + joined_with(values, ",");
  return text.empty() ? "all" : text;
}

std::string gateways_of(const json::object& route) {
  const bool weighted = route.at("order").as_string() == "weighted";
  std::string text;
  for (const auto& way : route.at("via").as_array()) {
    const auto& via = way.as_object();
    if (!text.empty()) text += ",";
    text += text_of(via, "gateway");
    if (weighted) text += "*" + text_of(via, "weight");
  }
  return text;
}

std::vector<std::string> route_row(const json::object& route) {
  return {text_of(route, "name"), text_of(route, "id"), text_of(route, "order"),    gateways_of(route),
          conditions_of(route),   hours_of(route),      text_of(route, "price_max")};
}

int list_routes(const RouteOptions& options) {
  const auto answer = call(options, "GET", "/api/v1/routes");
  if (!answer.ok()) return report(answer);
  if (options.json) {
    std::cout << json::serialize(answer.body) << "\n";
    return exit_done;
  }
  Table table({"NAME", "ID", "ORDER", "GATEWAYS", "FOR", "HOURS", "PRICE MAX"}, is_terminal());
  for (const auto& route : answer.body.as_object().at("items").as_array()) table.add(route_row(route.as_object()));
  table.print(std::cout);
  return exit_done;
}

int show_route(const RouteOptions& options) {
  const auto answer = call(options, "GET", "/api/v1/routes/" + http_gateways::percent_encode(options.name));
  if (!answer.ok()) return report(answer);
  if (options.json) {
    std::cout << json::serialize(answer.body) << "\n";
    return exit_done;
  }
  const auto& route = answer.body.as_object();
  const auto& fail_over = route.at("fail_over").as_object();
  Table table({"FIELD", "VALUE"}, is_terminal(), any_width);
  for (const auto* name : {"name", "id", "description", "order"}) table.add({name, text_of(route, name)});
  table.add({"gateways", gateways_of(route)});
  table.add({"for", conditions_of(route)});
  table.add({"hours", hours_of(route)});
  table.add({"price_max", text_of(route, "price_max")});
  table.add({"position", text_of(route, "position")});
  table.add({"managed_by", text_of(route, "managed_by")});
  table.add({"after_refusal", text_of(fail_over, "after_refusal")});
  for (const auto* name : {"unreachable_after", "throttled_after", "no_receipt_after"}) {
    std::string text;
    for (const auto& [lane, seconds] : fail_over.at(name).as_object()) {
      if (!text.empty()) text += ", ";
      text += std::string(lane) + " " + (seconds.is_null() ? "never" : fmt::format("{}s", seconds.to_number<double>()));
    }
    table.add({name, text});
  }
  table.print(std::cout);
  return exit_done;
}

int test(const RouteOptions& options) {
  json::object question{{"to", options.to}, {"parts", options.parts}};
  for (const auto& [key, value] : {std::pair<const char*, const std::string&>{"lane", options.lane},
                                   {"from", options.from},
                                   {"route", options.route},
                                   {"country", options.country}})
    if (!value.empty()) question[key] = value;
  const auto answer = call(options, "POST", "/api/v1/routes/test", json::serialize(question));
  if (!answer.ok()) return report(answer);
  const auto& body = answer.body.as_object();
  const auto& gateways = body.at("gateways").as_array();
  // A message for which there is no way would be refused.
  const int code = gateways.empty() ? exit_failed : exit_done;
  if (options.json) {
    std::cout << json::serialize(body) << "\n";
    return code;
  }
  const bool terminal = is_terminal();
  Table choice({"TO", "COUNTRY", "ROUTE", "GATEWAYS"}, terminal);
  choice.add({text_of(body, "to"), text_of(body, "country"), text_of(body, "route"),
              gateways.empty() ? "-" : joined_with(gateways, ",")});
  choice.print(std::cout);
  std::cout << "\n";
  Table steps({"STEP", "TAKEN", "WHY"}, terminal);
  for (const auto& item : body.at("steps").as_array()) {
    const auto& step = item.as_object();
    steps.add({text_of(step, "subject"), step.at("taken").as_bool() ? "yes" : "no", text_of(step, "why")});
  }
  steps.print(std::cout);
  return code;
}

}  // namespace

void add_routes(CLI::App& app, Run& run) {
  auto options = std::make_shared<RouteOptions>();
  auto* routes = app.add_subcommand("routes", "Which way messages take, and why; change it");
  routes->require_subcommand(1);
  const auto add = [&](const char* name, const char* what, int (*work)(const RouteOptions&)) {
    auto* command = routes->add_subcommand(name, what);
    add_client_options(*command, *options);
    command->callback([options, work, &run] { run = [options, work] { return work(*options); }; });
    return command;
  };
  add("list", "All routes, in the order in which they are looked at", list_routes);
  add("show", "One route, with its times of fail-over", show_route)
      ->add_option("name", options->name, "Name of the route")
      ->required();
  auto* tester = add("test", "Which way a message would take now; sends nothing", test);
  add_tenant_option(*tester, *options);
  tester->add_option("number", options->to, "Phone number")->required();
  tester->add_option("--lane", options->lane, "otp, transaction, reminder or campaign; otherwise transaction");
  tester->add_option("--from", options->from, "Sender; otherwise the tenant's");
  tester->add_option("--route", options->route, "As if the message named this route");
  tester->add_option("--country", options->country, "Country of a national number, such as KE; otherwise the tenant's");
  tester->add_option("--parts", options->parts, "How many parts the text has, for prices")
      ->capture_default_str()
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{255}));
  tester->footer("The exit code is 1 when there is no way for the message.");
  add_object_commands(*routes, "route", run);
}

}  // namespace smsbridge::bridge
