// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http_gateways/generic/definition.hpp"
#include "http_gateways/provider.hpp"

namespace smsbridge::http_gateways {

// What the variables of templates stand for, for one message.
struct TemplateValues {
  const OutboundSms& sms;
  std::string from, callback_url;  // empty: unset
  std::string country_code;        // of the own country, for to_national; empty: numbers stay international
  std::string unicode_coding;
  std::string account;  // makes uuid differ between accounts
  std::int64_t now_s = 0;
};

// How a value is written where it stands, so that no message text can change the structure around it.
enum class Escape : std::uint8_t {
  none,
  percent,  // RFC 3986, for URLs and for bodies that are forms
  xml,
  json,  // inside a JSON string
};

// "{{to_digits}}", "Bearer {{ref|sha256}}": literal pieces and variables with filters, compiled once. Filled in a
// single pass: braces in a value are only characters.
class Template {
 public:
  explicit Template(const Node& node);  // throws BadSettings

  // Nothing: a variable is unset and has no default, so that the place as a whole is left out.
  std::optional<std::string> fill(const TemplateValues& values, Escape escape = Escape::none) const;
  // The same, with unset variables as empty text: for places that cannot be left out.
  std::string fill_gaps(const TemplateValues& values, Escape escape) const;
  // As a leaf of a JSON tree: a number or boolean if it is nothing but `{{x|int}}` or `{{x|bool}}`.
  std::optional<boost::json::value> fill_json(const TemplateValues& values) const;

  // The literal text in front of the first variable.
  std::string_view prefix() const;
  bool has_variables() const;
  // The message text as it is, not a digest of it.
  bool has_plain_text() const;
  bool literals_contain(std::string_view any_of) const;

 private:
  enum class Variable : std::uint8_t {
    to,
    to_digits,
    to_national,
    from,
    text,
    text_hex_utf16be,
    text_hex_gsm,
    is_unicode,
    coding,
    parts,
    ref,
    callback_url,
    validity_s,
    validity_min,
    validity_ms,
    priority,
    now_unix,
    now_iso,
    uuid,
  };
  enum class Filter : std::uint8_t { to_int, to_bool, upper, lower, md5, sha256, base64, otherwise };
  struct Step {
    Filter filter;
    std::string argument;  // of `default:x`
  };
  struct Piece {
    std::string literal;
    std::optional<Variable> variable;
    std::vector<Step> steps;
  };
  enum class Type : std::uint8_t { text, integer, boolean };

  static Piece compile(const Node& node, std::string_view inside);
  static Type type_of(const Piece& piece);
  static std::optional<std::string> value_of(Variable variable, const TemplateValues& values);
  static std::optional<std::string> evaluate(const Piece& piece, const TemplateValues& values);

  std::vector<Piece> pieces_;
};

}  // namespace smsbridge::http_gateways
