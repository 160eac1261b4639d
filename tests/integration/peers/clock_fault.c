// SPDX-License-Identifier: MPL-2.0
// Preloaded: the system's clock is ahead by the seconds that stand in CLOCK_FILE.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t which, struct timespec* now) {
  static int (*real)(clockid_t, struct timespec*);
  if (!real) real = (int (*)(clockid_t, struct timespec*))dlsym(RTLD_NEXT, "clock_gettime");
  int code = real(which, now);
  if (code || which != CLOCK_REALTIME) return code;
  int file = open(getenv("CLOCK_FILE"), O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  char text[32] = {0};
  if (read(file, text, sizeof text - 1) > 0) now->tv_sec += atol(text);
  close(file);
  return 0;
}
