// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "bridge/config/smpp_fields.hpp"

namespace smsbridge::bridge {

inline constexpr std::size_t custom_tlvs_max = 20, custom_tlv_octets_max = 255;

class ConfigSection;
// One of a list `tlvs`: tag, type and value.
void read_custom_tlv(ConfigSection& s, CustomTlv& tlv);
std::vector<KeyInfo> custom_tlv_infos();
// Of the whole list: no tag twice, and not too many.
void check_tags(ConfigSection& s, const std::vector<CustomTlv>& tlvs);

// From 0x1400 or 5120. Why it is none, for people: not a number, or a tag that we set ourselves.
tl::expected<std::uint16_t, std::string> parse_tag(std::string_view text);
// The octets of `value` as a `type` of custom_tlv_types() writes them. Why it has none, for people.
tl::expected<std::string, std::string> tlv_value(std::string_view type, const std::string& value);
const std::vector<std::string>& custom_tlv_types();

}  // namespace smsbridge::bridge
