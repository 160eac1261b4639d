// SPDX-License-Identifier: MPL-2.0
#pragma once

namespace smsbridge::bridge::process {

// Descriptors 0 to 2 are open: the first file that the program opens would get their number otherwise, and what is
// printed would be written into it. Before anything else; ends the process where it cannot.
void open_standard_descriptors();

// SIGHUP, SIGINT and SIGTERM wait until somebody handles them; by themselves they end the process. Threads inherit it.
void hold_signals_back();
void let_signals_in();
// Whoever read our lines has ended: that is no reason to end, too.
void ignore_broken_pipes();

// No image of the memory, with its keys and texts, is left behind by a crash, nor read by others of the same user.
void forbid_core_dumps();

// Every connection is a descriptor, and the soft limit of 1024 is for programs that use select().
void raise_open_files_limit();

}  // namespace smsbridge::bridge::process
