//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "posix/stream.hpp"

#include "posix/close_on_exec.hpp"
#include "posix/last_error.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <ctime>
#include <new>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#if defined(__linux__)
#include <sys/random.h>
#endif

#if defined(STRAIT_LINUX)
#include <sys/eventfd.h>
#endif

namespace strait::detail::os {

namespace {

namespace asio = boost::asio;

// A descriptor for the process that wrote, in Linux's numbering (SCM_PIDFD, Linux 6.5).
#if defined(__linux__)
constexpr int scm_pidfd = 4;
#else
constexpr int scm_pidfd = -1;
#endif

constexpr std::size_t control_bytes = CMSG_SPACE(sizeof(int) * 253);

error_code send_error(int e) noexcept {
    // A full socket, and the two ways in which the kernel says that descriptors in flight or
    // memory are used up.
    if (e == EAGAIN || e == EWOULDBLOCK) return asio::error::would_block;
    if (e == ETOOMANYREFS || e == ENOBUFS || e == ENOMEM) return asio::error::no_buffer_space;
    if (e == EPIPE || e == ECONNRESET || e == ENOTCONN) return asio::error::broken_pipe;
    return {e, boost::system::system_category()};
}

#if defined(MSG_NOSIGNAL)
constexpr int send_flags = MSG_DONTWAIT | MSG_NOSIGNAL;
#else
constexpr int send_flags = MSG_DONTWAIT;
#endif

template <class Call>
io_result sent(Call call) {
    for (;;) {
        const ssize_t r = call();
        if (r >= 0) return {static_cast<std::size_t>(r), {}};
        if (errno != EINTR) return {0, send_error(errno)};
    }
}

// Takes over descriptors; those for which there is no memory are closed.
handle_batch take_descriptors(std::span<const int> fds) noexcept {
    handle_batch batch;
    try {
        batch.handles.reserve(fds.size());
    } catch (const std::bad_alloc&) {
        batch.lost = true;
    }
    for (const int fd : fds) {
        handle h(fd);
#if !defined(STRAIT_LINUX)
        close_on_exec(fd);
#endif
        if (!batch.lost) batch.handles.push_back(std::move(h));
    }
    return batch;
}

// Takes the descriptors out of the control data of one read.
void collect(msghdr& message, std::vector<handle_batch>& batches) {
    for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
        if (c->cmsg_level != SOL_SOCKET) continue;
        if (c->cmsg_type == scm_pidfd) {
            // A peer that made both sides of the link can ask for this on ours.
            int pidfd;
            std::memcpy(&pidfd, CMSG_DATA(c), sizeof(pidfd));
            if (pidfd >= 0) ::close(pidfd);
            continue;
        }
        if (c->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        int fds[253];
        std::memcpy(fds, CMSG_DATA(c), count * sizeof(int));
        batches.push_back(take_descriptors({fds, count}));
    }
    if ((message.msg_flags & MSG_CTRUNC) != 0) {
        // The descriptor limit was reached (Linux 6.18: the data is intact, the surplus is gone).
        if (batches.empty()) batches.emplace_back();
        batches.back().handles.clear();
        batches.back().lost = true;
    }
}

#if defined(STRAIT_LINUX)
constexpr bool reads_may_wait = true;
constexpr int close_on_exec_flag = MSG_CMSG_CLOEXEC;
#else
constexpr bool reads_may_wait = false;  // while no program may be started
constexpr int close_on_exec_flag = 0;
#endif

// `batches` has room for one more.
ssize_t recv_once(int fd, std::span<std::byte> into, std::vector<handle_batch>& batches, bool block) {
    iovec iov{into.data(), into.size()};
    alignas(cmsghdr) char control[control_bytes];
    msghdr message{};
    message.msg_iov = &iov;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof(control);
    const making_descriptors making;
    const ssize_t r =
        ::recvmsg(fd, &message, close_on_exec_flag | (block && reads_may_wait ? 0 : MSG_DONTWAIT));
    if (r >= 0 && (message.msg_controllen != 0 || (message.msg_flags & MSG_CTRUNC) != 0))
        collect(message, batches);
    return r;
}

// Whether the read is to be tried again: where reads do not wait themselves, and were not told not to.
bool has_waited_for_bytes(int fd) noexcept {
    if (reads_may_wait) return false;
    const int flags = ::fcntl(fd, F_GETFL);
    if (flags == -1 || (flags & O_NONBLOCK) != 0) return false;
    pollfd waiting{fd, POLLIN, 0};
    return ::poll(&waiting, 1, -1) >= 0 || errno == EINTR;
}

}  // namespace

std::pair<handle, handle> connected_pair(error_code& ec) {
    int fds[2];
    const making_descriptors making;
#if defined(STRAIT_LINUX)
    const int r = ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds);
#else
    const int r = ::socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
#endif
    if (r != 0) {
        ec = last_error();
        return {};
    }
#if !defined(STRAIT_LINUX)
    close_on_exec(fds[0]);
    close_on_exec(fds[1]);
#endif
#if defined(SO_NOSIGPIPE)
    const int on = 1;
    ::setsockopt(fds[0], SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof(on));
    ::setsockopt(fds[1], SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof(on));
#endif
    ec.clear();
    return {handle(fds[0]), handle(fds[1])};
}

namespace {

io_result send_message(const handle& stream, std::span<const piece> pieces,
    std::span<const handle* const> handles) {
    iovec iov[max_pieces];
    std::size_t n = 0;
    for (const piece& p : pieces.first(std::min(pieces.size(), max_pieces)))
        iov[n++] = {const_cast<std::byte*>(p.data), p.bytes};

    msghdr message{};
    message.msg_iov = iov;
    message.msg_iovlen = static_cast<decltype(message.msg_iovlen)>(n);

    alignas(cmsghdr) char control[control_bytes];
    if (!handles.empty()) {
        const std::size_t bytes = sizeof(int) * handles.size();
        std::memset(control, 0, CMSG_SPACE(bytes));
        message.msg_control = control;
        message.msg_controllen = static_cast<decltype(message.msg_controllen)>(CMSG_SPACE(bytes));
        cmsghdr* c = CMSG_FIRSTHDR(&message);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = static_cast<decltype(c->cmsg_len)>(CMSG_LEN(bytes));
        unsigned char* at = CMSG_DATA(c);
        for (const handle* h : handles) {
            const int fd = h->native_handle();
            std::memcpy(at, &fd, sizeof(fd));
            at += sizeof(fd);
        }
    }
    return sent([&] { return ::sendmsg(stream.native_handle(), &message, send_flags); });
}

}  // namespace

io_result send_some(const handle& stream, std::span<const piece> pieces,
    std::span<const handle* const> handles) {
    if (pieces.size() != 1 || !handles.empty()) return send_message(stream, pieces, handles);
    // What most writes are. Without a header to copy in, the system call costs a sixth less
    // (Linux 6.18, 100 bytes).
    const piece& only = pieces.front();
    return sent([&] { return ::send(stream.native_handle(), only.data, only.bytes, send_flags); });
}

io_result recv_some(const handle& stream, std::span<std::byte> into,
    std::vector<handle_batch>& batches, bool block) {
    batches.reserve(batches.size() + 1);  // not when something has come
    for (;;) {
        const ssize_t r = recv_once(stream.native_handle(), into, batches, block);
        if (r >= 0) return {static_cast<std::size_t>(r), {}};
        if (errno == EINTR) continue;
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            if (block && has_waited_for_bytes(stream.native_handle())) continue;
            return {0, asio::error::would_block};
        }
        if (errno == ENOMEM || errno == ENOBUFS) return {0, asio::error::no_buffer_space};
        return {0, last_error()};
    }
}

std::uint64_t unread_bytes(const handle& stream) noexcept {
    int bytes = 0;
    return ::ioctl(stream.native_handle(), FIONREAD, &bytes) == 0 && bytes > 0
               ? static_cast<std::uint64_t>(bytes)
               : 0;
}

error_code wait_stream(
    const handle& stream, wait_for what, const handle& wake, std::int64_t timeout_ns) {
    const short events = what == wait_for::read ? POLLIN : POLLOUT;
    pollfd fds[2] = {{stream.native_handle(), events, 0}, {wake.native_handle(), POLLIN, 0}};
    const int timeout_ms = timeout_ns < 0 ? -1
                                          : static_cast<int>(std::min<std::int64_t>(
                                                (timeout_ns + 999'999) / 1'000'000, INT_MAX));
    // An interrupted wait is reported as success: the caller looks at its deadline and comes back.
    if (::poll(fds, wake.is_open() ? 2 : 1, timeout_ms) < 0 && errno != EINTR) return last_error();
    return {};
}

void set_reserve(const handle& stream, bool raised) noexcept {
    // Linux doubles what is asked for and starts with 212,992 bytes (wmem_default), so that asking
    // for half of it is the state at the start; the largest value allowed without privilege
    // (wmem_max) is the same number, which gives as much again as reserve.
    constexpr int default_bytes = 212'992;
    const int bytes = raised ? default_bytes : default_bytes / 2;
    ::setsockopt(stream.native_handle(), SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
}

bool is_link_stream(const handle& stream) noexcept {
    sockaddr_storage address{};
    socklen_t size = sizeof(address);
    int type = 0;
    socklen_t type_size = sizeof(type);
    const int fd = stream.native_handle();
    return ::getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0 &&
           address.ss_family == AF_UNIX &&
           ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_size) == 0 && type == SOCK_STREAM;
}

void mark_receiving_side([[maybe_unused]] const handle& stream) noexcept {
#if defined(STRAIT_LINUX)
    // A name of its own, which the system makes up (unix(7), autobind); one that a listener accepted has
    // a name already.
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    static_cast<void>(::bind(stream.native_handle(), reinterpret_cast<sockaddr*>(&name),
        sizeof(name.sun_family)));
#endif
}

bool claim_receiving_side(const handle& stream) noexcept {
    mark_receiving_side(stream);
#if defined(STRAIT_LINUX)
    sockaddr_un peer{};
    socklen_t size = sizeof(peer);
    return ::getpeername(stream.native_handle(), reinterpret_cast<sockaddr*>(&peer), &size) != 0 ||
           size <= sizeof(peer.sun_family);
#else
    return true;
#endif
}

std::uint64_t now_ns() noexcept {
    timespec t;
    ::clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000u +
           static_cast<std::uint64_t>(t.tv_nsec);
}

std::uint64_t random_u64() noexcept {
    std::uint64_t value = 0;
#if defined(__linux__)
    // Cannot fail for so few bytes once the system is up; an interrupted call is tried again.
    while (::getrandom(&value, sizeof(value), 0) != static_cast<ssize_t>(sizeof(value))) {}
#else
    ::arc4random_buf(&value, sizeof(value));
#endif
    return value;
}

error_code wake_event::open() {
#if defined(STRAIT_LINUX)
    read_ = handle(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    return read_.is_open() ? error_code() : last_error();
#else
    int fds[2];
    const making_descriptors making;
    if (::pipe(fds) != 0) return last_error();
    for (int fd : fds) {
        close_on_exec(fd);
        ::fcntl(fd, F_SETFL, O_NONBLOCK);
    }
    read_ = handle(fds[0]);
    write_ = handle(fds[1]);
    return {};
#endif
}

void wake_event::signal() noexcept {
    const std::uint64_t one = 1;
    const handle& to = write_.is_open() ? write_ : read_;
    [[maybe_unused]] const auto r = ::write(to.native_handle(), &one, sizeof(one));
}

void wake_event::clear() noexcept {
    std::uint64_t sink[8];
    [[maybe_unused]] const auto r = ::read(read_.native_handle(), sink, sizeof(sink));
}

}  // namespace strait::detail::os
