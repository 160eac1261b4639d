// SPDX-License-Identifier: MPL-2.0
#include "store/guard.hpp"

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>

namespace smsbridge::store {
namespace {

constexpr int bad_config = 78;
// Where a handler of signals finds them.
char guarded_file[4096] = "?";
std::atomic<int> exit_code{bad_config};

void say(std::string_view text) {
  if (::write(STDERR_FILENO, text.data(), text.size()) < 0) return;
}

void on_bus_error(int) { end_because_damaged("a part of it is missing, or its disk cannot read it"); }

}  // namespace

void guard(const std::filesystem::path& file) {
  std::strncpy(guarded_file, file.c_str(), sizeof(guarded_file) - 1);
  struct sigaction action {};
  action.sa_handler = on_bus_error;
  ::sigaction(SIGBUS, &action, nullptr);
}

void end_because_damaged(std::string_view detail) {
  say("error: store: ");
  say(guarded_file);
  say(" is damaged: ");
  say(detail);
  say(". Look at the disk and its messages in the system's log; 'smsbridge store verify' says what can be read. "
      "Restore "
      "a backup of the folder, or move it away to start with an empty one\n");
  std::_Exit(exit_code);
}

void set_damage_exit_code(int code) { exit_code = code; }

}  // namespace smsbridge::store
