// SPDX-License-Identifier: MPL-2.0
// What a text costs, and why, as the preview and `smsbridge text` show it.
#pragma once
#include <boost/json/array.hpp>
#include <functional>

#include "bridge/text/costs.hpp"

namespace smsbridge::bridge {

// {single, locking}: the languages of the tables, null for a default one; null when both are.
boost::json::value national_json(const text::Shift& shift);

// The first hundred characters that are not in the GSM alphabet.
boost::json::array forcing_json(std::string_view utf8);

struct ChoicesOf {
  std::string_view text;
  text::TextOptions options;
  bool transliterate = false;                            // it is asked for
  bool texts_only = false;                               // of a provider, which has GSM 7 bit and UCS-2 and no more
  std::function<boost::json::value(std::size_t)> price;  // of so many parts; none: prices are not known here
};
boost::json::array choices_json(const ChoicesOf& of);

}  // namespace smsbridge::bridge
