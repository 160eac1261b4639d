// SPDX-License-Identifier: MPL-2.0
#pragma once
// Values as all answers of the API write them.
#include <boost/json.hpp>
#include <string>
#include <vector>

#include "bridge/text/time.hpp"
#include "store/message.hpp"

namespace smsbridge::bridge {

inline boost::json::value time_or_null(store::WallMs at) {
  return at ? boost::json::value(text::time_text(at)) : boost::json::value(nullptr);
}
inline boost::json::array texts(const std::vector<std::string>& words) {
  return boost::json::array(words.begin(), words.end());
}

}  // namespace smsbridge::bridge
