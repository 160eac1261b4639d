// SPDX-License-Identifier: MPL-2.0
#include "bridge/access/console_people.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <new>

#include "bridge/access/keys.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

constexpr std::string_view person_prefix = "person/";
constexpr std::size_t person_name_max = 60;

std::string value_of(const ConsolePerson& person) {
  return json::serialize(json::object{{"name", person.name},
                                      {"role", person.role},
                                      {"tenant", person.tenant},
                                      {"language", person.language},
                                      {"sees_content", person.sees_content},
                                      {"disabled", person.disabled},
                                      {"password", person.password},
                                      {"welcome_hash", person.welcome_hash},
                                      {"welcome_expires_at", person.welcome_expires_at},
                                      {"created_at", person.created_at},
                                      {"sessions_from", person.sessions_from},
                                      {"made_by", person.made_by}});
}

bool put(store::Store& store, const ConsolePerson& person, std::optional<store::Revision> expected) {
  store::Batch batch;
  batch.objects.push_back({.key = object_of(person), .value = value_of(person), .expected = expected});
  return store.commit_and_wait(std::move(batch)).objects.front().kind == store::ObjectChanged::Kind::done;
}

}  // namespace

const std::vector<Role>& roles() {
  static const std::vector<Role> list = {
      {"viewer", {"messages:read", "config:read", "system:read"}, false},
      {"sender", {"messages:send", "messages:read", "config:read"}, false},
      {"operator",
       {"messages:send", "messages:read", "messages:manage", "content:read", "config:read", "config:write",
        "system:read", "system:manage"},
       true},
      {"owner", key_scopes(), true},
  };
  return list;
}

const Role* find_role(std::string_view name) {
  const auto role = std::ranges::find(roles(), name, &Role::name);
  return role == roles().end() ? nullptr : &*role;
}

std::vector<std::string> scopes_of(const ConsolePerson& person) {
  const auto* role = find_role(person.role);
  if (!role) return {};
  auto scopes = role->scopes;
  if (person.sees_content && !role->sees_content) scopes.emplace_back("content:read");
  return scopes;
}

std::optional<std::string> name_fault(std::string_view name) {
  const bool is_word = !name.empty() && std::ranges::all_of(name, [](unsigned char c) {
    return std::isalnum(c) || c == '.' || c == '-' || c == '_' || c == '@' || c >= 0x80;
  });
  if (!is_word) return "a name is letters, digits and . - _ @, such as amina or amina@sacco.example";
  if (name.size() > person_name_max) return "a name has at most 60 octets";
  return std::nullopt;
}

std::string person_object(std::string_view name) { return std::string(person_prefix).append(name); }
std::string object_of(const ConsolePerson& person) { return person_object(person.name); }

std::optional<ConsolePerson> read_person(const store::Object& record) try {
  const auto object = json::parse(record.value).as_object();
  const auto text = [&](std::string_view name) { return std::string(object.at(name).as_string()); };
  return ConsolePerson{.name = text("name"),
                       .role = text("role"),
                       .tenant = text("tenant"),
                       .language = text("language"),
                       .sees_content = object.at("sees_content").as_bool(),
                       .disabled = object.at("disabled").as_bool(),
                       .password = text("password"),
                       .welcome_hash = text("welcome_hash"),
                       .welcome_expires_at = object.at("welcome_expires_at").as_int64(),
                       .created_at = object.at("created_at").as_int64(),
                       .sessions_from = object.at("sessions_from").as_int64(),
                       .made_by = text("made_by"),
                       .revision = record.revision};
} catch (const std::exception&) {
  return std::nullopt;
}

std::optional<ConsolePerson> find_person(const store::Store& store, std::string_view name) {
  const auto record = store.reader().object(person_object(name));
  return record ? read_person(*record) : std::nullopt;
}

std::vector<ConsolePerson> console_people(const store::Store& store) {
  std::vector<ConsolePerson> people;
  for (const auto& record : store.reader().objects(std::string(person_prefix)))
    if (auto person = read_person(record)) people.push_back(std::move(*person));
  return people;
}

std::string invite(ConsolePerson& person, store::WallMs expires_at) {
  auto token = random_hex(32);
  person.welcome_hash = hash_of(token);
  person.welcome_expires_at = expires_at;
  return token;
}

std::optional<ConsolePerson> welcomed(const store::Store& store, std::string_view token, store::WallMs now) {
  const auto hash = hash_of(token);
  for (auto& person : console_people(store))
    if (!person.welcome_hash.empty() && equal_secrets(person.welcome_hash, hash) && now < person.welcome_expires_at)
      return std::move(person);
  return std::nullopt;
}

bool add_person(store::Store& store, const ConsolePerson& person) { return put(store, person, 0); }

bool keep_person(store::Store& store, const ConsolePerson& person) {
  return person.revision != 0 && put(store, person, person.revision);
}

bool remove_person(store::Store& store, std::string_view name) {
  store::Batch batch;
  batch.erased_objects.push_back({.key = person_object(name), .expected = {}});
  batch.erased_objects.push_back({.key = use_of(person_object(name)), .expected = {}});
  return store.commit_and_wait(std::move(batch)).erased_objects.front().kind == store::ObjectChanged::Kind::done;
}

std::string password_hash(const std::string& password) {
  std::array<char, crypto_pwhash_STRBYTES> hash{};
  if (::crypto_pwhash_str(hash.data(), password.data(), password.size(), crypto_pwhash_OPSLIMIT_INTERACTIVE,
                          crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0)
    throw std::bad_alloc();
  return hash.data();
}

bool is_password(const ConsolePerson& person, const std::string& password) {
  if (person.password.empty()) return waste_time_on(password), false;
  return ::crypto_pwhash_str_verify(person.password.c_str(), password.data(), password.size()) == 0;
}

void waste_time_on(const std::string& password) { password_hash(password); }

}  // namespace smsbridge::bridge
