// SPDX-License-Identifier: MPL-2.0
#include <unistd.h>

#include <boost/json.hpp>
#include <iostream>

#include "bridge/cli/client.hpp"
#include "bridge/cli/commands.hpp"
#include "bridge/cli/exit_codes.hpp"
#include "bridge/cli/table.hpp"
#include "bridge/text/csv.hpp"
#include "bridge/text/printable.hpp"
#include "http_gateways/coding.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

struct UsageOptions : ClientOptions {
  std::string month, gateway;
  bool csv = false;
};

int usage(const UsageOptions& options) {
  std::string query;
  const auto add = [&](const char* key, const std::string& value) {
    if (!value.empty())
      query += (query.empty() ? "?" : "&") + std::string(key) + "=" + http_gateways::percent_encode(value);
  };
  add("month", options.month);
  add("gateway", options.gateway);
  const auto answer = call(options, "GET", "/api/v1/usage" + query);
  if (!answer.ok()) return report(answer);
  if (options.json) {
    std::cout << json::serialize(answer.body) << "\n";
    return exit_done;
  }
  const std::vector<std::string> fields = {"month", "gateway",   "tenant", "lane",  "submitted", "accepted",
                                           "parts", "delivered", "failed", "price", "currency",  "unpriced"};
  std::vector<std::string> titles;
  for (const auto& field : fields) {
    std::string title = field;
    for (auto& c : title) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    titles.push_back(title);
  }
  Table table(titles, !options.csv && ::isatty(STDOUT_FILENO) != 0);
  table.leave_out_first({"SUBMITTED", "FAILED", "DELIVERED", "UNPRICED"});  // not what it cost
  if (options.csv)
    for (std::size_t i = 0; i < fields.size(); ++i) std::cout << fields[i] << (i + 1 < fields.size() ? "," : "\n");
  for (const auto& item : answer.body.as_object().at("items").as_array()) {
    std::vector<std::string> row;
    for (const auto& field : fields) row.push_back(text_of(item.as_object(), field));
    if (!options.csv) {
      table.add(row);
      continue;
    }
    for (std::size_t i = 0; i < row.size(); ++i)
      std::cout << (row[i] == "-" ? "" : text::csv_cell(row[i])) << (i + 1 < row.size() ? "," : "\n");
  }
  if (!options.csv) table.print(std::cout);
  return exit_done;
}

}  // namespace

void add_usage(CLI::App& app, Run& run) {
  auto options = std::make_shared<UsageOptions>();
  auto* command = app.add_subcommand("usage", "What was sent and what it cost, by month, gateway, tenant and lane");
  add_client_options(*command, *options);
  add_tenant_option(*command, *options);
  command->add_option("--month", options->month, "Only this month, such as 2026-11");
  command->add_option("--gateway", options->gateway, "Only this gateway");
  command->add_flag("--csv", options->csv, "Comma-separated, to lay beside the carrier's bill");
  command->callback([options, &run] { run = [options] { return usage(*options); }; });
}

}  // namespace smsbridge::bridge
