#ifndef LEFTFOLD_CLIBPQ_SHIM_H
#define LEFTFOLD_CLIBPQ_SHIM_H

#include <libpq-fe.h>

// What Swift's Glibc module leaves out. Nothing on other systems.
#ifdef __linux__
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>

// Declared by <poll.h> only under _GNU_SOURCE, which Swift's modules do not define.
extern int ppoll(struct pollfd *descriptors, nfds_t count, const struct timespec *limit, const sigset_t *mask);
#endif

#endif
