// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http_gateways/generic/definition.hpp"
#include "http_gateways/generic/extractor.hpp"
#include "http_gateways/generic/pattern.hpp"
#include "http_gateways/provider.hpp"

// How a definition reads what a provider says: rules of what the result is. Compiled once, when the account is made;
// everything here throws BadSettings then and nothing later.
namespace smsbridge::http_gateways {

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
