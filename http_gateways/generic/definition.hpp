// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/json/value.hpp>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http_gateways/provider.hpp"

namespace smsbridge::http_gateways {

// Would end a header line early and start another.
inline constexpr std::string_view ends_header{"\r\n\0", 3};

// A value of a definition together with its path, so that every mistake can be named where it was made:
// "request.body.value.dest: unknown variable 'tto'". Refers to the value; used only while a definition is compiled.
// Every member function throws BadSettings when the value is not what it asks for.
class Node {
 public:
  explicit Node(const boost::json::value& value, std::string path = {})
      : Node(value, std::move(path), std::make_shared<Taken>()) {}

  [[noreturn]] void fail(const std::string& what) const;
  const boost::json::value& value() const { return *value_; }

  // An object with no other members than these.
  void allow(std::initializer_list<std::string_view> names) const;
  std::optional<Node> find(std::string_view name) const;  // null counts as not there
  Node need(std::string_view name) const;
  std::vector<std::pair<std::string, Node>> members() const;
  std::vector<Node> elements() const;

  std::string text() const;  // a string, a number or a boolean, as text
  std::string non_empty_text() const;
  std::int64_t integer(std::int64_t least, std::int64_t most) const;
  bool flag() const;

  // Counts what this value takes of what a definition may take in all.
  enum class Share : std::uint8_t {
    places,  // of templates with a variable: each may hold a whole text
    steps,   // of patterns, for each octet
  };
  void take(Share share, std::size_t amount) const;

  // `text`, of this value, is going to be in a header.
  void check_header_text(std::string_view text) const;

  // The value that a word stands for.
  template <class Value>
  Value one_of(const std::map<std::string_view, Value>& words) const {
    const auto word = text();
    if (const auto it = words.find(word); it != words.end()) return it->second;
    std::string all;
    for (const auto& [each, value] : words) all += (all.empty() ? "" : ", ") + std::string(each);
    fail("'" + word + "' is not one of " + all);
  }

 private:
  struct Taken {
    std::size_t places = 0, steps = 0;
  };
  Node(const boost::json::value& value, std::string path, std::shared_ptr<Taken> taken)
      : value_(&value), path_(std::move(path)), taken_(std::move(taken)) {}
  Node child(const boost::json::value& value, std::string_view name) const;

  const boost::json::value* value_;
  std::string path_;
  std::shared_ptr<Taken> taken_;
};

}  // namespace smsbridge::http_gateways
