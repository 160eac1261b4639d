// SPDX-License-Identifier: MPL-2.0
#include "bridge/env/process.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

namespace smsbridge::bridge::process {
namespace {

void mask_signals(int how) {
  ::sigset_t signals;
  ::sigemptyset(&signals);
  for (const int signal : {SIGHUP, SIGINT, SIGTERM}) ::sigaddset(&signals, signal);
  ::pthread_sigmask(how, &signals, nullptr);
}

}  // namespace

void open_standard_descriptors() {
  // The lowest free number is given out, so this fills the gaps; the first one beyond them is given back.
  for (;;) {
    const int descriptor = ::open("/dev/null", O_RDWR);
    if (descriptor < 0) std::_Exit(EXIT_FAILURE);  // there is nowhere to say why
    if (descriptor > STDERR_FILENO) return static_cast<void>(::close(descriptor));
  }
}

void hold_signals_back() { mask_signals(SIG_BLOCK); }
void let_signals_in() { mask_signals(SIG_UNBLOCK); }
void ignore_broken_pipes() { std::signal(SIGPIPE, SIG_IGN); }

void forbid_core_dumps() {
  const ::rlimit none{};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0);  // a limit of 0 does not hold where dumps are piped to a program
}

void raise_open_files_limit() {
  ::rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace smsbridge::bridge::process
