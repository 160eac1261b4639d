// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/keys.hpp"

#include <algorithm>
#include <chrono>

namespace smsbridge::bridge {

AnyKey::AnyKey(std::string_view name, KeyInfo::Type type, std::string_view help)
    : info{.name = std::string(name), .type = type, .help = std::string(help)} {}
AnyKey::AnyKey(std::string_view name, KeyInfo::Type type, std::string_view help, AnyPlace at, ValueKind how,
               std::int64_t low, std::int64_t high)
    : info{.name = std::string(name), .type = type, .help = std::string(help), .low = low, .high = high},
      kind(how),
      place(at) {}
AnyKey::AnyKey(const AnyKey&) = default;
AnyKey::AnyKey(AnyKey&&) noexcept = default;
AnyKey::~AnyKey() = default;

void AnyKey::shows(boost::json::value usual) {
  kind.show = nullptr;
  info.usual = std::move(usual);
}

boost::json::value AnyKey::word_for(std::int64_t meaning) const {
  const auto found = std::ranges::find(meanings, meaning);
  if (found == meanings.end()) return {};
  return boost::json::value(info.choices[static_cast<std::size_t>(found - meanings.begin())]);
}

void AnyKey::read(ConfigSection& s, void* object) const {
  if (part) object = part(object);
  const auto& name = info.name;
  if (section) {
    s.section(name, [&](ConfigSection& in) { section->read(in, place(object)); });
  } else if (read_itself && place) {
    s.list(name, [&](ConfigSection& in) { read_itself(in, place(object)); });
  } else if (read_itself) {
    read_itself(s, object);
  } else if (!kind.make) {
    kind.read(*this, s, place(object));
  } else if (s.is_given(name)) {
    kind.read(*this, s, kind.make(place(object)));
  } else {
    s.know(name);
  }
  for (const auto& check : checks) check(s, object);
}

void AnyKey::describe(KeyInfo& to, void* usual) const {
  if (part) usual = part(usual);
  if (section) to.inside = section->infos(place(usual));
  if (inside) to.inside = inside();
  if (!kind.show) return;
  const void* value = place(usual);
  if (kind.held) value = kind.held(value);
  if (value) to.usual = kind.show(*this, value);
}

void AnyKeys::add(const AnyKey& key) { keys_.push_back(key); }

void AnyKeys::read(ConfigSection& s, void* object) const {
  for (const auto& key : keys_) {
    const auto& info = key.info;
    if (info.required || (info.of_file && s.is_file() && !s.has(info.name))) s.require(info.name);
    key.read(s, object);
  }
  if (check_) check_(s, object);
}

std::vector<KeyInfo> AnyKeys::infos(void* usual) const {
  std::vector<KeyInfo> infos;
  for (const auto& key : keys_) {
    auto& info = infos.emplace_back(key.info);
    key.describe(info, usual);
    if (info.required) info.usual = nullptr;
  }
  return infos;
}

namespace value {
namespace {

using boost::json::value;
using Path = std::filesystem::path;
using Texts = std::vector<std::string>;

template <class Value>
Value& as(void* value) {
  return *static_cast<Value*>(value);
}
template <class Value>
const Value& as(const void* value) {
  return *static_cast<const Value*>(value);
}

value show_text(const AnyKey&, const void* text) {
  return as<std::string>(text).empty() ? value() : value(as<std::string>(text));
}
value show_rate(const AnyKey&, const void* rate) { return as<double>(rate) > 0 ? value(as<double>(rate)) : value(); }
value show_address(const AnyKey&, const void* address) {
  const auto& at = as<ListenAddress>(address);
  return at.host.empty() ? value() : value(at.host + ":" + std::to_string(at.port));
}
WallMs ms_of(Duration duration) { return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count(); }

}  // namespace

constinit const ValueKind text{
    .read = [](const AnyKey& key, ConfigSection& s, void* to) { s.read(key.info.name, as<std::string>(to)); },
    .show = show_text};
constinit const ValueKind texts{
    .read = [](const AnyKey& key, ConfigSection& s, void* to) { s.read_texts(key.info.name, as<Texts>(to)); }};
constinit const ValueKind boolean{
    .read = [](const AnyKey& key, ConfigSection& s, void* to) { s.read(key.info.name, as<bool>(to)); },
    .show = [](const AnyKey&, const void* is) { return value(as<bool>(is)); }};
constinit const ValueKind rate{
    .read = [](const AnyKey& key, ConfigSection& s,
               void* to) { s.read_number(key.info.name, as<double>(to), key.rate_low, key.rate_high); },
    .show = show_rate};
constinit const ValueKind size{
    .read =
        [](const AnyKey& key, ConfigSection& s, void* to) {
          s.read_size(key.info.name, as<std::uint64_t>(to), static_cast<std::uint64_t>(key.info.low));
        },
    .show = [](const AnyKey&, const void* is) { return value(size_text(as<std::uint64_t>(is))); }};
constinit const ValueKind duration_ms{
    .read = [](const AnyKey& key, ConfigSection& s,
               void* to) { s.read_duration_ms(key.info.name, as<WallMs>(to), key.info.low, key.info.high); },
    .show = [](const AnyKey&, const void* is) { return value(duration_text(as<WallMs>(is))); }};
constinit const ValueKind duration{
    .read =
        [](const AnyKey& key, ConfigSection& s, void* to) {
          using std::chrono::milliseconds;
          s.read_duration(key.info.name, as<Duration>(to), milliseconds(key.info.low), milliseconds(key.info.high));
        },
    .show = [](const AnyKey&, const void* is) { return value(duration_text(ms_of(as<Duration>(is)))); }};
constinit const ValueKind money{.read = [](const AnyKey& key, ConfigSection& s, void* to) {
  s.read_money(key.info.name, as<std::optional<Micro>>(to));
}};
constinit const ValueKind listens_at{
    .read = [](const AnyKey& key, ConfigSection& s, void* to) { s.read_address(key.info.name, as<ListenAddress>(to)); },
    .show = show_address};
constinit const ValueKind path{
    .read = [](const AnyKey& key, ConfigSection& s, void* to) { s.read_path(key.info.name, as<Path>(to)); }};
constinit const ValueKind file{
    .read = [](const AnyKey& key, ConfigSection& s, void* to) { s.read_path(key.info.name, as<std::string>(to)); }};
constinit const ValueKind secret{
    .read = [](const AnyKey& key, ConfigSection& s, void* to) { s.read_secret(key.info.name, as<std::string>(to)); }};
constinit const ValueKind secrets{
    .read = [](const AnyKey& key, ConfigSection& s, void* to) { s.read_secrets(key.info.name, as<Texts>(to)); }};
constinit const ValueKind word{.read =
                                   [](const AnyKey& key, ConfigSection& s, void* to) {
                                     if (const auto word = s.read_choice(key.info.name, key.info.choices))
                                       as<std::string>(to) = key.info.choices[*word];
                                   },
                               .show = show_text};

}  // namespace value
}  // namespace smsbridge::bridge
