// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <yaml-cpp/yaml.h>

#include <boost/json/object.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bridge/config/lent.hpp"
#include "bridge/config/listen_address.hpp"
#include "bridge/config/problem.hpp"
#include "bridge/config/yaml.hpp"
#include "bridge/env/clock.hpp"
#include "bridge/text/money.hpp"

namespace smsbridge::bridge {

// One mapping of a configuration file. Each key is asked for by name and type; what nobody asked for is an unknown key.
// Problems are collected, never thrown, so that a person sees all of them at once.
class ConfigSection {
 public:
  // Secrets stand elsewhere, and the file says where; or they are here, and nothing else is read for them.
  enum class Secrets { named, here };
  ConfigSection(YAML::Node node, std::string path, std::string file, const std::filesystem::path& folder,
                std::vector<ConfigProblem>& problems, Secrets secrets = Secrets::named);

  bool has(const std::string& key) const;
  bool is_given(const std::string& key) const;                  // is there, and not null
  void know(const std::string& key) { known_.push_back(key); }  // it is no unknown key, and not read here
  void read(const std::string& key, std::string& value);
  void read(const std::string& key, bool& value);
  void read_integer(const std::string& key, std::int64_t& value, std::int64_t low, std::int64_t high);
  template <class Integer>
  void read(const std::string& key, Integer& value, std::int64_t low, std::int64_t high) {
    std::int64_t wide = static_cast<std::int64_t>(value);
    read_integer(key, wide, low, high);
    value = static_cast<Integer>(wide);
  }
  void read_number(const std::string& key, double& value, double low, double high);
  void read_duration_ms(const std::string& key, WallMs& value, WallMs low, WallMs high);  // 30s 5m 1h30m
  void read_duration(const std::string& key, Duration& value, Duration low, Duration high);
  void read_size(const std::string& key, std::uint64_t& value, std::uint64_t low);  // 64KiB 16GiB
  void read_money(const std::string& key, std::optional<Micro>& value);
  void read_address(const std::string& key, ListenAddress& value);  // host:port
  void read_path(const std::string& key, std::filesystem::path& value);
  void read_path(const std::string& key, std::string& value);
  // {file: path}, {env: NAME}, {credential: name}; a literal is a warning.
  void read_secret(const std::string& key, std::string& value);
  void read_secrets(const std::string& key, std::vector<std::string>& values);
  // Which of the words it is, or they are.
  std::optional<std::size_t> read_choice(const std::string& key, const std::vector<std::string>& words);
  std::vector<std::size_t> read_choices(const std::string& key, const std::vector<std::string>& words);
  void read_texts(const std::string& key, std::vector<std::string>& values);
  // A tree of any shape. {file: path}, {env: NAME} and {credential: name} in it are secrets; `is_secret` says which
  // members of the top should be.
  void read_tree(const std::string& key, boost::json::object& value,
                 const std::function<bool(const std::string&)>& is_secret);
  void section(const std::string& key, const std::function<void(ConfigSection&)>& body);
  void list(const std::string& key, const std::function<void(ConfigSection&)>& body);
  void map(const std::string& key, const std::function<void(const std::string& name, const std::string& value)>& body);

  void require(const std::string& key);  // is there, and not empty
  void problem(const std::string& key, std::string text, std::string code, bool warning = false);
  const YAML::Node& node() const { return node_; }
  // Of the key of one item of a list, or of the item where it has none.
  void problem_in(const std::string& list, std::size_t index, const std::string& key, std::string text,
                  std::string code, bool warning = false);
  void accept_rest() { rest_is_accepted_ = true; }  // where another problem makes it unknown which keys there are
  bool is_file() const { return secrets_ == Secrets::named; }
  const std::filesystem::path& folder() const { return folder_; }  // where relative paths begin
  // What does not stand here is read from `usual`. `by` tells people whose that is: "the profile 'kannel'".
  void lend(const YAML::Node& usual, std::string by);
  void finish();  // reports unknown and repeated keys
  const std::string& path() const { return path_; }
  std::size_t problems() const;                           // errors so far, of the whole file
  bool is_good() const { return problems() == before_; }  // none in this section so far

 private:
  std::optional<std::size_t> chosen(const std::string& key, const std::string& word,
                                    const std::vector<std::string>& words);
  YAML::Node find(const std::string& key) const;
  YAML::Node take(const std::string& key);
  bool scalar(const std::string& key, std::string& text);
  ConfigSection inside(const YAML::Node& node, std::string path) const;
  bool secret(const YAML::Node& node, const std::string& key, std::string& value);
  boost::json::value tree(const YAML::Node& node, const std::string& key);

  YAML::Node node_;
  std::string path_, file_;
  const std::filesystem::path& folder_;
  std::vector<ConfigProblem>& problems_;
  const Secrets secrets_;
  YAML::Mark mark_;
  std::shared_ptr<const Lent> lent_;  // perhaps nothing; to the sections inside as well
  const std::size_t before_;
  std::vector<std::string> known_, told_empty_;
  bool unreadable_ = false, rest_is_accepted_ = false;
};

// An object in the form of the API: its secrets stand in it, and its problems have no place in a file.
template <class Object>
Object read_object(const boost::json::object& settings, const std::filesystem::path& folder,
                   std::vector<ConfigProblem>& problems, void (*read)(ConfigSection&, Object&)) {
  Object object;
  ConfigSection section(to_yaml(settings), "", "", folder, problems, ConfigSection::Secrets::here);
  read(section, object);
  section.finish();
  return object;
}

}  // namespace smsbridge::bridge
