// SPDX-License-Identifier: MPL-2.0
#include "http_gateways/generic/response.hpp"

#include <algorithm>

#include "http_gateways/coding.hpp"
#include "http_gateways/decimal.hpp"
#include "http_gateways/json.hpp"
#include "http_gateways/reply.hpp"

namespace smsbridge::http_gateways {
namespace {

constexpr std::size_t rules_max = 100;
constexpr std::int64_t wait_min_ms = 1000, wait_max_ms = 3'600'000;  // as Retry-After
constexpr int parts_max = 255;

// "200" or "2xx".
std::string status_pattern(const Node& node) {
  auto pattern = lower(node.text());
  const auto fits = [](char c) { return (c >= '0' && c <= '9') || c == 'x'; };
  if (pattern.size() != 3 || pattern[0] < '1' || pattern[0] > '5' || !std::ranges::all_of(pattern, fits))
    node.fail("'" + pattern + "' is no status: a number such as 200 or a class such as 2xx");
  return pattern;
}

bool status_fits(const std::string& pattern, const std::string& status) {
  return status.size() == pattern.size() &&
         std::ranges::equal(pattern, status, [](char p, char s) { return p == 'x' || p == s; });
}

}  // namespace

ResponseReader::ResponseReader(const Node& node) {
  node.allow({"format", "rules", "message_id", "parts", "price", "currency", "provider_code"});
  bool text_only = false;
  if (const auto format = node.find("format")) {
    json_expected_ = format->one_of<bool>({{"json", true}, {"text", false}});
    text_only = !json_expected_;
  }
  if (const auto rules = node.find("rules"))
    for (const auto& rule : rules->elements()) {
      if (rules_.size() == rules_max)
        rule.fail("a definition has at most " + std::to_string(rules_max) +
                  " rules, each of which may be tried with each reply: make one pattern of several, as in (A|B|C)");
      rule.allow({"when", "then"});
      Rule compiled;
      bool needs_json = false;
      if (const auto when = rule.find("when")) {
        compiled.when = compile_when(*when, needs_json);
        if (needs_json && text_only) when->fail("response.format is text: there is no JSON to test");
      }
      compiled.then = compile_then(rule.need("then"));
      rules_.push_back(std::move(compiled));
    }
  for (const auto& [name, extractor] :
       {std::pair{"message_id", &message_id_}, std::pair{"parts", &parts_}, std::pair{"price", &price_},
        std::pair{"currency", &currency_}, std::pair{"provider_code", &provider_code_}})
    if (const auto member = node.find(name)) {
      extractor->emplace(*member, Extractor::Of::reply);
      if ((*extractor)->reads_json() && text_only) member->fail("response.format is text: there is no JSON to read");
    }
}

ResponseReader::When ResponseReader::compile_when(const Node& node, bool& needs_json) {
  node.allow({"status", "json", "body_matches", "header"});
  When when;
  if (const auto status = node.find("status")) {
    if (status->value().is_array())
      for (const auto& each : status->elements()) when.statuses.push_back(status_pattern(each));
    else
      when.statuses.push_back(status_pattern(*status));
    if (when.statuses.empty()) status->fail("must not be empty");
  }
  if (const auto json = node.find("json")) {
    needs_json = true;
    json->allow({"path", "equals", "in", "matches", "exists"});
    JsonTest test{.pointer = json_pointer(json->need("path")), .exists = {}, .any_of = {}, .matches = {}};
    if (json->members().size() != 2) json->fail("one of equals, in, matches or exists is needed next to path");
    if (const auto wanted = json->find("equals")) test.any_of.push_back(wanted->value());
    if (const auto list = json->find("in"))
      for (const auto& each : list->elements()) test.any_of.push_back(each.value());
    if (const auto pattern = json->find("matches")) test.matches.emplace(*pattern);
    if (const auto exists = json->find("exists")) test.exists = exists->flag();
    if (!test.exists && !test.matches && test.any_of.empty()) json->fail("nothing to compare with");
    when.json = std::move(test);
  }
  if (const auto pattern = node.find("body_matches")) when.body.emplace(*pattern);
  if (const auto header = node.find("header")) {
    header->allow({"name", "matches"});
    when.header.emplace(header->need("name").non_empty_text(), Pattern(header->need("matches")));
  }
  return when;
}

ResponseReader::Then ResponseReader::compile_then(const Node& node) {
  node.allow({"outcome", "error_class", "retry", "retry_after_ms", "one_number"});
  Then then;
  if (const auto outcome = node.find("outcome"))
    then.outcome = outcome->one_of<Outcome>(
        {{"accepted", Outcome::accepted}, {"rejected", Outcome::rejected}, {"uncertain", Outcome::uncertain}});
  if (const auto error_class = node.find("error_class")) {
    const auto parsed = parse_error_class(error_class->text());
    if (!parsed) error_class->fail("unknown error class '" + error_class->text() + "'");
    then.error_class = *parsed;
    // The provider has it already.
    if (!then.outcome) then.outcome = *parsed == ErrorClass::duplicate ? Outcome::accepted : Outcome::rejected;
  }
  if (!then.outcome) node.fail("an outcome or an error_class is needed");
  if (const auto retry = node.find("retry")) {
    then.retry = parse_retry(retry->text());
    if (!then.retry) retry->fail("unknown retry '" + retry->text() + "'");
  }
  if (const auto wait = node.find("retry_after_ms")) then.wait = compile_wait(*wait);
  if (const auto one = node.find("one_number")) then.one_number = one->flag();
  return then;
}

ResponseReader::Wait ResponseReader::compile_wait(const Node& node) {
  Wait wait;
  if (!node.value().is_object()) {
    wait.constant_ms = node.integer(0, wait_max_ms);
    return wait;
  }
  node.allow({"header", "regex", "unit"});
  const auto header = node.find("header"), pattern = node.find("regex"), unit = node.find("unit");
  if (header.has_value() == pattern.has_value()) node.fail("either header or regex is needed");
  if (header) {
    wait.header = header->non_empty_text();
    if (unit) unit->fail("a header is read as Retry-After: in seconds or as a date");
    return wait;
  }
  wait.pattern.emplace(*pattern);
  if (!wait.pattern->has_group()) pattern->fail("a group in ( ) must say what to take");
  if (unit) wait.unit_ms = unit->one_of<std::int64_t>({{"ms", 1}, {"s", 1000}, {"min", 60'000}});
  return wait;
}

bool ResponseReader::holds(const When& when, const Reply& reply, const boost::json::value* json) {
  const auto status = std::to_string(reply.status);
  if (!when.statuses.empty() &&
      std::ranges::none_of(when.statuses, [&](const std::string& pattern) { return status_fits(pattern, status); }))
    return false;
  if (when.json) {
    if (!json) return false;
    const auto* value = at(*json, when.json->pointer);
    if (when.json->exists && *when.json->exists != (value != nullptr)) return false;
    if (!when.json->any_of.empty() &&
        (!value || std::ranges::find(when.json->any_of, *value) == when.json->any_of.end()))
      return false;
    if (when.json->matches && (!value || !when.json->matches->found_in(text_of(value)))) return false;
  }
  if (when.body && !when.body->found_in(reply.body)) return false;
  return !when.header || when.header->second.found_in(find_header(reply.headers, when.header->first));
}

std::optional<std::int64_t> ResponseReader::wait_ms(const Wait& wait, const Reply& reply, std::int64_t now_s) {
  if (wait.constant_ms) return std::clamp(*wait.constant_ms, wait_min_ms, wait_max_ms);
  if (!wait.header.empty())
    return retry_after_ms({{"Retry-After", std::string(find_header(reply.headers, wait.header))}}, now_s);
  const auto digits = wait.pattern->group_of(reply.body);
  if (!digits) return std::nullopt;
  const boost::json::value text(*digits);
  const auto number = integer_of(&text);
  if (!number || *number < 0) return std::nullopt;
  return std::clamp(std::min(*number, wait_max_ms) * wait.unit_ms, wait_min_ms, wait_max_ms);
}

Verdict ResponseReader::judge(const Reply& reply, const Message& message, bool has_id, std::int64_t now_s) const {
  const auto code = std::to_string(reply.status);
  const auto rule =
      std::ranges::find_if(rules_, [&](const Rule& each) { return holds(each.when, reply, message.json); });
  if (rule == rules_.end()) {
    if (reply.status < 200 || reply.status >= 300) return by_http_status(reply, now_s);
    if (json_expected_ && !message.json) return uncertain(code, "the reply is not JSON");
    if (message_id_ && !has_id) return uncertain(code, "the reply has no message id");
    if (!message_id_ && is_web_page(reply)) return uncertain(code, "the reply is a web page");
    return accepted();
  }
  const auto& then = rule->then;
  // By its status alone a portal's page would pass for an answer.
  if (then.outcome == Outcome::accepted && !has_id && rule->when.is_status_alone() && is_web_page(reply))
    return uncertain(code, "the reply is a web page");
  const auto detail = "HTTP " + code + ", response rule " + std::to_string(rule - rules_.begin() + 1);
  Verdict verdict;
  if (then.outcome == Outcome::accepted) {
    verdict = accepted();
    verdict.duplicate = then.error_class == ErrorClass::duplicate;
  } else if (then.outcome == Outcome::uncertain) {
    verdict = uncertain(code, detail);
    verdict.error_class = then.error_class;
  } else {
    const auto by_status = by_http_status(reply, now_s);
    auto error_class = then.error_class;
    if (error_class == ErrorClass::none) error_class = by_status.error_class;
    if (error_class == ErrorClass::none) error_class = ErrorClass::unknown;
    verdict = rejected(error_class, code, detail);
    verdict.retry_after_ms = by_status.retry_after_ms;
    verdict.one_number = then.one_number;
  }
  if (then.retry) verdict.retry = *then.retry;
  if (then.wait) verdict.retry_after_ms = wait_ms(*then.wait, reply, now_s);
  return verdict;
}

Verdict ResponseReader::read(const Reply& reply, std::int64_t now_s) const {
  const auto json = parse_json(reply.body);
  const Message message{.headers = reply.headers, .body = reply.body, .json = json ? &*json : nullptr};
  const auto take = [&](const std::optional<Extractor>& extractor) {
    return extractor ? extractor->find(message).value_or(std::string()) : std::string();
  };
  auto id = take(message_id_);
  auto verdict = judge(reply, message, !id.empty(), now_s);
  if (verdict.outcome != Outcome::accepted) {
    if (auto code = take(provider_code_); !code.empty()) verdict.provider_code = std::move(code);
    return verdict;
  }
  if (!id.empty()) verdict.provider_message_ids.push_back(std::move(id));
  const boost::json::value parts(take(parts_));
  if (const auto count = integer_of(&parts); count && *count > 0 && *count <= parts_max)
    verdict.parts = static_cast<int>(*count);
  verdict.price = plain_decimal(take(price_));
  if (!verdict.price.empty()) verdict.currency = take(currency_);
  return verdict;
}

}  // namespace smsbridge::http_gateways
