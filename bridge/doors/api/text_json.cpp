// SPDX-License-Identifier: MPL-2.0
#include "bridge/doors/api/text_json.hpp"

#include <boost/json/object.hpp>

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

constexpr std::size_t forcing_max = 100;

std::string_view encoding_name(text::Encoding encoding, const text::Shift& shift) {
  switch (encoding) {
    case text::Encoding::gsm7:
      return shift.is_default() ? "gsm7" : "gsm7_shift";
    case text::Encoding::latin1:
      return "latin1";
    case text::Encoding::ucs2:
      break;
  }
  return "ucs2";
}

}  // namespace

json::value national_json(const text::Shift& shift) {
  if (shift.is_default()) return nullptr;
  const auto table = [](std::uint8_t language) {
    return language == 0 ? json::value(nullptr) : json::value(text::table_name(language));
  };
  return {{"single", table(shift.single)}, {"locking", table(shift.locking)}};
}

json::array forcing_json(std::string_view utf8) {
  json::array all;
  for (const auto& each : text::forcing_ucs2(utf8, forcing_max))
    all.push_back({{"character", each.character},
                   {"code_point", each.code_point},
                   {"position", each.position},
                   {"replacement", each.replaceable ? json::value(each.replacement) : json::value(nullptr)}});
  return all;
}

json::array choices_json(const ChoicesOf& of) {
  json::array all;
  for (const auto& cost : text::costs(of.text, of.options)) {
    const bool has_field = cost.shift.is_default() && cost.encoding != text::Encoding::latin1;
    if (of.texts_only && !has_field) continue;
    const auto how = text::how_to_allow(cost, of.options, of.transliterate);
    json::object choice{{"encoding", encoding_name(cost.encoding, cost.shift)},
                        {"national", national_json(cost.shift)},
                        {"transliterated", cost.transliterated},
                        {"parts", cost.parts},
                        {"units", cost.units},
                        {"units_per_part", cost.units_per_part},
                        {"allowed", how.empty()},
                        {"needs", how.empty() ? json::value(nullptr) : json::value(how)}};
    if (of.price) choice["price"] = of.price(cost.parts);
    all.push_back(std::move(choice));
  }
  return all;
}

}  // namespace smsbridge::bridge
