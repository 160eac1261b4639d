// SPDX-License-Identifier: MPL-2.0
#include "bridge/events/staff_list.hpp"

#include <fmt/format.h>

#include "bridge/events/fineract_json.hpp"
#include "bridge/events/people.hpp"
#include "bridge/text/nearest.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

std::string trimmed_name(std::string_view text) {
  const auto from = text.find_first_not_of(" \t\r\n");
  if (from == std::string_view::npos) return {};
  return std::string(text.substr(from, text.find_last_not_of(" \t\r\n") - from + 1));
}

}  // namespace

StaffList::StaffList(const json::value& answer) {
  const auto* list = answer.if_array();
  if (!list) return;
  for (const auto& each : *list) {
    const auto* staff = each.if_object();
    const auto id = staff ? id_at(*staff, "id") : 0;
    if (id == 0) continue;
    StaffMember member{.id = id,
                       .name = trimmed_name(text_at(*staff, "displayName")),
                       .number = trimmed_name(text_at(*staff, "mobileNo"))};
    if (!member.name.empty())
      if (const auto [at, is_first] = ids_.emplace(text::lower(member.name), id); !is_first && at->second != id)
        at->second = 0;
    members_.insert_or_assign(id, std::move(member));
  }
}

const StaffMember* StaffList::find(std::int64_t id) const {
  const auto it = members_.find(id);
  return it == members_.end() ? nullptr : &it->second;
}

tl::expected<const StaffMember*, std::string> StaffList::reachable(std::string_view id_or_name) const {
  const auto wanted = trimmed_name(id_or_name);
  if (wanted.empty()) return tl::unexpected(std::string("names no member of staff"));
  const auto* member = find(id_of(wanted));
  if (!member) {
    const auto named = ids_.find(text::lower(wanted));
    if (named == ids_.end())
      return tl::unexpected(fmt::format("Fineract has no active member of staff '{}' that its user may see", wanted));
    if (named->second == 0) return tl::unexpected(fmt::format("several members of staff are called '{}'", wanted));
    member = find(named->second);
  }
  if (member->number.empty())
    return tl::unexpected(fmt::format("{}: '{}' has none in Fineract", no_phone_number, member->name));
  return member;
}

}  // namespace smsbridge::bridge
