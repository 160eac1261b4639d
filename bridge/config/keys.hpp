// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/json/value.hpp>
#include <concepts>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
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

// A pointer to a member, a function, or a lambda that holds at most three words of plain values, called with an object
// whose type is forgotten. With std::function instead, and templates around it, the tables took half of the time to
// compile this room: each row was code of its own to copy, to destroy and to call.
template <class Result, class... Before>
class OfAnyObject {
 public:
  OfAnyObject() = default;
  explicit operator bool() const { return call_; }
  Result operator()(Before... before, void* object) const { return call_(held_, before..., object); }

 protected:
  template <class Held>
  OfAnyObject(const Held& held, Result (*call)(const void*, Before..., void*)) : call_(call) {
    static_assert(sizeof(Held) <= sizeof held_ && alignof(Held) <= alignof(void*) &&
                  std::is_trivially_copyable_v<Held> && std::is_trivially_destructible_v<Held>);
    ::new (held_) Held(held);
  }

 private:
  Result (*call_)(const void*, Before..., void*) = nullptr;
  alignas(void*) std::byte held_[3 * sizeof(void*)];
};
using AnyPlace = OfAnyObject<void*>;
using AnyRead = OfAnyObject<void, ConfigSection&>;

struct AnyKey;
class AnyKeys;

// How a value of a type is read where its key is given, and shown where it is usual.
struct ValueKind {
  void (*read)(const AnyKey&, ConfigSection&, void* value);
  boost::json::value (*show)(const AnyKey&, const void* value) = nullptr;
  // Of one that is optional: it stays without a value where the key is not given.
  void* (*make)(void* optional) = nullptr;
  const void* (*held)(const void* optional) = nullptr;
};

// A key of an object of any type.
struct AnyKey {
  KeyInfo info;
  ValueKind kind{};
  AnyPlace place;                    // of its value, of the object of its section, of one more item of its list
  AnyRead read_itself;               // what is read like nothing else, or an item of a list
  const AnyKeys* section = nullptr;  // what stands in it
  std::vector<KeyInfo> (*inside)() = nullptr;
  std::vector<std::int64_t> meanings;  // of the words that can be chosen, in their order
  double rate_low = 0, rate_high = 0;
  std::vector<AnyRead> checks;  // what else has to hold, once it was read
  AnyPlace part;                // of another object, whose keys these are: see within()

  AnyKey(std::string_view name, KeyInfo::Type type, std::string_view help);
  AnyKey(std::string_view name, KeyInfo::Type type, std::string_view help, AnyPlace at, ValueKind how,
         std::int64_t low = 0, std::int64_t high = 0);
  AnyKey(const AnyKey&);
  AnyKey(AnyKey&&) noexcept;
  AnyKey& operator=(const AnyKey&) = delete;
  ~AnyKey();
  void read(ConfigSection& s, void* object) const;
  void describe(KeyInfo& to, void* usual) const;            // completes what depends on the usual values
  void shows(boost::json::value usual);                     // that, and not a value that the object has
  boost::json::value word_for(std::int64_t meaning) const;  // null: there is none
};

class AnyKeys {
 public:
  void read(ConfigSection& s, void* object) const;
  std::vector<KeyInfo> infos(void* usual) const;

 protected:
  explicit AnyKeys(AnyRead check) : check_(check) {}
  void add(const AnyKey& key);

  std::vector<AnyKey> keys_;
  AnyRead check_;
};

namespace value {

extern const ValueKind text, texts, boolean, rate, size, duration_ms, duration, money, listens_at, path, file, secret,
    secrets, word;  // word: a choice that means itself

template <class Integer>
void read_integer(const AnyKey& key, ConfigSection& s, void* value) {
  s.read(key.info.name, *static_cast<Integer*>(value), key.info.low, key.info.high);
}
template <class Integer>
boost::json::value show_integer(const AnyKey&, const void* value) {
  return boost::json::value(*static_cast<const Integer*>(value));
}
template <class Integer>
inline constexpr ValueKind integer{.read = read_integer<Integer>, .show = show_integer<Integer>};

template <class Value>
void read_choice(const AnyKey& key, ConfigSection& s, void* value) {
  if (const auto word = s.read_choice(key.info.name, key.info.choices))
    *static_cast<Value*>(value) = static_cast<Value>(key.meanings[*word]);
}
template <class Value>
boost::json::value show_choice(const AnyKey& key, const void* value) {
  return key.word_for(static_cast<std::int64_t>(*static_cast<const Value*>(value)));
}
template <class Value>
inline constexpr ValueKind choice{.read = read_choice<Value>, .show = show_choice<Value>};

template <class Value>
void read_choices(const AnyKey& key, ConfigSection& s, void* values) {
  for (const auto word : s.read_choices(key.info.name, key.info.choices))
    static_cast<std::vector<Value>*>(values)->push_back(static_cast<Value>(key.meanings[word]));
}
template <class Value>
inline constexpr ValueKind choices{.read = read_choices<Value>};

template <class Value>
ValueKind optional(ValueKind kind) {
  kind.make = [](void* optional) -> void* { return &static_cast<std::optional<Value>*>(optional)->emplace(); };
  kind.held = [](const void* optional) -> const void* {
    const auto& value = *static_cast<const std::optional<Value>*>(optional);
    return value ? &*value : nullptr;
  };
  return kind;
}

}  // namespace value

// The keys of an object, in the order in which they are read: one table that the reader, the schema and forms go by.
// Only what a row says of its object's type is made for each object; what is done with it is in keys.cpp.
template <class Object>
class Keys : private AnyKeys {
 public:
  using Type = KeyInfo::Type;

  class Read : public AnyRead {
    using Function = void (*)(ConfigSection&, Object&);
    template <class Held>
    static void call(const void* held, ConfigSection& s, void* object) {
      (*static_cast<const Held*>(held))(s, *static_cast<Object*>(object));
    }

   public:
    Read() = default;
    template <std::invocable<ConfigSection&, Object&> Held>
    requires(std::convertible_to<Held, Function>) Read(Held held)
        : AnyRead(static_cast<Function>(held), call<Function>) {}
    template <std::invocable<ConfigSection&, Object&> Held>
    Read(Held held) : AnyRead(held, call<Held>) {}
    void operator()(ConfigSection& s, Object& object) const { AnyRead::operator()(s, &object); }
  };

  // Where in the object a value stands. One that is asked for stands there afterwards: asking may make a part.
  template <class Value>
  class Place : public AnyPlace {
    template <class Held>
    static void* call(const void* held, void* object) {
      Value& value = std::invoke(*static_cast<const Held*>(held), *static_cast<Object*>(object));
      return &value;
    }

   public:
    template <std::invocable<Object&> Held>
    Place(Held held) : AnyPlace(held, call<Held>) {}
  };

  struct Key : AnyKey {
    Key&& needed() && { return info.required = true, std::move(*this); }
    Key&& needed_in_file() && { return info.of_file = true, std::move(*this); }
    Key&& address() && { return info.decides_address = true, std::move(*this); }
    Key&& url() && { return info.url = true, std::move(*this); }
    Key&& live() && { return info.live = true, std::move(*this); }
    // Where the usual value is not a value that the object has.
    Key&& usually(boost::json::value value) && { return shows(std::move(value)), std::move(*this); }
    Key&& holds(std::vector<KeyInfo> (*keys)()) && { return inside = keys, std::move(*this); }
    // What else has to hold, once it was read.
    Key&& checked(Read check) && { return checks.push_back(check), std::move(*this); }
  };

  // `check`: what the keys have to be together.
  Keys(std::initializer_list<Key> keys, Read check = {}) : AnyKeys(check) {
    for (const auto& key : keys) add(key);
  }
  Keys(const std::vector<Key>& keys, Read check = {}) : AnyKeys(check) {
    for (const auto& key : keys) add(key);
  }

  void read(ConfigSection& s, Object& object) const { AnyKeys::read(s, &object); }
  // For those who do not read: `usual` is what an object has that was given nothing.
  std::vector<KeyInfo> infos(Object usual = {}) const { return AnyKeys::infos(&usual); }

  // Of an object that has this one as a part, and its keys among its own.
  template <class Whole>
  std::vector<typename Keys<Whole>::Key> within(typename Keys<Whole>::template Place<Object> part) const {
    std::vector<typename Keys<Whole>::Key> all;
    for (const auto& key : keys_) all.push_back({key});
    for (auto& key : all) key.part = part;
    return all;
  }

  static Key text(std::string_view name, Place<std::string> place, std::string_view help) {
    return {AnyKey(name, Type::text, help, place, value::text)};
  }
  static Key texts(std::string_view name, Place<std::vector<std::string>> place, std::string_view help) {
    return {AnyKey(name, Type::texts, help, place, value::texts)};
  }
  static Key boolean(std::string_view name, Place<bool> place, std::string_view help) {
    return {AnyKey(name, Type::boolean, help, place, value::boolean)};
  }
  // From `low` to `high`. The value may be optional.
  template <class At>
  static Key integer(std::string_view name, At place, std::int64_t low, std::int64_t high, std::string_view help) {
    return ranged(name, Type::integer, place, value::integer<Plain<At>>, low, high, help);
  }
  template <class At>
  static Key duration_ms(std::string_view name, At place, WallMs low, WallMs high, std::string_view help) {
    static_assert(std::is_same_v<Plain<At>, WallMs>);
    return ranged(name, Type::duration, place, value::duration_ms, low, high, help);
  }
  static Key duration(std::string_view name, Place<Duration> place, std::chrono::milliseconds low,
                      std::chrono::milliseconds high, std::string_view help) {
    return {AnyKey(name, Type::duration, help, place, value::duration, low.count(), high.count())};
  }
  static Key rate(std::string_view name, Place<double> place, double low, double high, std::string_view help) {
    Key key{AnyKey(name, Type::rate, help, place, value::rate)};
    key.rate_low = low, key.rate_high = high;
    return key;
  }
  static Key size(std::string_view name, Place<std::uint64_t> place, std::int64_t low, std::string_view help) {
    return {AnyKey(name, Type::size, help, place, value::size, low)};
  }
  static Key money(std::string_view name, Place<std::optional<Micro>> place, std::string_view help) {
    return {AnyKey(name, Type::money, help, place, value::money)};
  }
  static Key listens_at(std::string_view name, Place<ListenAddress> place, std::string_view help) {
    return {AnyKey(name, Type::address, help, place, value::listens_at)};
  }
  // Where something is made; and a file that has to be there.
  static Key path(std::string_view name, Place<std::filesystem::path> place, std::string_view help) {
    return {AnyKey(name, Type::file, help, place, value::path)};
  }
  static Key file(std::string_view name, Place<std::string> place, std::string_view help) {
    return {AnyKey(name, Type::file, help, place, value::file)};
  }
  static Key secret(std::string_view name, Place<std::string> place, std::string_view help) {
    return {AnyKey(name, Type::secret, help, place, value::secret)};
  }
  static Key secrets(std::string_view name, Place<std::vector<std::string>> place, std::string_view help) {
    return {AnyKey(name, Type::secrets, help, place, value::secrets)};
  }
  // One of `choices`. The value may be optional.
  template <class At, class Value>
  static Key choice(std::string_view name, At place, const Choices<Value>& choices, std::string_view help) {
    static_assert(std::is_same_v<Plain<At>, Value>);
    auto key = ranged(name, Type::choice, place, value::choice<Value>, 0, 0, help);
    offer(key, choices);
    return key;
  }
  static Key choice(std::string_view name, Place<std::string> place, std::vector<std::string> words,
                    std::string_view help) {
    Key key{AnyKey(name, Type::choice, help, place, value::word)};
    key.info.choices = std::move(words);
    return key;
  }
  template <class Value>
  static Key several(std::string_view name, std::type_identity_t<Place<std::vector<Value>>> place,
                     const Choices<Value>& choices, std::string_view help) {
    Key key{AnyKey(name, Type::choices, help, place, value::choices<Value>)};
    offer(key, choices);
    return key;
  }
  // A mapping with keys of its own. What it stands for is asked for only where it is there.
  template <class Inner>
  static Key section(std::string_view name, Place<Inner> place, const Keys<Inner>& inner, std::string_view help) {
    Key key{AnyKey(name, Type::section, help, place, {})};
    key.section = &inner.any();
    return key;
  }
  // `place` adds an item each time.
  template <class Item>
  static Key list(std::string_view name, Place<Item> place, void (*read)(ConfigSection&, Item&),
                  std::vector<KeyInfo> (*inside)(), std::string_view help) {
    Key key{AnyKey(name, Type::list, help, place, {})};
    key.read_itself = typename Keys<Item>::Read(read);
    key.inside = inside;
    return key;
  }
  // What is read like nothing else.
  static Key special(std::string_view name, Type type, Read read, std::string_view help,
                     std::vector<std::string> choices = {}) {
    Key key{AnyKey(name, type, help)};
    key.read_itself = read;
    key.info.choices = std::move(choices);
    return key;
  }

  const AnyKeys& any() const { return *this; }

 private:
  template <class Value>
  struct MaybeOptional {
    using Plain = Value;
    static ValueKind kind_of(const ValueKind& plain) { return plain; }
  };
  template <class Value>
  struct MaybeOptional<std::optional<Value>> {
    using Plain = Value;
    static ValueKind kind_of(const ValueKind& plain) { return value::optional<Value>(plain); }
  };
  template <class At>
  using ValueAt = std::remove_cvref_t<std::invoke_result_t<At, Object&>>;
  template <class At>
  using Plain = typename MaybeOptional<ValueAt<At>>::Plain;
  template <class At>
  static Key ranged(std::string_view name, Type type, At place, const ValueKind& plain, std::int64_t low,
                    std::int64_t high, std::string_view help) {
    return {AnyKey(name, type, help, Place<ValueAt<At>>(place), MaybeOptional<ValueAt<At>>::kind_of(plain), low, high)};
  }
  template <class Value>
  static void offer(AnyKey& key, const Choices<Value>& choices) {
    for (const auto& [word, meaning] : choices) {
      key.info.choices.push_back(word);
      key.meanings.push_back(static_cast<std::int64_t>(meaning));
    }
  }
};

}  // namespace smsbridge::bridge
