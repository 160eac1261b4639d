// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/json/object.hpp>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bridge/doors/services.hpp"
#include "bridge/http/problem.hpp"
#include "bridge/objects/objects.hpp"
#include "bridge/routing/cut_off.hpp"

namespace smsbridge::bridge {

Problem problem_of(const ObjectError& error);
boost::json::object cut_off_json(const CutOff& cut_off);
void say_cut_off(const CutOff& cut_off, const std::string& by);
void say_reloaded(const Reloaded& reloaded, const std::filesystem::path& file);

// What answers say of an object: "file" or "api", and its ETag.
std::string_view managed_by(const std::optional<Objects::Object>& object);
std::vector<std::pair<std::string, std::string>> etag_header(const std::optional<Objects::Object>& object);

}  // namespace smsbridge::bridge
