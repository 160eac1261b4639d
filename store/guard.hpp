// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <filesystem>
#include <string_view>

// The store's file is memory to this process: what the disk cannot read, or what is cut off while it is open, arrives
// as SIGBUS, and what LMDB finds impossible as an abort. Either ends the process here with words and an exit code.
namespace smsbridge::store {

void guard(const std::filesystem::path& file);
[[noreturn]] void end_because_damaged(std::string_view detail);
// 78, as long as nothing was served: starting anew changes nothing.
void set_damage_exit_code(int code);

}  // namespace smsbridge::store
