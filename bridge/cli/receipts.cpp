// SPDX-License-Identifier: MPL-2.0
// Receipts without a message so far.
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <iostream>

#include "bridge/cli/client.hpp"
#include "bridge/cli/commands.hpp"
#include "bridge/cli/exit_codes.hpp"
#include "bridge/cli/table.hpp"
#include "bridge/text/time.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

struct ReceiptOptions : ClientOptions {
  Filters filters{{"gateway", ""}};
  std::size_t limit = 50;
};

// "45s", "12m", "7h": since then, by this machine's clock.
std::string age_of(const std::string& time) {
  const auto at = text::parse_rfc3339(time);
  if (!at) return "-";
  using namespace std::chrono;
  const auto now = duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
  const auto seconds_old = std::max<std::int64_t>(0, (now - *at) / 1000);
  if (seconds_old < 120) return std::to_string(seconds_old) + "s";
  return seconds_old < 7200 ? std::to_string(seconds_old / 60) + "m" : std::to_string(seconds_old / 3600) + "h";
}

// Why it waits, in words for a column.
std::string reason_of(const json::object& receipt) {
  const auto why = text_of(receipt, "why");
  if (why == "early") return "its message may still come";
  if (why == "another-phone") return "its id is that of a message to another phone";
  if (why == "ambiguous") return "several messages have its id";
  return "no message has its id";
}

int list_receipts(const ReceiptOptions& options) {
  Table table({"AGE", "GATEWAY", "IDS", "STATE", "PHONE", "WHY"}, ::isatty(STDOUT_FILENO) != 0);
  const auto listed =
      list_pages(options, "/api/v1/receipts/parked", query_of(options.filters, {}), options.limit,
                 [&](const json::object& receipt) {
                   std::string ids;
                   for (const auto& id : receipt.at("ids").as_array())
                     ids += (ids.empty() ? "" : " ") + one_line(std::string(id.as_string()));
                   table.add({age_of(text_of(receipt, "parked_at")), text_of(receipt, "gateway"), ids,
                              text_of(receipt, "state"), one_line(text_of(receipt, "phone")), reason_of(receipt)});
                 });
  if (listed.code == exit_done && !options.json) table.print(std::cout);
  return listed.code;
}

}  // namespace

void add_receipts(CLI::App& app, Run& run) {
  auto options = std::make_shared<ReceiptOptions>();
  auto* receipts = app.add_subcommand("receipts", "Delivery receipts that no message is known for");
  receipts->require_subcommand(1);
  auto* lister = receipts->add_subcommand("list", "Those that are parked, newest first");
  add_client_options(*lister, *options);
  for (auto& [key, value] : options->filters)
    lister->add_option("--" + key, value, "Name of the gateway that brought them");
  lister->add_option("--limit", options->limit, "How many")->capture_default_str();
  lister->callback([options, &run] { run = [options] { return list_receipts(*options); }; });
}

}  // namespace smsbridge::bridge
