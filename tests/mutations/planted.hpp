// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <cstdlib>

// Whether this process runs with this bug of list.mjs. Only the copy of the sources that run.mjs makes knows it.
inline bool planted(int id) {
  static const int chosen = [] {
    const char* value = std::getenv("SMSBRIDGE_PLANT");
    return value ? std::atoi(value) : 0;
  }();
  return chosen == id;
}
