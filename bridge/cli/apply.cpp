// SPDX-License-Identifier: MPL-2.0
// What can be made at run time as files: what stands there is what there shall be.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <iostream>
#include <set>

#include "bridge/cli/cut_off.hpp"
#include "bridge/cli/exit_codes.hpp"
#include "bridge/cli/objects.hpp"
#include "bridge/config/secrets.hpp"
#include "bridge/config/yaml.hpp"
#include "http_gateways/coding.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

// What API and messages call a kind, and the list of a file that holds it; what is named before what names it.
struct Kind {
  const char *what, *list;
};
constexpr std::array<Kind, 8> kinds{{{"tenant", "tenants"},
                                     {"gateway", "gateways"},
                                     {"route", "routes"},
                                     {"webhook", "webhooks"},
                                     {"template", "templates"},
                                     {"event", "events"},
                                     {"inbound-rule", "inbound_rules"},
                                     {"schedule", "schedules"}}};

bool is_named_by_others(const Kind& kind) {
  const std::string_view what = kind.what;
  return what == "tenant" || what == "gateway" || what == "template";
}

struct ApplyOptions : ClientOptions {
  std::string file;
  bool dry_run = false, prune = false, yes = false;
};

struct Wanted {
  std::string file;
  const Kind* kind;
  json::object settings;
};

void read_file(const std::filesystem::path& file, std::vector<Wanted>& wanted) {
  if (file != "-" && !std::filesystem::is_regular_file(file))
    throw ClientError(exit_usage, "there is no file " + file.string());
  const auto root = read_only_document(file.string());
  if (!root.IsMap() && !root.IsNull()) throw ClientError(exit_usage, file.string() + ": is not a mapping");
  for (const auto& list : root) {
    const auto key = list.first.Scalar();
    const auto* kind = std::ranges::find(kinds, key, &Kind::list);
    if (kind == kinds.end())
      throw ClientError(exit_usage, fmt::format("{}:{}: '{}' stands in the configuration file only; here are tenants, "
                                                "gateways, routes, webhooks, templates, events, inbound_rules and "
                                                "schedules",
                                                file.string(), list.first.Mark().line + 1, key));
    if (!list.second.IsSequence() && !list.second.IsNull())
      throw ClientError(exit_usage,
                        fmt::format("{}:{}: {} must be a list", file.string(), list.first.Mark().line + 1, key));
    for (const auto& item : list.second) {
      auto settings = to_json(item);
      const auto* object = settings.if_object();
      if (!object || !object->contains("name") || !object->at("name").is_string())
        throw ClientError(exit_usage, fmt::format("{}:{}: has no name", file.string(), item.Mark().line + 1));
      wanted.push_back({file.string(), kind, std::move(settings.get_object())});
      read_named_secrets(wanted.back().settings, file.parent_path());
    }
  }
}

std::vector<Wanted> read_all(const std::string& path) {
  std::vector<Wanted> wanted;
  if (std::filesystem::is_directory(path)) {
    std::set<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(path))
      for (const auto* extension : {".yaml", ".yml", ".json"})
        if (entry.path().extension() == extension) files.insert(entry.path());
    if (files.empty()) throw ClientError(exit_usage, path + ": there is no .yaml, .yml or .json in this folder");
    for (const auto& file : files) read_file(file, wanted);
  } else {
    read_file(path, wanted);
  }
  std::ranges::stable_sort(wanted, {}, &Wanted::kind);
  std::set<std::pair<const Kind*, std::string>> names;
  for (const auto& w : wanted)
    if (!names.insert({w.kind, std::string(w.settings.at("name").as_string())}).second)
      throw ClientError(exit_usage, fmt::format("{}: the {} {} stands here twice", w.file, w.kind->what,
                                                std::string_view(w.settings.at("name").as_string())));
  return wanted;
}

// "rate: 50/s -> 80/s", for people.
void compare(const json::value& before, const json::value& after, const std::string& path,
             std::vector<std::string>& differences) {
  if (before == after) return;
  const auto *a = before.if_object(), *b = after.if_object();
  if (!a || !b || is_hidden_secret(before) || is_hidden_secret(after)) {
    differences.push_back(path + ": " + json::serialize(before) + " -> " + json::serialize(after));
    return;
  }
  std::set<std::string> keys;
  for (const auto* object : {a, b})
    for (const auto& member : *object) keys.insert(std::string(member.key()));
  for (const auto& key : keys) {
    const auto *was = a->if_contains(key), *is = b->if_contains(key);
    compare(was ? *was : nullptr, is ? *is : nullptr, path.empty() ? key : path + "." + key, differences);
  }
}

class Apply {
 public:
  explicit Apply(const ApplyOptions& options) : options_(options) {}

  int run() {
    const auto wanted = read_all(options_.file);
    if (options_.prune && wanted.empty())
      throw ClientError(exit_usage, options_.file + ": names nothing, and --prune would delete everything");
    for (const auto& each : wanted)
      if (is_named_by_others(*each.kind))
        assumed_ += (assumed_.empty() ? "" : ",") + std::string(each.settings.at("name").as_string());
    std::vector<Wanted> again;
    for (auto& each : wanted) {
      // A tenant is named by gateways, and may name some itself: one of them is there first, and the other one after
      // it.
      auto at_first = each;
      if (const auto to_come = gateways_to_come(each, wanted); !to_come.empty()) {
        again.push_back(each);
        if (call(options_, "GET", address_of("tenant", std::string(each.settings.at("name").as_string()))).ok())
          continue;
        leave_out(to_come, at_first.settings);
        at_first.settings["enabled"] = false;  // it names none for now, and that is all of them
      }
      bring_about(at_first);
    }
    for (const auto& each : again) bring_about(each);
    if (options_.prune)
      for (auto kind = kinds.rbegin(); kind != kinds.rend(); ++kind)
        if (may_prune(*kind, wanted)) remove_others(*kind, wanted);
    return failed_ == 0 ? exit_done : done_ > 0 ? exit_partly : code_;
  }

 private:
  void tell(const std::string& what, const std::string& name, const std::string& result,
            const std::vector<std::string>& differences = {}) {
    ++done_;
    if (options_.json) {
      std::cout << json::serialize(json::object{{"kind", what},
                                                {"name", name},
                                                {"result", result},
                                                {"dry_run", options_.dry_run},
                                                {"changes", json::array(differences.begin(), differences.end())}})
                << "\n";
      return;
    }
    const bool would = options_.dry_run && result != "unchanged";
    std::cout << what << " " << name << ": " << (would ? "would be " : "") << result << "\n";
    for (const auto& difference : differences) std::cout << "  " << difference << "\n";
  }

  void fail(const std::string& where, const std::string& what, const std::string& name, const ClientAnswer& answer) {
    ++failed_;
    std::cerr << where << ": " << what << " " << name << "\n";
    code_ = report(answer);
  }

  // Each is tried out first, with all that was done before it in force: whoever it cuts off is said before.
  ClientAnswer ask(const std::string& method, const std::string& target, const std::string& body,
                   const std::string& if_match) {
    auto answer = call(options_, method, with_dry_run(target), body, if_match);
    if (!answer.ok()) return answer;
    try {
      confirm_cut_off(answer, options_.yes || options_.dry_run);
    } catch (const ClientError& refused) {
      return {.status = 409, .body = json::object{{"detail", refused.what()}}, .etag = {}};
    }
    return options_.dry_run ? answer : call(options_, method, target, body, if_match);
  }

  // What this run would make is not there for what names it.
  std::string with_dry_run(const std::string& target) const {
    return target + "?dry_run=true" + (options_.dry_run ? "&assuming=" + http_gateways::percent_encode(assumed_) : "");
  }

  void bring_about(const Wanted& wanted) {
    const std::string name(wanted.settings.at("name").as_string()), what = wanted.kind->what;
    const auto now = call(options_, "GET", address_of(what, name));
    if (now.status == 404 || (now.ok() && now.body.at("managed_by").as_string() == "ready")) {
      const auto answer = ask("POST", address_of(what), json::serialize(wanted.settings), {});
      return answer.ok() ? tell(what, name, "created") : fail(wanted.file, what, name, answer);
    }
    if (!now.ok()) return fail(wanted.file, what, name, now);
    const auto& object = now.body.as_object();
    auto before = object.at("settings").as_object(), after = wanted.settings;
    for_each_secret(after, [](json::value& secret, const std::string&) { secret = hidden_secret(); });
    if (const auto* id = before.if_contains("id"); id && !after.contains("id")) after["id"] = *id;
    // The daemon counts them.
    if (what == "template" && before.contains("version")) after["version"] = before.at("version");
    // One that was made there stays.
    if (what == "webhook" && !after.contains("secret")) after["secret"] = hidden_secret();
    std::vector<std::string> differences;
    compare(before, after, "", differences);
    if (object.at("managed_by").as_string() == "file" && differences.empty()) return tell(what, name, "unchanged");
    const auto answer = ask("PUT", address_of(what, name), json::serialize(wanted.settings), now.etag);
    if (!answer.ok()) return fail(wanted.file, what, name, answer);
    if (answer.etag == now.etag) return tell(what, name, "unchanged");
    if (differences.empty()) differences.push_back("a secret");
    tell(what, name, "changed", differences);
  }

  // A file that names no tenant is about how messages go, and not about whose they are: with a tenant go its keys.
  static bool may_prune(const Kind& kind, const std::vector<Wanted>& wanted) {
    return kind.what != std::string_view("tenant") ||
           std::ranges::any_of(wanted, [&](const Wanted& w) { return w.kind == &kind; });
  }

  void remove_others(const Kind& kind, const std::vector<Wanted>& wanted) {
    const std::string what = kind.what;
    const auto answer = call(options_, "GET", address_of(what));
    if (!answer.ok()) return fail(options_.file, what, "list", answer);
    for (const auto& item : answer.body.as_object().at("items").as_array()) {
      const auto& object = item.as_object();
      const std::string name(object.at("name").as_string());
      const bool stays = std::ranges::any_of(
          wanted, [&](const Wanted& w) { return w.kind == &kind && w.settings.at("name").as_string() == name; });
      if (stays || object.at("managed_by").as_string() != "api") continue;
      // In a dry run the routes that would go first are still there.
      if (options_.dry_run) {
        tell(what, name, "deleted");
        continue;
      }
      const auto gone = ask("DELETE", address_of(what, name), {}, "*");
      gone.ok() ? tell(what, name, "deleted") : fail(options_.file, what, name, gone);
    }
  }

  // That a tenant names, and that this run makes.
  std::set<std::string> gateways_to_come(const Wanted& wanted, const std::vector<Wanted>& all) const {
    std::set<std::string> names;
    if (options_.dry_run || wanted.kind->what != std::string_view("tenant")) return names;
    const auto note = [&](const json::value& name) {
      if (name.is_string()) names.emplace(name.get_string());
    };
    if (const auto* gateway = wanted.settings.if_contains("default_gateway")) note(*gateway);
    if (const auto* list = wanted.settings.if_contains("gateways"); list && list->is_array())
      for (const auto& name : list->get_array()) note(name);
    std::erase_if(names, [&](const std::string& name) {
      const bool comes = std::ranges::any_of(all, [&](const Wanted& w) {
        return w.kind->what == std::string_view("gateway") && w.settings.at("name").as_string() == name;
      });
      return !comes || call(options_, "GET", address_of("gateway", name)).status != 404;
    });
    return names;
  }

  static void leave_out(const std::set<std::string>& gateways, json::object& tenant) {
    const auto is_one = [&](const json::value& name) {
      return name.is_string() && gateways.contains(std::string(name.get_string()));
    };
    if (const auto* gateway = tenant.if_contains("default_gateway"); gateway && is_one(*gateway))
      tenant.erase("default_gateway");
    auto* list = tenant.if_contains("gateways");
    if (!list || !list->is_array()) return;
    json::array left;
    for (const auto& name : list->get_array())
      if (!is_one(name)) left.push_back(name);
    *list = std::move(left);
  }

  const ApplyOptions& options_;
  std::string assumed_;  // names of tenants, gateways and templates that this run brings about
  std::size_t done_ = 0, failed_ = 0;
  int code_ = exit_failed;
};

void emit(YAML::Emitter& out, const json::value& value) {
  if (const auto* object = value.if_object()) {
    const bool in_a_line = is_hidden_secret(value);
    out << (in_a_line ? YAML::Flow : YAML::Block) << YAML::BeginMap;
    for (const auto& member : *object) {
      out << YAML::Key << std::string(member.key()) << YAML::Value;
      emit(out, member.value());
    }
    out << YAML::EndMap;
  } else if (const auto* array = value.if_array()) {
    const bool scalars = std::ranges::none_of(*array, [](const auto& v) { return v.is_object() || v.is_array(); });
    out << (scalars ? YAML::Flow : YAML::Block) << YAML::BeginSeq;
    for (const auto& item : *array) emit(out, item);
    out << YAML::EndSeq;
  } else if (const auto* text = value.if_string()) {
    const std::string plain(text->begin(), text->end());
    // Quotes keep what looks like a number a text.
    if (!to_json(YAML::Node(plain)).is_string()) out << YAML::DoubleQuoted;
    out << plain;
  } else if (value.is_null()) {
    out << YAML::Null;
  } else {
    out << json::serialize(value);
  }
}

int export_all(const ApplyOptions& options) {
  json::object whole;
  YAML::Emitter out;
  out << YAML::Comment(
      "What 'smsbridge apply -f' reads. {sealed: true}: the secret that is kept here stays; elsewhere "
      "give it, as {file: path}.");
  out << YAML::Newline << YAML::BeginMap;
  for (const auto& kind : kinds) {
    const auto answer = call(options, "GET", address_of(kind.what));
    if (!answer.ok()) return report(answer);
    const auto& items = answer.body.as_object().at("items").as_array();
    auto& list = whole[kind.list].emplace_array();
    for (const auto& item : items)  // what is shipped is there without being made
      if (item.as_object().at("managed_by").as_string() != "ready") list.push_back(item.as_object().at("settings"));
    out << YAML::Key << kind.list << YAML::Value << (list.empty() ? YAML::Flow : YAML::Block) << YAML::BeginSeq;
    for (const auto& settings : list) emit(out, settings);
    out << YAML::EndSeq;
  }
  out << YAML::EndMap;
  std::cout << (options.json ? json::serialize(whole) : std::string(out.c_str())) << "\n";
  return exit_done;
}

}  // namespace

void add_apply(CLI::App& app, Run& run) {
  auto options = std::make_shared<ApplyOptions>();
  auto* apply = app.add_subcommand("apply",
                                   "Make tenants, gateways, routes, webhooks, templates, events, inbound rules and "
                                   "schedules be as a file says");
  add_client_options(*apply, *options);
  apply->add_option("-f,--file", options->file, "YAML file, or a folder of them; - is stdin")->required();
  apply->add_flag("-n,--dry-run", options->dry_run, "Only say what would change, and whether it would be taken");
  apply->add_flag("-y,--yes", options->yes, "Do not ask, whoever is cut off");
  apply->add_flag("--prune", options->prune, "Delete what was made at run time and does not stand there");
  apply->callback([options, &run] { run = [options] { return Apply(*options).run(); }; });
  auto* exporter = app.add_subcommand("export",
                                      "Tenants, gateways, routes, webhooks, templates, events, inbound rules and "
                                      "schedules as 'apply' reads them, without secrets");
  add_client_options(*exporter, *options);
  exporter->callback([options, &run] { run = [options] { return export_all(*options); }; });
}

}  // namespace smsbridge::bridge
