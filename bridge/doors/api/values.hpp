// SPDX-License-Identifier: MPL-2.0
#pragma once
// Values as all answers of the API write them.
#include <boost/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/text/time.hpp"
#include "bridge/text/ucs2.hpp"
#include "store/message.hpp"

namespace smsbridge::bridge {

inline boost::json::value time_or_null(store::WallMs at) {
  return at ? boost::json::value(text::time_text(at)) : boost::json::value(nullptr);
}
// What carriers say, ids and reasons, is octets: one that is no UTF-8 makes the page unreadable it stands on.
inline boost::json::value text_or_null(std::string_view text) {
  if (text.empty()) return nullptr;
  return text::is_valid_utf8(text) ? boost::json::value(text)
                                   : boost::json::value(text::repaired_utf8(std::string(text)));
}
inline boost::json::array texts(const std::vector<std::string>& words) {
  return boost::json::array(words.begin(), words.end());
}

}  // namespace smsbridge::bridge
