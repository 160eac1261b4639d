// SPDX-License-Identifier: MPL-2.0
#include "bridge/text/binary.hpp"

#include <algorithm>

#include "bridge/text/alphabet.hpp"

namespace smsbridge::bridge::text {
namespace {

constexpr std::size_t parts_max = 255;
constexpr std::size_t header_max = 139;  // leaves one octet of a part

bool is_numbered(std::string_view header) {
  for (std::size_t at = 1; at + 1 < header.size(); at += 2U + static_cast<unsigned char>(header[at + 1]))
    if (header[at] == 0x00 || header[at] == 0x08) return true;
  return false;
}

std::vector<std::uint8_t> numbered(std::string_view header, const TextOptions& options, std::size_t total,
                                   std::size_t number) {
  std::vector<std::uint8_t> out(header.begin(), header.end());
  if (out.empty()) out.push_back(0);
  if (total > 1) {
    const auto high = static_cast<std::uint8_t>(options.reference >> 8),
               low = static_cast<std::uint8_t>(options.reference);
    const auto parts = static_cast<std::uint8_t>(total), part = static_cast<std::uint8_t>(number);
    if (options.concat == Concat::udh16)
      out.insert(out.end(), {0x08, 0x04, high, low, parts, part});
    else
      out.insert(out.end(), {0x00, 0x03, low, parts, part});
  }
  if (out.size() == 1) return {};
  out[0] = static_cast<std::uint8_t>(out.size() - 1);
  return out;
}

}  // namespace

std::string why_not_a_header(std::string_view header) {
  if (header.empty()) return {};
  if (header.size() > header_max) return "a user data header has at most 139 octets";
  const auto octet = [&](std::size_t at) { return static_cast<unsigned char>(header[at]); };
  if (octet(0) + 1U != header.size()) return "its first octet is not the length of the rest";
  for (std::size_t at = 1; at < header.size(); at += 2U + octet(at + 1))
    if (at + 1 >= header.size() || at + 2U + octet(at + 1) > header.size())
      return "an element ends behind the end of the header";
  return {};
}

tl::expected<Segmented, std::string> segment_binary(std::string_view body, std::string_view header,
                                                    const TextOptions& options) {
  Segmented out;
  const auto add = [&out](std::string_view octets, std::vector<std::uint8_t> udh) {
    out.udhi = !udh.empty();
    out.segments.push_back({.udh = std::move(udh),
                            .body = {octets.begin(), octets.end()},
                            .number = static_cast<std::uint16_t>(out.segments.size() + 1)});
  };
  if (header.size() + body.size() <= room_behind(Encoding::latin1, 0)) {
    add(body, numbered(header, options, 1, 1));
    return out;
  }
  if (is_numbered(header))
    return tl::make_unexpected(std::string("the header numbers one part, and the octets need more than one"));
  const auto taken = std::max<std::size_t>(header.size(), 1) + (options.concat == Concat::udh16 ? 6 : 5);
  if (taken >= room_behind(Encoding::latin1, 0))
    return tl::make_unexpected(std::string("behind the header there is no room to number the parts"));
  const auto room = room_behind(Encoding::latin1, taken);
  out.parts = (body.size() + room - 1) / room;
  if (out.parts > parts_max) return tl::make_unexpected(std::string("the octets need more than 255 parts"));
  if (header.empty() && options.concat == Concat::payload) {
    add(body, {});
    return out;
  }
  const bool by_centre = header.empty() && options.concat == Concat::sar;
  for (std::size_t at = 0; at < body.size(); at += room)
    add(body.substr(at, room),
        by_centre ? std::vector<std::uint8_t>{} : numbered(header, options, out.parts, out.segments.size() + 1));
  return out;
}

}  // namespace smsbridge::bridge::text
