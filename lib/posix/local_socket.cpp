//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "posix/local_socket.hpp"

#include "posix/close_on_exec.hpp"
#include "posix/last_error.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#if defined(STRAIT_LINUX)
// Linux 6.5; the headers of Debian 12 are of 6.1. The number is that of asm-generic; alpha, mips,
// parisc and sparc have others, and no process descriptor of a peer therefore.
#if !defined(SO_PEERPIDFD) && !defined(__alpha__) && !defined(__mips__) && !defined(__hppa__) && \
    !defined(__sparc__)
#define SO_PEERPIDFD 77
#endif
#endif

namespace strait::detail::os {

namespace {

void set_flags([[maybe_unused]] int fd) noexcept {
#if !defined(STRAIT_LINUX)
    close_on_exec(fd);
#endif
#if defined(SO_NOSIGPIPE)
    const int on = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof(on));
#endif
}

// As the streams of a pair are. BSD hands the mode of the listener on to what it accepts.
void make_blocking(int fd) noexcept {
    const int flags = ::fcntl(fd, F_GETFL);
    if (flags != -1 && (flags & O_NONBLOCK) != 0) ::fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
}

int to_milliseconds(std::int64_t ns) noexcept {
    if (ns < 0) return -1;
    return static_cast<int>(std::min<std::int64_t>((ns + 999'999) / 1'000'000, INT_MAX));
}

// Sets the mode of a socket file that is bound and does not listen yet.
error_code set_mode(const endpoint& at, unsigned mode) noexcept {
    // Not through a link that somebody put there, where the system can do so.
    const char* path = at.name().c_str();
    const auto m = static_cast<mode_t>(mode);
    if (::fchmodat(AT_FDCWD, path, m, AT_SYMLINK_NOFOLLOW) == 0) return {};
    if (errno != ENOTSUP && errno != EOPNOTSUPP && errno != ENOSYS) return last_error();
    return ::chmod(path, m) == 0 ? error_code() : last_error();
}

}  // namespace

handle new_socket(error_code& ec) noexcept {
    const making_descriptors making;
#if defined(STRAIT_LINUX)
    handle socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
#else
    handle socket(::socket(AF_UNIX, SOCK_STREAM, 0));
#endif
    ec = socket.is_open() ? error_code() : last_error();
    if (ec) return socket;
    set_flags(socket.native_handle());
#if !defined(STRAIT_LINUX)
    ::fcntl(socket.native_handle(), F_SETFL, O_NONBLOCK);
#endif
    return socket;
}

listening_socket listening_socket::open(const endpoint& at, unsigned mode, error_code& ec) {
    listening_socket made;
    const socket_address address = socket_address::of(at, ec);
    if (ec) return made;
    handle socket = new_socket(ec);
    if (ec) return made;
    owned_name name = owned_name::take(at, ec);
    if (ec) return made;
    const int fd = socket.native_handle();
    if (::bind(fd, address.get(), address.bytes) != 0) {
        ec = last_error();
        return made;
    }
    if (at.what() == endpoint::kind::path) {
        ec = name.remember_socket();
        if (!ec) ec = set_mode(at, mode);
        if (ec) return made;
    }
    if (::listen(fd, SOMAXCONN) != 0) {
        ec = last_error();
        return made;
    }
    return listening_socket(std::move(name), std::move(socket));
}

handle listening_socket::accept(error_code& ec) const noexcept {
    for (;;) {
        const making_descriptors making;
#if defined(STRAIT_LINUX)
        handle stream(::accept4(socket_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC));
#else
        handle stream(::accept(socket_.native_handle(), nullptr, nullptr));
#endif
        if (stream.is_open()) {
            set_flags(stream.native_handle());
            make_blocking(stream.native_handle());
            ec = {};
            return stream;
        }
        if (errno == EINTR || errno == ECONNABORTED) continue;
        ec = errno == EAGAIN || errno == EWOULDBLOCK ? error_code(boost::asio::error::would_block)
                                                     : last_error();
        return stream;
    }
}

void listening_socket::stop() noexcept {
    name_.give_up();
    // Linux: from now on connect is refused and accept still gives those that wait.
    ::shutdown(socket_.native_handle(), SHUT_RD);
}

void listening_socket::abandon() noexcept {
    name_.abandon();
    socket_.close();
}

bool is_shortage(const error_code& ec) noexcept {
    namespace errc = boost::system::errc;
    return ec == errc::too_many_files_open || ec == errc::too_many_files_open_in_system ||
           ec == errc::no_buffer_space || ec == errc::not_enough_memory;
}

handle connect_to(const endpoint& at, error_code& ec) {
    const socket_address address = socket_address::of(at, ec);
    if (ec) return {};
    handle socket = new_socket(ec);
    if (ec) return {};
    for (;;) {
        if (::connect(socket.native_handle(), address.get(), address.bytes) == 0) {
            make_blocking(socket.native_handle());
            return socket;
        }
        if (errno == EINTR) continue;
        ec = errno == EAGAIN || errno == EWOULDBLOCK || errno == EINPROGRESS
                 ? error_code(boost::asio::error::would_block)
                 : last_error();
        return {};
    }
}

peer peer_of(const handle& stream) noexcept {
    const int fd = stream.native_handle();
#if defined(__linux__)
    ucred who{};
    socklen_t size = sizeof(who);
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return {};
    handle process;
#if defined(STRAIT_LINUX) && defined(SO_PEERPIDFD)
    int pidfd = -1;
    size = sizeof(pidfd);
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &size) == 0) process = handle(pidfd);
#endif
    try {
        return peer(who.pid, who.uid, who.gid, std::move(process));
    } catch (...) {
        return peer(who.pid, who.uid, who.gid);
    }
#else
    uid_t uid = 0;
    gid_t gid = 0;
    if (::getpeereid(fd, &uid, &gid) != 0) return {};
    pid_t pid = -1;
#if defined(LOCAL_PEERPID)
    socklen_t size = sizeof(pid);
    if (::getsockopt(fd, SOL_LOCAL, LOCAL_PEERPID, &pid, &size) != 0) pid = -1;
#endif
    return peer(pid, uid, gid);
#endif
}

own_identity who_am_i() noexcept {
    return {::geteuid(), ::getegid()};
}

error_code wait_readable(const handle& h, std::int64_t timeout_ns) noexcept {
    pollfd fds[1] = {{h.native_handle(), POLLIN, 0}};
    if (::poll(fds, 1, to_milliseconds(timeout_ns)) < 0 && errno != EINTR) return last_error();
    return {};
}

void pause(std::int64_t ns) noexcept {
    ::poll(nullptr, 0, to_milliseconds(ns));
}

}  // namespace strait::detail::os
