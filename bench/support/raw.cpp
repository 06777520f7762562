//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "support/raw.hpp"

#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

namespace bench::raw {

namespace {

constexpr std::size_t max_riding = 253;

[[noreturn]] void fail_with(int code, const char* what) {
    throw strait::system_error({code, boost::system::system_category()}, what);
}

}  // namespace

void fail(const char* what) {
    fail_with(errno, what);
}

std::pair<strait::handle, strait::handle> socket_pair() {
    int fds[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) fail("socketpair");
    return {strait::handle(fds[0]), strait::handle(fds[1])};
}

void write_all(const strait::handle& to, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t n = ::write(to.native_handle(), bytes.data(), bytes.size());
        if (n < 0) fail("write");
        bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
}

void read_all(const strait::handle& from, std::span<std::byte> bytes) {
    while (!bytes.empty()) bytes = bytes.subspan(read_some(from, bytes));
}

std::size_t read_some(const strait::handle& from, std::span<std::byte> bytes) {
    const ssize_t n = ::read(from.native_handle(), bytes.data(), bytes.size());
    if (n <= 0) fail_with(n == 0 ? EPIPE : errno, "read");
    return static_cast<std::size_t>(n);
}

void send_with(const strait::handle& to, std::span<const std::byte> bytes,
    std::span<const strait::handle> riding) {
    iovec iov{const_cast<std::byte*>(bytes.data()), bytes.size()};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * max_riding)] = {};
    msghdr message{};
    message.msg_iov = &iov;
    message.msg_iovlen = 1;
    if (!riding.empty()) {
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * riding.size());
        cmsghdr* c = CMSG_FIRSTHDR(&message);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int) * riding.size());
        unsigned char* at = CMSG_DATA(c);
        for (const strait::handle& h : riding) {
            const int fd = h.native_handle();
            std::memcpy(at, &fd, sizeof(fd));
            at += sizeof(fd);
        }
    }
    if (::sendmsg(to.native_handle(), &message, MSG_NOSIGNAL) !=
        static_cast<ssize_t>(bytes.size()))
        fail("sendmsg");
}

std::vector<strait::handle> recv_with(const strait::handle& from, std::span<std::byte> bytes) {
    std::vector<strait::handle> came;
    iovec iov{bytes.data(), bytes.size()};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * max_riding)];
    msghdr message{};
    message.msg_iov = &iov;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof(control);
    if (::recvmsg(from.native_handle(), &message, MSG_CMSG_CLOEXEC | MSG_WAITALL) !=
        static_cast<ssize_t>(bytes.size()))
        fail("recvmsg");
    for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
        const std::size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
            came.emplace_back(fd);
        }
    }
    return came;
}

}  // namespace bench::raw
