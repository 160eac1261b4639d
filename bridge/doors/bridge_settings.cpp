// SPDX-License-Identifier: MPL-2.0
#include "bridge/doors/bridge_settings.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "bridge/text/sender.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

// What a configuration of a bridge is to an account of ours. Sender_Name is the gateway's sender.
struct Driver {
  std::string_view provider_key, kind;
  struct Name {
    std::string_view config, setting;
    bool needed = false;
  };
  std::array<Name, 3> names;
};
constexpr std::array<Driver, 4> drivers{
    {{"Twilio",
      "twilio",
      {{{"Provider_Account_Id", "account_sid", true}, {"Provider_Auth_Token", "auth_token", true}}}},
     {"InfoBip",
      "infobip",
      {{{"Provider_Url", "base_url", true},
        {"Provider_Auth_Token", "api_key", true},
        {"Provider_API_Key", "api_key"}}}},
     {"JasminSMS",
      "jasmin",
      {{{"Provider_Url", "base_url", true},
        {"Provider_Account_Id", "username", true},
        {"Provider_Auth_Token", "password", true}}}},
     {"telerivet",
      "telerivet",
      {{{"Provider_API_Key", "api_key", true}, {"Provider_Project_Id", "project_id", true}}}}}};
constexpr std::array<std::string_view, 6> config_names = {"Provider_Account_Id", "Provider_Auth_Token",
                                                          "Provider_Url",        "Sender_Name",
                                                          "Provider_API_Key",    "Provider_Project_Id"};
constexpr std::size_t value_max = 100, title_max = 100, description_max = 500, phone_max = 255, country_max = 5;

std::string code_of(std::string_view parameter, std::string_view what) {
  return "validation.msg.smsBridge." + std::string(parameter) + "." + std::string(what);
}

class Reading {
 public:
  Reading(const json::object& body, bool is_new, std::vector<FineractMistake>& mistakes)
      : body_(body), is_new_(is_new), mistakes_(mistakes) {}

  void refuse(std::string_view parameter, std::string_view what, const std::string& why) {
    mistakes_.push_back({.code = code_of(parameter, what), .text = why, .parameter = std::string(parameter)});
  }

  // Nothing: it is not there, which is a mistake of a new one, or it is wrong.
  std::optional<std::string> text(std::string_view name, std::size_t max) {
    const auto* value = body_.if_contains(name);
    const auto missing = [&] { refuse(name, "cannot.be.blank", std::string(name) + " is mandatory"); };
    if (!value && !is_new_) return std::nullopt;
    if (!value || value->is_null()) return missing(), std::nullopt;
    const auto* given = value->if_string();
    if (!given) return refuse(name, "invalid", std::string(name) + " must be a text"), std::nullopt;
    if (given->empty()) return missing(), std::nullopt;
    if (given->size() > max)
      return refuse(name, "exceeds.max.length",
                    std::string(name) + " has more than " + std::to_string(max) + " octets"),
             std::nullopt;
    return std::string(*given);
  }

  void check_names() {
    static constexpr std::array<std::string_view, 6> known = {"phoneNo",     "providerName", "providerDescription",
                                                              "providerKey", "countryCode",  "bridgeConfigurations"};
    for (const auto& [name, value] : body_)
      if (std::ranges::find(known, std::string_view(name)) == known.end())
        mistakes_.push_back({.code = "error.msg.parameter.unsupported",
                             .text = "the parameter " + std::string(name) + " is not supported",
                             .parameter = std::string(name)});
  }

  const Driver* driver(const std::string& kind_before) {
    const auto key = text("providerKey", title_max);
    const auto it = std::ranges::find_if(
        drivers, [&](const Driver& each) { return key ? each.provider_key == *key : each.kind == kind_before; });
    if (it != drivers.end()) {
      if (!is_new_ && it->kind != kind_before)
        refuse("providerKey", "stays", "a bridge stays with its provider: make another one, and remove this");
      return &*it;
    }
    if (key && *key == "Dummy")
      refuse("providerKey", "not.supported",
             "Dummy pretends to send: for that, let a gateway of kind smpp go to 'smsbridge smsc-sim'");
    else if (key)
      refuse("providerKey", "not.supported",
             "there is no provider '" + *key +
                 "' here: Twilio, InfoBip, JasminSMS or telerivet; others are made by 'smsbridge gateways create'");
    return nullptr;
  }

  void account(const Driver& driver, json::object& settings) {
    const auto* given = body_.if_contains("bridgeConfigurations");
    if (!given && !is_new_) return;
    const auto* list = given ? given->if_array() : nullptr;
    if (!list || list->empty())
      return refuse("bridgeConfigurations", "cannot.be.blank",
                    "bridgeConfigurations is mandatory: a list of {configName, configValue}");
    json::object account;
    for (const auto& each : *list) read_configuration(each, driver, account, settings);
    if (is_new_)
      for (const auto& name : driver.names)
        if (name.needed && !account.contains(name.setting))
          refuse("bridgeConfigurations", "missing",
                 std::string(driver.provider_key) + " needs the configuration " + std::string(name.config));
    if (!account.empty()) settings["account"] = std::move(account);
  }

 private:
  void read_configuration(const json::value& value, const Driver& driver, json::object& account,
                          json::object& settings) {
    const auto* pair = value.if_object();
    const auto* name = pair ? pair->if_contains("configName") : nullptr;
    const auto* given = pair ? pair->if_contains("configValue") : nullptr;
    if (!name || !name->is_string() || !given || !given->is_string() || pair->size() != 2)
      return refuse("bridgeConfigurations", "invalid", "each is {configName, configValue}, and both are texts");
    const std::string_view word = name->get_string();
    const std::string text(given->get_string());
    if (std::ranges::find(config_names, word) == config_names.end())
      return refuse("bridgeConfigurations", "invalid", "there is no configuration '" + std::string(word) + "'");
    if (text.size() > value_max)
      return refuse("bridgeConfigurations", "exceeds.max.length",
                    std::string(word) + " has more than " + std::to_string(value_max) + " octets");
    if (word == "Sender_Name") {
      take_sender("bridgeConfigurations", text, settings);
      return;
    }
    const auto* const meant = std::ranges::find(driver.names, word, &Driver::Name::config);
    if (meant == driver.names.end())
      return refuse("bridgeConfigurations", "invalid",
                    std::string(driver.provider_key) + " has no configuration " + std::string(word));
    account[meant->setting] = word == "Provider_Url" ? base_of(text, driver) : text;
  }

 public:
  void take_sender(std::string_view parameter, const std::string& sender, json::object& settings) {
    if (const auto why = text::why_not_a_sender(sender, {}); !why.empty())
      return refuse(parameter, "invalid", "'" + sender + "' is no sender: " + why);
    settings["sender"] = sender;
  }

 private:
  // "127.0.0.1:1401/send" -> "http://127.0.0.1:1401": the message-gateway has no scheme there, and Jasmin's path.
  static std::string base_of(std::string url, const Driver& driver) {
    if (url.find("://") == std::string::npos) url.insert(0, driver.kind == "jasmin" ? "http://" : "https://");
    while (url.ends_with('/')) url.pop_back();
    if (driver.kind == "jasmin" && url.ends_with("/send")) url.resize(url.size() - 5);
    return url;
  }

  const json::object& body_;
  const bool is_new_;
  std::vector<FineractMistake>& mistakes_;
};

}  // namespace

json::object bridge_settings(const json::value& body, const std::string& kind_before,
                             std::vector<FineractMistake>& mistakes) {
  json::object settings;
  const auto* object = body.if_object();
  if (!object) {
    mistakes.push_back({.code = "error.msg.invalid.request.body", .text = "send a JSON object", .parameter = "body"});
    return settings;
  }
  Reading reading(*object, kind_before.empty(), mistakes);
  reading.check_names();
  // A text in front of national numbers: ours are read by the tenant's default_country.
  if (const auto code = reading.text("countryCode", country_max);
      code && code->find_first_not_of("+0123456789") != std::string::npos)
    reading.refuse("countryCode", "invalid", "'" + *code + "' is not a calling code such as +254");
  if (const auto phone = reading.text("phoneNo", phone_max)) reading.take_sender("phoneNo", *phone, settings);
  if (const auto title = reading.text("providerName", title_max)) settings["title"] = *title;
  if (const auto text = reading.text("providerDescription", description_max)) settings["description"] = *text;
  if (const auto* driver = reading.driver(kind_before)) {
    if (kind_before.empty()) settings["kind"] = driver->kind;
    reading.account(*driver, settings);
  }
  return settings;
}

}  // namespace smsbridge::bridge
