//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "faults/system.hpp"

#include <array>
#include <cerrno>
#include <cstdarg>

#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

namespace {

using strait::test::system_call;

constinit thread_local std::uint64_t until_failure = 0;  // 0: none fails
constinit thread_local system_call failing{};
constinit thread_local int failure = 0;
constinit thread_local bool failed = false;

// Whether this call is to fail; then with errno set.
bool fails(system_call call) noexcept {
    if (until_failure == 0 || call != failing || --until_failure != 0) return false;
    failed = true;
    errno = failure;
    return true;
}

// The function of the C library that ours of the same name stands before.
template <class Function>
Function* real(const char* name) noexcept {
    return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

#define STRAIT_REAL(name) \
    static auto* const next = real<decltype(::name)>(#name)

extern "C" {

ssize_t send(int fd, const void* from, size_t bytes, int flags) {
    STRAIT_REAL(send);
    return fails(system_call::send) ? -1 : next(fd, from, bytes, flags);
}

ssize_t sendmsg(int fd, const msghdr* message, int flags) {
    STRAIT_REAL(sendmsg);
    return fails(system_call::sendmsg) ? -1 : next(fd, message, flags);
}

ssize_t recvmsg(int fd, msghdr* message, int flags) {
    STRAIT_REAL(recvmsg);
    return fails(system_call::recvmsg) ? -1 : next(fd, message, flags);
}

int socketpair(int domain, int type, int protocol, int* fds) noexcept {
    STRAIT_REAL(socketpair);
    return fails(system_call::socketpair) ? -1 : next(domain, type, protocol, fds);
}

int poll(pollfd* fds, nfds_t count, int timeout) {
    STRAIT_REAL(poll);
    return fails(system_call::poll) ? -1 : next(fds, count, timeout);
}

int epoll_create1(int flags) noexcept {
    STRAIT_REAL(epoll_create1);
    return fails(system_call::epoll_create1) ? -1 : next(flags);
}

int epoll_ctl(int set, int what, int fd, epoll_event* event) noexcept {
    STRAIT_REAL(epoll_ctl);
    // Taking something out does not fail.
    if (what != EPOLL_CTL_DEL && fails(system_call::epoll_ctl)) return -1;
    return next(set, what, fd, event);
}

int epoll_wait(int set, epoll_event* events, int room, int timeout) {
    STRAIT_REAL(epoll_wait);
    return fails(system_call::epoll_wait) ? -1 : next(set, events, room, timeout);
}

int eventfd(unsigned value, int flags) noexcept {
    STRAIT_REAL(eventfd);
    return fails(system_call::eventfd) ? -1 : next(value, flags);
}

int fcntl(int fd, int what, ...) {
    STRAIT_REAL(fcntl);
    va_list arguments;
    va_start(arguments, what);
    void* const argument = va_arg(arguments, void*);
    va_end(arguments);
    return fails(system_call::fcntl) ? -1 : next(fd, what, argument);
}

int memfd_create(const char* name, unsigned flags) noexcept {
    STRAIT_REAL(memfd_create);
    return fails(system_call::memfd_create) ? -1 : next(name, flags);
}

int posix_fallocate(int fd, off_t from, off_t bytes) {
    STRAIT_REAL(posix_fallocate);
    return fails(system_call::fallocate) ? failure : next(fd, from, bytes);
}

void* mmap(void* where, size_t bytes, int protection, int flags, int fd, off_t from) noexcept {
    STRAIT_REAL(mmap);
    // Only that of objects: the heap has its own test.
    if (fd >= 0 && fails(system_call::mmap)) return MAP_FAILED;
    return next(where, bytes, protection, flags, fd, from);
}

int fstat(int fd, struct stat* into) noexcept {
    STRAIT_REAL(fstat);
    return fails(system_call::fstat) ? -1 : next(fd, into);
}

int getsockopt(int fd, int level, int name, void* into, socklen_t* room) noexcept {
    STRAIT_REAL(getsockopt);
    return fails(system_call::getsockopt) ? -1 : next(fd, level, name, into, room);
}

int getpeername(int fd, sockaddr* into, socklen_t* room) noexcept {
    STRAIT_REAL(getpeername);
    return fails(system_call::getpeername) ? -1 : next(fd, into, room);
}

int ioctl(int fd, unsigned long what, ...) noexcept {
    STRAIT_REAL(ioctl);
    va_list arguments;
    va_start(arguments, what);
    void* const argument = va_arg(arguments, void*);
    va_end(arguments);
    return fails(system_call::ioctl) ? -1 : next(fd, what, argument);
}

int socket(int domain, int type, int protocol) noexcept {
    STRAIT_REAL(socket);
    return fails(system_call::socket) ? -1 : next(domain, type, protocol);
}

int bind(int fd, const sockaddr* at, socklen_t bytes) noexcept {
    STRAIT_REAL(bind);
    return fails(system_call::bind) ? -1 : next(fd, at, bytes);
}

int listen(int fd, int backlog) noexcept {
    STRAIT_REAL(listen);
    return fails(system_call::listen) ? -1 : next(fd, backlog);
}

int connect(int fd, const sockaddr* to, socklen_t bytes) {
    STRAIT_REAL(connect);
    return fails(system_call::connect) ? -1 : next(fd, to, bytes);
}

int accept4(int fd, sockaddr* from, socklen_t* room, int flags) {
    STRAIT_REAL(accept4);
    return fails(system_call::accept4) ? -1 : next(fd, from, room, flags);
}

}  // extern "C"

namespace strait::test {

namespace {

constexpr int of_send[] = {EINTR, EAGAIN, ENOBUFS, ENOMEM, EPIPE, ECONNRESET};
constexpr int of_sendmsg[] = {EINTR, EAGAIN, ENOBUFS, ENOMEM, ETOOMANYREFS, EPIPE, ECONNRESET};
constexpr int of_recvmsg[] = {EINTR, EAGAIN, ENOMEM, ECONNRESET};
constexpr int of_descriptors[] = {EMFILE, ENFILE, ENOMEM};
constexpr int of_poll[] = {EINTR, ENOMEM};
constexpr int of_epoll_ctl[] = {ENOMEM, ENOSPC};
constexpr int of_epoll_wait[] = {EINTR};
constexpr int of_fcntl[] = {EMFILE, EBUSY};
constexpr int of_fallocate[] = {EINTR, ENOSPC};
constexpr int of_mmap[] = {ENOMEM, EAGAIN, ENFILE};
constexpr int of_memory[] = {ENOMEM};
constexpr int of_names[] = {ENOBUFS};
constexpr int of_ioctl[] = {EFAULT};
constexpr int of_bind[] = {ENOMEM, EADDRINUSE, EACCES};
constexpr int of_connect[] = {EINTR, EAGAIN, ECONNREFUSED};
constexpr int of_accept[] = {EINTR, EAGAIN, EMFILE, ENFILE, ENOMEM, ECONNABORTED};

constexpr fault_row rows[] = {
    {system_call::send, "send", of_send},
    {system_call::sendmsg, "sendmsg", of_sendmsg},
    {system_call::recvmsg, "recvmsg", of_recvmsg},
    {system_call::socketpair, "socketpair", of_descriptors},
    {system_call::poll, "poll", of_poll},
    {system_call::epoll_create1, "epoll_create1", of_descriptors},
    {system_call::epoll_ctl, "epoll_ctl", of_epoll_ctl},
    {system_call::epoll_wait, "epoll_wait", of_epoll_wait},
    {system_call::eventfd, "eventfd", of_descriptors},
    {system_call::fcntl, "fcntl", of_fcntl},
    {system_call::memfd_create, "memfd_create", of_descriptors},
    {system_call::fallocate, "posix_fallocate", of_fallocate},
    {system_call::mmap, "mmap", of_mmap},
    {system_call::fstat, "fstat", of_memory},
    {system_call::getsockopt, "getsockopt", of_names},
    {system_call::getpeername, "getpeername", of_names},
    {system_call::ioctl, "ioctl", of_ioctl},
    {system_call::socket, "socket", of_descriptors},
    {system_call::bind, "bind", of_bind},
    {system_call::listen, "listen", of_memory},
    {system_call::connect, "connect", of_connect},
    {system_call::accept4, "accept4", of_accept},
};

}  // namespace

std::span<const fault_row> all_faults() {
    return rows;
}

failing_call::failing_call(system_call call, int error, std::uint64_t n) noexcept {
    failing = call;
    failure = error;
    failed = false;
    until_failure = n + 1;
}

failing_call::~failing_call() {
    until_failure = 0;
}

bool failing_call::has_failed() noexcept {
    return failed;
}

}  // namespace strait::test
