// SPDX-License-Identifier: MPL-2.0
// A message made of a template: its text, and what else the template says of it.
#pragma once
#include <optional>
#include <tl/expected.hpp>

#include "bridge/intake/submission.hpp"

namespace smsbridge::bridge {

// What a message keeps of the template that it was made of: store::Content::made_by.
struct MadeBy {
  int version = 1;
  std::string language, asked, name;  // `asked`: the language that was asked for
};
std::string made_by_text(const MadeBy& made_by);
std::optional<MadeBy> read_made_by(std::string_view text);  // nothing: it was made of none

// Which text a message in `language` gets: that one, else the first of the tenant's languages that the template has,
// else the template's first.
const TemplateText& text_for(const TemplateSettings& made, std::string_view language, const TenantSettings& tenant);

// Of `values` in the language of `text`; what lacks is in Rendered.
text::Rendered render(const TemplateText& text, const boost::json::object& values, const TenantSettings& tenant);

// nullptr: there is none for this tenant.
TemplatePtr template_for(const RoutingTable& table, std::string_view name, std::string_view tenant);

// Fills in text, and where the message did not say them, sender, lane, transliteration and TLVs. A refusal leaves the
// text empty: half of one is no message.
std::optional<Refusal> make_by_template(Submission& s, const TenantSettings& tenant, const RoutingTable& table);

}  // namespace smsbridge::bridge
