// SPDX-License-Identifier: MPL-2.0
// `smsbridge gateways parse` and `smsbridge gateways build`: what the bridge makes of a provider's reply or callback,
// and what it would send, without sending anything. For whoever describes a provider or wonders what one has answered.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http_gateways/provider.hpp"

namespace smsbridge::bridge {

// What a line does not bring along.
struct LineSurroundings {
  std::int64_t now_s = 0;                                                             // of a line without `now`
  std::function<std::optional<std::string>(const std::string& path)> read_file = {};  // nothing: cannot be read
};

// Both take one JSON object and answer with one. A line that is refused is answered with
// {"error":{"code","detail"}}; the codes are "bad-line", "bad-settings" (of the account), "not-supported" (by this
// provider) and "failed".
//
// Settings of the account: the members of `config_file` (a path), then of `config`, then every other member of the line
// that is none of its own; the later ones win. `now` is in seconds since 1970 UTC. `message` is {"ref", "to", "text",
// "from", "validity_s", "callback_url"}; `request_id` stands in for its ref. A case of tests/data/providers is a line
// as well: its `input` counts.

// What parse_provider_line() can be asked to parse.
const std::vector<std::string>& provider_answers();

// `answer` is one of provider_answers(). To read what a provider says, nobody needs to type credentials: those that are
// missing become "unset".
// reply: {"http_status", "headers", "body"} and perhaps `message` -> {"outcome", "status", "provider_message_id",
//        "error_class", "retry", "provider_code", "parts", "price", "currency", "retry_after_ms", "duplicate",
//        "one_number", "partial_failure", "failed_parts", "detail"}
// callback, inbound: {"method", "url", "headers", "body"} -> {"authentic", "refusal", "state", "final",
//        "provider_message_id", "ref", "error_code", "error_class" (of the first update), "updates": [...],
//        "message": {"provider_message_id", "from", "to", "text", "opt_out"}, "part": {"ref", "total", "number",
//        "text"} (of the first message), "messages": [...], "unread": {"content_type", "octets", "fields"} (of what
//        held neither), "reply": {"http_status", "content_type", "body"}}
// poll, balance: as reply -> {"updates", "error_class"}; {"amount", "currency", "message_quota", "error_class"}
// Members are there only when known.
boost::json::object parse_provider_line(const http_gateways::Kind& kind, std::string_view answer, std::string_view line,
                                        const LineSurroundings& surroundings);

// {"message": {...}} -> {"method", "url", "headers", "body"}
boost::json::object build_provider_line(const http_gateways::Kind& kind, std::string_view line,
                                        const LineSurroundings& surroundings);

}  // namespace smsbridge::bridge
