// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/json/value.hpp>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "bridge/http/problem.hpp"
#include "bridge/intake/submission.hpp"

namespace smsbridge::bridge {

// What is being read of a message, and what is wrong with it.
struct MessageReading {
  Submission submission;
  std::string lane, gateway, route;  // as given: looked up once all is read
  ByTemplate by_template;
  store::WallMs now = 0;
  std::vector<FieldError> errors;
  void wrong(std::string_view field, const char* code, std::string detail) {
    errors.push_back({"/" + std::string(field), code, std::move(detail)});
  }
};

// A field of a message, as the contract has it in MessageRequest.
struct MessageField {
  std::string_view name;
  std::size_t characters = 0;                                          // of a text, at most
  std::string& (*text)(MessageReading&) = nullptr;                     // where a text goes
  void (*read)(MessageReading&, const boost::json::value&) = nullptr;  // of what is no text
  bool required = false;
  bool as_given = false;  // any characters, and empty: what is wrong with it is for the intake to say
  bool in_lists = false;  // a line break in it would begin a row of its own wherever messages are listed
  bool in_preview = false;
};
std::span<const MessageField> message_fields();

// A message as callers of the API give it; `now` in milliseconds since 1970. All mistakes are told at once.
tl::expected<Submission, Problem> read_submission(const boost::json::value& value, const Directory& directory,
                                                  store::WallMs now);

// An RFC 3339 time; 0 and an error when it is none.
store::WallMs read_time(const std::string& name, std::string_view text, const std::string& pointer,
                        std::vector<FieldError>& errors);

}  // namespace smsbridge::bridge
