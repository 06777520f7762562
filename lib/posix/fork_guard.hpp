//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_POSIX_FORK_GUARD_HPP
#define STRAIT_LIB_POSIX_FORK_GUARD_HPP

#include <cstdint>

namespace strait::detail::os {

// A number that differs between this process and one that was forked from it, and is never 0. An
// object that remembers the number of its making knows whether it was carried over a fork.
//
// Cheap: on Linux two loads, no system call (but for the first call in a process); elsewhere
// getpid(). Safe to call from any thread, and in a forked child.
std::uint64_t process_generation() noexcept;

}  // namespace strait::detail::os

#endif
