// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "store/message.hpp"
#include "store/tables.hpp"

// Objects: what is made, changed and removed while the daemon runs. An object is named "kind/key" and has a value and a
// revision. Who changes one says which revision he saw, so that nobody's change is lost.
namespace smsbridge::store {

class Numbers;

// Grows with each change, and is never given again, also when the object goes and comes back. 0: there is no object.
using Revision = std::uint64_t;

struct PutObject {
  std::string key;  // "kind/key"
  std::string value;
  std::optional<Revision> expected;  // none: whatever it is; 0: it must not exist
};
struct EraseObject {
  std::string key;
  std::optional<Revision> expected;
};
struct ObjectChanged {
  enum class Kind : std::uint8_t {
    done,
    conflict,   // it has another revision than expected, or is there and was not to be
    not_found,  // there is none to erase, or of a revision that was expected
  } kind = Kind::done;
  Revision revision = 0;  // that it has now
};
struct Object {
  std::string key, value;
  Revision revision = 0;
};
constexpr std::size_t object_key_max = 400, object_value_max = 1 << 20;

// Works on the table alone and keeps nothing in memory: other programs on this host change objects, too.
class Objects {
 public:
  Objects(const Tables& tables, Numbers& numbers) : tables_(tables), numbers_(numbers) {}

  ObjectChanged put(const PutObject& change, lmdb::Transaction& txn, WallMs now);
  ObjectChanged erase(const EraseObject& change, lmdb::Transaction& txn);
  Revision revision(const lmdb::Transaction& txn, const std::string& key) const;

 private:
  const Tables& tables_;
  Numbers& numbers_;
  std::string record_;  // scratch for encoding
};

}  // namespace smsbridge::store
