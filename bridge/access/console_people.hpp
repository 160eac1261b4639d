// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/store.hpp"

// Who signs in to the console: people with a role, for one tenant or for all. Passwords are kept as argon2id; a first
// one is set by whoever has the link that was made for it.
namespace smsbridge::bridge {

struct Role {
  std::string_view name;
  std::vector<std::string> scopes;
  bool sees_content;  // texts and whole numbers; else a switch of the person
};
const std::vector<Role>& roles();              // from the least to the most
const Role* find_role(std::string_view name);  // nullptr: there is none

struct ConsolePerson {
  std::string name, role;
  std::string tenant;    // empty: all of them
  std::string language;  // of the console; empty: the browser's
  bool sees_content = false, disabled = false;
  std::string password;      // as argon2id writes it; empty: none was set yet
  std::string welcome_hash;  // of the link that sets it; empty: there is none
  store::WallMs welcome_expires_at = 0, created_at = 0;
  store::WallMs sessions_from = 0;  // sessions that began before are over
  std::string made_by;
  store::Revision revision = 0;  // that was read; 0: of nobody who is kept
};
std::vector<std::string> scopes_of(const ConsolePerson& person);
// Why a name cannot be taken; nothing: it can.
std::optional<std::string> name_fault(std::string_view name);

std::string object_of(const ConsolePerson& person);  // its name in the store
std::string person_object(std::string_view name);
std::optional<ConsolePerson> read_person(const store::Object& record);  // nothing: the record is damaged
std::optional<ConsolePerson> find_person(const store::Store& store, std::string_view name);
std::vector<ConsolePerson> console_people(const store::Store& store);

constexpr store::WallMs welcome_ms = 10 * 60'000;
// Gives the person a link that is good until then, instead of the one before; what stands behind its '#'.
std::string invite(ConsolePerson& person, store::WallMs expires_at);
std::optional<ConsolePerson> welcomed(const store::Store& store, std::string_view token, store::WallMs now);

// These wait for the disk, and throw what the store throws. False: there is one of this name already.
bool add_person(store::Store& store, const ConsolePerson& person);
// False: somebody changed or removed him since he was read; nobody's change is lost.
bool keep_person(store::Store& store, const ConsolePerson& person);
// False: he was gone.
bool remove_person(store::Store& store, std::string_view name);

constexpr std::size_t password_min = 10, password_max = 1024;  // octets
// Takes some 64 MiB and a tenth of a second; throws std::bad_alloc.
std::string password_hash(const std::string& password);
bool is_password(const ConsolePerson& person, const std::string& password);
// As long as is_password() takes, for a name that there is not.
void waste_time_on(const std::string& password);

}  // namespace smsbridge::bridge
