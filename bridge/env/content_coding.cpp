// SPDX-License-Identifier: MPL-2.0
// gzip: RFC 1952 section 2.3; deflate: RFC 9110 section 8.4.1.2, which means zlib (RFC 1950), and what some servers
// send instead, bare RFC 1951.
#include "bridge/env/content_coding.hpp"

#include <algorithm>
#include <array>
#include <boost/beast/zlib/deflate_stream.hpp>
#include <boost/beast/zlib/inflate_stream.hpp>
#include <boost/crc.hpp>

#include "http_gateways/coding.hpp"
#include "http_gateways/readable.hpp"
#include "http_gateways/reply.hpp"

namespace smsbridge::bridge {
namespace {

namespace zlib = boost::beast::zlib;

unsigned octet_at(std::string_view text, std::size_t at) {
  return at < text.size() ? static_cast<unsigned char>(text[at]) : 0;
}

// How many octets stand before the compressed ones; nothing: no gzip.
std::optional<std::size_t> gzip_header(std::string_view body) {
  enum Flag : unsigned { header_crc = 2, extra = 4, name = 8, comment = 16 };
  if (!body.starts_with("\x1F\x8B\x08")) return std::nullopt;
  const auto flags = octet_at(body, 3);
  std::size_t size = 10;
  if (flags & Flag::extra) size += 2 + octet_at(body, size) + 256 * octet_at(body, size + 1);
  for (const auto text : {Flag::name, Flag::comment})
    if (flags & text) {
      const auto end = body.find('\0', size);
      if (end == std::string_view::npos) return std::nullopt;
      size = end + 1;
    }
  if (flags & Flag::header_crc) size += 2;
  return size < body.size() ? std::optional(size) : std::nullopt;
}

// A server that names a coding which it does not use.
bool is_text(std::string_view body) {
  const auto control = [](char c) {
    return static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\r' && c != '\n';
  };
  return std::ranges::none_of(body, control) && http_gateways::readable(body) == body;
}

bool has_zlib_header(std::string_view body) {
  return (octet_at(body, 0) & 15) == 8 && (octet_at(body, 0) * 256 + octet_at(body, 1)) % 31 == 0;
}

enum class Inflated : std::uint8_t { whole, broken, too_long };

Inflated inflate(std::string_view compressed, std::size_t max_bytes, std::string& out) {
  zlib::inflate_stream stream;
  zlib::z_params step;
  step.next_in = compressed.data();
  step.avail_in = compressed.size();
  std::array<char, 8192> piece{};
  while (true) {
    step.next_out = piece.data();
    step.avail_out = piece.size();
    boost::system::error_code ec;
    stream.write(step, zlib::Flush::sync, ec);
    const auto written = piece.size() - step.avail_out;
    if (out.size() + written > max_bytes) return Inflated::too_long;
    out.append(piece.data(), written);
    if (ec == zlib::error::end_of_stream) return Inflated::whole;
    if (ec || written == 0) return Inflated::broken;  // or cut
  }
}

}  // namespace

std::optional<std::string> decoded_body(const http_gateways::Reply& reply, std::size_t max_bytes) {
  const std::string_view body = reply.body;
  std::optional<std::size_t> begin = gzip_header(body);
  if (!begin &&
      http_gateways::lower(http_gateways::find_header(reply.headers, "Content-Encoding")).find("deflate") !=
          std::string::npos &&
      !is_text(body))
    begin = has_zlib_header(body) ? 2 : 0;
  if (!begin) return reply.body;
  std::string out;
  switch (inflate(body.substr(*begin), max_bytes, out)) {
    case Inflated::whole:
      return out;
    case Inflated::too_long:
      return std::nullopt;
    case Inflated::broken:
      break;
  }
  return reply.body;
}

// Section 2.3: ten octets, of which only the method says something here; the deflated body; its sum and its size.
std::string gzipped(std::string_view body) {
  std::string out("\x1f\x8b\x08\0\0\0\0\0\x02\xff", 10);
  zlib::deflate_stream stream;
  stream.reset(9, 15, 8, zlib::Strategy::normal);
  const auto head = out.size();
  out.resize(head + stream.upper_bound(body.size()));
  zlib::z_params step;
  step.next_in = body.data();
  step.avail_in = body.size();
  step.next_out = out.data() + head;
  step.avail_out = out.size() - head;
  boost::system::error_code ec;
  stream.write(step, zlib::Flush::finish, ec);
  out.resize(head + step.total_out);
  boost::crc_32_type sum;
  sum.process_bytes(body.data(), body.size());
  for (const auto number : {static_cast<std::uint32_t>(sum.checksum()), static_cast<std::uint32_t>(body.size())})
    for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(number >> shift & 0xff);
  return out;
}

}  // namespace smsbridge::bridge
