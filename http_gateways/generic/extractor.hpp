// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http_gateways/form.hpp"
#include "http_gateways/generic/definition.hpp"
#include "http_gateways/generic/pattern.hpp"
#include "http_gateways/provider.hpp"

// What a definition takes out of a reply or a callback. Throws BadSettings when it is made, and nothing later.
namespace smsbridge::http_gateways {

// RFC 6901 section 3.
std::string json_pointer(const Node& node);

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

}  // namespace smsbridge::http_gateways
