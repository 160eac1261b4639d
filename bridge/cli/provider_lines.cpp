// SPDX-License-Identifier: MPL-2.0
#include "bridge/cli/provider_lines.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <exception>
#include <memory>

#include "bridge/cli/provider_line_answers.hpp"
#include "bridge/text/segments.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;
using namespace http_gateways;

constexpr std::size_t line_size_max_bytes = 1 << 20;        // as for a text line
constexpr std::int64_t now_max_s = 253'402'300'799;         // the end of the year 9999
constexpr std::int64_t validity_max_s = 31 * 24 * 60 * 60;  // a month; providers multiply it

// Some replies are only understood with the recipient's number. A line without one is taken for an example.
constexpr std::string_view example_number = "+254700000101";

// Members of a line that are no settings: those of requests, and those of the cases in tests/data/providers.
constexpr auto not_settings = std::to_array<std::string_view>(
    {"http_status", "headers", "body", "method", "url", "now", "message", "request_id", "config", "config_file", "name",
     "kind", "provider", "basis", "source", "expect", "input"});
constexpr auto message_members =
    std::to_array<std::string_view>({"ref", "to", "text", "from", "validity_s", "callback_url"});

// Settings that an account needs in one of several ways, so that its kind marks none of them as required.
constexpr auto alternatives = std::to_array<std::string_view>(
    {"auth_token", "api_key", "api_secret", "access_token", "base_url", "activity_id", "unsigned_callbacks"});

// Thrown by what reads a line, caught once a line.
struct Refusal {
  std::string_view code;
  std::string detail;
};

[[noreturn]] void bad_line(std::string detail) { throw Refusal{"bad-line", std::move(detail)}; }

json::object refused(const Refusal& refusal) {
  return {{"error", {{"code", refusal.code}, {"detail", string_of(refusal.detail)}}}};
}

// ---- reading a line: null is as if absent ----

const json::value* member(const json::object& from, std::string_view name) {
  const auto* value = from.if_contains(name);
  return value && !value->is_null() ? value : nullptr;
}

std::string text_member(const json::object& from, std::string_view name, std::string_view otherwise = {}) {
  const auto* value = member(from, name);
  if (!value) return std::string(otherwise);
  if (!value->is_string()) bad_line(std::string(name) + " must be a string");
  return std::string(std::string_view(value->get_string()));
}

std::string needed_text(const json::object& from, std::string_view name) {
  if (!member(from, name)) bad_line(std::string(name) + " is missing");
  return text_member(from, name);
}

std::optional<std::int64_t> number_member(const json::object& from, std::string_view name, std::int64_t low,
                                          std::int64_t high) {
  const auto* value = member(from, name);
  if (!value) return std::nullopt;
  const auto* number = value->if_int64();
  if (!number || *number < low || *number > high)
    bad_line(std::string(name) + " must be a whole number from " + std::to_string(low) + " to " + std::to_string(high));
  return *number;
}

const json::object* object_member(const json::object& from, std::string_view name) {
  const auto* value = member(from, name);
  if (value && !value->is_object()) bad_line(std::string(name) + " must be an object");
  return value ? &value->get_object() : nullptr;
}

Headers headers_of(const json::object& line) {
  Headers headers;
  if (const auto* all = object_member(line, "headers"))
    for (const auto& [name, value] : *all) {
      if (!value.is_string()) bad_line("the header " + std::string(name) + " must be a string");
      headers.emplace_back(name, std::string_view(value.get_string()));
    }
  return headers;
}

Reply reply_of(const json::object& line) {
  const auto status = number_member(line, "http_status", 100, 599);
  if (!status) bad_line("http_status is missing");
  return {.status = static_cast<int>(*status), .headers = headers_of(line), .body = text_member(line, "body")};
}

CallbackRequest request_of(const json::object& line) {
  return {.method = text_member(line, "method", "POST"),
          .url = needed_text(line, "url"),
          .headers = headers_of(line),
          .body = text_member(line, "body")};
}

OutboundSms sms_of(const json::object& line, const json::object* message) {
  OutboundSms sms{.reference = text_member(line, "request_id"), .to = std::string(example_number)};
  if (!message) return sms;
  for (const auto& [name, value] : *message)
    if (std::ranges::find(message_members, std::string_view(name)) == message_members.end())
      bad_line("message has no member " + std::string(name));
  sms.reference = text_member(*message, "ref", sms.reference);
  sms.to = text_member(*message, "to", example_number);
  sms.from = text_member(*message, "from");
  sms.text = text_member(*message, "text");
  sms.validity_s = number_member(*message, "validity_s", 0, validity_max_s).value_or(0);
  sms.callback_url = text_member(*message, "callback_url");
  const auto layout = text::segment(sms.text);
  if (!layout) bad_line("text: " + std::string(text::explain(layout.error())));
  sms.unicode = layout->encoding != text::Encoding::gsm7;
  sms.parts = static_cast<int>(layout->segments.size());
  return sms;
}

void merge(const json::object& from, json::object& into) {
  for (const auto& [name, value] : from) into[name] = value;
}

json::object file_settings(const std::string& path, const LineSurroundings& surroundings) {
  const auto content = surroundings.read_file ? surroundings.read_file(path) : std::nullopt;
  if (!content) throw Refusal{"bad-settings", "cannot read " + path};
  json::error_code error;
  auto value = json::parse(*content, error);
  if (error) throw Refusal{"bad-settings", path + ": not JSON: " + error.message()};
  if (!value.is_object()) throw Refusal{"bad-settings", path + ": not a JSON object"};
  return std::move(value.get_object());
}

void merge_settings(const json::object& line, const LineSurroundings& surroundings, json::object& settings) {
  // The file may be named in `config` too, where a definition that adds to it has its place.
  json::object config;
  if (const auto* given = object_member(line, "config")) config = *given;
  for (const auto* where : std::initializer_list<const json::object*>{&config, &line})
    if (const auto path = text_member(*where, "config_file"); !path.empty())
      merge(file_settings(path, surroundings), settings);
  config.erase("config_file");
  merge(config, settings);
  for (const auto& [name, value] : line)
    if (std::ranges::find(not_settings, std::string_view(name)) == not_settings.end()) settings[name] = value;
}

// A line that was read as far as it is the same for all that can be asked.
struct Job {
  const Kind& kind;
  json::object input;
  json::object settings;
  std::int64_t now_s;
};

Job read_job(const Kind& kind, std::string_view line, const LineSurroundings& surroundings) {
  if (line.size() > line_size_max_bytes) bad_line("a line has at most 1 MiB");
  json::error_code error;
  const auto value = json::parse(line, error);
  if (error) bad_line("not JSON: " + error.message());
  if (!value.is_object()) bad_line("not a JSON object");
  const auto& object = value.get_object();
  Job job{.kind = kind, .input = object, .settings = {}, .now_s = 0};
  merge_settings(object, surroundings, job.settings);
  if (const auto* input = object_member(object, "input")) {
    job.input = *input;
    merge_settings(*input, surroundings, job.settings);
  }
  job.now_s = number_member(job.input, "now", 0, now_max_s).value_or(surroundings.now_s);
  return job;
}

enum class Asked { reply, callback };

json::value stand_in(std::string_view setting) {
  if (setting.ends_with("url")) return "https://unset.invalid";
  if (setting == "unsigned_callbacks") return true;
  return "unset";
}

// Made up, these would refuse a genuine callback: better say that one is missing.
bool checks_callbacks(std::string_view setting, const json::object& settings) {
  return setting == "auth_token" || (setting == "api_key" && member(settings, "signature_secret"));
}

std::unique_ptr<Provider> account_to_read(const Job& job, Asked asked) {
  try {
    return make_provider(job.kind, job.settings);
  } catch (const BadSettings&) {
    // Perhaps only what a reader does not need is missing. If not, the second try says so.
  }
  auto settings = job.settings;
  for (const auto& setting : job.kind.settings) {
    const bool is_alternative = std::ranges::find(alternatives, setting.name) != alternatives.end() &&
                                (asked == Asked::reply || !checks_callbacks(setting.name, job.settings));
    if (!member(settings, setting.name) && (setting.required || is_alternative))
      settings[setting.name] = stand_in(setting.name);
  }
  return make_provider(job.kind, settings);
}

// ---- what can be asked ----

json::object parse_reply(const Job& job) {
  const auto reply = reply_of(job.input);
  const auto sms = sms_of(job.input, object_member(job.input, "message"));
  return object_of(account_to_read(job, Asked::reply)->read(reply, sms, job.now_s));
}

json::object parse_callback(const Job& job) {
  const auto request = request_of(job.input);
  return object_of(account_to_read(job, Asked::callback)->receive(request, job.now_s));
}

json::object parse_poll(const Job& job) {
  const auto reply = reply_of(job.input);
  const auto account = account_to_read(job, Asked::reply);
  if (!account->build_poll("id", job.now_s)) throw Refusal{"not-supported", "the account is not asked for states"};
  const auto result = account->read_poll(reply);
  json::object object{{"updates", array_of(result.updates)}};
  put(object, "error_class", result.error_class);
  return object;
}

json::object parse_balance(const Job& job) {
  const auto reply = reply_of(job.input);
  const auto account = account_to_read(job, Asked::reply);
  if (!account->build_balance(job.now_s)) throw Refusal{"not-supported", "the account is not asked for its balance"};
  const auto balance = account->read_balance(reply);
  json::object object;
  put(object, "amount", balance.amount);
  put(object, "currency", balance.currency);
  put(object, "message_quota", balance.message_quota);
  put(object, "error_class", balance.error_class);
  return object;
}

json::object build(const Job& job) {
  const auto* message = object_member(job.input, "message");
  if (!message) bad_line("message is missing");
  for (const auto* name : {"to", "text"})
    if (!member(*message, name)) bad_line("message needs " + std::string(name));
  const auto sms = sms_of(job.input, message);
  const auto account = make_provider(job.kind, job.settings);
  if (account->fetched()) throw Refusal{"not-supported", "a phone fetches its messages: nothing is sent to it"};
  const auto request = account->build(sms, job.now_s);
  if (request.url.empty()) throw Refusal{"not-supported", "with these settings the account only receives"};
  json::object headers;
  for (const auto& [name, value] : request.headers) headers[name] = string_of(value);
  return {{"method", request.method},
          {"url", string_of(request.url)},
          {"headers", std::move(headers)},
          {"body", string_of(request.body)}};
}

using Answer = json::object (*)(const Job&);

constexpr std::array answers = {
    std::pair<std::string_view, Answer>{"reply", parse_reply},
    std::pair<std::string_view, Answer>{"callback", parse_callback},
    std::pair<std::string_view, Answer>{"inbound", parse_callback},  // providers use one address for both
    std::pair<std::string_view, Answer>{"poll", parse_poll},
    std::pair<std::string_view, Answer>{"balance", parse_balance},
};

json::object answer_line(Answer answer, const Kind& kind, std::string_view line, const LineSurroundings& surroundings) {
  try {
    return answer(read_job(kind, line, surroundings));
  } catch (const Refusal& refusal) {
    return refused(refusal);
  } catch (const BadSettings& error) {
    return refused(Refusal{"bad-settings", error.what()});
  } catch (const std::exception& error) {
    // A provider threw what it should not. The lines after this one are answered all the same.
    return refused(Refusal{"failed", error.what()});
  }
}

}  // namespace

const std::vector<std::string>& provider_answers() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const auto& [name, answer] : answers) all.emplace_back(name);
    return all;
  }();
  return names;
}

json::object parse_provider_line(const Kind& kind, std::string_view answer, std::string_view line,
                                 const LineSurroundings& surroundings) {
  const auto* it = std::ranges::find(answers, answer, &std::pair<std::string_view, Answer>::first);
  if (it == answers.end()) return refused(Refusal{"not-supported", "there is no " + std::string(answer) + " to parse"});
  return answer_line(it->second, kind, line, surroundings);
}

json::object build_provider_line(const Kind& kind, std::string_view line, const LineSurroundings& surroundings) {
  return answer_line(build, kind, line, surroundings);
}

}  // namespace smsbridge::bridge
