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
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

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

// The same for a write to a connection, which is lost for the other side, too, when this one is told so.
bool fails_for_good(system_call call, int fd) noexcept {
    if (!fails(call)) return false;
    if (failure == EPIPE || failure == ECONNRESET) ::shutdown(fd, SHUT_RDWR);
    errno = failure;
    return true;
}

// The same for a function that returns the number of its error.
int error_of(system_call call) noexcept {
    return fails(call) ? failure : 0;
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
    return fails_for_good(system_call::send, fd) ? -1 : next(fd, from, bytes, flags);
}

ssize_t sendmsg(int fd, const msghdr* message, int flags) {
    STRAIT_REAL(sendmsg);
    return fails_for_good(system_call::sendmsg, fd) ? -1 : next(fd, message, flags);
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

int open(const char* path, int flags, ...) {
    STRAIT_REAL(open);
    va_list arguments;
    va_start(arguments, flags);
    const auto mode = va_arg(arguments, mode_t);
    va_end(arguments);
    return fails(system_call::open) ? -1 : next(path, flags, mode);
}

int flock(int fd, int what) noexcept {
    STRAIT_REAL(flock);
    return fails(system_call::flock) ? -1 : next(fd, what);
}

int lstat(const char* path, struct stat* into) noexcept {
    STRAIT_REAL(lstat);
    return fails(system_call::lstat) ? -1 : next(path, into);
}

int mkdir(const char* path, mode_t mode) noexcept {
    STRAIT_REAL(mkdir);
    return fails(system_call::mkdir) ? -1 : next(path, mode);
}

int fchmodat(int fd, const char* path, mode_t mode, int flags) noexcept {
    STRAIT_REAL(fchmodat);
    return fails(system_call::chmod) ? -1 : next(fd, path, mode, flags);
}

int chmod(const char* path, mode_t mode) noexcept {
    STRAIT_REAL(chmod);
    return fails(system_call::chmod) ? -1 : next(path, mode);
}

int pipe2(int* fds, int flags) noexcept {
    STRAIT_REAL(pipe2);
    return fails(system_call::pipe2) ? -1 : next(fds, flags);
}

int posix_spawn(pid_t* pid, const char* path, const posix_spawn_file_actions_t* actions,
    const posix_spawnattr_t* attributes, char* const* arguments, char* const* environment) {
    STRAIT_REAL(posix_spawn);
    if (const int error = error_of(system_call::spawn)) return error;
    return next(pid, path, actions, attributes, arguments, environment);
}

int posix_spawn_file_actions_init(posix_spawn_file_actions_t* actions) noexcept {
    STRAIT_REAL(posix_spawn_file_actions_init);
    const int error = error_of(system_call::spawn_plan);
    return error != 0 ? error : next(actions);
}

int posix_spawn_file_actions_adddup2(
    posix_spawn_file_actions_t* actions, int from, int to) noexcept {
    STRAIT_REAL(posix_spawn_file_actions_adddup2);
    const int error = error_of(system_call::spawn_plan);
    return error != 0 ? error : next(actions, from, to);
}

int posix_spawn_file_actions_addclose(posix_spawn_file_actions_t* actions, int fd) noexcept {
    STRAIT_REAL(posix_spawn_file_actions_addclose);
    const int error = error_of(system_call::spawn_plan);
    return error != 0 ? error : next(actions, fd);
}

int posix_spawn_file_actions_addclosefrom_np(
    posix_spawn_file_actions_t* actions, int from) noexcept {
    STRAIT_REAL(posix_spawn_file_actions_addclosefrom_np);
    const int error = error_of(system_call::spawn_plan);
    return error != 0 ? error : next(actions, from);
}

int posix_spawn_file_actions_addopen(posix_spawn_file_actions_t* actions, int fd, const char* path,
    int flags, mode_t mode) noexcept {
    STRAIT_REAL(posix_spawn_file_actions_addopen);
    const int error = error_of(system_call::spawn_plan);
    return error != 0 ? error : next(actions, fd, path, flags, mode);
}

int posix_spawn_file_actions_addchdir_np(
    posix_spawn_file_actions_t* actions, const char* path) noexcept {
    STRAIT_REAL(posix_spawn_file_actions_addchdir_np);
    const int error = error_of(system_call::spawn_plan);
    return error != 0 ? error : next(actions, path);
}

int posix_spawnattr_init(posix_spawnattr_t* attributes) noexcept {
    STRAIT_REAL(posix_spawnattr_init);
    const int error = error_of(system_call::spawn_plan);
    return error != 0 ? error : next(attributes);
}

// For what the C library has no name for. It hands on as many arguments as there may be, and so
// looks at some that are none.
[[gnu::no_sanitize_address]] long syscall(long number, ...) noexcept {
    STRAIT_REAL(syscall);
    long a[6];
    va_list arguments;
    va_start(arguments, number);
    for (long& one : a) one = va_arg(arguments, long);
    va_end(arguments);
    if (number == SYS_pidfd_open && fails(system_call::pidfd_open)) return -1;
    if (number == SYS_pidfd_send_signal && fails(system_call::pidfd_send_signal)) return -1;
    return next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

int waitid(idtype_t kind, id_t id, siginfo_t* info, int options) {
    STRAIT_REAL(waitid);
    return fails(system_call::waitid) ? -1 : next(kind, id, info, options);
}

pid_t waitpid(pid_t pid, int* status, int options) {
    STRAIT_REAL(waitpid);
    return fails(system_call::waitpid) ? -1 : next(pid, status, options);
}

}  // extern "C"

namespace {

// Finds it before there are threads: those that wait for a first call to be over call it themselves.
[[maybe_unused]] const long found_syscall = ::syscall(SYS_getpid);

}  // namespace

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
constexpr int of_connect[] = {EINTR, EAGAIN, ENOMEM, ECONNREFUSED, EACCES};
constexpr int of_accept[] = {EINTR, EAGAIN, EMFILE, ENFILE, ENOMEM, ECONNABORTED};
constexpr int of_open[] = {EINTR, EMFILE, ENFILE, ENOMEM, ENOSPC, EACCES};
constexpr int of_flock[] = {EINTR, ENOLCK};
constexpr int of_mkdir[] = {ENOMEM, ENOSPC, EACCES};
constexpr int of_chmod[] = {ENOMEM, EPERM};
constexpr int of_pipe[] = {EMFILE, ENFILE};
constexpr int of_spawn[] = {EAGAIN, ENOMEM, ENOENT, EACCES};
constexpr int of_pidfd_open[] = {EMFILE, ENFILE, ENOMEM, ENOSYS};
constexpr int of_signals[] = {EPERM, ENOSYS};
constexpr int of_waiting[] = {EINTR};

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
    {system_call::open, "open", of_open},
    {system_call::flock, "flock", of_flock},
    {system_call::lstat, "lstat", of_memory},
    {system_call::mkdir, "mkdir", of_mkdir},
    {system_call::chmod, "chmod", of_chmod},
    {system_call::pipe2, "pipe2", of_pipe},
    {system_call::spawn, "posix_spawn", of_spawn},
    {system_call::spawn_plan, "posix_spawn_file_actions", of_memory},
    {system_call::pidfd_open, "pidfd_open", of_pidfd_open},
    {system_call::pidfd_send_signal, "pidfd_send_signal", of_signals},
    {system_call::waitid, "waitid", of_waiting},
    {system_call::waitpid, "waitpid", of_waiting},
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
