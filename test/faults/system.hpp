//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_TEST_FAULTS_SYSTEM_HPP
#define STRAIT_TEST_FAULTS_SYSTEM_HPP

#include <cstdint>
#include <span>

// A layer under the platform functions, by which single system calls fail. In this program every call
// of strait and of Asio goes through it.

namespace strait::test {

enum class system_call {
    send,
    sendmsg,
    recvmsg,
    socketpair,
    poll,
    epoll_create1,
    epoll_ctl,
    epoll_wait,
    eventfd,
    fcntl,
    memfd_create,
    fallocate,
    mmap,
    fstat,
    getsockopt,
    getpeername,
    ioctl,
    socket,
    bind,
    listen,
    connect,
    accept4,
    open,
    flock,
    lstat,
    mkdir,
    chmod,
    pipe2,
    spawn,
    spawn_plan,  // what is written down before that
    pidfd_open,
    pidfd_send_signal,
    waitid,
    waitpid,
};

struct fault_row {
    system_call call;
    const char* name;
    std::span<const int> errors;  // that it can have, on Linux
};

std::span<const fault_row> all_faults();

// While it lives, one call of that kind by the calling thread fails with that error: the one after the
// next `n`.
class failing_call {
public:
    failing_call(system_call call, int error, std::uint64_t n) noexcept;
    ~failing_call();
    failing_call(const failing_call&) = delete;
    failing_call& operator=(const failing_call&) = delete;

    static bool has_failed() noexcept;
};

}  // namespace strait::test

#endif
