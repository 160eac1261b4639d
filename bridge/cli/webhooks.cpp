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

struct WebhookOptions : ClientOptions {
  std::string name, message, end, from, until;
  int limit = 50;
  bool only_given_up = false;
};

std::string list_of(const json::object& object, std::string_view key) {
  std::string text;
  for (const auto& word : object.at(key).as_array()) text += (text.empty() ? "" : ",") + std::string(word.as_string());
  return text;
}

std::vector<std::string> webhook_row(const json::object& w) {
  return {text_of(w, "name"),       text_of(w, "id"),      text_of(w, "tenant"),
          text_of(w, "state"),      text_of(w, "waiting"), text_of(w, "last_delivered_at"),
          text_of(w, "url"),        list_of(w, "events"),  text::printable(text_of(w, "last_error")),
          text_of(w, "next_try_at")};
}

int print_webhooks(const WebhookOptions& options, const ClientAnswer& answer) {
  if (!answer.ok()) return report(answer);
  if (options.json) {
    std::cout << json::serialize(answer.body) << "\n";
    return exit_done;
  }
  Table table({"NAME", "ID", "TENANT", "STATE", "WAITING", "LAST DELIVERED", "URL", "EVENTS", "LAST ERROR", "NEXT TRY"},
              ::isatty(STDOUT_FILENO) != 0);
  table.leave_out_first({"ID", "EVENTS", "NEXT TRY"});
  const auto& object = answer.body.as_object();
  if (const auto* items = object.if_contains("items"))
    for (const auto& item : items->as_array()) table.add(webhook_row(item.as_object()));
  else
    table.add(webhook_row(object));
  table.print(std::cout);
  return exit_done;
}

int list_webhooks(const WebhookOptions& options) {
  return print_webhooks(options, call(options, "GET", address_of("webhook")));
}
int show_webhook(const WebhookOptions& options) {
  return print_webhooks(options, call(options, "GET", address_of("webhook", options.name)));
}
int resume_webhook(const WebhookOptions& options) {
  return print_webhooks(options, call(options, "POST", address_of("webhook", options.name) + "/resume"));
}

// The exit code is 1 when the receiver did not take it.
int test_webhook(const WebhookOptions& options) {
  const auto answer = call(options, "POST", address_of("webhook", options.name) + "/test");
  if (!answer.ok()) return report(answer);
  const auto& result = answer.body.as_object();
  const bool ok = text_of(result, "result") == "ok";
  if (options.json)
    std::cout << json::serialize(result) << "\n";
  else
    std::cout << text_of(result, "result") << "\t" << text_of(result, "status") << "\t"
              << text_of(result, "duration_ms") << " ms\t" << text::printable(text_of(result, "detail")) << "\n";
  return ok ? exit_done : exit_failed;
}

int list_deliveries(const WebhookOptions& options) {
  auto target = address_of("webhook", options.name) + "/deliveries?limit=" + std::to_string(options.limit);
  if (!options.message.empty()) target += "&message=" + options.message;
  if (!options.end.empty()) target += "&end=" + options.end;
  const auto answer = call(options, "GET", target);
  if (!answer.ok()) return report(answer);
  if (options.json) {
    std::cout << json::serialize(answer.body) << "\n";
    return exit_done;
  }
  Table table({"AT", "TYPE", "ATTEMPT", "RESULT", "STATUS", "MS", "END", "EVENT", "DETAIL"},
              ::isatty(STDOUT_FILENO) != 0);
  table.leave_out_first({"MS", "ATTEMPT", "EVENT"});
  for (const auto& item : answer.body.as_object().at("items").as_array()) {
    const auto& d = item.as_object();
    table.add({text_of(d, "at"), text_of(d, "type"), text_of(d, "attempt"), text_of(d, "result"), text_of(d, "status"),
               text_of(d, "duration_ms"), text_of(d, "end"), text_of(d, "event_id"),
               text::printable(text_of(d, "detail"))});
  }
  table.print(std::cout);
  return exit_done;
}

int replay(const WebhookOptions& options) {
  json::object wanted;
  for (const auto& [key, value] : {std::pair<const char*, const std::string&>{"from", options.from},
                                   {"until", options.until},
                                   {"message", options.message}})
    if (!value.empty()) wanted[key] = value;
  if (options.only_given_up) wanted["only_given_up"] = true;
  const auto answer = call(options, "POST", address_of("webhook", options.name) + "/replay", json::serialize(wanted));
  if (!answer.ok()) return report(answer);
  const auto& done = answer.body.as_object();
  if (options.json)
    std::cout << json::serialize(done) << "\n";
  else
    std::cout << text_of(done, "events") << " events are sent once more\n";
  if (text_of(done, "next_from") == "-") return exit_done;
  std::cerr << "there are more: go on with --from " << text_of(done, "next_from") << "\n";
  return exit_partly;
}

int rotate_secret(const WebhookOptions& options) {
  const auto answer = call(options, "POST", address_of("webhook", options.name) + "/rotate-secret");
  if (!answer.ok()) return report(answer);
  if (options.json)
    std::cout << json::serialize(answer.body) << "\n";
  else
    std::cout << "its new secret, which is shown only now: " << text_of(answer.body.as_object(), "secret")
              << "\nthe old one signs as well until: smsbridge webhooks change " << options.name
              << " --unset old_secret\n";
  return exit_done;
}

}  // namespace

void add_webhooks(CLI::App& app, Run& run) {
  auto options = std::make_shared<WebhookOptions>();
  auto* webhooks = app.add_subcommand("webhooks", "Who is told what becomes of messages; change it, try it, replay it");
  webhooks->require_subcommand(1);
  const auto add = [&](const char* name, const char* what, bool one, int (*work)(const WebhookOptions&)) {
    auto* command = webhooks->add_subcommand(name, what);
    add_client_options(*command, *options);
    if (one) command->add_option("name", options->name, "Name of the webhook")->required();
    command->callback([options, work, &run] { run = [options, work] { return work(*options); }; });
    return command;
  };
  add("list", "All webhooks", false, list_webhooks);
  add("show", "One webhook", true, show_webhook);
  add("test", "Send one event now; the exit code is 1 when it was not taken", true, test_webhook);
  add("resume", "Send events again to one that answered 410", true, resume_webhook);
  add("rotate-secret", "Make a new secret; the old one signs as well until it is taken out", true, rotate_secret);
  auto* deliveries =
      add("deliveries", "What was delivered, attempt by attempt, the newest first", true, list_deliveries);
  deliveries->add_option("--message", options->message, "Of one message: its id");
  deliveries->add_option("--end", options->end, "Only those that ended so: delivered or given_up");
  deliveries->add_option("--limit", options->limit, "How many, at most 500")->capture_default_str();
  auto* again = add("replay", "Send events that were delivered or given up once more, under their ids", true, replay);
  again->add_option("--from", options->from, "Delivered or given up from then on, such as 2026-11-24T10:00:00Z");
  again->add_option("--until", options->until, "And before");
  again->add_option("--message", options->message, "Of one message: its id");
  again->add_flag("--only-given-up", options->only_given_up, "Only those that no attempt delivered");
  add_object_commands(*webhooks, "webhook", run);
}

}  // namespace smsbridge::bridge
