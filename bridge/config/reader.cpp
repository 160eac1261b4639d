// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/reader.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include "bridge/text/utf8.hpp"

namespace smsbridge::bridge {
namespace {

constexpr std::size_t unknown_keys_max = 20;  // told one by one

// What editors and shells put around a secret is not a part of it.
std::string trimmed(std::string text) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (text.starts_with(byte_order_mark)) text.erase(0, byte_order_mark.size());
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
  return text;
}

// A folder can be opened like a file, and reads as nothing.
bool read_file(const std::filesystem::path& path, std::string& content) {
  std::error_code ec;
  std::ifstream in(path, std::ios::binary);
  if (!in || std::filesystem::is_directory(path, ec)) return false;
  std::ostringstream text;
  text << in.rdbuf();
  content = text.str();
  return true;
}

// Docker mounts secrets readable for all, in a container that has nobody else.
bool is_open_to_all(const std::filesystem::path& path) {
  std::error_code ec;
  const auto mode = std::filesystem::status(path, ec).permissions();
  using std::filesystem::perms;
  const bool others = !ec && (mode & (perms::others_read | perms::others_write)) != perms::none;
  return others && std::filesystem::is_regular_file(path, ec) && !path.string().starts_with("/run/secrets/");
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// What the trade, and other programs, call our keys. Where a name stands for several, the first that is known counts.
const std::vector<std::pair<std::string_view, std::string_view>> synonyms = {
    {"tps", "rate"},
    {"throughput", "rate"},
    {"max_tps", "rate"},
    {"max_rate", "rate"},
    {"rate_limit", "rate"},
    {"binds", "sessions"},
    {"bind_count", "sessions"},
    {"connections", "sessions"},
    {"bind_type", "bind"},
    {"bind_mode", "bind"},
    {"username", "system_id"},
    {"user", "system_id"},
    {"passwd", "password"},
    {"pass", "password"},
    {"secret", "password"},
    {"window_size", "window"},
    {"async_depth", "window"},
    {"outstanding", "window"},
    {"source_addr", "sender"},
    {"sender_id", "sender"},
    {"short_code", "sender"},
    {"shortcode", "sender"},
    {"mask", "sender"},
    {"enquire_link", "enquire_link_interval"},
    {"keepalive", "enquire_link_interval"},
    {"ssl", "tls"},
    {"ip", "host"},
    {"address", "host"},
    {"hostname", "host"},
    {"dlr", "receipts"},
    {"delivery_receipts", "receipts"},
    {"http", "api"},
    {"http_api", "api"},
    {"socket", "control"},
    {"prometheus", "metrics"},
    {"country", "default_country"},
    {"country", "countries"},
    {"tenant", "tenants"},
    {"prefix", "prefixes"},
    {"priority", "position"},
    {"app_key", "fineract_app_key"},
};

}  // namespace

// A thousand years; far from where sums overflow.
constexpr WallMs duration_max_ms = 1000ll * 366 * 86'400'000;

// "ms" is looked for before "m".
const std::vector<std::pair<std::string_view, WallMs>> duration_units = {
    {"ms", 1}, {"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}};

std::string duration_text(WallMs ms) {
  std::pair<std::string_view, WallMs> largest = duration_units.front();
  for (const auto& unit : duration_units)
    if (ms % unit.second == 0 && unit.second > largest.second) largest = unit;
  return ms == 0 ? "0s" : std::to_string(ms / largest.second) + std::string(largest.first);
}

std::optional<WallMs> parse_duration_ms(std::string_view text) {
  WallMs total = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    WallMs value = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (ec != std::errc() || text.front() == '-' || value > 1'000'000'000) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const auto unit = std::ranges::find_if(duration_units, [&](const auto& u) { return text.starts_with(u.first); });
    if (unit == duration_units.end()) return std::nullopt;
    total += value * unit->second;
    if (total > duration_max_ms) return std::nullopt;
    text.remove_prefix(unit->first.size());
  }
  return total;
}

std::optional<std::uint64_t> parse_size_bytes(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc()) return std::nullopt;
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  static const std::vector<std::pair<std::string_view, int>> units = {{"", 0},     {"B", 0},    {"KiB", 10},
                                                                      {"MiB", 20}, {"GiB", 30}, {"TiB", 40}};
  for (const auto& [name, shift] : units)
    if (unit == name && value <= (~std::uint64_t{0} >> shift)) return value << shift;
  return std::nullopt;
}

YamlFile read_yaml(std::istream& in) {
  const std::string content{std::istreambuf_iterator<char>(in), {}};
  std::string_view rest = content;
  // What begins with the byte order mark of UTF-16 the library reads.
  if (rest.starts_with("\xFE\xFF") || rest.starts_with("\xFF\xFE")) rest = {};
  for (YAML::Mark mark; !rest.empty();) {
    const auto character = text::take_code_point(rest);
    if (character == text::invalid_code_point) throw YAML::Exception(mark, "not UTF-8: save it as UTF-8");
    mark.line += character == '\n' ? 1 : 0;
    mark.column = character == '\n' ? 0 : mark.column + 1;
  }
  const auto documents = YAML::LoadAll(content);
  const auto more = std::find_if(documents.begin() + (documents.empty() ? 0 : 1), documents.end(),
                                 [](const YAML::Node& node) { return !node.IsNull(); });
  return {.tree = documents.empty() ? YAML::Node() : documents.front(),
          .more = more == documents.end() ? std::nullopt : std::optional(more->Mark())};
}

YAML::Node to_yaml(const boost::json::value& value) {
  if (const auto* object = value.if_object()) {
    YAML::Node map(YAML::NodeType::Map);
    // Not by map[key], which would take the second of two equal keys for the first.
    for (const auto& [key, member] : *object) map.force_insert(std::string(key), to_yaml(member));
    return map;
  }
  if (const auto* array = value.if_array()) {
    YAML::Node list(YAML::NodeType::Sequence);
    for (const auto& item : *array) list.push_back(to_yaml(item));
    return list;
  }
  if (const auto* text = value.if_string()) {
    YAML::Node scalar(std::string(text->begin(), text->end()));
    scalar.SetTag("!");  // as if it stood in quotes
    return scalar;
  }
  if (value.is_null()) return YAML::Node(YAML::NodeType::Null);
  return YAML::Node(boost::json::serialize(value));
}

boost::json::value to_json(const YAML::Node& node) {
  if (node.IsMap()) {
    boost::json::object object;
    for (const auto& entry : node) object[entry.first.Scalar()] = to_json(entry.second);
    return object;
  }
  if (node.IsSequence()) {
    boost::json::array array;
    for (const auto& item : node) array.push_back(to_json(item));
    return array;
  }
  if (!node.IsScalar()) return nullptr;
  const auto& text = node.Scalar();
  // What stands in quotes is text; the rest may be a number or a truth.
  if (node.Tag() == "!") return boost::json::value(text);
  if (text == "true") return true;
  if (text == "false") return false;
  if (text == "null" || text == "~") return nullptr;
  std::int64_t number = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (ec == std::errc() && end == text.data() + text.size() && std::to_string(number) == text) return number;
  return boost::json::value(text);
}

std::string nearest(const std::string& given, const std::vector<std::string>& known) {
  const auto word = lower(given);
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const auto& candidate : known) {
    // The difference in length alone is a distance.
    if (std::max(word.size(), candidate.size()) - std::min(word.size(), candidate.size()) >= best_distance) continue;
    std::vector<std::size_t> row(candidate.size() + 1);
    for (std::size_t j = 0; j <= candidate.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= word.size(); ++i) {
      std::size_t diagonal = std::exchange(row[0], i);
      for (std::size_t j = 1; j <= candidate.size(); ++j) {
        const auto replaced = diagonal + (word[i - 1] == candidate[j - 1] ? 0 : 1);
        diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, replaced}));
      }
    }
    if (row.back() < best_distance) best_distance = row.back(), best = candidate;
  }
  return best;
}

ConfigSection::ConfigSection(YAML::Node node, std::string path, std::string file, const std::filesystem::path& folder,
                             std::vector<ConfigProblem>& problems, Secrets secrets)
    : node_(std::move(node)),
      path_(std::move(path)),
      file_(std::move(file)),
      folder_(folder),
      problems_(problems),
      secrets_(secrets) {
  if (node_.IsDefined() && !node_.IsNull() && !node_.IsMap()) {
    problem("", "must be a mapping of keys to values", "bad-value");
    node_ = YAML::Node(YAML::NodeType::Map);
    unreadable_ = true;
  }
}

YAML::Node ConfigSection::take(const std::string& key) {
  known_.push_back(key);
  if (!node_.IsMap()) return YAML::Node(YAML::NodeType::Undefined);
  const YAML::Node& readable = node_;
  return readable[key];
}

bool ConfigSection::has(const std::string& key) {
  if (!node_.IsMap()) return false;
  const YAML::Node& readable = node_;
  return readable[key].IsDefined();
}

void ConfigSection::problem(const std::string& key, std::string text, std::string code, bool warning) {
  YAML::Mark mark = node_.Mark();
  if (node_.IsMap() && is_file())  // nothing else has lines
    for (const auto& entry : node_)
      if (entry.first.Scalar() == key) mark = entry.second.IsScalar() ? entry.second.Mark() : entry.first.Mark();
  const auto path = key.empty() ? path_ : path_.empty() ? key : path_ + "." + key;
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

std::filesystem::path ConfigSection::resolve(const std::string& text) const {
  const std::filesystem::path path(text);
  return path.is_absolute() ? path : folder_ / path;
}

void ConfigSection::read_path(const std::string& key, std::filesystem::path& value) {
  std::string text;
  if (scalar(key, text)) value = resolve(text);
}

void ConfigSection::read_path(const std::string& key, std::string& value) {
  std::string text;
  if (!scalar(key, text)) return;
  value = resolve(text).string();
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
  return secret_from(node.begin()->first.Scalar(), node.begin()->second.Scalar(), key, value);
}

// From outside the file: `kind` of place, and its name there.
bool ConfigSection::secret_from(const std::string& kind, const std::string& name, const std::string& key,
                                std::string& value) {
  const auto refuse = [&](const std::string& text, const char* code = "unreadable") {
    problem(key, text, code);
    return false;
  };
  std::string place, found;
  if (kind == "file") {
    const auto path = resolve(name);
    place = "the file " + path.string();
    if (!read_file(path, found)) return refuse("cannot read " + place);
    if (is_open_to_all(path))
      problem(key, place + " is open to everybody on this machine: chmod o= " + path.string(), "unsafe", true);
  } else if (kind == "env") {
    place = "the environment variable " + name;
    const char* text = std::getenv(name.c_str());
    if (!text) return refuse(place + " is not set");
    found = text;
  } else if (kind == "credential") {
    place = "the credential " + name;
    const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
    if (!folder || !read_file(std::filesystem::path(folder) / name, found))
      return refuse(place + " is not there (LoadCredential= in the unit)");
  } else {
    return refuse("'" + kind + "' is not one of file, env, credential", "bad-value");
  }
  value = trimmed(std::move(found));
  return !value.empty() || refuse(place + " is empty", "missing");
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
  ConfigSection inner(node, path_.empty() ? key : path_ + "." + key, file_, folder_, problems_, secrets_);
  body(inner);
  inner.finish();
}

void ConfigSection::list(const std::string& key, const std::function<void(ConfigSection&)>& body) {
  const auto node = take(key);
  if (!node.IsDefined() || node.IsNull()) return;
  if (!node.IsSequence()) return problem(key, "must be a list", "bad-value");
  for (std::size_t i = 0; i < node.size(); ++i) {
    ConfigSection item(node[i], (path_.empty() ? key : path_ + "." + key) + "[" + std::to_string(i) + "]", file_,
                       folder_, problems_, secrets_);
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
  const YAML::Node& readable = node_;
  const auto node = readable[key];
  const bool empty = node.IsNull() || (node.IsScalar() ? node.Scalar().empty() : node.IsSequence() && node.size() == 0);
  if (!empty) return;
  problem(key, "is empty", "missing");
  told_empty_.push_back(key);
}

void ConfigSection::problem_in(const std::string& list, std::size_t index, const std::string& key, std::string text,
                               std::string code) {
  const YAML::Node& readable = node_;
  ConfigSection item(readable[list][index],
                     (path_.empty() ? list : path_ + "." + list) + "[" + std::to_string(index) + "]", file_, folder_,
                     problems_, secrets_);
  item.problem(item.has(key) ? key : "", std::move(text), std::move(code));
}

// The key that is meant by one that is not known, empty if none is near.
std::string ConfigSection::meant(const std::string& key) const {
  const auto word = lower(key);
  for (const auto& [name, ours] : synonyms)
    if (name == word && std::ranges::find(known_, ours) != known_.end()) return std::string(ours);
  return nearest(key, known_);
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
      const auto close = meant(key);
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
