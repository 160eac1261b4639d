// SPDX-License-Identifier: MPL-2.0
// Messages that are no text: ring tones, settings, what a program on the phone listens for.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "bridge/text/segments.hpp"

namespace smsbridge::bridge::text {

// Why no phone could read this header; empty: it could. With its length octet (TS 23.040 section 9.2.3.24).
std::string why_not_a_header(std::string_view header);

// Cut where it is longer than a part: each has the header's elements, and the numbering besides. Else why it cannot be
// cut, for people. One with a header of its own is numbered in it, whatever the gateway does with texts: a centre that
// numbers parts would have to write a second header. Only `concat` and `reference` of the options count.
tl::expected<Segmented, std::string> segment_binary(std::string_view body, std::string_view header,
                                                    const TextOptions& options);

}  // namespace smsbridge::bridge::text
