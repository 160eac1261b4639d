// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/json/object.hpp>

namespace smsbridge::bridge {

// The configuration file as a JSON Schema (draft 2020-12), for editors and whoever makes one by a program. It says of
// each key what the reader takes; what keys have to be to each other only the reader says. A reload takes over what is
// marked `x-live`; `writeOnly` are secrets.
boost::json::object config_schema();

}  // namespace smsbridge::bridge
