// SPDX-License-Identifier: MPL-2.0
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <fstream>
#include <iostream>
#include <thread>

#include "bridge/cli/client.hpp"
#include "bridge/cli/commands.hpp"
#include "bridge/cli/cut_off.hpp"
#include "bridge/cli/exit_codes.hpp"
#include "bridge/cli/objects.hpp"
#include "bridge/cli/provider_lines.hpp"
#include "bridge/cli/table.hpp"
#include "bridge/text/nearest.hpp"
#include "bridge/text/printable.hpp"
#include "http_gateways/coding.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

constexpr auto look_every = std::chrono::milliseconds(250);

struct GatewayOptions : ClientOptions {
  std::string name, to, text;
  int wait_s = 60;
  bool whole = false;  // what does not fit into a row, too
  bool yes = false;
};

std::vector<std::string> gateway_row(const json::object& g, bool terminal) {
  std::size_t bound = 0;
  auto error = text_of(g, "last_error"),
       next = text_of(g, "next_try_at");  // of the account; SMPP has one a session, too
  const auto& sessions = g.at("sessions").as_array();
  for (const auto& session : sessions) {
    if (session.as_object().at("state").as_string() == "bound") ++bound;
    if (const auto& last = session.as_object().at("last_error"); last.is_string()) {
      error = std::string(last.as_string());
      if (const auto at = text_of(session.as_object(), "next_try_at"); at != "-") next = at;
    }
  }
  if (const auto since = text_of(g, "receipts_quiet_since"); since != "-" && error == "-")
    error = "no receipts since " + (terminal ? since.substr(11, 8) : since);
  if (terminal && next != "-") next = next.substr(11, 8);  // the time of day: mostly it is soon
  return {text_of(g, "name"),
          text_of(g, "id"),
          text_of(g, "state"),
          sessions.empty() ? "-" : std::to_string(bound) + "/" + std::to_string(sessions.size()),
          text_of(g, "window_in_use") + "/" + text_of(g, "window_limit"),
          text_of(g, "queued"),
          text_of(g, "in_flight"),
          text_of(g, "awaiting_receipt"),
          text_of(g, "kind"),
          error,
          next};
}

// "learnt: decimal to hexadecimal, behind 'gw-'".
std::string ids_line(const json::object& ids) {
  const auto state = text_of(ids, "state");
  if (state == "learning")
    return "learning how they are written: " + text_of(ids, "pairs") + " of " + text_of(ids, "pairs_wanted") +
           " receipts agree";
  const auto conversion = text_of(ids, "conversion");
  auto line = state + ": " + (conversion == "none" ? "as in answers" : conversion);
  if (const auto prefix = text_of(ids, "receipt_prefix"); prefix != "-") line += ", behind '" + prefix + "'";
  if (const auto prefix = text_of(ids, "response_prefix"); prefix != "-")
    line += ", in answers behind '" + prefix + "'";
  return line;
}

// What an answer has and a row has not.
void print_details(const json::object& g) {
  const bool terminal = ::isatty(STDOUT_FILENO) != 0;
  Table table({"FIELD", "VALUE"}, terminal, any_width);
  const auto add = [&](const std::string& name, const std::string& value) {
    if (value != "-") table.add({name, value});
  };
  for (const auto* name :
       {"profile", "host", "port", "paused_since", "draining_since", "receipts_quiet_since", "receipts_parked",
        "rate_limit", "routing", "last_error", "next_try_at", "callback_url", "managed_by"})
    add(name, text_of(g, name));
  if (const auto* balance = g.if_contains("balance"); balance && balance->is_object()) {
    const auto& b = balance->get_object();
    const auto currency = text_of(b, "currency");
    add("balance", text_of(b, "amount") + (currency == "-" ? "" : " " + currency) + " at " + text_of(b, "at"));
  }
  if (const auto* ids = g.if_contains("receipt_ids"); ids && ids->is_object())
    add("receipt ids", ids_line(ids->get_object()));
  for (const auto& session : g.at("sessions").as_array()) {
    const auto& s = session.as_object();
    const auto error = text_of(s, "last_error");
    const auto next = text_of(s, "next_try_at"), since = text_of(s, "bound_since");
    add("session " + text_of(s, "number"),
        text_of(s, "state") + " at " + text_of(s, "host") + (since == "-" ? "" : " since " + since) +
            (error == "-" ? "" : "; " + error) + (next == "-" ? "" : "; next try at " + next));
  }
  const auto& hosts = g.at("hosts").as_array();
  for (std::size_t i = 0; hosts.size() > 1 && i < hosts.size(); ++i) {
    const auto& h = hosts[i].as_object();
    const auto since = text_of(h, "avoided_since");
    add("host " + std::to_string(i + 1),
        text_of(h, "host") + ", " + text_of(h, "sessions") + " sessions" +
            (since == "-" ? "" : "; avoided since " + since + ": " + text_of(h, "last_error")));
  }
  add("settings", json::serialize(g.at("settings")));
  std::cout << "\n";
  table.print(std::cout);
}

// Prints each state that the message comes to.
int test_send(const GatewayOptions& options) {
  json::object body{{"to", options.to}};
  if (!options.text.empty()) body["text"] = options.text;
  const auto gateway = "/api/v1/gateways/" + http_gateways::percent_encode(options.name);
  auto answer = call(options, "POST", gateway + "/test-send", json::serialize(body));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(options.wait_s);
  for (std::string last;; std::this_thread::sleep_for(look_every)) {
    if (!answer.ok()) return report(answer);
    const auto& message = answer.body.as_object();
    const auto state = text_of(message, "state"), id = text_of(message, "id"), why = text_of(message, "status_message");
    if (state != last)
      std::cout << (options.json ? json::serialize(message) : id + "\t" + state + "\t" + text::printable(why))
                << std::endl;
    last = state;
    if (const auto* success = message.if_contains("success"); success && success->is_bool())
      return success->get_bool() ? exit_done : exit_failed;
    if (std::chrono::steady_clock::now() >= deadline) {
      std::cerr << "it is not at its end yet; see 'smsbridge messages show " << id << "'\n";
      return exit_timed_out;
    }
    answer = call(options, "GET", "/api/v1/messages/" + id);
  }
}

int show_gateways(const GatewayOptions& options, const std::string& method, const std::string& target) {
  const auto answer = call(options, method, target);
  if (!answer.ok()) return report(answer);
  if (options.json) {
    std::cout << json::serialize(answer.body) << "\n";
    return exit_done;
  }
  const bool terminal = ::isatty(STDOUT_FILENO) != 0;
  Table table(
      {"NAME", "ID", "STATE", "BINDS", "WINDOW", "QUEUED", "IN FLIGHT", "AWAITING", "KIND", "LAST ERROR", "NEXT TRY"},
      terminal);
  table.leave_out_first({"WINDOW", "ID", "KIND", "IN FLIGHT", "AWAITING"});
  const auto& object = answer.body.as_object();
  if (const auto* items = object.if_contains("items"))
    for (const auto& item : items->as_array()) table.add(gateway_row(item.as_object(), terminal));
  else
    table.add(gateway_row(object, terminal));
  table.print(std::cout);
  if (options.whole) print_details(object);
  return exit_done;
}

// ---- parse and build: no daemon is asked ----

constexpr std::size_t definition_size_max_bytes = 1 << 20;

struct LineOptions {
  std::string kind;
  std::optional<std::string> answer;  // nothing: build
};

std::optional<std::string> read_definition(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string content(definition_size_max_bytes + 1, '\0');
  in.read(content.data(), static_cast<std::streamsize>(content.size()));
  content.resize(static_cast<std::size_t>(in.gcount()));
  // Read to its end: not a folder, and not too large.
  if (!in.eof() || content.size() > definition_size_max_bytes) return std::nullopt;
  return content;
}

std::vector<std::string> kind_names() {
  std::vector<std::string> names;
  for (const auto& kind : http_gateways::kinds()) names.emplace_back(kind.name);
  return names;
}

std::string listed(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

bool is_one_of(const std::vector<std::string>& known, const std::string& word, const std::string& what) {
  if (std::ranges::find(known, word) != known.end()) return true;
  const auto close = text::nearest(word, known);
  std::cerr << "error: there is no " << what << " '" << word
            << "'\nhint: " << (close.empty() ? "it is one of " + listed(known) : "did you mean '" + close + "'?")
            << "\n";
  return false;
}

int answer_lines(const LineOptions& options) {
  const auto& answer = options.answer;
  if (!is_one_of(kind_names(), options.kind, "kind of provider")) return exit_usage;
  if (answer && !is_one_of(provider_answers(), *answer, "answer")) return exit_usage;
  const auto& kind = *http_gateways::find_kind(options.kind);
  for (std::string line; std::getline(std::cin, line);) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const LineSurroundings surroundings{.now_s = std::chrono::duration_cast<std::chrono::seconds>(now).count(),
                                        .read_file = read_definition};
    const auto object =
        answer ? parse_provider_line(kind, *answer, line, surroundings) : build_provider_line(kind, line, surroundings);
    // A line is answered at once: another program may be waiting for it before it writes the next.
    std::cout << json::serialize(object) << std::endl;
  }
  return std::cout ? exit_done : exit_failed;
}

constexpr const char* about_settings =
    R"(Settings of the account: the members of "config_file" (a JSON file), then of "config" (an object), then every
other member of the line; the later ones win. Those of generic are its definition. "now" is in seconds since 1970.
A refused line is answered with {"error": {"code", "detail"}}, and the exit code is 0 all the same.
)";

constexpr const char* about_parse =
    R"(Credentials that are missing are taken as "unset".

A line for reply, poll and balance:
  {"http_status": 429, "headers": {"Retry-After": "30"}, "body": "", "config_file": "acme.json"}
  "message": {"ref", "to", "text"} belongs to it where the reply names the recipient.
A line for callback and inbound:
  {"method": "POST", "url": "https://sms.example.org/cb?ref=m-1", "headers": {}, "body": "st=OK", "config_file": "acme.json"})";

constexpr const char* about_build =
    R"("message" may also have "from", "validity_s" and "callback_url".

A line:
  {"message": {"ref": "m-1", "to": "+254700000101", "text": "Hello"}, "config_file": "acme.json"})";

void add_lines(CLI::App& gateways, Run& run) {
  const auto add = [&](const char* name, const char* what, const char* about) {
    auto options = std::make_shared<LineOptions>();
    auto* command = gateways.add_subcommand(name, what);
    command->add_option("kind", options->kind, "Kind of provider: " + listed(kind_names()))->required();
    command->callback([options, &run] { run = [options] { return answer_lines(*options); }; });
    command->footer(std::string(about_settings) + about);
    return std::pair(command, options);
  };
  const auto [parse, options] =
      add("parse", "What a provider's answers mean: JSON lines on stdin, one object a line on stdout", about_parse);
  parse->add_option("answer", options->answer, "What to parse: " + listed(provider_answers()))->required();
  add("build", "Requests that would send messages: JSON lines on stdin, one object a line on stdout", about_build);
}

}  // namespace

void add_gateways(CLI::App& app, Run& run) {
  auto options = std::make_shared<GatewayOptions>();
  auto* gateways =
      app.add_subcommand("gateways", "Look at the ways out, change them, try them; what HTTP providers mean");
  gateways->require_subcommand(1);
  const auto add = [&](const char* name, const char* what, bool one, std::string method, std::string suffix) {
    const bool whole = std::string_view(name) == "show";
    auto* command = gateways->add_subcommand(name, what);
    add_client_options(*command, *options);
    if (one) command->add_option("name", options->name, "Name of the gateway")->required();
    if (suffix == "/drain") command->add_flag("-y,--yes", options->yes, "Do not ask, whoever is cut off");
    command->callback([options, one, whole, method = std::move(method), suffix = std::move(suffix), &run] {
      options->whole = whole;
      run = [options, one, method, suffix] {
        const auto target =
            "/api/v1/gateways" + (one ? "/" + http_gateways::percent_encode(options->name) : "") + suffix;
        if (suffix == "/drain") confirm_cut_off(call(*options, method, target + "?dry_run=true"), options->yes);
        return show_gateways(*options, method, target);
      };
    });
  };
  add("list", "All gateways", false, "GET", "");
  add("show", "One gateway, with its callback URL and balance", true, "GET", "");
  add("pause", "Submit nothing until resumed; binds stay, messages wait, or move where a route says so", true, "POST",
      "/pause");
  add("resume", "Submit again", true, "POST", "/resume");
  add("drain", "Take nothing new, and send what waits; shown as drained when nothing is left; resume ends it", true,
      "POST", "/drain");
  add("reconnect", "Sessions that wait before their next attempt to bind, and a refused account, are tried now", true,
      "POST", "/reconnect");
  add_object_commands(*gateways, "gateway", run);
  auto* tester = gateways->add_subcommand("test-send", "Send one message by this gateway and follow it to its end");
  add_client_options(*tester, *options);
  add_tenant_option(*tester, *options);
  tester->add_option("name", options->name, "Name of the gateway")->required();
  tester->add_option("to", options->to, "Phone number")->required();
  tester->add_option("text", options->text, "Text; otherwise one that says that it is a test");
  tester->add_option("--wait", options->wait_s, "Seconds to wait for its end")->capture_default_str();
  tester->callback([options, &run] { run = [options] { return test_send(*options); }; });
  add_lines(*gateways, run);
}

}  // namespace smsbridge::bridge
