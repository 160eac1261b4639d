// SPDX-License-Identifier: MPL-2.0
#include "http_gateways/generic/template.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <ctime>

#include "http_gateways/coding.hpp"
#include "http_gateways/digest.hpp"
#include "http_gateways/e164.hpp"
#include "http_gateways/generic/trunk_prefix.hpp"
#include "http_gateways/sms_octets.hpp"

namespace smsbridge::http_gateways {
namespace {

constexpr std::size_t filters_max = 4;

std::optional<std::int64_t> parse_integer(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t number = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || ec != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string_view trim(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

std::string upper(std::string text) {
  for (auto& c : text)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return text;
}

std::string iso_time(std::int64_t now_s) {
  const auto seconds = static_cast<std::time_t>(now_s);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc)};
}

// Shaped as in RFC 9562 section 5.8, from account and reference: a request that is repeated carries the same one, so
// that a provider can know it again.
std::string uuid_of(std::string_view account, std::string_view reference) {
  auto octets = digest(Hash::sha256, std::string(account) + "\n" + std::string(reference)).substr(0, 16);
  octets[6] = static_cast<char>((octets[6] & 0x0F) | 0x80);
  octets[8] = static_cast<char>((octets[8] & 0x3F) | 0x80);
  auto text = hex(octets);
  for (const std::size_t place : {20u, 16u, 12u, 8u}) text.insert(place, 1, '-');
  return text;
}

std::string national(const std::string& digits, const std::string& country_code) {
  if (country_code.empty() || !digits.starts_with(country_code)) return digits;
  return std::string(trunk_prefix(country_code)) + digits.substr(country_code.size());
}

std::string escape_xml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&apos;";
        break;
      default:
        // XML 1.0 section 2.2 has no other control characters, not even escaped ones.
        if (static_cast<unsigned char>(c) >= 0x20 || c == '\t' || c == '\n' || c == '\r') out += c;
    }
  }
  return out;
}

std::string escaped(const std::string& text, Escape escape) {
  switch (escape) {
    case Escape::none:
      return text;
    case Escape::percent:
      return percent_encode(text);
    case Escape::xml:
      return escape_xml(text);
    case Escape::json: {
      const auto quoted = boost::json::serialize(boost::json::string(text));
      return quoted.substr(1, quoted.size() - 2);
    }
  }
  return text;
}

}  // namespace

Template::Template(const Node& node) {
  const auto source = node.text();
  std::string_view rest = source;
  while (!rest.empty()) {
    const auto begin = std::min(rest.find("{{"), rest.size());
    if (begin > 0) pieces_.push_back({.literal = std::string(rest.substr(0, begin)), .variable = {}, .steps = {}});
    rest.remove_prefix(begin);
    if (rest.empty()) break;
    const auto end = rest.find("}}");
    if (end == std::string_view::npos) node.fail("'{{' without '}}'");
    node.take(Node::Share::places, 1);
    pieces_.push_back(compile(node, rest.substr(2, end - 2)));
    rest.remove_prefix(end + 2);
  }
}

Template::Piece Template::compile(const Node& node, std::string_view inside) {
  static const std::map<std::string_view, Variable> variables = {
      {"to", Variable::to},
      {"to_digits", Variable::to_digits},
      {"to_national", Variable::to_national},
      {"from", Variable::from},
      {"text", Variable::text},
      {"text_hex_utf16be", Variable::text_hex_utf16be},
      {"text_hex_gsm", Variable::text_hex_gsm},
      {"is_unicode", Variable::is_unicode},
      {"coding", Variable::coding},
      {"parts", Variable::parts},
      {"ref", Variable::ref},
      {"callback_url", Variable::callback_url},
      {"validity_s", Variable::validity_s},
      {"validity_min", Variable::validity_min},
      {"validity_ms", Variable::validity_ms},
      {"priority", Variable::priority},
      {"now_unix", Variable::now_unix},
      {"now_iso", Variable::now_iso},
      {"uuid", Variable::uuid},
  };
  static const std::map<std::string_view, Filter> filters = {
      {"int", Filter::to_int}, {"bool", Filter::to_bool},  {"upper", Filter::upper},   {"lower", Filter::lower},
      {"md5", Filter::md5},    {"sha256", Filter::sha256}, {"base64", Filter::base64}, {"default", Filter::otherwise},
  };
  Piece piece;
  bool first = true, typed = false, more = true;
  while (more) {
    const auto bar = inside.find('|');
    const auto word = trim(inside.substr(0, bar));
    more = bar != std::string_view::npos;
    if (more) inside.remove_prefix(bar + 1);
    if (first) {
      const auto it = variables.find(word);
      if (it == variables.end()) node.fail("unknown variable '" + std::string(word) + "'");
      piece.variable = it->second;
      first = false;
      continue;
    }
    const auto colon = word.find(':');
    const auto it = filters.find(word.substr(0, colon));
    const bool has_argument = colon != std::string_view::npos;
    if (it == filters.end() || has_argument != (it->second == Filter::otherwise))
      node.fail("unknown filter '" + std::string(word) + "'");
    Step step{.filter = it->second, .argument = has_argument ? std::string(word.substr(colon + 1)) : std::string()};
    if (typed && step.filter != Filter::otherwise) node.fail("only a default may follow |int and |bool");
    typed |= step.filter == Filter::to_int || step.filter == Filter::to_bool;
    piece.steps.push_back(std::move(step));
    if (piece.steps.size() > filters_max)
      node.fail("at most " + std::to_string(filters_max) + " filters can follow a variable: some make the text longer");
  }
  const auto type = type_of(piece);
  for (const auto& step : piece.steps) {
    if (step.filter != Filter::otherwise) continue;
    if (type == Type::integer && !parse_integer(step.argument))
      node.fail("the default '" + step.argument + "' is no whole number");
    if (type == Type::boolean && step.argument != "true" && step.argument != "false")
      node.fail("the default '" + step.argument + "' is neither true nor false");
  }
  return piece;
}

Template::Type Template::type_of(const Piece& piece) {
  for (const auto& step : piece.steps) {
    if (step.filter == Filter::to_int) return Type::integer;
    if (step.filter == Filter::to_bool) return Type::boolean;
  }
  return Type::text;
}

std::optional<std::string> Template::value_of(Variable variable, const TemplateValues& values) {
  const auto& sms = values.sms;
  const auto set = [](const std::string& text) { return text.empty() ? std::nullopt : std::optional(text); };
  const auto validity = [&](std::int64_t amount) {
    return sms.validity_s > 0 ? std::optional(std::to_string(amount)) : std::nullopt;
  };
  switch (variable) {
    case Variable::to:
      return sms.to;
    case Variable::to_digits:
      return digits_of(sms.to);
    case Variable::to_national:
      return national(digits_of(sms.to), values.country_code);
    case Variable::from:
      return set(values.from);
    case Variable::text:
      return sms.text;
    case Variable::text_hex_utf16be:
      return hex(to_utf16be(sms.text));
    case Variable::text_hex_gsm: {
      const auto octets = to_gsm(sms.text);
      return octets ? std::optional(hex(*octets)) : std::nullopt;
    }
    case Variable::is_unicode:
      return sms.unicode ? "true" : "false";
    case Variable::coding:
      return sms.unicode ? values.unicode_coding : "0";
    case Variable::parts:
      return std::to_string(sms.parts);
    case Variable::ref:
      return set(sms.reference);
    case Variable::callback_url:
      return set(values.callback_url);
    case Variable::validity_s:
      return validity(sms.validity_s);
    case Variable::validity_min:
      return validity(sms.validity_s / 60 + (sms.validity_s % 60 > 0 ? 1 : 0));
    case Variable::validity_ms:
      return validity(std::min(sms.validity_s, std::int64_t{1} << 50) * 1000);
    case Variable::priority:
      return std::nullopt;  // messages have none yet; `{{priority|default:0}}` works
    case Variable::now_unix:
      return std::to_string(values.now_s);
    case Variable::now_iso:
      return iso_time(values.now_s);
    case Variable::uuid:
      return uuid_of(values.account, sms.reference);
  }
  return std::nullopt;
}

std::optional<std::string> Template::evaluate(const Piece& piece, const TemplateValues& values) {
  auto value = value_of(*piece.variable, values);
  for (const auto& step : piece.steps) {
    if (step.filter == Filter::otherwise) {
      if (!value) value = step.argument;
      continue;
    }
    if (!value) continue;
    switch (step.filter) {
      case Filter::to_int: {
        const auto number = parse_integer(*value);
        value = number ? std::optional(std::to_string(*number)) : std::nullopt;
        break;
      }
      case Filter::to_bool:
        value = value->empty() || *value == "0" || *value == "false" ? "false" : "true";
        break;
      case Filter::upper:
        value = upper(*value);
        break;
      case Filter::lower:
        value = lower(*value);
        break;
      case Filter::md5:
        value = hex(digest(Hash::md5, *value));
        break;
      case Filter::sha256:
        value = hex(digest(Hash::sha256, *value));
        break;
      case Filter::base64:
        value = base64(*value);
        break;
      case Filter::otherwise:
        break;
    }
  }
  return value;
}

std::optional<std::string> Template::fill(const TemplateValues& values, Escape escape) const {
  std::string out;
  for (const auto& piece : pieces_) {
    if (!piece.variable) {
      out += piece.literal;
      continue;
    }
    const auto value = evaluate(piece, values);
    if (!value) return std::nullopt;
    out += escaped(*value, escape);
  }
  return out;
}

std::string Template::fill_gaps(const TemplateValues& values, Escape escape) const {
  std::string out;
  for (const auto& piece : pieces_)
    out += piece.variable ? escaped(evaluate(piece, values).value_or(std::string()), escape) : piece.literal;
  return out;
}

std::optional<boost::json::value> Template::fill_json(const TemplateValues& values) const {
  const auto text = fill(values);
  if (!text) return std::nullopt;
  const auto type = pieces_.size() == 1 && pieces_[0].variable ? type_of(pieces_[0]) : Type::text;
  if (type == Type::boolean) return boost::json::value(*text == "true");
  if (type == Type::integer)
    if (const auto number = parse_integer(*text)) return boost::json::value(*number);
  return boost::json::value(*text);
}

std::string_view Template::prefix() const {
  return pieces_.empty() || pieces_[0].variable ? std::string_view() : std::string_view(pieces_[0].literal);
}

bool Template::has_variables() const {
  return std::ranges::any_of(pieces_, [](const Piece& piece) { return piece.variable.has_value(); });
}

bool Template::has_plain_text() const {
  return std::ranges::any_of(pieces_, [](const Piece& piece) {
    return piece.variable == Variable::text && std::ranges::none_of(piece.steps, [](const Step& step) {
             return step.filter == Filter::md5 || step.filter == Filter::sha256 || step.filter == Filter::base64;
           });
  });
}

bool Template::literals_contain(std::string_view any_of) const {
  return std::ranges::any_of(
      pieces_, [&](const Piece& piece) { return piece.literal.find_first_of(any_of) != std::string::npos; });
}

}  // namespace smsbridge::http_gateways
