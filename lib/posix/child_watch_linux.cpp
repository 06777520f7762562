//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#if defined(__linux__) && !defined(STRAIT_FORCE_PORTABLE)

#include "posix/child_watch.hpp"
#include "posix/last_error.hpp"

#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace strait::detail::os {
namespace {

void make_pipe(handle& read_end, handle& write_end, error_code& ec) noexcept {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) {
        ec = last_error();
        return;
    }
    read_end = handle(ends[0]);
    write_end = handle(ends[1]);
    ec = {};
}

}  // namespace

child_watch child_watch::prepare(bool ends_with_parent, error_code& ec) {
    child_watch watch;
    watch.ends_with_parent_ = ends_with_parent;
    ec = {};
    if (ends_with_parent) make_pipe(watch.inherited_, watch.lifeline_, ec);
    return watch;
}

void child_watch::started(pid_t pid, error_code& ec) {
    ec = {};
    // Close-on-exec by itself.
    readiness_ = handle(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!readiness_.is_open()) {
        if (errno != ESRCH) {
            ec = last_error();
            return;
        }
        // It has ended and was reaped by the system, because SIGCHLD is ignored: the end of a pipe
        // without writer is as readable as the end of a process.
        handle write_end;
        make_pipe(readiness_, write_end, ec);
        return;
    }
    if (ends_with_parent_) signal_of_events(inherited_.native_handle(), pid, SIGKILL, ec);
    inherited_.close();
}

std::optional<exit_status> child_watch::collect(pid_t, error_code& ec) {
    siginfo_t info{};
    const auto id = static_cast<id_t>(readiness_.native_handle());
    ec = {};
    while (::waitid(P_PIDFD, id, &info, WEXITED | WNOHANG) != 0) {
        if (errno == EINTR) continue;
        // EINVAL, EBADF: not a process descriptor, so the process had ended before it was started.
        if (errno == ECHILD || errno == EINVAL || errno == EBADF) return exit_status();
        ec = last_error();
        return std::nullopt;
    }
    if (info.si_pid == 0) return std::nullopt;
    return info.si_code == CLD_EXITED ? exit_status::exited(info.si_status)
                                      : exit_status::signalled(info.si_status);
}

void child_watch::wait(pid_t, std::optional<std::chrono::milliseconds> timeout, error_code& ec) {
    wait_readable(readiness_.native_handle(), timeout, ec);
}

void child_watch::send_signal(pid_t, int signal, error_code& ec) {
    const long sent =
        ::syscall(SYS_pidfd_send_signal, readiness_.native_handle(), signal, nullptr, 0);
    ec = sent == 0 ? error_code() : last_error();
    // Of a process that had ended before its descriptor could be opened.
    if (ec.value() == EBADF) ec.assign(ESRCH, boost::system::system_category());
}

}  // namespace strait::detail::os

#endif
