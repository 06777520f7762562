//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#if !defined(__linux__) || defined(STRAIT_FORCE_PORTABLE)

#include "posix/child_watch.hpp"

#include "posix/close_on_exec.hpp"
#include "posix/last_error.hpp"

#include <strait/impl/handle_facts.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include <sys/socket.h>
#include <sys/wait.h>

namespace strait::detail::os {
namespace {

// Children of the child may hold the socket longer than the child lives, and a child may close it
// and live on, so the system is asked now and then, whatever the socket says. 20 ms is short for a
// person and rare for a processor.
constexpr std::chrono::milliseconds longest_slice{20};

// A child may write to what it does not know; the end must stay visible behind it.
void drop_bytes(int native) noexcept {
    std::array<char, 512> ignored;
    while (::recv(native, ignored.data(), ignored.size(), MSG_DONTWAIT) > 0) {
    }
}

}  // namespace

child_watch child_watch::prepare(bool ends_with_parent, error_code& ec) {
    child_watch watch;
    watch.ends_with_parent_ = ends_with_parent;
    int ends[2];
    const making_descriptors making;
    if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) {
        ec = last_error();
        return watch;
    }
    watch.readiness_ = handle(ends[0]);
    watch.inherited_ = handle(ends[1]);
    set_close_on_exec(ends[0], ec);
    if (!ec) set_close_on_exec(ends[1], ec);
    return watch;
}

void child_watch::started(pid_t pid, error_code& ec) {
    ec = {};
    if (ends_with_parent_) signal_of_events(inherited_.native_handle(), pid, 0, ec);
    inherited_.close();
}

std::optional<exit_status> child_watch::collect(pid_t pid, error_code& ec) {
    ec = {};
    int status = 0;
    for (;;) {
        const pid_t ended = ::waitpid(pid, &status, WNOHANG);
        if (ended == pid) break;
        if (ended == 0) {
            drop_bytes(readiness_.native_handle());
            return std::nullopt;
        }
        if (errno == EINTR) continue;
        if (errno == ECHILD) return exit_status();
        ec = last_error();
        return std::nullopt;
    }
    return WIFEXITED(status) ? exit_status::exited(WEXITSTATUS(status))
                             : exit_status::signalled(WTERMSIG(status));
}

void child_watch::wait(pid_t, std::optional<std::chrono::milliseconds> timeout, error_code& ec) {
    const std::chrono::milliseconds slice =
        std::min(timeout.value_or(longest_slice), longest_slice);
    // At the end of the socket but without a status, the process is on its way out or closed its
    // descriptors; the socket would no longer wait then.
    char byte = 0;
    const bool at_end = ::recv(readiness_.native_handle(), &byte, 1, MSG_DONTWAIT) == 0;
    wait_readable(at_end ? -1 : readiness_.native_handle(), slice, ec);
}

void child_watch::send_signal(pid_t pid, int signal, error_code& ec) {
    ec = ::kill(pid, signal) == 0 ? error_code() : last_error();
}

}  // namespace strait::detail::os

#endif
