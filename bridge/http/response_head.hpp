// SPDX-License-Identifier: MPL-2.0
#pragma once
// Status line and headers of an answer.
#include <string>

#include "bridge/http/request.hpp"

namespace smsbridge::bridge {

struct Persistence {
  bool keep_alive = true;  // the connection stays open
  bool http11 = true;      // where that is what happens unless it is said
};

// Appends to `output`. `body_size` is that of the body, also where it is not sent (RFC 9112: status line, headers,
// body).
void write_head(std::string& output, const HttpResponse& response, std::size_t body_size, Persistence persistence);

}  // namespace smsbridge::bridge
