// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <set>

#include "bridge/config/meant.hpp"
#include "bridge/config/secret_source.hpp"
#include "bridge/config/units.hpp"
#include "bridge/config/yaml.hpp"

namespace smsbridge::bridge {
namespace {

constexpr std::size_t unknown_keys_max = 20;  // told one by one

}  // namespace

ConfigSection::ConfigSection(YAML::Node node, std::string path, std::string file, const std::filesystem::path& folder,
                             std::vector<ConfigProblem>& problems, Secrets secrets)
    : node_(std::move(node)),
      path_(std::move(path)),
      file_(std::move(file)),
      folder_(folder),
      problems_(problems),
      secrets_(secrets),
      mark_(node_.Mark()),
      before_(this->problems()) {
  if (node_.IsDefined() && !node_.IsNull() && !node_.IsMap()) {
    problem("", "must be a mapping of keys to values", "bad-value");
    node_ = YAML::Node(YAML::NodeType::Map);
    unreadable_ = true;
  }
}

ConfigSection ConfigSection::inside(const YAML::Node& node, std::string path) const {
  ConfigSection section(node, std::move(path), file_, folder_, problems_, secrets_);
  section.lent_ = lent_;
  return section;
}

void ConfigSection::lend(const YAML::Node& usual, std::string by) {
  if (!node_.IsMap() || !usual.IsMap()) return;
  const auto lent = std::make_shared<Lent>(Lent{.by = std::move(by), .at = mark_, .paths = {}});
  node_ = laid_over(usual, node_, path_, *lent);
  lent_ = lent;
}

YAML::Node ConfigSection::find(const std::string& key) const {
  if (!node_.IsMap()) return YAML::Node(YAML::NodeType::Undefined);
  return node_[key];
}

YAML::Node ConfigSection::take(const std::string& key) {
  known_.push_back(key);
  return find(key);
}

bool ConfigSection::has(const std::string& key) const { return find(key).IsDefined(); }

bool ConfigSection::is_given(const std::string& key) const {
  const auto node = find(key);
  return node.IsDefined() && !node.IsNull();
}

void ConfigSection::problem(const std::string& key, std::string text, std::string code, bool warning) {
  YAML::Mark mark = mark_;
  if (node_.IsMap() && is_file())  // nothing else has lines
    for (const auto& entry : node_)
      if (entry.first.Scalar() == key) mark = entry.second.IsScalar() ? entry.second.Mark() : entry.first.Mark();
  const auto path = key.empty() ? path_ : path_.empty() ? key : path_ + "." + key;
  if (lent_ && lent_->holds(path)) {
    mark = lent_->at;
    text += " (" + lent_->by + " sets it)";
  }
  problems_.push_back({.file = file_,
                       .line = mark.line + 1,
                       .column = mark.column + 1,
                       .warning = warning,
                       .path = path,
                       .text = std::move(text),
                       .code = std::move(code)});
}

bool ConfigSection::scalar(const std::string& key, std::string& text) {
  const auto node = take(key);
  if (!node.IsDefined() || node.IsNull()) return false;
  if (!node.IsScalar()) {
    problem(key, "must be a single value", "bad-value");
    return false;
  }
  text = node.Scalar();
  return std::ranges::find(told_empty_, key) == told_empty_.end();
}

void ConfigSection::read(const std::string& key, std::string& value) { scalar(key, value); }

void ConfigSection::read(const std::string& key, bool& value) {
  std::string text;
  if (!scalar(key, text)) return;
  if (text == "true" || text == "yes" || text == "on")
    value = true;
  else if (text == "false" || text == "no" || text == "off")
    value = false;
  else
    problem(key, "'" + text + "' is neither true nor false", "bad-value");
}

void ConfigSection::read_integer(const std::string& key, std::int64_t& value, std::int64_t low, std::int64_t high) {
  std::string text;
  if (!scalar(key, text)) return;
  std::int64_t number = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (ec != std::errc() || end != text.data() + text.size() || number < low || number > high)
    return problem(key,
                   "'" + text + "' is not a whole number from " + std::to_string(low) + " to " + std::to_string(high),
                   "bad-value");
  value = number;
}

void ConfigSection::read_number(const std::string& key, double& value, double low, double high) {
  std::string text;
  if (!scalar(key, text)) return;
  if (text.ends_with("/s")) text.resize(text.size() - 2);
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  if (text.empty() || end != text.c_str() + text.size() || !(number >= low && number <= high))
    return problem(key, "'" + text + "' is not a rate such as 50/s", "bad-value");
  value = number;
}

void ConfigSection::read_duration_ms(const std::string& key, WallMs& value, WallMs low, WallMs high) {
  std::string text;
  if (!scalar(key, text)) return;
  const auto duration = parse_duration_ms(text);
  if (!duration) return problem(key, "'" + text + "' is not a duration such as 30s, 5m or 1h30m", "bad-value");
  if (*duration < low || *duration > high)
    return problem(key, "'" + text + "' is out of range: " + duration_text(low) + " to " + duration_text(high),
                   "bad-value");
  value = *duration;
}

void ConfigSection::read_duration(const std::string& key, Duration& value, Duration low, Duration high) {
  using std::chrono::duration_cast, std::chrono::milliseconds;
  WallMs ms = duration_cast<milliseconds>(value).count();
  read_duration_ms(key, ms, duration_cast<milliseconds>(low).count(), duration_cast<milliseconds>(high).count());
  value = milliseconds(ms);
}

void ConfigSection::read_money(const std::string& key, std::optional<Micro>& value) {
  std::string text;
  read(key, text);
  if (!text.empty() && !(value = parse_money(text)))
    problem(key, "'" + text + "' is not an amount such as 0.80", "bad-value");
}

void ConfigSection::read_size(const std::string& key, std::uint64_t& value, std::uint64_t low) {
  std::string text;
  if (!scalar(key, text)) return;
  const auto size = parse_size_bytes(text);
  if (!size || *size < low)
    return problem(key, "'" + text + "' is not a size such as 64MiB of at least " + std::to_string(low) + " bytes",
                   "bad-value");
  value = *size;
}

void ConfigSection::read_address(const std::string& key, ListenAddress& value) {
  std::string text;
  if (!scalar(key, text)) return;
  const auto refuse = [&] { problem(key, "'" + text + "' is not an address such as 127.0.0.1:9190", "bad-value"); };
  const auto colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return refuse();
  const auto* const text_end = text.data() + text.size();
  std::uint16_t port = 0;
  const auto [end, ec] = std::from_chars(text.data() + colon + 1, text_end, port);
  if (ec != std::errc() || end != text_end) return refuse();
  auto host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty() || host.find_first_of("/@ \t\r\n[]") != std::string::npos) return refuse();
  value.host = host;
  value.port = port;
}

void ConfigSection::read_path(const std::string& key, std::filesystem::path& value) {
  std::string text;
  if (scalar(key, text)) value = folder_ / text;
}

void ConfigSection::read_path(const std::string& key, std::string& value) {
  std::string text;
  if (!scalar(key, text)) return;
  value = (folder_ / text).string();
  std::error_code ec;
  if (!std::filesystem::exists(value, ec))
    problem(key, "the file " + value + " does not exist", "unreadable");
  else if (std::filesystem::is_directory(value, ec))
    problem(key, value + " is a folder, not a file", "unreadable");
  else if (!std::ifstream(value))
    problem(key, "cannot read the file " + value, "unreadable");
}

bool ConfigSection::secret(const YAML::Node& node, const std::string& key, std::string& value) {
  if (secrets_ == Secrets::here) {
    if (node.IsScalar()) return value = node.Scalar(), true;
    problem(key, "must be the secret itself: only a configuration file may say where it stands", "bad-value");
    return false;
  }
  if (node.IsScalar() && !node.Scalar().empty()) {
    value = node.Scalar();
    problem(key, "a secret should not stand in the file: use {file: path}, {env: NAME} or {credential: name}",
            "literal-secret", true);
    return true;
  }
  if (node.IsNull() || node.IsScalar()) {
    problem(key, "is empty", "missing");
    return false;
  }
  if (!node.IsMap() || node.size() != 1 || !node.begin()->second.IsScalar()) {
    problem(key, "must be {file: path}, {env: NAME} or {credential: name}", "bad-value");
    return false;
  }
  auto found = find_secret(node.begin()->first.Scalar(), node.begin()->second.Scalar(), folder_);
  if (!found.warning.empty()) problem(key, std::move(found.warning), "unsafe", true);
  if (!found.refusal.empty()) problem(key, std::move(found.refusal), std::move(found.code));
  value = std::move(found.value);
  return !value.empty();
}

void ConfigSection::read_secret(const std::string& key, std::string& value) {
  const auto node = take(key);
  if (node.IsDefined() && !(node.IsNull() && secrets_ == Secrets::here)) secret(node, key, value);
}

void ConfigSection::read_secrets(const std::string& key, std::vector<std::string>& values) {
  const auto node = take(key);
  if (!node.IsDefined() || (node.IsNull() && secrets_ == Secrets::here)) return;
  const auto add = [&](const YAML::Node& item) {
    std::string value;
    if (secret(item, key, value)) values.push_back(std::move(value));
  };
  if (node.IsSequence())
    for (const auto& item : node) add(item);
  else
    add(node);
}

std::optional<std::size_t> ConfigSection::chosen(const std::string& key, const std::string& word,
                                                 const std::vector<std::string>& words) {
  const auto found = std::ranges::find(words, word);
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  problem(key, fmt::format("'{}' is not one of {}", word, fmt::join(words, ", ")), "bad-value");
  return std::nullopt;
}

std::optional<std::size_t> ConfigSection::read_choice(const std::string& key, const std::vector<std::string>& words) {
  std::string word;
  if (!scalar(key, word) || word.empty()) return std::nullopt;
  return chosen(key, word, words);
}

std::vector<std::size_t> ConfigSection::read_choices(const std::string& key, const std::vector<std::string>& words) {
  std::vector<std::string> given;
  read_texts(key, given);
  std::vector<std::size_t> found;
  for (const auto& word : given)
    if (const auto which = chosen(key, word, words)) found.push_back(*which);
  return found;
}

void ConfigSection::read_texts(const std::string& key, std::vector<std::string>& values) {
  const auto node = take(key);
  if (!node.IsDefined() || node.IsNull()) return;
  if (node.IsScalar()) return values.push_back(node.Scalar());
  if (!node.IsSequence()) return problem(key, "must be a list of values", "bad-value");
  for (const auto& item : node) {
    if (!item.IsScalar()) return problem(key, "must be a list of values", "bad-value");
    values.push_back(item.Scalar());
  }
}

boost::json::value ConfigSection::tree(const YAML::Node& node, const std::string& key) {
  if (node.IsMap()) {
    const auto first = node.size() == 1 && secrets_ == Secrets::named ? node.begin()->first.Scalar() : std::string();
    if (first == "file" || first == "env" || first == "credential") {
      std::string value;
      secret(node, key, value);
      return boost::json::value(value);
    }
    boost::json::object object;
    for (const auto& entry : node) object[entry.first.Scalar()] = tree(entry.second, key);
    return object;
  }
  if (node.IsSequence()) {
    boost::json::array array;
    for (const auto& item : node) array.push_back(tree(item, key));
    return array;
  }
  return to_json(node);
}

void ConfigSection::read_tree(const std::string& key, boost::json::object& value,
                              const std::function<bool(const std::string&)>& is_secret) {
  const auto node = take(key);
  if (!node.IsDefined() || node.IsNull()) return;
  if (!node.IsMap()) return problem(key, "must be a mapping of keys to values", "bad-value");
  for (const auto& entry : node) {
    const auto name = entry.first.Scalar();
    if (secrets_ == Secrets::named && is_secret(name) && entry.second.IsScalar())
      problem(key, "'" + name + "' should not stand in the file: use {file: path}, {env: NAME} or {credential: name}",
              "literal-secret", true);
    value[name] = tree(entry.second, key);
  }
}

void ConfigSection::section(const std::string& key, const std::function<void(ConfigSection&)>& body) {
  const auto node = take(key);
  if (!node.IsDefined() || node.IsNull()) return;
  auto inner = inside(node, path_.empty() ? key : path_ + "." + key);
  body(inner);
  inner.finish();
}

void ConfigSection::list(const std::string& key, const std::function<void(ConfigSection&)>& body) {
  const auto node = take(key);
  if (!node.IsDefined() || node.IsNull()) return;
  if (!node.IsSequence()) return problem(key, "must be a list", "bad-value");
  for (std::size_t i = 0; i < node.size(); ++i) {
    auto item = inside(node[i], (path_.empty() ? key : path_ + "." + key) + "[" + std::to_string(i) + "]");
    body(item);
    item.finish();
  }
}

void ConfigSection::map(const std::string& key,
                        const std::function<void(const std::string&, const std::string&)>& body) {
  const auto node = take(key);
  if (!node.IsDefined() || node.IsNull()) return;
  if (!node.IsMap()) return problem(key, "must be a mapping", "bad-value");
  for (const auto& entry : node) body(entry.first.Scalar(), entry.second.IsScalar() ? entry.second.Scalar() : "");
}

void ConfigSection::require(const std::string& key) {
  if (unreadable_) return;  // said already, and once is enough
  if (!has(key)) return problem("", "the key '" + key + "' is missing", "missing");
  const auto node = find(key);
  const bool empty = node.IsNull() || (node.IsScalar() ? node.Scalar().empty() : node.IsSequence() && node.size() == 0);
  if (!empty) return;
  problem(key, "is empty", "missing");
  told_empty_.push_back(key);
}

void ConfigSection::problem_in(const std::string& list, std::size_t index, const std::string& key, std::string text,
                               std::string code, bool warning) {
  const YAML::Node& readable = node_;
  auto item =
      inside(readable[list][index], (path_.empty() ? list : path_ + "." + list) + "[" + std::to_string(index) + "]");
  item.problem(item.has(key) ? key : "", std::move(text), std::move(code), warning);
}

std::size_t ConfigSection::problems() const {
  return static_cast<std::size_t>(std::ranges::count(problems_, false, &ConfigProblem::warning));
}

void ConfigSection::finish() {
  if (!node_.IsMap() || rest_is_accepted_) return;
  std::set<std::string> seen;
  std::size_t unknown = 0;
  for (const auto& entry : node_) {
    const auto key = entry.first.Scalar();
    if (!seen.insert(key).second) {
      problem(key, "the key '" + key + "' stands here twice", "duplicate");
    } else if (std::ranges::find(known_, key) == known_.end()) {
      // Each is compared with all that are known: who has so many meant something else.
      if (++unknown > unknown_keys_max) continue;
      const auto close = meant(key, known_);
      problem(key, "unknown key '" + key + "'" + (close.empty() ? "" : "; did you mean '" + close + "'?"),
              "unknown-key");
    }
  }
  if (unknown > unknown_keys_max)
    problem("", std::to_string(unknown - unknown_keys_max) + " more keys are unknown", "unknown-key");
}

std::string describe(const ConfigProblem& p) {
  std::string text = p.file;
  if (p.line > 0) text += ":" + std::to_string(p.line) + ":" + std::to_string(p.column);
  text += p.warning ? ": warning: " : ": error: ";
  if (!p.path.empty()) text += p.path + ": ";
  return text + p.text + " [" + p.code + "]";
}

}  // namespace smsbridge::bridge
