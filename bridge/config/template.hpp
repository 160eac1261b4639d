// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/json/object.hpp>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/config/problem.hpp"
#include "bridge/text/template.hpp"
#include "store/message.hpp"

namespace smsbridge::bridge {

struct KeyInfo;

// Whom a text is for.
enum class Audience : std::uint8_t { client, group, guarantor, officer, staff };
std::string_view name(Audience audience);
const std::vector<std::pair<std::string, Audience>>& audience_choices();

constexpr std::size_t template_octets_max = 4000;  // of one text

struct TemplateText {
  std::string language, text;
  text::Template made;
};

// A text in several languages, which messages are made of.
struct TemplateSettings {
  boost::json::object settings;  // as they were given
  std::string name;
  store::RouteId id = 0;  // as every object has one; nothing asks for it
  int version = 1;        // grows with each change
  std::string description;
  std::vector<std::string> tenants;  // none: all
  std::string event;                 // what happened, such as loan-approved; for people
  Audience audience = Audience::client;
  std::vector<TemplateText> texts;     // in the order in which they were given
  std::vector<std::string> variables;  // its own, besides those that are known
  // Where the message does not say it itself.
  std::string sender;
  std::optional<store::Lane> lane;
  std::optional<bool> transliterate;
  std::vector<store::Tlv> tlvs;  // of a message's with the same tag the message's goes out
  bool unicode = true;           // false: no text has a character outside of the GSM alphabet

  const TemplateText* text_in(std::string_view language) const;  // nullptr: there is none
};
using TemplatePtr = std::shared_ptr<const TemplateSettings>;

class ConfigSection;
std::vector<KeyInfo> template_infos();
void read_template(ConfigSection& s, TemplateSettings& made);
// As read_gateway().
TemplateSettings read_template(const boost::json::object& settings, const std::filesystem::path& folder,
                               std::vector<ConfigProblem>& problems);

// "en", "swa": ISO 639.
bool is_language(std::string_view word);

}  // namespace smsbridge::bridge
