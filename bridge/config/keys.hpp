// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <algorithm>
#include <boost/json/object.hpp>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bridge/config/listen_address.hpp"
#include "bridge/config/reader.hpp"
#include "bridge/config/units.hpp"
#include "bridge/text/money.hpp"

namespace smsbridge::bridge {

// The lengths of time of the tables, in ms.
inline constexpr WallMs second = 1000, hour = 3600 * second, day = 24 * hour, week = 7 * day;

// What there is to say of a key to somebody who does not read its value: the schema, the hiding of secrets, forms.
struct KeyInfo {
  enum class Type : std::uint8_t {
    text,
    texts,
    boolean,
    integer,   // low to high
    rate,      // low to high, a second
    duration,  // low to high, in ms
    size,      // low to high, in octets
    money,
    address,  // host:port
    file,
    choice,
    choices,  // several of them
    secret,
    secrets,
    words,    // a mapping of words to choices
    tree,     // of any shape
    section,  // holds `inside`
    list,     // of sections that hold `inside`
  };
  std::string name;
  Type type = Type::text;
  std::string help;  // one sentence without its full stop
  bool required = false;
  bool of_file = false;          // required in a configuration file only
  bool decides_address = false;  // of what the object's secrets are sent to
  bool url = false;              // may hold a password: http://user:password@host
  bool live = false;             // of the whole file: a reload takes it over, the rest takes a restart
  std::int64_t low = 0, high = 0;
  std::vector<std::string> choices;
  boost::json::value usual;     // what holds where the key is not given, as it would be written; null: nothing
  std::vector<KeyInfo> inside;  // of a section, and of each item of a list
};

template <class Value>
using Choices = std::vector<std::pair<std::string, Value>>;

// The object itself, for a section whose keys stand in the same object.
template <class Object>
Object& whole(Object& object) {
  return object;
}

// The keys of an object, in the order in which they are read: one table that the reader, the schema and forms go by.
template <class Object>
class Keys {
 public:
  using Read = std::function<void(ConfigSection&, Object&)>;
  // Where in the object a value stands. One that is asked for stands there afterwards: asking may make a part.
  template <class Value>
  using Place = std::function<Value&(Object&)>;
  using Type = KeyInfo::Type;

  struct Key {
    KeyInfo info;
    Read read;
    std::function<void(KeyInfo&, Object&)> describe;  // completes what depends on the usual values

    Key needed() && { return info.required = true, std::move(*this); }
    Key needed_in_file() && { return info.of_file = true, std::move(*this); }
    Key address() && { return info.decides_address = true, std::move(*this); }
    Key url() && { return info.url = true, std::move(*this); }
    Key live() && { return info.live = true, std::move(*this); }
    // Where the usual value is not a value that the object has.
    Key usually(boost::json::value value) && {
      describe = [value = std::move(value)](KeyInfo& to, Object&) { to.usual = value; };
      return std::move(*this);
    }
    Key holds(std::vector<KeyInfo> (*inside)()) && {
      describe = [inside](KeyInfo& to, Object&) { to.inside = inside(); };
      return std::move(*this);
    }
    // What else has to hold, once it was read.
    Key checked(Read check) && {
      read = [before = std::move(read), check = std::move(check)](ConfigSection& s, Object& object) {
        before(s, object);
        check(s, object);
      };
      return std::move(*this);
    }
  };

  // `check`: what the keys have to be together.
  Keys(std::vector<Key> keys, Read check = {}) : keys_(std::move(keys)), check_(std::move(check)) {}
  Keys(std::initializer_list<Key> keys) : keys_(keys) {}

  void read(ConfigSection& s, Object& object) const {
    for (const auto& key : keys_) {
      if (key.info.required || (key.info.of_file && s.is_file() && !s.has(key.info.name))) s.require(key.info.name);
      key.read(s, object);
    }
    if (check_) check_(s, object);
  }
  // For those who do not read: `usual` is what an object has that was given nothing.
  std::vector<KeyInfo> infos(Object usual = {}) const {
    std::vector<KeyInfo> infos;
    for (const auto& key : keys_) {
      auto& info = infos.emplace_back(key.info);
      if (key.describe) key.describe(info, usual);
      if (info.required) info.usual = nullptr;
    }
    return infos;
  }

  // Of an object that has this one as a part, and its keys among its own.
  template <class Whole>
  std::vector<typename Keys<Whole>::Key> within(std::function<Object&(Whole&)> part) const {
    std::vector<typename Keys<Whole>::Key> all;
    for (const auto& key : keys_) {
      all.push_back({.info = key.info,
                     .read = [part, read = key.read](ConfigSection& s, Whole& whole) { read(s, part(whole)); },
                     .describe = {}});
      if (key.describe)
        all.back().describe = [part, describe = key.describe](KeyInfo& info, Whole& usual) {
          describe(info, part(usual));
        };
    }
    return all;
  }

  static Key text(std::string name, Place<std::string> place, std::string help) {
    return make<std::string>(
        std::move(name), Type::text, std::move(help), std::move(place),
        [](ConfigSection& s, const std::string& key, std::string& value) { s.read(key, value); },
        [](const std::string& value) { return value.empty() ? boost::json::value() : boost::json::value(value); });
  }
  static Key texts(std::string name, Place<std::vector<std::string>> place, std::string help) {
    return make<std::vector<std::string>>(
        std::move(name), Type::texts, std::move(help), std::move(place),
        [](ConfigSection& s, const std::string& key, std::vector<std::string>& values) { s.read_texts(key, values); });
  }
  static Key boolean(std::string name, Place<bool> place, std::string help) {
    return make<bool>(
        std::move(name), Type::boolean, std::move(help), std::move(place),
        [](ConfigSection& s, const std::string& key, bool& value) { s.read(key, value); },
        [](bool value) { return boost::json::value(value); });
  }
  // From `low` to `high`. The value may be optional.
  template <class At>
  static Key integer(std::string name, At place, std::int64_t low, std::int64_t high, std::string help) {
    return ranged(
        std::move(name), Type::integer, place, low, high, std::move(help),
        [low, high](ConfigSection& s, const std::string& key, auto& value) { s.read(key, value, low, high); },
        [](const auto& value) { return boost::json::value(value); });
  }
  template <class At>
  static Key duration_ms(std::string name, At place, WallMs low, WallMs high, std::string help) {
    return ranged(
        std::move(name), Type::duration, place, low, high, std::move(help),
        [low, high](ConfigSection& s, const std::string& key, auto& value) {
          s.read_duration_ms(key, value, low, high);
        },
        [](const auto& value) { return boost::json::value(duration_text(value)); });
  }
  static Key duration(std::string name, Place<Duration> place, Duration low, Duration high, std::string help) {
    using std::chrono::duration_cast, std::chrono::milliseconds;
    return ranged(
        std::move(name), Type::duration, place, duration_cast<milliseconds>(low).count(),
        duration_cast<milliseconds>(high).count(), std::move(help),
        [low, high](ConfigSection& s, const std::string& key, Duration& value) {
          s.read_duration(key, value, low, high);
        },
        [](const Duration& value) {
          return boost::json::value(duration_text(duration_cast<milliseconds>(value).count()));
        });
  }
  static Key rate(std::string name, Place<double> place, double low, double high, std::string help) {
    return make<double>(
        std::move(name), Type::rate, std::move(help), std::move(place),
        [low, high](ConfigSection& s, const std::string& key, double& value) { s.read_number(key, value, low, high); },
        [](double value) { return value > 0 ? boost::json::value(value) : boost::json::value(); });
  }
  static Key size(std::string name, Place<std::uint64_t> place, std::uint64_t low, std::string help) {
    return make<std::uint64_t>(
        std::move(name), Type::size, std::move(help), std::move(place),
        [low](ConfigSection& s, const std::string& key, std::uint64_t& value) { s.read_size(key, value, low); },
        [](std::uint64_t value) { return boost::json::value(size_text(value)); });
  }
  static Key money(std::string name, Place<std::optional<Micro>> place, std::string help) {
    return make<std::optional<Micro>>(
        std::move(name), Type::money, std::move(help), std::move(place),
        [](ConfigSection& s, const std::string& key, std::optional<Micro>& value) { s.read_money(key, value); });
  }
  static Key listens_at(std::string name, Place<ListenAddress> place, std::string help) {
    return make<ListenAddress>(
        std::move(name), Type::address, std::move(help), std::move(place),
        [](ConfigSection& s, const std::string& key, ListenAddress& value) { s.read_address(key, value); },
        [](const ListenAddress& value) {
          return value.host.empty() ? boost::json::value()
                                    : boost::json::value(value.host + ":" + std::to_string(value.port));
        });
  }
  template <class Path>
  static Key file(std::string name, Place<Path> place, std::string help) {
    return make<Path>(std::move(name), Type::file, std::move(help), std::move(place),
                      [](ConfigSection& s, const std::string& key, Path& value) { s.read_path(key, value); });
  }
  static Key secret(std::string name, Place<std::string> place, std::string help) {
    return make<std::string>(
        std::move(name), Type::secret, std::move(help), std::move(place),
        [](ConfigSection& s, const std::string& key, std::string& value) { s.read_secret(key, value); });
  }
  static Key secrets(std::string name, Place<std::vector<std::string>> place, std::string help) {
    return make<std::vector<std::string>>(std::move(name), Type::secrets, std::move(help), std::move(place),
                                          [](ConfigSection& s, const std::string& key,
                                             std::vector<std::string>& values) { s.read_secrets(key, values); });
  }
  // One of `choices`. The value may be optional.
  template <class At, class Value>
  static Key choice(std::string name, At place, Choices<Value> choices, std::string help) {
    auto key = ranged(
        std::move(name), Type::choice, place, 0, 0, std::move(help),
        [choices](ConfigSection& s, const std::string& at, Value& value) { s.read_choice(at, value, choices); },
        [choices](const Value& value) {
          for (const auto& [word, meaning] : choices)
            if (meaning == value) return boost::json::value(word);
          return boost::json::value();
        });
    for (const auto& [word, meaning] : choices) key.info.choices.push_back(word);
    return key;
  }
  template <class Value>
  static Key several(std::string name, std::type_identity_t<Place<std::vector<Value>>> place, Choices<Value> choices,
                     std::string help) {
    auto key = make<std::vector<Value>>(std::move(name), Type::choices, std::move(help), std::move(place),
                                        [choices](ConfigSection& s, const std::string& at, std::vector<Value>& values) {
                                          s.read_choices(at, values, choices);
                                        });
    for (const auto& [word, meaning] : choices) key.info.choices.push_back(word);
    return key;
  }
  // A mapping with keys of its own. What it stands for is asked for only where it is there.
  template <class Inner>
  static Key section(std::string name, Place<Inner> place, const Keys<Inner>& inner, std::string help) {
    return {.info = {.name = name, .type = Type::section, .help = std::move(help)},
            .read = [name, place, &inner](
                        ConfigSection& s,
                        Object& object) { s.section(name, [&](ConfigSection& in) { inner.read(in, place(object)); }); },
            .describe = [place, &inner](KeyInfo& info, Object& usual) { info.inside = inner.infos(place(usual)); }};
  }
  // `place` adds an item each time.
  template <class Item>
  static Key list(std::string name, Place<Item> place, void (*read)(ConfigSection&, Item&),
                  std::vector<KeyInfo> (*inside)(), std::string help) {
    return {.info = {.name = name, .type = Type::list, .help = std::move(help)},
            .read = [name, place, read](
                        ConfigSection& s,
                        Object& object) { s.list(name, [&](ConfigSection& in) { read(in, place(object)); }); },
            .describe = [inside](KeyInfo& info, Object&) { info.inside = inside(); }};
  }
  // What is read like nothing else.
  static Key special(std::string name, Type type, Read read, std::string help, std::vector<std::string> choices = {}) {
    return {.info = {.name = std::move(name), .type = type, .help = std::move(help), .choices = std::move(choices)},
            .read = std::move(read),
            .describe = {}};
  }

 private:
  template <class Value, class ReadValue>
  static Key make(std::string name, Type type, std::string help, Place<Value> place, ReadValue read_value,
                  std::function<boost::json::value(const Value&)> show = {}) {
    return {.info = {.name = name, .type = type, .help = std::move(help)},
            .read = [name, place, read_value](ConfigSection& s, Object& object) { read_value(s, name, place(object)); },
            .describe =
                [place, show](KeyInfo& info, Object& usual) {
                  if (show) info.usual = show(place(usual));
                }};
  }
  // One that is optional stays without a value where the key is not given.
  template <class Value, class ReadValue>
  static void read_into(ConfigSection& s, const std::string& name, std::optional<Value>& value, const ReadValue& read) {
    if (s.is_given(name))
      read(s, name, value.emplace());
    else
      s.know(name);
  }
  template <class Value, class ReadValue>
  static void read_into(ConfigSection& s, const std::string& name, Value& value, const ReadValue& read) {
    read(s, name, value);
  }
  template <class Value, class Show>
  static boost::json::value shown(const std::optional<Value>& value, const Show& show) {
    return value ? show(*value) : boost::json::value();
  }
  template <class Value, class Show>
  static boost::json::value shown(const Value& value, const Show& show) {
    return show(value);
  }
  template <class At, class ReadValue, class Show>
  static Key ranged(std::string name, Type type, At place, std::int64_t low, std::int64_t high, std::string help,
                    ReadValue read_value, Show show) {
    return {
        .info = {.name = name, .type = type, .help = std::move(help), .low = low, .high = high},
        .read = [name, place, read_value](
                    ConfigSection& s, Object& object) { read_into(s, name, std::invoke(place, object), read_value); },
        .describe = [place, show](KeyInfo& info,
                                  Object& usual) { info.usual = shown(std::invoke(place, usual), show); }};
  }

  std::vector<Key> keys_;
  Read check_;
};

}  // namespace smsbridge::bridge
