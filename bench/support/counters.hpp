//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_BENCH_SUPPORT_COUNTERS_HPP
#define STRAIT_BENCH_SUPPORT_COUNTERS_HPP

#include <atomic>
#include <cstdarg>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <new>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

// What the calling process does: allocations, and system calls by way of the functions that the
// library and Asio use for them. Counted by definitions of operator new and of these functions in
// this program, which take the place of the system's; so they are exact, and need no tracer. To be
// included by one file of a program whose times do not matter.

namespace bench {

struct counters {
    std::uint64_t allocations = 0;
    std::uint64_t sends = 0;     // send, sendmsg
    std::uint64_t receives = 0;  // recvmsg
    std::uint64_t waits = 0;     // epoll_wait, poll
    std::uint64_t controls = 0;  // epoll_ctl
    std::uint64_t others = 0;    // read, write, ioctl, timerfd_settime
    std::uint64_t cpu_ns = 0;    // time on a CPU, in the system and out of it
};

}  // namespace bench

namespace {

using counter = std::atomic<std::uint64_t>;

counter allocations{0};
counter sends{0};
counter receives{0};
counter waits{0};
counter controls{0};
counter others{0};

void add(counter& to) noexcept {
    to.fetch_add(1, std::memory_order_relaxed);
}

void* allocate(std::size_t bytes) {
    add(allocations);
    if (void* memory = std::malloc(bytes == 0 ? 1 : bytes)) return memory;
    throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t bytes) {
    return allocate(bytes);
}

void* operator new[](std::size_t bytes) {
    return allocate(bytes);
}

void* operator new(std::size_t bytes, std::align_val_t alignment) {
    add(allocations);
    const auto unit = static_cast<std::size_t>(alignment);
    if (void* memory = std::aligned_alloc(unit, (bytes + unit - 1) / unit * unit)) return memory;
    throw std::bad_alloc();
}

void operator delete(void* memory) noexcept {
    std::free(memory);
}

void operator delete[](void* memory) noexcept {
    std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}

void operator delete[](void* memory, std::size_t) noexcept {
    std::free(memory);
}

void operator delete(void* memory, std::align_val_t) noexcept {
    std::free(memory);
}

void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
    std::free(memory);
}

extern "C" {

ssize_t send(int fd, const void* from, size_t bytes, int flags) {
    add(sends);
    return ::syscall(SYS_sendto, fd, from, bytes, flags, nullptr, 0);
}

ssize_t sendmsg(int fd, const msghdr* message, int flags) {
    add(sends);
    return ::syscall(SYS_sendmsg, fd, message, flags);
}

ssize_t recvmsg(int fd, msghdr* message, int flags) {
    add(receives);
    return ::syscall(SYS_recvmsg, fd, message, flags);
}

int epoll_wait(int fd, epoll_event* events, int room, int timeout) {
    add(waits);
    return static_cast<int>(::syscall(SYS_epoll_pwait, fd, events, room, timeout, nullptr, 8));
}

int poll(pollfd* fds, nfds_t count, int timeout) {
    add(waits);
    timespec time{timeout / 1000, timeout % 1000 * 1000000L};
    return static_cast<int>(
        ::syscall(SYS_ppoll, fds, count, timeout < 0 ? nullptr : &time, nullptr, 8));
}

int epoll_ctl(int fd, int what, int other, epoll_event* event) noexcept {
    add(controls);
    return static_cast<int>(::syscall(SYS_epoll_ctl, fd, what, other, event));
}

ssize_t read(int fd, void* into, size_t bytes) {
    add(others);
    return ::syscall(SYS_read, fd, into, bytes);
}

ssize_t write(int fd, const void* from, size_t bytes) {
    add(others);
    return ::syscall(SYS_write, fd, from, bytes);
}

int ioctl(int fd, unsigned long request, ...) noexcept {
    va_list arguments;
    va_start(arguments, request);
    void* argument = va_arg(arguments, void*);
    va_end(arguments);
    add(others);
    return static_cast<int>(::syscall(SYS_ioctl, fd, request, argument));
}

int timerfd_settime(
    int fd, int flags, const itimerspec* value, itimerspec* old) noexcept {
    add(others);
    return static_cast<int>(::syscall(SYS_timerfd_settime, fd, flags, value, old));
}

}  // extern "C"

namespace bench {

inline counters count_now() noexcept {
    timespec cpu{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    const auto cpu_ns = static_cast<std::uint64_t>(cpu.tv_sec) * 1'000'000'000u +
                        static_cast<std::uint64_t>(cpu.tv_nsec);
    return {allocations, sends, receives, waits, controls, others, cpu_ns};
}

inline counters operator-(const counters& a, const counters& b) noexcept {
    return {a.allocations - b.allocations, a.sends - b.sends, a.receives - b.receives,
        a.waits - b.waits, a.controls - b.controls, a.others - b.others, a.cpu_ns - b.cpu_ns};
}

}  // namespace bench

#endif
