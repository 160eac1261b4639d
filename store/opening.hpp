// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <filesystem>
#include <string>

#include "store/lmdb.hpp"

// A store's folder before it is opened, and what is said when it cannot be.
namespace smsbridge::store {

extern const std::string advice;  // what to do about a store that cannot be used

// Makes the folder. Throws OpenError.
const std::filesystem::path& prepared(const std::filesystem::path& folder);
// The file's companions are there, and it is not.
bool is_lost(const std::filesystem::path& folder);
// Throws OpenError where the file is damaged; `check_file`: look.
const std::filesystem::path& checked(const std::filesystem::path& folder, bool check_file);
// What failed, why and what to do, for people. `verb`: "open", "write to".
std::string cannot(const char* verb, const std::filesystem::path& folder, const lmdb::LmdbError& error);

}  // namespace smsbridge::store
