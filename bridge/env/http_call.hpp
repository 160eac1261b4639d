// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <string>

#include "http_gateways/provider.hpp"

namespace smsbridge::bridge {

// Initialises libcurl, once. Any thread.
void initialise_curl();

// One request whose answer is waited for: for the command line, never on a shard's thread.
struct HttpCall {
  std::string unix_socket;  // a path; empty: the address of the request
  http_gateways::Request request;
  std::chrono::seconds time{60};  // for the whole of it
  std::int64_t answer_octets_max = 256 << 20;
};
struct HttpCalled {
  enum class End : std::uint8_t { answered, not_connected, timed_out, broken } end = End::broken;
  http_gateways::Reply reply;
  std::string why;  // for people, where it was not answered
};
// Uses no proxy, and follows no redirect.
HttpCalled http_call(const HttpCall& call);

}  // namespace smsbridge::bridge
