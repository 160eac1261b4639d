// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <string_view>

namespace smsbridge::bridge {

// One of a list of them, as the build names it.
struct EmbeddedFile {
  std::string_view name;
  const char *begin, *end;
};

}  // namespace smsbridge::bridge

// A file of this repository in the program, as it is: the assembler puts it in between two symbols. The build has to
// say that the source depends on the file (OBJECT_DEPENDS).
#define SMSBRIDGE_EMBED(symbol, file)                           \
  asm(".section .rodata\n.global " #symbol "_begin\n" #symbol   \
      "_begin:\n"                                               \
      ".incbin \"" file "\"\n.global " #symbol "_end\n" #symbol \
      "_end:\n"                                                 \
      ".byte 0\n.previous\n");                                  \
  extern "C" {                                                  \
  extern const char symbol##_begin[];                           \
  extern const char symbol##_end[];                             \
  }
