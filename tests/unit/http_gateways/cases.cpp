// SPDX-License-Identifier: MPL-2.0
#include "tests/unit/http_gateways/cases.hpp"

#include <boost/regex.hpp>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "bridge/text/segments.hpp"
#include "http_gateways/coding.hpp"
#include "http_gateways/decimal.hpp"
#include "http_gateways/e164.hpp"
#include "http_gateways/form.hpp"
#include "http_gateways/json.hpp"
#include "http_gateways/reply.hpp"

namespace smsbridge::http_gateways::testing {
namespace {

namespace json = boost::json;

const std::string data = std::string(TEST_DATA) + "/providers/";
constexpr std::int64_t default_now = 1787389510;

std::string text(const json::object& from, std::string_view key) { return text_of(from.if_contains(key)); }

Headers headers_of(const json::object& input) {
  Headers headers;
  if (const auto* all = input.if_contains("headers"))
    for (const auto& [key, value] : all->as_object()) headers.emplace_back(key, text_of(&value));
  return headers;
}

Reply reply_of(const json::object& input) {
  return {.status = static_cast<int>(input.at("http_status").as_int64()),
          .headers = headers_of(input),
          .body = text(input, "body")};
}

OutboundSms sms_of(const json::object& input) {
  OutboundSms sms{.reference = text(input, "request_id"), .to = "+254700000101"};
  const auto* message = input.if_contains("message");
  if (!message) return sms;
  const auto& m = message->as_object();
  sms.reference = text(m, "ref");
  sms.to = text(m, "to");
  sms.text = text(m, "text");
  if (const auto* seconds = m.if_contains("validity_s")) sms.validity_s = seconds->as_int64();
  const auto layout = bridge::text::segment(sms.text, {});
  sms.unicode = layout->encoding != bridge::text::Encoding::gsm7;
  sms.parts = static_cast<int>(layout->segments.size());
  return sms;
}

std::int64_t now_of(const json::object& input) {
  const auto* now = input.if_contains("now");
  return now ? now->as_int64() : default_now;
}

Fields json_as_fields(const std::string& body) {
  Fields fields;
  if (const auto value = parse_json(body); value && value->is_object())
    for (const auto& [key, member] : value->get_object()) fields.emplace_back(key, text_of(&member));
  return fields;
}

// `wanted` is found in `got`: objects may have more members, everything else is equal.
void expect_contains(const json::value& wanted, const json::value& got, const std::string& path) {
  if (const auto* object = wanted.if_object()) {
    ASSERT_TRUE(got.is_object()) << path;
    for (const auto& [key, value] : *object) {
      const auto* member = got.get_object().if_contains(key);
      ASSERT_TRUE(member) << path << "/" << key << " is missing";
      expect_contains(value, *member, path + "/" + std::string(key));
    }
  } else if (const auto* array = wanted.if_array()) {
    ASSERT_TRUE(got.is_array() && got.get_array().size() == array->size()) << path;
    for (std::size_t i = 0; i < array->size(); ++i)
      expect_contains((*array)[i], got.get_array()[i], path + "/" + std::to_string(i));
  } else {
    EXPECT_EQ(json::serialize(wanted), json::serialize(got)) << path;
  }
}

void expect_allowed(const json::object& allowed, const Fields& got) {
  for (const auto& [key, values] : allowed) {
    const auto found = find_field(got, key);
    bool ok = false;
    for (const auto& value : values.as_array()) ok |= value.is_null() ? !found : found == text_of(&value);
    EXPECT_TRUE(ok) << key << " is " << found.value_or("missing");
  }
}

void expect_match(const json::object& patterns, const Fields& got) {
  for (const auto& [key, pattern] : patterns) {
    const auto found = find_field(got, key);
    ASSERT_TRUE(found) << key << " is missing";
    EXPECT_TRUE(boost::regex_search(*found, boost::regex(text_of(&pattern)))) << key << ": " << *found;
  }
}

void expect_fields(const json::object& wanted, const Fields& got, bool any_case = false) {
  for (const auto& [key, value] : wanted) {
    const auto found = find_field(got, key);
    ASSERT_TRUE(found) << key << " is missing";
    if (any_case) {
      EXPECT_EQ(lower(*found), lower(text_of(&value))) << key;
    } else
      EXPECT_EQ(*found, text_of(&value)) << key;
  }
}

void check_request(const Request& request, const json::object& e) {
  const auto form = parse_form(request.body), query = parse_form(query_of(request.url));
  const auto body = json_as_fields(request.body);
  const auto member = [&](std::string_view key) -> const json::object* {
    const auto* value = e.if_contains(key);
    return value ? value->if_object() : nullptr;
  };
  if (e.contains("method")) {
    EXPECT_EQ(request.method, text(e, "method"));
  }
  auto url = request.url;
  const bool ignore_query = e.contains("url_ignore_query") || e.contains("query") || e.contains("query_one_of");
  if (ignore_query) url = url.substr(0, url.find('?'));
  if (e.contains("url")) {
    EXPECT_EQ(url, text(e, "url"));
  }
  if (e.contains("url_ignore_query") && !e.at("url_ignore_query").is_bool()) {
    EXPECT_EQ(url, text(e, "url_ignore_query"));
  }
  const Fields got_headers(request.headers.begin(), request.headers.end());
  if (const auto* headers = member("headers")) expect_fields(*headers, got_headers);
  if (const auto* patterns = member("headers_match")) expect_match(*patterns, got_headers);
  if (const auto* wanted = member("form")) expect_fields(*wanted, form);
  if (const auto* wanted = member("form_case_insensitive")) expect_fields(*wanted, form, true);
  if (const auto* wanted = member("query")) expect_fields(*wanted, query);
  if (const auto* wanted = member("form_match")) expect_match(*wanted, form);
  if (const auto* wanted = member("json_match")) expect_match(*wanted, body);
  if (const auto* wanted = member("form_any")) expect_allowed(*wanted, form);
  if (const auto* wanted = member("query_any")) expect_allowed(*wanted, query);
  if (const auto* wanted = member("json")) {
    const auto got = parse_json(request.body);
    ASSERT_TRUE(got) << request.body;
    expect_contains(*wanted, *got, "");
  }
  const auto pieces = [&](std::string_view key) {
    std::vector<std::string> all;
    const auto* value = e.if_contains(key);
    if (value && value->is_array())
      for (const auto& piece : value->get_array()) all.push_back(text_of(&piece));
    if (value && value->is_string()) all.push_back(text_of(value));
    return all;
  };
  for (const auto& piece : pieces("body_contains"))
    EXPECT_NE(request.body.find(piece), std::string::npos) << piece << " in " << request.body;
  for (const auto& piece : pieces("raw_query_contains"))
    EXPECT_NE(query_of(request.url).find(piece), std::string::npos) << piece << " in " << request.url;
  for (const auto& name : pieces("absent"))
    for (const auto* fields : {&form, &query, &body}) EXPECT_FALSE(find_field(*fields, name)) << name;
  if (e.contains("no_body")) {
    EXPECT_EQ(request.body, "");
  }
  if (const auto* sets = e.if_contains("query_one_of")) {
    bool any = false;
    for (const auto& set : sets->as_array()) {
      bool all = true;
      for (const auto& [key, value] : set.as_object()) all &= find_field(query, key) == text_of(&value);
      any |= all;
    }
    EXPECT_TRUE(any) << request.url;
  }
  if (const auto* ways = e.if_contains("auth_any")) {
    bool any = false;
    for (const auto& way : ways->as_array())
      for (const auto& [place, wanted] : way.as_object()) {
        bool all = true;
        for (const auto& [key, value] : wanted.as_object())
          all &=
              (place == "headers" ? std::string(find_header(request.headers, key))
                                  : find_field(place == "query" ? query : form, key).value_or("")) == text_of(&value);
        any |= all;
      }
    EXPECT_TRUE(any) << json::serialize(*ways) << " in " << request.url << " " << request.body;
  }
}

void check_optional(const json::object& e, std::string_view key, const std::string& got) {
  const auto* wanted = e.if_contains(key);
  if (!wanted) return;
  if (key == "price" || key == "amount") {
    EXPECT_EQ(plain_decimal(got), plain_decimal(text_of(wanted))) << key;
  } else
    EXPECT_EQ(got, text_of(wanted)) << key;
}

void check_verdict(const Verdict& verdict, const json::object& e) {
  check_optional(e, "outcome", std::string(name(verdict.outcome)));
  check_optional(e, "retry", std::string(name(verdict.retry)));
  check_optional(e, "error_class", std::string(name(verdict.error_class)));
  check_optional(e, "provider_code", verdict.provider_code);
  check_optional(e, "price", verdict.price);
  check_optional(e, "currency", verdict.currency);
  check_optional(e, "status", std::string(name(verdict.status)));
  if (const auto* parts = e.if_contains("parts")) {
    EXPECT_EQ(verdict.parts, parts->as_int64());
  }
  if (const auto* wait = e.if_contains("retry_after_ms")) {
    EXPECT_EQ(verdict.retry_after_ms, wait->as_int64());
  }
  if (const auto* duplicate = e.if_contains("duplicate")) {
    EXPECT_EQ(verdict.duplicate, duplicate->as_bool());
  }
  if (const auto* failed = e.if_contains("failed_parts")) {
    EXPECT_EQ(verdict.failed_parts, failed->as_int64());
  }
  if (e.contains("partial_failure")) {
    EXPECT_GT(verdict.failed_parts, 0);
  }
  if (const auto* id = e.if_contains("provider_message_id")) {
    std::vector<std::string> wanted;
    if (id->is_array())
      for (const auto& each : id->get_array()) wanted.push_back(text_of(&each));
    else if (!id->is_null())
      wanted.push_back(text_of(id));
    EXPECT_EQ(verdict.provider_message_ids, wanted);
  }
}

void check_updates(const std::vector<StatusUpdate>& got, const json::array& wanted) {
  ASSERT_EQ(got.size(), wanted.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    const auto& e = wanted[i].as_object();
    const auto& u = got[i];
    check_optional(e, "provider_message_id", u.provider_message_id);
    check_optional(e, "ref", u.reference);
    check_optional(e, "status", std::string(name(u.status)));
    check_optional(e, "error_class", std::string(name(u.error_class)));
    check_optional(e, "price", u.price);
    check_optional(e, "currency", u.currency);
    EXPECT_EQ(u.error_code, text(e, "error_code"));
    if (const auto* final_status = e.if_contains("final")) {
      EXPECT_EQ(u.final_status, final_status->as_bool());
    }
    if (const auto* parts = e.if_contains("parts")) {
      EXPECT_EQ(u.parts, parts->as_int64());
    }
  }
}

void check_answer(const CallbackAnswer& answer, const json::object& e) {
  if (const auto* status = e.if_contains("http_status")) {
    EXPECT_EQ(answer.status, status->as_int64());
  }
  if (const auto* first = e.if_contains("http_status_class")) {
    EXPECT_EQ(answer.status / 100, first->as_int64());
  }
  if (const auto* all = e.if_contains("http_status_in")) {
    bool any = false;
    for (const auto& status : all->as_array()) any |= answer.status == status.as_int64();
    EXPECT_TRUE(any) << answer.status;
  }
  if (e.contains("body")) {
    EXPECT_EQ(answer.body, text(e, "body"));
  }
  if (e.contains("content_type")) {
    EXPECT_EQ(answer.content_type, text(e, "content_type"));
  }
  if (const auto* wanted = e.if_contains("json")) {
    const auto got = parse_json(answer.body);
    ASSERT_TRUE(got) << answer.body;
    expect_contains(*wanted, *got, "");
  }
  if (const auto* members = e.if_contains("json_has_any")) {
    const auto got = parse_json(answer.body);
    ASSERT_TRUE(got && got->is_object()) << answer.body;
    bool any = false;
    for (const auto& member : members->as_array()) any |= got->get_object().contains(text_of(&member));
    EXPECT_TRUE(any) << answer.body;
  }
}

void check_callback(const CallbackResult& result, const json::object& e) {
  if (const auto* authentic = e.if_contains("authentic")) {
    EXPECT_EQ(result.authentic, authentic->as_bool()) << result.refusal;
  }
  if (!result.authentic) {
    EXPECT_TRUE(result.updates.empty() && result.inbound.empty());
  }
  if (const auto* updates = e.if_contains("updates")) check_updates(result.updates, updates->as_array());
  if (const auto* reply = e.if_contains("reply")) check_answer(result.answer, reply->as_object());
  if (const auto* message = e.if_contains("message"); message && message->is_object()) {
    ASSERT_FALSE(result.inbound.empty());
    const auto& m = message->get_object();
    const auto& got = result.inbound.front();
    check_optional(m, "provider_message_id", got.provider_message_id);
    check_optional(m, "from", got.from);
    check_optional(m, "to", got.to);
    check_optional(m, "text", got.text);
    if (const auto* out = m.if_contains("opt_out")) {
      EXPECT_EQ(got.opt_out, out->as_bool());
    }
  }
  if (const auto* part = e.if_contains("part")) {
    ASSERT_FALSE(result.inbound.empty());
    const auto& p = part->as_object();
    EXPECT_EQ(result.inbound.front().part_reference, text(p, "ref"));
    EXPECT_EQ(result.inbound.front().part_total, p.at("total").as_int64());
    EXPECT_EQ(result.inbound.front().part_number, p.at("number").as_int64());
    EXPECT_EQ(result.inbound.front().text, text(p, "text"));
  }
}

void run_case(const std::string& provider, const json::object& c) {
  const auto kind = text(c, "kind");
  const auto& input = c.at("input").as_object();
  const auto& e = c.at("expect").as_object();
  const auto account = account_of(provider, input);
  const auto now = now_of(input);
  if (kind == "send_request") return check_request(account->build(sms_of(input), now), e);
  if (kind == "send_response") return check_verdict(account->read(reply_of(input), sms_of(input), now), e);
  if (kind == "poll_response") {
    const auto result = account->read_poll(reply_of(input));
    check_updates(result.updates, e.at("updates").as_array());
    return check_optional(e, "error_class", std::string(name(result.error_class)));
  }
  if (kind == "balance_response") {
    const auto balance = account->read_balance(reply_of(input));
    check_optional(e, "amount", balance.amount);
    check_optional(e, "currency", balance.currency);
    check_optional(e, "message_quota", balance.message_quota);
    return check_optional(e, "error_class", std::string(name(balance.error_class)));
  }
  ASSERT_TRUE(kind == "status_callback" || kind == "inbound") << kind;
  check_callback(account->receive({.method = text(input, "method"),
                                   .url = text(input, "url"),
                                   .headers = headers_of(input),
                                   .body = text(input, "body")},
                                  now),
                 e);
}

}  // namespace

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

std::vector<json::object> cases(const std::string& provider, const std::string& file) {
  std::vector<json::object> all;
  const auto parsed = json::parse(read_file(data + provider + "/" + file));
  for (const auto& each : parsed.as_array()) all.push_back(each.as_object());
  return all;
}

std::unique_ptr<Provider> account_of(const std::string& provider, const json::object& input) {
  static const std::set<std::string, std::less<>> of_the_case = {
      "http_status", "headers", "body", "method", "url", "request_id", "now", "message", "config", "config_file"};
  const auto* config = input.if_contains("config");
  json::object settings;
  if (config)
    settings = config->as_object();
  else if (const auto account = read_file(data + provider + "/account.json"); !account.empty())
    settings = json::parse(account).as_object();
  for (const auto& [key, value] : input)
    if (!of_the_case.contains(key)) settings[key] = value;
  auto file = text(input, "config_file");
  if (file.empty()) file = text(settings, "config_file");
  settings.erase("config_file");
  if (!file.empty()) {
    const auto definition = json::parse(read_file(data + provider + "/" + file));
    for (const auto& [key, value] : definition.as_object()) settings[key] = value;
  }
  if (text(settings, "private_key_pem").starts_with("see "))
    settings["private_key_pem"] = read_file(data + provider + "/" + text(settings, "private_key_pem").substr(4));
  const auto* kind = find_kind(provider);
  if (!kind) throw std::runtime_error("no such kind: " + provider);
  return make_provider(*kind, settings);
}

void run_cases(const std::string& provider) {
  std::size_t run = 0;
  for (const auto& entry : std::filesystem::directory_iterator(data + provider)) {
    const auto file = entry.path().filename().string();
    if (!file.ends_with(".json") || file == "account.json" || file == "signature.json" || file.starts_with("config-") ||
        file.starts_with("preset-"))
      continue;
    for (const auto& c : cases(provider, file)) {
      SCOPED_TRACE(provider + " " + text(c, "kind") + ": " + text(c, "name"));
      run_case(provider, c);
      ++run;
    }
  }
  EXPECT_GT(run, 0u);
}

void run_replies(const Provider& provider, const std::vector<ReplyRow>& rows, ErrorClass unavailable) {
  const OutboundSms sms{.reference = "m-1", .to = "+254700000101", .text = "Loan approved"};
  const Headers html{{"Content-Type", "text/html"}};
  const std::string page = "<!DOCTYPE html><html><body>Please log in</body></html>";
  std::vector<ReplyRow> all = {
      {"a web page", {200, html, page}, Outcome::uncertain},
      {"a web page of 202", {202, {}, page}, Outcome::uncertain},
      {"a fault", {500, {}, ""}, Outcome::uncertain},
      {"a fault of a proxy", {502, html, page}, Outcome::uncertain},
      {"unavailable", {503, {{"Retry-After", "7"}}, ""}, unavailable},
      {"too fast", {429, {{"Retry-After", "30"}}, ""}, ErrorClass::throttled},
  };
  all.insert(all.end(), rows.begin(), rows.end());
  for (const auto& row : all) {
    SCOPED_TRACE(row.name);
    const auto verdict = provider.read(row.reply, sms, 0);
    EXPECT_EQ(name(verdict.outcome), name(row.meaning.outcome));
    EXPECT_EQ(name(verdict.error_class), name(row.meaning.error_class));
    EXPECT_EQ(
        name(verdict.retry),
        name(row.meaning.outcome == Outcome::uncertain ? Retry::verify_first : default_retry(row.meaning.error_class)));
    EXPECT_EQ(verdict.retry_after_ms, retry_after_ms(row.reply.headers, 0));
    EXPECT_EQ(verdict.detail.find(digits_of(sms.to)), std::string::npos) << verdict.detail;
    if (row.provider_code) {
      EXPECT_EQ(verdict.provider_code, row.provider_code);
    }
  }
}

std::string many_fields() {
  std::string all;
  for (int i = 0; i < 1000; ++i) all += "&p" + std::to_string(i) + "=%FF%";
  return all;
}
std::string many_members() {
  std::string all;
  for (int i = 0; i < 1000; ++i) all += ",\"p" + std::to_string(i) + "\":" + std::to_string(i);
  return all;
}

void run_garbage(const Provider& provider, const Garbage& garbage) {
  const std::vector<std::string> of_all = {"",
                                           "{",
                                           R"({"status":"Se)",
                                           R"({"id":[],"status":{},"from":null,"results":{}})",
                                           "[]",
                                           "[1,2]",
                                           "null",
                                           "7",
                                           std::string("\0\xff\xfe{&=%%%", 9),
                                           "\xFF\xFE\x80=\xC3",
                                           std::string(5000, '['),
                                           many_fields(),
                                           R"({"a":0)" + many_members() + "}"};
  const auto in_every_place = [](const std::string& body) -> std::vector<CallbackRequest> {
    const std::string url = "https://gw.example.org/cb";
    return {{"POST", url, {}, body},
            {"POST", "", {}, body},
            {"POST", url + "?" + body, {}, body},
            {"GET", url + "?" + body, {}, ""}};
  };
  const auto run = [&](const std::vector<std::string>& bodies, bool nothing_believed) {
    for (const auto& body : bodies) {
      SCOPED_TRACE(body.substr(0, 60));
      for (const auto& request : (garbage.requests ? garbage.requests : in_every_place)(body)) {
        const auto result = provider.receive(request, garbage.now_s);
        if (garbage.authentic) {
          EXPECT_EQ(result.authentic, *garbage.authentic) << result.refusal;
        }
        if (result.authentic) {
          EXPECT_EQ(result.answer.status, garbage.status);
        }
        if (result.authentic && garbage.answer) {
          EXPECT_EQ(result.answer.body, *garbage.answer);
        }
        if (nothing_believed) {
          EXPECT_TRUE(result.updates.empty() && result.inbound.empty()) << request.method << " " << request.url;
        }
      }
      for (const int status : {200, 202, 400, 422, 500}) (void)provider.read({status, {}, body}, {}, 0);
      EXPECT_TRUE(provider.read_poll({200, {}, body}).updates.empty());
      (void)provider.read_balance({200, {}, body});
    }
  };
  run(of_all, true);
  run(garbage.bodies, true);
  run(garbage.odd_bodies, false);
}

}  // namespace smsbridge::http_gateways::testing
