// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "http_gateways/provider.hpp"

// The cases of tests/data/providers: what they hold is in the README.md there.
namespace smsbridge::http_gateways::testing {

std::string read_file(const std::string& path);
std::vector<boost::json::object> cases(const std::string& provider, const std::string& file);
// The account of a case: account.json, the case's config (or config_file), and its other settings.
std::unique_ptr<Provider> account_of(const std::string& provider, const boost::json::object& input);

// Runs every case of these files that is no signature; one that the folder has and nobody runs fails.
void run_cases(const std::string& provider);

}  // namespace smsbridge::http_gateways::testing
