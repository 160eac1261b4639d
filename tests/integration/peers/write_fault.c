// SPDX-License-Identifier: MPL-2.0
// Preloaded into the daemon: makes writes to its store fail as a disk would. FAULT_FILE says which, how, and how often.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
/* FAULT_FILE holds: kind errno count ; kinds: meta data sync slow(ms in errno) */
static int hit(const char* kind) {
  const char* f = getenv("FAULT_FILE");
  if (!f) return 0;
  FILE* in = fopen(f, "re");
  if (!in) return 0;
  char k[32];
  int e = 0, n = 0;
  int ok = fscanf(in, "%31s %d %d", k, &e, &n);
  fclose(in);
  if (ok != 3 || n == 0 || strcmp(k, kind)) return 0;
  pthread_mutex_lock(&m);
  if (n > 0) {
    FILE* out = fopen(f, "we");
    if (out) {
      fprintf(out, "%s %d %d\n", k, e, n - 1);
      fclose(out);
    }
  }
  pthread_mutex_unlock(&m);
  return e;
}
static int is_db(int fd) {
  char p[64], b[512];
  snprintf(p, sizeof p, "/proc/self/fd/%d", fd);
  ssize_t n = readlink(p, b, sizeof b - 1);
  if (n < 0) return 0;
  b[n] = 0;
  return strstr(b, "data.mdb") != 0;
}
typedef ssize_t (*pw)(int, const void*, size_t, off_t);
static ssize_t do_pw(const char* sym, int fd, const void* b, size_t n, off_t o) {
  pw real = (pw)dlsym(RTLD_NEXT, sym);
  if (is_db(fd)) {
    int e = hit(o < 8192 ? "meta" : "data");
    if (e) {
      errno = e;
      return -1;
    }
  }
  return real(fd, b, n, o);
}
ssize_t pwrite(int fd, const void* b, size_t n, off_t o) { return do_pw("pwrite", fd, b, n, o); }
ssize_t pwrite64(int fd, const void* b, size_t n, off_t o) { return do_pw("pwrite64", fd, b, n, o); }
typedef ssize_t (*pwv)(int, const struct iovec*, int, off_t);
static ssize_t do_pwv(const char* sym, int fd, const struct iovec* v, int n, off_t o) {
  pwv real = (pwv)dlsym(RTLD_NEXT, sym);
  if (is_db(fd)) {
    int e = hit("data");
    if (e) {
      errno = e;
      return -1;
    }
  }
  return real(fd, v, n, o);
}
ssize_t pwritev(int fd, const struct iovec* v, int n, off_t o) { return do_pwv("pwritev", fd, v, n, o); }
ssize_t pwritev64(int fd, const struct iovec* v, int n, off_t o) { return do_pwv("pwritev64", fd, v, n, o); }
/* Pages that stand side by side are written at the file's position. */
ssize_t writev(int fd, const struct iovec* v, int n) {
  ssize_t (*real)(int, const struct iovec*, int) =
      (ssize_t(*)(int, const struct iovec*, int))dlsym(RTLD_NEXT, "writev");
  if (is_db(fd)) {
    int e = hit("data");
    if (e) {
      errno = e;
      return -1;
    }
  }
  return real(fd, v, n);
}
int fdatasync(int fd) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  if (is_db(fd)) {
    int ms = hit("slow");
    if (ms) usleep(ms * 1000);
    int e = hit("sync");
    if (e) {
      errno = e;
      return -1;
    }
  }
  return real(fd);
}
