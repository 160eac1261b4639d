// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <yaml-cpp/yaml.h>

#include <CLI/CLI.hpp>

#include "bridge/cli/client.hpp"
#include "bridge/cli/commands.hpp"

namespace smsbridge::bridge {

// Where the API has them; `what` is "gateway", "route", "webhook", "template", "event", "inbound-rule", "schedule" or
// "tenant".
std::string address_of(const std::string& what);
std::string address_of(const std::string& what, const std::string& name);

// create, change and delete of what can be made at run time: `what` is one of them in the singular, `group` the
// command above.
void add_object_commands(CLI::App& group, const std::string& what, Run& run);

// The YAML of a file, or of stdin for "-". Throws ClientError, also where a part of it would not be read.
YAML::Node read_only_document(const std::string& file);

// Reads the secrets that an object names as {file: path}, {env: NAME} or {credential: name}: the daemon reads none for
// a caller. Throws ClientError.
void read_named_secrets(boost::json::object& settings, const std::filesystem::path& folder);

}  // namespace smsbridge::bridge
