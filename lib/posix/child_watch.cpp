//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "posix/child_watch.hpp"

#include "posix/last_error.hpp"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <poll.h>

// What the twins share.

namespace strait::detail::os {

void signal_of_events(int native, pid_t pid, int signal, error_code& ec) noexcept {
    bool done = ::fcntl(native, F_SETOWN, pid) != -1;
#if defined(F_SETSIG)
    if (done && signal != 0) done = ::fcntl(native, F_SETSIG, signal) != -1;
#else
    static_cast<void>(signal);
#endif
    if (done) {
        const int flags = ::fcntl(native, F_GETFL);
        done = flags != -1 && ::fcntl(native, F_SETFL, flags | O_ASYNC) != -1;
    }
    // Nobody is there to be told: the process has ended and, since SIGCHLD is ignored, was reaped.
    if (!done && errno == ESRCH) done = true;
    ec = done ? error_code() : last_error();
}

void wait_readable(
    int native, std::optional<std::chrono::milliseconds> timeout, error_code& ec) noexcept {
    pollfd waited{native, POLLIN, 0};
    int milliseconds = -1;
    if (timeout) {
        constexpr std::chrono::milliseconds longest = std::chrono::hours(1);
        milliseconds =
            static_cast<int>(std::clamp(*timeout, std::chrono::milliseconds(0), longest).count());
    }
    const int n = ::poll(&waited, 1, milliseconds);
    ec = n == -1 && errno != EINTR ? last_error() : error_code();
}

}  // namespace strait::detail::os
