//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_POSIX_CHILD_WATCH_HPP
#define STRAIT_LIB_POSIX_CHILD_WATCH_HPP

#include <strait/error.hpp>
#include <strait/exit_status.hpp>
#include <strait/handle.hpp>

#include <chrono>
#include <optional>

#include <sys/types.h>

namespace strait::detail::os {

// How a parent learns of the end of one child, and a child is ended with its parent. Twins:
//
// child_watch_linux.cpp. A process descriptor tells of the end exactly and cannot mean another
// process. Linux 5.4 or newer.
//
// child_watch_portable.cpp. The child holds one end of a local socket; the kernel closes it with
// the process.
//
// The lifeline is the same in both: the child holds a descriptor, unknown to itself, whose other
// end only the parent holds, and which the parent has told to signal the child of any event
// (F_SETOWN, O_ASYNC). When the parent is gone, the kernel sends SIGKILL (F_SETSIG), or in the
// portable twin SIGIO: that ends a process by default where POSIX is followed, but is ignored on
// the BSDs and macOS. PR_SET_PDEATHSIG was no choice: it needs code in the child, and is sent when
// the *thread* ends that started it.
//
// What the lifeline cannot do: it does not reach the children of the child; a child that closes the
// descriptor survives; so does one whose parent is killed in the instant between the start and
// the arming; a process forked from the parent and not executed keeps the child alive; and a child
// that changed its user is out of reach.
class child_watch {
public:
    child_watch() = default;

    // Makes what a child must inherit.
    static child_watch prepare(bool ends_with_parent, error_code& ec);

    // The descriptor that the child must hold under any number, or -1.
    int inherited() const noexcept { return inherited_.native_handle(); }

    // The child runs. If this fails it must be killed.
    void started(pid_t pid, error_code& ec);

    const handle& readiness() const noexcept { return readiness_; }

    // Takes the status of a child that has ended.
    std::optional<exit_status> collect(pid_t pid, error_code& ec);

    // Blocks until the child ends or the timeout, if there is one, passes; may return early.
    void wait(pid_t pid, std::optional<std::chrono::milliseconds> timeout, error_code& ec);

    void send_signal(pid_t pid, int signal, error_code& ec);

private:
    handle readiness_;
    handle lifeline_;
    handle inherited_;
    bool ends_with_parent_ = false;
};

// Tells the kernel to send `signal` (0: SIGIO) to `pid` of any event on the descriptor.
void signal_of_events(int native, pid_t pid, int signal, error_code& ec) noexcept;

// Waits for a descriptor to become readable, for ever without a timeout; may return early.
void wait_readable(
    int native, std::optional<std::chrono::milliseconds> timeout, error_code& ec) noexcept;

}  // namespace strait::detail::os

#endif
