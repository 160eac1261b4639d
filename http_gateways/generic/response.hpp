// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <re2/re2.h>

#include <boost/json/value.hpp>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http_gateways/generic/definition.hpp"
#include "http_gateways/provider.hpp"
#include "http_gateways/wire.hpp"

// How a definition reads what a provider says: regular expressions, extractors, result rules. Compiled once, when the
// account is made; everything here throws BadSettings then and nothing later.
namespace smsbridge::http_gateways {

// A regular expression that a provider's octets are searched with. Whoever makes a definition chooses the pattern and
// whoever answers or calls chooses the text, and while we search nobody else on the shard is served: so the matcher is
// RE2, whose time grows with the text and never with the number of ways to match. It knows no back-references and no
// look-around, which cannot be had for that price. Only the first 4096 octets are searched.
class Pattern {
 public:
  explicit Pattern(const Node& node);
  bool found_in(std::string_view text) const;
  // What the first group matched.
  std::optional<std::string> group_of(std::string_view text) const;
  // The same of each place, in their order.
  std::vector<std::string> groups_of(std::string_view text) const;
  bool has_group() const { return expression_->NumberOfCapturingGroups() > 0; }
  // Of its program; the longest time that an octet can take.
  std::size_t steps() const { return static_cast<std::size_t>(expression_->ProgramSize()); }

 private:
  bool search(std::string_view text, std::size_t from, std::size_t to, std::span<re2::StringPiece> groups) const;
  std::shared_ptr<const RE2> expression_;
};

// Where extractors look.
struct Message {
  const Headers& headers;
  std::string_view body;
  const boost::json::value* json = nullptr;  // the body; null: it is not JSON
  const Fields* element = nullptr;           // of a list in a callback: members of the element
  const Fields* fields = nullptr;            // of a callback: parameters of the body, then of the query
  const Fields* query = nullptr;
};

// {"json": pointer}, {"regex": pattern}, {"header": name}, {"const": value}; of callbacks also {"param": name} and
// {"query": name}.
class Extractor {
 public:
  enum class Of : std::uint8_t { reply, callback };
  Extractor(const Node& node, Of of);
  std::optional<std::string> find(const Message& message) const;
  bool reads_json() const { return source_ == Source::json; }

 private:
  enum class Source : std::uint8_t { json, regex, header, param, query, constant };
  Source source_;
  std::string name_;
  std::optional<Pattern> pattern_;
};

// One of several receipts in a callback. `json` refers to the callback's own.
struct ListElement {
  std::string body;
  const boost::json::value* json = nullptr;
  Fields fields;  // members of an object
};

// Where a callback has several of them: {"json": pointer} to an array, or {"regex": pattern} whose group is one.
class ListExtractor {
 public:
  explicit ListExtractor(const Node& node);
  // None: there is no such list.
  std::vector<ListElement> elements_of(const Message& callback) const;

 private:
  std::string pointer_;
  std::optional<Pattern> pattern_;
};

// The `response` of a definition: rules in order, then what to take out of the reply.
class ResponseReader {
 public:
  ResponseReader() = default;
  explicit ResponseReader(const Node& node);
  Verdict read(const Reply& reply, std::int64_t now_s) const;

 private:
  struct JsonTest {
    std::string pointer;
    std::optional<bool> exists;
    std::vector<boost::json::value> any_of;
    std::optional<Pattern> matches;
  };
  struct When {
    std::vector<std::string> statuses;  // three characters each, 'x' for any digit
    std::optional<JsonTest> json;
    std::optional<Pattern> body;
    std::optional<std::pair<std::string, Pattern>> header;
    bool is_status_alone() const { return !json && !body && !header; }
  };
  struct Wait {
    std::optional<std::int64_t> constant_ms;
    std::string header;
    std::optional<Pattern> pattern;
    std::int64_t unit_ms = 1;
  };
  struct Then {
    std::optional<Outcome> outcome;
    ErrorClass error_class = ErrorClass::none;
    std::optional<Retry> retry;
    std::optional<Wait> wait;
    bool one_number = false;
  };
  struct Rule {
    When when;
    Then then;
  };

  static When compile_when(const Node& node, bool& needs_json);
  static Then compile_then(const Node& node);
  static Wait compile_wait(const Node& node);
  static bool holds(const When& when, const Reply& reply, const boost::json::value* json);
  static std::optional<std::int64_t> wait_ms(const Wait& wait, const Reply& reply, std::int64_t now_s);
  Verdict judge(const Reply& reply, const Message& message, bool has_id, std::int64_t now_s) const;

  bool json_expected_ = false;
  std::vector<Rule> rules_;
  std::optional<Extractor> message_id_, parts_, price_, currency_, provider_code_;
};

}  // namespace smsbridge::http_gateways
