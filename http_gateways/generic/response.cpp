// SPDX-License-Identifier: MPL-2.0
#include "http_gateways/generic/response.hpp"

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>

namespace smsbridge::http_gateways {
namespace {

constexpr std::size_t searched_octets_max = 4096;
constexpr std::size_t pattern_octets_max = 500, pattern_steps_max = 1000;
constexpr std::int64_t pattern_memory_max = 1 << 20;  // what is known of a text so far; where it is full it begins anew
constexpr std::size_t rules_max = 100;
constexpr std::size_t list_octets_max = 64 * 1024, list_elements_max = 1000, near_octets = 256;
constexpr std::int64_t wait_min_ms = 1000, wait_max_ms = 3'600'000;  // as Retry-After
constexpr int parts_max = 255;

// RFC 6901 section 3.
std::string json_pointer(const Node& node) {
  auto pointer = node.text();
  bool good = pointer.empty() || pointer.starts_with('/');
  for (std::size_t i = 0; i < pointer.size(); ++i)
    if (pointer[i] == '~') good = good && i + 1 < pointer.size() && (pointer[i + 1] == '0' || pointer[i + 1] == '1');
  if (!good) node.fail("not a JSON pointer, as in \"/id\"");
  return pointer;
}

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

// Behind the set of characters that begins here.
std::size_t end_of_set(std::string_view pattern, std::size_t at) {
  ++at;
  if (pattern.substr(at).starts_with('^')) ++at;
  if (pattern.substr(at).starts_with(']')) ++at;  // as the first it is one of the set
  while (at < pattern.size() && pattern[at] != ']')
    if (pattern.substr(at).starts_with("[:"))
      at = std::min(pattern.find(":]", at), pattern.size() - 2) + 2;
    else
      at += pattern[at] == '\\' ? 2 : 1;
  return std::min(at + 1, pattern.size());
}

// A line ends before CR LF too: RE2's own $ is between the two.
std::string with_line_ends(std::string_view pattern) {
  std::string out;
  for (std::size_t at = 0; at < pattern.size();) {
    std::size_t end = at + 1;
    if (pattern.substr(at).starts_with("\\Q"))
      end = std::min(pattern.find("\\E", at), pattern.size());
    else if (pattern[at] == '\\')
      end = std::min(at + 2, pattern.size());
    else if (pattern[at] == '[')
      end = end_of_set(pattern, at);
    out += pattern[at] == '$' ? "(?:\\r?$)" : pattern.substr(at, end - at);
    at = end;
  }
  return out;
}

std::string why_no_pattern(const RE2& expression) {
  switch (expression.error_code()) {
    case RE2::ErrorPatternTooLarge:
    case RE2::ErrorRepeatSize:
      return "the pattern is too large: repeat less often than " + expression.error_arg();
    case RE2::ErrorBadPerlOp:
    case RE2::ErrorBadEscape:
    case RE2::ErrorRepeatOp:
      return "bad regular expression: " + expression.error() +
             "; look-around, back-references and possessive repetition are not known here: they would let a reply "
             "stall all gateways";
    default:
      return "bad regular expression: " + expression.error();
  }
}

}  // namespace

Pattern::Pattern(const Node& node) {
  const auto source = node.non_empty_text();
  if (source.size() > pattern_octets_max)
    node.fail("the pattern has " + std::to_string(source.size()) + " octets, and at most " +
              std::to_string(pattern_octets_max) + " are searched for: look for less");
  RE2::Options options;
  options.set_encoding(RE2::Options::EncodingLatin1);  // octets, whatever they are
  options.set_dot_nl(true);
  options.set_log_errors(false);
  options.set_max_mem(pattern_memory_max);
  expression_ = std::make_shared<const RE2>("(?m)" + with_line_ends(source), options);
  if (!expression_->ok()) node.fail(why_no_pattern(*expression_));
  if (steps() > pattern_steps_max)
    node.fail("the pattern takes " + std::to_string(steps()) + " steps where " + std::to_string(pattern_steps_max) +
              " are the most: repeat less, {1,40} in the place of {1,400}");
  node.take(Node::Share::steps, steps());
}

bool Pattern::search(std::string_view text, std::size_t from, std::size_t to,
                     std::span<re2::StringPiece> groups) const {
  return expression_->Match({text.data(), text.size()}, from, to, RE2::UNANCHORED, groups.data(),
                            static_cast<int>(groups.size()));
}

bool Pattern::found_in(std::string_view text) const {
  text = text.substr(0, searched_octets_max);
  return search(text, 0, text.size(), {});
}

std::optional<std::string> Pattern::group_of(std::string_view text) const {
  text = text.substr(0, searched_octets_max);
  std::array<re2::StringPiece, 2> groups;
  if (!search(text, 0, text.size(), groups) || !groups[1].data()) return std::nullopt;
  return std::string(groups[1].data(), groups[1].size());
}

std::vector<std::string> Pattern::groups_of(std::string_view text) const {
  text = text.substr(0, list_octets_max);
  std::vector<std::string> all;
  std::array<re2::StringPiece, 2> groups;
  const auto end_of_match = [&] { return static_cast<std::size_t>(groups[0].data() - text.data()) + groups[0].size(); };
  // A pattern that reads on to the end of the text before it knows that its match was a short one would do so for each
  // element. So it sees what is near first, and twice as much each time that this is not enough.
  for (std::size_t at = 0; at < text.size() && all.size() < list_elements_max;) {
    std::size_t size = near_octets;
    const auto end = [&] { return std::min(text.size(), at + size); };
    while (!search(text, at, end(), groups) || (end_of_match() == end() && end() < text.size())) {
      if (end() == text.size()) return all;
      size *= 2;
    }
    if (groups[1].data()) all.emplace_back(groups[1].data(), groups[1].size());
    at = end_of_match() + (groups[0].empty() ? 1 : 0);
  }
  return all;
}

ListExtractor::ListExtractor(const Node& node) {
  node.allow({"json", "regex"});
  const auto members = node.members();
  if (members.size() != 1) node.fail("one of json or regex is needed");
  const auto& [word, argument] = members.front();
  if (word == "json") {
    pointer_ = json_pointer(argument);
  } else {
    pattern_.emplace(argument);
    if (!pattern_->has_group()) argument.fail("a group in ( ) must say what to take");
  }
}

std::vector<ListElement> ListExtractor::elements_of(const Message& callback) const {
  std::vector<ListElement> all;
  if (pattern_) {
    for (auto& piece : pattern_->groups_of(callback.body)) all.push_back({.body = std::move(piece)});
    return all;
  }
  const auto* value = callback.json ? at(*callback.json, pointer_) : nullptr;
  const auto* list = value ? value->if_array() : nullptr;
  if (!list) return all;
  std::size_t octets = 0;
  for (const auto& each : *list) {
    if (all.size() == list_elements_max) break;
    ListElement element{.json = &each};
    // For regular expressions, which are not for long lists of JSON.
    if (octets < list_octets_max) octets += (element.body = boost::json::serialize(each)).size();
    if (const auto* object = each.if_object())
      for (const auto& [name, member] : *object) element.fields.emplace_back(name, text_of(&member));
    all.push_back(std::move(element));
  }
  return all;
}

Extractor::Extractor(const Node& node, Of of) {
  static const std::map<std::string_view, Source> sources = {{"json", Source::json},     {"regex", Source::regex},
                                                             {"header", Source::header}, {"param", Source::param},
                                                             {"query", Source::query},   {"const", Source::constant}};
  node.allow({"json", "regex", "header", "param", "query", "const"});
  const auto members = node.members();
  if (members.size() != 1) node.fail("one of json, regex, header, param, query or const is needed");
  const auto& [word, argument] = members.front();
  source_ = sources.at(word);
  if (of == Of::reply && (source_ == Source::param || source_ == Source::query))
    argument.fail("a reply has no parameters");
  if (source_ == Source::json) {
    name_ = json_pointer(argument);
  } else if (source_ == Source::regex) {
    pattern_.emplace(argument);
    if (!pattern_->has_group()) argument.fail("a group in ( ) must say what to take");
  } else if (source_ == Source::constant) {
    name_ = argument.text();
  } else {
    name_ = argument.non_empty_text();
  }
}

std::optional<std::string> Extractor::find(const Message& message) const {
  switch (source_) {
    case Source::json: {
      const auto* value = message.json ? at(*message.json, name_) : nullptr;
      if (!value || value->is_object() || value->is_array()) return std::nullopt;
      return text_of(value);
    }
    case Source::regex:
      return pattern_->group_of(message.body);
    case Source::header: {
      const auto value = find_header(message.headers, name_);
      return value.empty() ? std::nullopt : std::optional(std::string(value));
    }
    case Source::param:
      if (message.element)
        if (auto value = find_field(*message.element, name_)) return value;
      return message.fields ? find_field(*message.fields, name_) : std::nullopt;
    case Source::query:
      return message.query ? find_field(*message.query, name_) : std::nullopt;
    case Source::constant:
      return name_;
  }
  return std::nullopt;
}

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
