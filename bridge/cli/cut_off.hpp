// SPDX-License-Identifier: MPL-2.0
#pragma once
#include "bridge/cli/client.hpp"

namespace smsbridge::bridge {

// Says whom a change would leave without a way out, as a dry run answered, and asks whether it is meant. Throws
// ClientError when it is not, or when nobody can be asked and `yes` was not said.
void confirm_cut_off(const ClientAnswer& dry_run, bool yes);

// What an answer says of it, in lines; empty: nobody is cut off.
std::string cut_off_lines(const boost::json::object& cut_off);

}  // namespace smsbridge::bridge
