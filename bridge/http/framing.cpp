// SPDX-License-Identifier: MPL-2.0
#include "bridge/http/framing.hpp"

#include <algorithm>
#include <boost/beast/core/string.hpp>

namespace smsbridge::bridge {
namespace {

Problem malformed(std::string detail) {
  return {.code = ProblemCode::malformed_request, .detail = std::move(detail), .errors = {}};
}

// The characters of a name, an address or an address in brackets, and a port (RFC 3986 section 3.2.2). Empty is
// allowed.
bool is_host(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("-._~!$&'()*+;=:[]%").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

std::optional<Problem> host_fault(const http::request_header<>& header) {
  const auto hosts = header.count(http::field::host);
  // RFC 9112 section 3.2; HTTP/1.0 knows no Host.
  if (hosts > 1) return malformed("the request has two Host headers");
  if (hosts == 0 && header.version() >= 11) return malformed("the request has no Host header");
  if (!is_host(header[http::field::host])) return malformed("the Host header is not a name or an address");
  return std::nullopt;
}

std::optional<Problem> coding_fault(const http::request_header<>& header) {
  const auto codings = header.count(http::field::transfer_encoding);
  if (codings == 0) return std::nullopt;
  // RFC 9112 section 6.1: such a message's framing is faulty, whatever it says.
  if (header.version() < 11) return malformed("Transfer-Encoding in HTTP/1.0");
  if (header.count(http::field::content_length) > 0)
    return malformed("the request has a Content-Length and a Transfer-Encoding");
  const auto coding = header[http::field::transfer_encoding];
  if (codings == 1 && boost::beast::iequals(coding, "chunked")) return std::nullopt;
  const auto last = coding.substr(coding.rfind(',') + 1);
  // Section 6.3: without `chunked` as the last one nobody knows where the body ends.
  if (codings > 1 || last.find_first_not_of(" \t") == std::string_view::npos ||
      !boost::beast::iequals(last.substr(last.find_first_not_of(" \t")), "chunked"))
    return malformed("the last Transfer-Encoding is not chunked");
  return Problem{.code = ProblemCode::transfer_coding_unknown,
                 .detail = "send the body as it is, or chunked; '" +
                           std::string(coding.substr(0, std::min<std::size_t>(coding.size(), 40))) + "' is not taken",
                 .errors = {}};
}

}  // namespace

std::optional<Problem> framing_fault(const http::request_header<>& header) {
  if (header.target().size() > target_bytes_max)
    return Problem{.code = ProblemCode::uri_too_long,
                   .detail = "the address is longer than " + std::to_string(target_bytes_max) + " octets",
                   .errors = {}};
  if (auto fault = host_fault(header)) return fault;
  // Section 6.3: the same length twice may be taken, and is what a smuggler sends first.
  if (header.count(http::field::content_length) > 1 ||
      header[http::field::content_length].find(',') != std::string_view::npos)
    return malformed("the request has two Content-Lengths");
  return coding_fault(header);
}

}  // namespace smsbridge::bridge
