//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_POSIX_CLOSE_ON_EXEC_HPP
#define STRAIT_LIB_POSIX_CLOSE_ON_EXEC_HPP

// Linux makes a descriptor close-on-exec in the call that makes the descriptor. Elsewhere (macOS) that
// is a second call, and a program that another thread starts between the two would inherit the
// descriptor; so the two exclude each other in a process: who makes descriptors holds
// `making_descriptors` until close_on_exec() was called for them, who starts a program holds
// `starting_program`. What fork() copies, and what code outside of strait makes, is not covered.

#if defined(__linux__) && !defined(STRAIT_FORCE_PORTABLE)
#define STRAIT_LINUX 1
#else
#include <mutex>
#include <shared_mutex>

#include <fcntl.h>
#endif

namespace strait::detail::os {

#if defined(STRAIT_LINUX)

struct making_descriptors {
    making_descriptors() noexcept {}
};

struct starting_program {
    starting_program() noexcept {}
};

#else

std::shared_mutex& exec_mutex() noexcept;

// Nothing that blocks while it is held.
class making_descriptors {
    std::shared_lock<std::shared_mutex> lock_{exec_mutex()};
};

class starting_program {
    std::unique_lock<std::shared_mutex> lock_{exec_mutex()};
};

inline void close_on_exec(int fd) noexcept { ::fcntl(fd, F_SETFD, FD_CLOEXEC); }

#endif

}  // namespace strait::detail::os

#endif
