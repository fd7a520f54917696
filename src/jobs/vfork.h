// vfork for who runs another program: rather than fork, so that a server with gigabytes of mapped
// models is not copied, and strict memory accounting does not refuse it.
#pragma once

#include <pthread.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace usher::jobs {

// Lets `exec` run in a child that shares this process's memory until it executes a program or
// ends: it does not return, and neither allocates nor changes what others read. Signals wait
// meanwhile, and the child begins with all of them blocked. Gives the child's id; -1 with errno
// when there is none. Not inlined: the child must not write into its caller's frame.
template <typename Plan>
[[gnu::noinline]] pid_t Vfork(const Plan& plan, void (*exec)(const Plan& plan)) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);  // no handler runs in the shared memory
  const pid_t child = vfork();
  if (child == 0) exec(plan);
  const int error_number = errno;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error_number;
  return child;
}

}  // namespace usher::jobs
