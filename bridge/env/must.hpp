// SPDX-License-Identifier: MPL-2.0
#pragma once

namespace smsbridge::bridge {

[[noreturn]] void stop_because_broken(const char* what);

// A sum that the code relies on, checked in every build: where it is wrong, what follows could lose or double a
// message. The log says which, and the process stops; what was claimed is in doubt at the next start, and nothing is
// lost.
inline void must(bool holds, const char* what) {
  if (!holds) [[unlikely]]
    stop_because_broken(what);
}

}  // namespace smsbridge::bridge
