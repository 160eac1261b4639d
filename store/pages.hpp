// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

// LMDB trusts its file: a page that is not there, or is not what its parent says, is a signal sooner or later, or a
// wrong page written over. So the pages are looked at before the file is mapped.
namespace smsbridge::store {

constexpr std::uint64_t all_pages = ~std::uint64_t{0};

// The first thing that is wrong with a file of LMDB 0.9: shorter than its contents, no LMDB file, a broken page.
// Nothing when it is sound, or not there. Every branch page is read, and of the leaves as many as `leaves_max`, small
// tables first: a large store must not wait for its whole file at each start.
std::optional<std::string> find_damage(const std::filesystem::path& file, std::uint64_t leaves_max = all_pages);

// Writes zeros over what nobody reads any more: pages that are free, what lies behind the last one, and the gaps inside
// of pages, where LMDB leaves what stood there, or in its memory, before. Returns how many octets were not zero before.
// Only while nobody writes to the file, and no reader sees an older state of it than the newest: whoever calls holds
// the write lock. Throws std::runtime_error where the file is damaged or cannot be written; nothing that is read was
// changed then.
std::uint64_t overwrite_unused(const std::filesystem::path& file);

}  // namespace smsbridge::store
