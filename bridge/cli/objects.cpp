// SPDX-License-Identifier: MPL-2.0
#include "bridge/cli/objects.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <fstream>
#include <iostream>

#include "bridge/cli/cut_off.hpp"
#include "bridge/cli/exit_codes.hpp"
#include "bridge/config/secret_source.hpp"
#include "bridge/config/yaml.hpp"
#include "http_gateways/coding.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

struct ObjectOptions : ClientOptions {
  std::string what, name, file;
  std::vector<std::string> set, secrets, unset;
  bool dry_run = false, force = false, yes = false, erase = false;
};

std::string address(const ObjectOptions& options, bool of_one, bool dry_run) {
  auto target = of_one ? address_of(options.what, options.name) : address_of(options.what);
  if (dry_run) target += "?dry_run=true";
  const auto add = [&](const char* flag) {
    target += (target.find('?') != std::string::npos ? "&" : "?") + std::string(flag);
  };
  if (options.force) add("force=true");
  if (options.erase) add("erase=true");
  return target;
}

// A change is tried out first: whoever it would cut off is said before it is made, and not after.
ClientAnswer ask(const ObjectOptions& options, const std::string& method, bool of_one, const std::string& body) {
  const std::string if_match = of_one ? "*" : "";
  auto answer = call(options, method, address(options, of_one, true), body, if_match);
  if (!answer.ok()) return answer;
  confirm_cut_off(answer, options.yes || options.dry_run);
  if (options.dry_run) return answer;
  return call(options, method, address(options, of_one, false), body, if_match);
}

// "retry.first" names a member of a member.
void place(json::object& settings, const std::string& path, json::value value) {
  auto* at = &settings;
  std::size_t from = 0;
  for (auto dot = path.find('.'); dot != std::string::npos; dot = path.find('.', from)) {
    auto& inner = (*at)[path.substr(from, dot - from)];
    if (!inner.is_object()) inner.emplace_object();
    at = &inner.get_object();
    from = dot + 1;
  }
  (*at)[path.substr(from)] = std::move(value);
}

std::pair<std::string, std::string> split(const std::string& assignment) {
  const auto equals = assignment.find('=');
  if (equals == std::string::npos || equals == 0)
    throw ClientError(exit_usage, "'" + assignment + "' is not KEY=VALUE, such as rate=50/s or retry.first=10s");
  return {assignment.substr(0, equals), assignment.substr(equals + 1)};
}

json::object given(const ObjectOptions& options) {
  json::object settings;
  try {
    if (!options.file.empty()) {
      const auto value = to_json(read_only_document(options.file));
      if (!value.is_object()) throw ClientError(exit_usage, options.file + ": is not a mapping of keys to values");
      settings = value.get_object();
    }
    for (const auto& assignment : options.set) {
      const auto [key, value] = split(assignment);
      place(settings, key, to_json(YAML::Load(value)));
    }
  } catch (const YAML::Exception& error) {
    throw ClientError(exit_usage, "cannot read the settings: " + std::string(error.what()));
  }
  for (const auto& assignment : options.secrets) {
    const auto [key, file] = split(assignment);
    place(settings, key, json::object{{"file", file}});
  }
  for (const auto& key : options.unset) place(settings, key, nullptr);
  return settings;
}

int say(const ObjectOptions& options, const ClientAnswer& answer, const std::string& done) {
  if (!answer.ok()) return report(answer);
  if (options.json)
    std::cout << json::serialize(answer.body) << "\n";
  else
    std::cout << options.what << " " << options.name << (options.dry_run ? " could be " : " is ") << done << "\n";
  if (const auto* secret = answer.body.as_object().if_contains("secret"); secret && !options.json)
    std::cout << "its secret, which is shown only now: " << std::string(secret->as_string()) << "\n";
  if (const auto* erased = answer.body.as_object().if_contains("erased"); erased && !options.json) {
    const bool overwritten = erased->at("overwritten").as_bool();
    std::cout << text_of(erased->as_object(), "messages") << " messages were erased, and "
              << text_of(erased->as_object(), "others") << " other records\n";
    if (!overwritten) std::cerr << "the store's file is overwritten at the next start: the log says why\n";
  }
  return exit_done;
}

int create_object(const ObjectOptions& options) {
  auto settings = given(options);
  settings["name"] = options.name;
  read_named_secrets(settings, std::filesystem::path(options.file).parent_path());
  return say(options, ask(options, "POST", false, json::serialize(settings)), "made");
}

int change_settings(const ObjectOptions& options) {
  auto patch = given(options);
  if (patch.empty()) throw ClientError(exit_usage, "nothing to change: use --set, --secret, --unset or --file");
  const auto now = call(options, "GET", address_of(options.what, options.name));
  if (!now.ok()) return report(now);
  read_named_secrets(patch, std::filesystem::path(options.file).parent_path());
  const auto answer = ask(options, "PATCH", true, json::serialize(patch));
  return say(options, answer, answer.ok() && answer.etag == now.etag ? "as it was" : "changed");
}

int remove_object(const ObjectOptions& options) {
  const auto dry_run = call(options, "DELETE", address(options, true, true), {}, "*");
  if (!dry_run.ok()) return report(dry_run);
  confirm_cut_off(dry_run, true);  // only says it: the name is asked for in any case
  if (!options.yes) {
    if (::isatty(STDIN_FILENO) == 0) throw ClientError(exit_usage, "say --yes to delete without being asked");
    std::cerr << "Type the name of the " << options.what << " to delete it"
              << (options.erase ? " and erase all that it has" : "") << ": ";
    std::string typed;
    std::getline(std::cin, typed);
    if (typed != options.name) throw ClientError(exit_usage, "nothing was deleted");
  }
  return say(options, call(options, "DELETE", address(options, true, false), {}, "*"), "deleted");
}

json::value read_named(const std::string& kind, const std::string& name, const std::filesystem::path& folder) {
  const auto found = find_secret(kind, name, folder);
  if (!found.warning.empty()) std::cerr << "warning: " << found.warning << "\n";
  if (!found.refusal.empty()) throw ClientError(exit_usage, found.refusal);
  return json::value(found.value);
}

void read_named(json::value& value, const std::filesystem::path& folder) {
  if (auto* list = value.if_array())
    for (auto& item : *list) read_named(item, folder);
  auto* object = value.if_object();
  if (!object) return;
  if (object->size() == 1 && object->begin()->value().is_string()) {
    const std::string kind(object->begin()->key()), name(object->begin()->value().get_string());
    if (kind == "file" || kind == "env" || kind == "credential") {
      value = read_named(kind, name, folder);
      return;
    }
  }
  for (auto& member : *object) read_named(member.value(), folder);
}

const char* example_of(const std::string& what) {
  if (what == "gateway")
    return R"(The keys are those of the configuration file:
  smsbridge gateways create mtn --set kind=smpp --set host=10.0.0.7 --set port=2775 --set system_id=umoja \
      --secret password=mtn.txt
  smsbridge gateways create twilio --set kind=twilio --set account.account_sid=AC0123 --secret account.auth_token=token.txt)";
  if (what == "route")
    return R"(The keys are those of the configuration file:
  smsbridge routes create kenya --set countries=[KE] --set 'via=[{gateway: mtn}, {gateway: twilio}]')";
  if (what == "template")
    return R"(The keys are those of the configuration file:
  smsbridge templates create loan-approved --set 'texts={en: "Dear {{firstName}}, your loan of KES {{loanAmount}} is approved."}' \
      --set event=loan-approved --set lane=transaction)";
  if (what == "event")
    return R"(The keys are those of the configuration file:
  smsbridge events create loan-disbursed --set 'recipients=[{to: client}, {to: officer, template: officer-paid, language: en}]' \
      --set 'products=[Biashara]')";
  if (what == "inbound-rule")
    return R"(The keys are those of the configuration file:
  smsbridge inbound-rules create hours --set 'keywords=[HOURS, SAA]' --set 'answer=We are open from 8 to 17.')";
  if (what == "schedule")
    return R"(The keys are those of the configuration file:
  smsbridge schedules create due --set tenant=umoja --set 'cron=every weekday at 08:00' --set template=repayment-due \
      --set 'report={name: Loan payments due, parameters: {officeId: 1, loanOfficerId: -1, fromX: 3, toY: 3}}')";
  if (what == "tenant")
    return R"(The keys are those of the configuration file:
  smsbridge tenants create umoja --set default_country=KE --set sender=UMOJA --set languages=[sw,en]
  smsbridge tenants change umoja --set enabled=false)";
  return R"(The keys are those of the configuration file:
  smsbridge webhooks create bank --set tenant=umoja --set url=https://bank.example.org/sms-events \
      --set events=[message.delivered,message.failed,message.expired])";
}

}  // namespace

std::string address_of(const std::string& what) { return "/api/v1/" + what + "s"; }
std::string address_of(const std::string& what, const std::string& name) {
  return address_of(what) + "/" + http_gateways::percent_encode(name);
}

YAML::Node read_only_document(const std::string& file) {
  try {
    std::ifstream opened;
    if (file != "-") opened.open(file, std::ios::binary);
    if (!opened) throw ClientError(exit_usage, "cannot read " + file);
    const auto [tree, more] = read_yaml(file == "-" ? std::cin : opened);
    if (more)
      throw ClientError(exit_usage,
                        fmt::format("{}:{}: more YAML begins here, behind '---' or '...': only one document "
                                    "is taken",
                                    file, more->line + 1));
    return tree;
  } catch (const YAML::Exception& error) {
    throw ClientError(exit_usage, "cannot read " + file + ": " + error.what());
  }
}

void read_named_secrets(json::object& settings, const std::filesystem::path& folder) {
  const auto from = folder.empty() ? std::filesystem::current_path() : folder;
  for (const auto* key :
       {"password", "callback_secret", "proxy", "account", "secret", "old_secret", "fineract_app_key", "fineract"})
    if (auto* value = settings.if_contains(key)) read_named(*value, from);
}

void add_object_commands(CLI::App& group, const std::string& what, Run& run) {
  auto options = std::make_shared<ObjectOptions>();
  options->what = what;
  const auto add = [&](const char* name, const std::string& about, int (*work)(const ObjectOptions&)) {
    auto* command = group.add_subcommand(name, about);
    add_client_options(*command, *options);
    command->add_option("name", options->name, "Name of the " + what)->required();
    command->callback([options, work, &run] { run = [options, work] { return work(*options); }; });
    return command;
  };
  const auto add_settings = [&](CLI::App& command) {
    command.add_option("-f,--file", options->file, "Settings as in the configuration file, YAML or JSON; - is stdin");
    command
        .add_option("--set", options->set, "KEY=VALUE, as often as needed; a dot leads into a group: retry.first=10s")
        ->allow_extra_args(false);
    command.add_flag("-n,--dry-run", options->dry_run, "Only check whether it would be taken");
  };
  const auto add_secrets = [&](CLI::App& command) {
    command.add_option("--secret", options->secrets, "KEY=FILE: the secret is the file's content")
        ->allow_extra_args(false);
  };
  const auto add_yes = [&](CLI::App& command) {
    command.add_flag("-y,--yes", options->yes, "Do not ask, whoever is cut off");
  };
  auto* maker = add("create", "Make a " + what + "; it is in force at once", create_object);
  add_settings(*maker);
  add_yes(*maker);
  if (what != "route") add_secrets(*maker);
  auto* changer = add("change", "Change settings of a " + what + "; the others stay", change_settings);
  add_settings(*changer);
  add_yes(*changer);
  if (what != "route") add_secrets(*changer);
  changer->add_option("--unset", options->unset, "KEY: back to its default")->allow_extra_args(false);
  maker->footer(example_of(what));
  auto* remover = add("delete", "Remove a " + what, remove_object);
  add_yes(*remover);
  if (what == "tenant")
    remover->add_flag("--erase", options->erase,
                      "Also its messages, journal and opt-outs, and what was made for it alone");
  if (what == "gateway")
    remover->add_flag("--force", options->force, "Although messages wait for it: they expire, unless it comes back");
}

}  // namespace smsbridge::bridge
