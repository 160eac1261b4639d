// SPDX-License-Identifier: MPL-2.0
// Preloaded: after THREADS threads no more can be made, as under a limit of processes, which root does not have.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
static atomic_int made;
int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*body)(void*), void* argument) {
  int (*real)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*) =
      (int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*))dlsym(RTLD_NEXT, "pthread_create");
  if (atomic_fetch_add(&made, 1) >= atoi(getenv("THREADS"))) return EAGAIN;
  return real(thread, attributes, body, argument);
}
