// SPDX-License-Identifier: MPL-2.0
#include <unistd.h>

#include <boost/json.hpp>
#include <chrono>
#include <csignal>
#include <iostream>
#include <set>
#include <thread>

#include "bridge/cli/client.hpp"
#include "bridge/cli/commands.hpp"
#include "bridge/cli/exit_codes.hpp"
#include "bridge/cli/table.hpp"
#include "bridge/cli/variables.hpp"
#include "bridge/text/printable.hpp"
#include "http_gateways/coding.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

struct MessageOptions : ClientOptions {
  std::string id;
  Filters filters{{"state", ""}, {"gateway", ""}, {"to", ""},    {"client_ref", ""}, {"source", ""},
                  {"lane", ""},  {"from", ""},    {"until", ""}, {"q", ""}};
  std::size_t limit = 50;
  std::string to, text, from, client_ref, lane, gateway, route, validity, send_at, target_user, triggered_by;
  std::string binary, udh, made_of, language;
  std::optional<int> data_coding;
  std::map<std::string, std::optional<std::int64_t>> people{{"client", {}}, {"group", {}}, {"staff", {}}};  // ids
  std::vector<std::string> tlvs, variables;
  bool flash = false, transliterate = false, preview = false;
};

volatile std::sig_atomic_t interrupted = 0;

std::string query(const MessageOptions& options) { return query_of(options.filters, {"from", "until"}); }

std::vector<std::string> message_row(const json::object& m, bool terminal) {
  auto at = text_of(m, "created_at");
  if (terminal) at = at.substr(5, 5) + " " + at.substr(11, 5);
  auto state = text_of(m, "state");
  if (m.at("maybe_duplicate").as_bool()) state += "(?)";
  return {text_of(m, "id"),
          at,
          text_of(m, "to"),
          text_of(m, "target_user"),
          state,
          text_of(m, "gateway"),
          text_of(m, "client_ref"),
          text_of(m, "triggered_by"),
          one_line(text_of(m, "text")),
          one_line(text_of(m, "status_message"))};
}

Table message_table(bool terminal) {
  Table table({"ID", "ACCEPTED", "TO", "TARGET USER", "STATE", "GATEWAY", "REF", "BY", "TEXT", "STATUS"}, terminal);
  table.leave_out_first({"BY", "REF", "GATEWAY", "TEXT"});
  table.cut_last({"ACCEPTED", "TO"});
  return table;
}

int list_messages(const MessageOptions& options) {
  const bool terminal = ::isatty(STDOUT_FILENO) != 0;
  auto table = message_table(terminal);
  const auto listed = list_pages(options, "/api/v1/messages", query(options), options.limit,
                                 [&](const json::object& message) { table.add(message_row(message, terminal)); });
  if (listed.code != exit_done) return listed.code;
  if (!options.json) table.print(std::cout);
  if (terminal && !options.json)
    std::cout << listed.shown << " message(s)" << (listed.more ? "; more with --limit" : "") << "\n";
  return exit_done;
}

// The API's objects in words.
std::string waiting_text(const json::object& waiting) {
  auto text = text_of(waiting, "reason") + ": " + text_of(waiting, "detail");
  if (const auto until = text_of(waiting, "until"); until != "-")
    text += (text_of(waiting, "reason") == "gateway_down" ? ", next try at " : ", until ") + until;
  if (const auto ahead = text_of(waiting, "ahead"); ahead != "-" && ahead != "0")
    text += ", behind " + ahead + (ahead == "1" ? " other" : " others");
  return text;
}

std::string price_text(const json::object& price) {
  return text_of(price, "amount") + " " + text_of(price, "currency") +
         (price.at("expected").as_bool() ? ", expected by the price list" : "");
}

// The words are Fineract's, of its SmsMessageStatusType.
std::string fineract_text(const json::object& told) {
  static const std::map<std::string, std::string> words = {{"100", "pending"},
                                                           {"150", "waiting for the delivery report"},
                                                           {"200", "sent"},
                                                           {"300", "delivered"},
                                                           {"400", "failed"}};
  const auto status = text_of(told, "status");
  const auto word = words.find(status);
  return "was told " + status + (word == words.end() ? "" : " (" + word->second + ")") + " at " +
         text_of(told, "told_at");
}

std::string segment_text(const json::object& segment) {
  auto text = text_of(segment, "state");
  if (const auto id = text_of(segment, "provider_message_id"); id != "-") text += ", the carrier's id is " + id;
  // Beside what arrived it is no error, but "000".
  if (const auto error = text_of(segment, "error"); error != "-" && text_of(segment, "state") != "delivered")
    text += ", " + error;
  return text;
}

void print_message(const json::object& message) {
  const auto print = [](const std::string& key, const std::string& value) {
    std::cout << key << std::string(key.size() < 18 ? 18 - key.size() : 1, ' ') << text::printable(value) << "\n";
  };
  const std::map<std::string_view, std::string (*)(const json::object&)> words = {
      {"waiting", waiting_text}, {"price", price_text}, {"fineract", fineract_text}};
  for (const auto& [key, value] : message) {
    const auto in_words = words.find(std::string_view(key));
    if (value.is_null()) continue;
    if (key == "segments") {
      for (const auto& each : value.as_array())
        print("part " + text_of(each.as_object(), "number"), segment_text(each.as_object()));
    } else if (key == "warnings") {
      for (const auto& each : value.as_array()) print("warning", std::string(each.as_string()));
    } else if (in_words != words.end() && value.is_object()) {
      print(key, in_words->second(value.get_object()));
    } else {
      print(key, value.is_string() ? std::string(value.as_string()) : json::serialize(value));
    }
  }
}

int show_message(const MessageOptions& options) {
  const auto message = call(options, "GET", "/api/v1/messages/" + http_gateways::percent_encode(options.id));
  if (!message.ok()) return report(message);
  const auto timeline =
      call(options, "GET", "/api/v1/messages/" + http_gateways::percent_encode(options.id) + "/timeline");
  if (!timeline.ok()) return report(timeline);
  if (options.json) {
    std::cout << text::printable(json::serialize(message.body)) << "\n";
    return exit_done;
  }
  print_message(message.body.as_object());
  std::cout << "\n";
  Table table({"AT", "EVENT", "GATEWAY", "ATTEMPT", "DETAIL"}, ::isatty(STDOUT_FILENO) != 0, any_width);
  for (const auto& item : timeline.body.as_object().at("items").as_array()) {
    const auto& event = item.as_object();
    table.add({text_of(event, "at"), text_of(event, "event"), text_of(event, "gateway"), text_of(event, "attempt"),
               text_of(event, "detail")});
  }
  table.print(std::cout);
  return exit_done;
}

// Prints each message again whenever its state changes.
int tail(const MessageOptions& options) {
  std::signal(SIGINT, [](int) { interrupted = 1; });
  const bool terminal = ::isatty(STDOUT_FILENO) != 0;
  auto table = message_table(terminal);
  // What comes later finds the widths made.
  table.expect({std::string(30, 'x'), "11-29 21:54", "+254712345678", std::string(12, 'x'), "undeliverable",
                std::string(10, 'x'), std::string(10, 'x'), std::string(8, 'x'), std::string(30, 'x'),
                std::string(20, 'x')});
  std::map<std::string, std::string> seen;
  while (!interrupted) {
    const auto answer =
        call(options, "GET",
             "/api/v1/messages?limit=" + std::to_string(std::min<std::size_t>(options.limit, 500)) + query(options));
    if (!answer.ok()) return report(answer);
    const auto& items = answer.body.as_object().at("items").as_array();
    for (auto it = items.rbegin(); it != items.rend(); ++it) {
      const auto& m = it->as_object();
      auto& last = seen[text_of(m, "id")];
      const auto state = text_of(m, "state") + text_of(m, "attempts");
      if (last == state) continue;
      last = state;
      if (options.json) {
        std::cout << text::printable(json::serialize(m)) << std::endl;
      } else {
        table.add(message_row(m, terminal));
      }
    }
    if (!options.json) table.print(std::cout);
    std::cout.flush();
    while (seen.size() > 10000) seen.erase(seen.begin());
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
  }
  return exit_done;
}

int change_message(const MessageOptions& options, const std::string& action) {
  const auto answer =
      call(options, "POST", "/api/v1/messages/" + http_gateways::percent_encode(options.id) + "/" + action);
  if (!answer.ok()) return report(answer);
  if (options.json)
    std::cout << json::serialize(answer.body) << "\n";
  else
    std::cout << options.id << " is now " << text_of(answer.body.as_object(), "state") << "\n";
  return exit_done;
}

std::string alphabet_text(const json::object& o) {
  auto text = text_of(o, "encoding");
  if (const auto* tables = o.at("national").if_object())
    for (const auto* kind : {"single", "locking"})
      if (const auto language = text_of(*tables, kind); language != "-") text += " " + language + " " + kind;
  if (o.at("transliterated").as_bool()) text += ", transliterated";
  return text;
}

int preview(const ClientOptions& options, json::object body) {
  body.erase("triggered_by");
  const auto answer = call(options, "POST", "/api/v1/messages/preview", json::serialize(body));
  if (!answer.ok()) return report(answer);
  const auto& p = answer.body.as_object();
  if (options.json) {
    std::cout << json::serialize(p) << "\n";
    return exit_done;
  }
  const bool terminal = ::isatty(STDOUT_FILENO) != 0;
  std::cout << "to " << text_of(p, "to") << " by " << text_of(p, "gateway") << ": " << text_of(p, "parts")
            << " part(s) " << alphabet_text(p) << ", " << text_of(p, "units") << " units, of which a part has "
            << text_of(p, "units_per_part") << "\n";
  if (p.at("transliterated").as_bool()) std::cout << "text " << text::printable(one_line(text_of(p, "text"))) << "\n";
  if (const auto until = text_of(p, "not_before"); until != "-")
    std::cout << "waits until " << until << ": quiet hours\n";
  if (text_of(p, "replaced") != "0") std::cout << text_of(p, "replaced") << " character(s) become ?\n";
  Table forcing({"AT", "CHARACTER", "CODE POINT", "REPLACEMENT"}, terminal);
  for (const auto& each : p.at("forces_ucs2").as_array()) {
    const auto& f = each.as_object();
    forcing.add({text_of(f, "position"), text::printable(text_of(f, "character")), text_of(f, "code_point"),
                 one_line(text_of(f, "replacement"))});
  }
  Table choices({"PARTS", "PRICE", "ALPHABET", "NEEDS"}, terminal);
  for (const auto& each : p.at("choices").as_array()) {
    const auto& c = each.as_object();
    choices.add({text_of(c, "parts"), text_of(c, "price"), alphabet_text(c), text_of(c, "needs")});
  }
  forcing.print(std::cout);
  choices.print(std::cout);
  return exit_done;
}

void say_sent(const json::object& m, bool is_shown) {
  if (!is_shown)
    std::cout << text_of(m, "id") << " to " << text_of(m, "to") << ", " << text_of(m, "parts") << " part(s) "
              << text_of(m, "encoding") << " by " << text_of(m, "gateway") << "\n";
  for (const auto& warning : m.at("warnings").as_array())
    std::cerr << "warning: " << text::printable(warning.as_string()) << "\n";
}

int send(MessageOptions o) {
  const bool to_person = std::ranges::any_of(o.people, [](const auto& each) { return each.second.has_value(); });
  // Whom it is for was said, so the first word is the text.
  if (to_person && o.text.empty()) o.text = std::exchange(o.to, {});
  if (o.to.empty() != to_person)
    throw ClientError(exit_usage, to_person ? "give a number, or --client, --staff or --group, not both"
                                            : "a number is required, or --client, --staff or --group");
  if (o.text.empty() && o.binary.empty() && o.made_of.empty())
    throw ClientError(exit_usage, "a text is required, or --template with values, or --binary with octets");
  json::object body;
  for (const auto& [kind, id] : o.people)
    if (id) body[kind] = *id;
  if (body.empty()) body["to"] = o.to;
  if (!o.text.empty()) body["text"] = o.text;
  if (!o.variables.empty()) body["variables"] = read_variables(o.variables);
  if (o.flash) body["flash"] = true;
  if (o.transliterate) body["transliterate"] = true;
  if (o.data_coding) body["data_coding"] = *o.data_coding;
  for (const auto& [key, value] : {std::pair<const char*, const std::string&>{"from", o.from},
                                   {"client_ref", o.client_ref},
                                   {"lane", o.lane},
                                   {"gateway", o.gateway},
                                   {"route", o.route},
                                   {"validity", o.validity},
                                   {"send_at", o.send_at},
                                   {"target_user", o.target_user},
                                   {"triggered_by", o.triggered_by},
                                   {"binary", o.binary},
                                   {"udh", o.udh},
                                   {"template", o.made_of},
                                   {"language", o.language}})
    if (!value.empty()) body[key] = value;
  for (const auto& tlv : o.tlvs) {
    const auto equals = tlv.find('='), colon = std::min(tlv.find(':'), equals);
    json::object one{{"tag", tlv.substr(0, colon)}};
    if (colon < equals) one["type"] = tlv.substr(colon + 1, equals - colon - 1);
    if (equals != std::string::npos) one["value"] = tlv.substr(equals + 1);
    body.emplace("tlvs", json::array()).first->value().as_array().push_back(std::move(one));
  }
  if (o.preview) return preview(o, body);
  if (!body.contains("triggered_by"))
    if (const char* user = std::getenv("USER")) body["triggered_by"] = user;
  const auto answer = call(o, "POST", "/api/v1/messages", json::serialize(body));
  if (!answer.ok()) return report(answer);
  if (o.json) std::cout << json::serialize(answer.body) << "\n";
  const auto& answered = answer.body.as_object();
  const auto* items = answered.if_contains("items");
  if (!items) return say_sent(answered, o.json), exit_done;
  // One for each member of a group.
  for (const auto& item : items->as_array()) {
    if (const auto* message = item.as_object().if_contains("message"))
      say_sent(message->as_object(), o.json);
    else
      std::cerr << text::printable(text_of(item.as_object().at("problem").as_object(), "detail")) << "\n";
  }
  return answered.at("rejected").as_int64() > 0 ? exit_partly : exit_done;
}

void add_filters(CLI::App& command, MessageOptions& options) {
  static const std::map<std::string, std::pair<std::string, std::string>> help = {
      {"state", {"--state", "States, comma-separated; doubtful lists all that may have been sent twice"}},
      {"gateway", {"--gateway", "Name of the gateway"}},
      {"to", {"--to", "Phone number"}},
      {"client_ref", {"--ref", "The caller's reference, Fineract's internalId"}},
      {"source", {"--source", "api, fineract or cli"}},
      {"lane", {"--lane", "otp, transaction, reminder or campaign"}},
      {"from", {"--since", "Accepted at or after, such as 2026-11-24T00:00:00Z, or 1h: that long ago"}},
      {"until", {"--until", "Accepted before, likewise"}},
      {"q", {"-q,--search", "Part of the text or of the target user"}}};
  for (auto& [key, value] : options.filters) command.add_option(help.at(key).first, value, help.at(key).second);
  command.add_option("--limit", options.limit, "How many, newest first")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{1}, std::size_t{10000000}));
}

}  // namespace

void add_messages(CLI::App& app, Run& run) {
  auto options = std::make_shared<MessageOptions>();
  auto* sender = app.add_subcommand("send", "Send one message");
  add_client_options(*sender, *options);
  add_tenant_option(*sender, *options);
  sender->add_option("to", options->to, "Phone number; not with --client, --staff or --group");
  for (auto& [kind, id] : options->people)
    sender->add_option("--" + kind, id, "Instead of a number: id of a " + kind + " in Fineract");
  sender->add_option("text", options->text, "Text");
  sender->add_option("--template", options->made_of, "Name of the template that makes the text");
  sender->add_option("--language", options->language, "Its language; otherwise the tenant's first");
  sender->add_option("--var", options->variables, "NAME=VALUE for the template, as often as needed")
      ->allow_extra_args(false);
  sender->add_option("--from", options->from, "Sender: name, short code or number");
  sender->add_option("--ref", options->client_ref, "Own reference; the same one is never sent twice");
  sender->add_option("--lane", options->lane, "otp, transaction, reminder or campaign");
  sender->add_option("--gateway", options->gateway,
                     "Name of the gateway; otherwise the routes choose, or the tenant's default");
  sender->add_option("--route", options->route, "Name of the route; otherwise the first that fits");
  sender->add_option("--validity", options->validity, "How long it is worth sending, such as 10m");
  sender->add_option("--send-at", options->send_at, "Not before, such as 2026-11-24T10:15:00Z");
  sender->add_option("--target-user", options->target_user, "Whom the message is for, for the queue's list");
  sender->add_option("--triggered-by", options->triggered_by, "Who or what caused it; your user name otherwise");
  sender->add_flag("--flash", options->flash, "The phone shows it at once, and does not keep it");
  sender->add_flag("--transliterate", options->transliterate,
                   "Replaces what costs parts by what is close: typographic quotes, dashes, accents");
  sender->add_option("--binary", options->binary, "Octets in hex, instead of a text");
  sender->add_option("--udh", options->udh, "Their user data header in hex, with its length octet");
  sender->add_option("--data-coding", options->data_coding, "Of the octets; otherwise the gateway's, mostly 4")
      ->check(CLI::Range(0, 255));
  sender
      ->add_option("--tlv", options->tlvs,
                   "A TLV of the carrier's own, such as 0x1401=1107161234567890123 or 0x1402:octets=00ff10; can be "
                   "repeated")
      ->type_name("TAG[:TYPE]=VALUE")
      ->allow_extra_args(false);
  sender->add_flag("--preview", options->preview, "Only says how it would go, and what would make it cheaper");
  sender->callback([options, &run] { run = [options] { return send(*options); }; });

  auto* messages = app.add_subcommand("messages", "Look at the queue and at what became of messages");
  messages->require_subcommand(1);
  auto* lister = messages->add_subcommand("list", "Messages, newest first");
  add_client_options(*lister, *options);
  add_tenant_option(*lister, *options);
  add_filters(*lister, *options);
  lister->callback([options, &run] { run = [options] { return list_messages(*options); }; });
  auto* follower = messages->add_subcommand("tail", "Follow messages as they change, until Ctrl-C");
  add_client_options(*follower, *options);
  add_tenant_option(*follower, *options);
  add_filters(*follower, *options);
  follower->callback([options, &run] { run = [options] { return tail(*options); }; });
  const auto one = [&](const char* name, const char* what, std::function<int(const MessageOptions&)> work) {
    auto* command = messages->add_subcommand(name, what);
    add_client_options(*command, *options);
    add_tenant_option(*command, *options);
    command->add_option("id", options->id, "msg_...")->required();
    command->callback([options, work, &run] { run = [options, work] { return work(*options); }; });
  };
  one("show", "Everything about one message, with its timeline",
      [](const MessageOptions& o) { return show_message(o); });
  one("cancel", "Take a waiting message out of the queue, or back from a carrier that gives it back",
      [](const MessageOptions& o) { return change_message(o, "cancel"); });
  one("retry", "Try a message again that ended without delivery",
      [](const MessageOptions& o) { return change_message(o, "retry"); });
}

}  // namespace smsbridge::bridge
