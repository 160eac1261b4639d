// SPDX-License-Identifier: MPL-2.0
#include "bridge/objects/object_error.hpp"

#include <fmt/format.h>

namespace smsbridge::bridge {
namespace {

// retry.first -> /retry/first, via[0].weight -> /via/0/weight
std::string pointer_of(std::string_view path) {
  std::string pointer = path.empty() ? "" : "/";
  for (const char c : path)
    if (c == '.' || c == '[')
      pointer += '/';
    else if (c != ']')
      pointer += c;
  return pointer;
}

}  // namespace

ObjectError refusal(ObjectError::Why why, std::string detail) {
  return {.why = why, .detail = std::move(detail), .mistakes = {}};
}

std::optional<ObjectError> error_of(const std::vector<ConfigProblem>& problems) {
  ObjectError error;
  for (const auto& each : problems)
    if (!each.warning) error.mistakes.push_back({pointer_of(each.path), each.code, each.text});
  if (error.mistakes.empty()) return std::nullopt;
  const auto& first = error.mistakes.front();
  error.detail = error.mistakes.size() > 1 ? fmt::format("{} settings are wrong", error.mistakes.size())
                 : first.pointer.empty()   ? first.text
                                           : first.pointer + ": " + first.text;
  return error;
}

}  // namespace smsbridge::bridge
