//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include <strait/impl/handle_facts.hpp>

#include "posix/last_error.hpp"

#include <cerrno>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>

namespace strait::detail {
namespace {

using os::last_error;

bool get_option(int native, int level, int name, int& value) noexcept {
    socklen_t length = sizeof(value);
    return ::getsockopt(native, level, name, &value, &length) == 0;
}

#if defined(__linux__) && !defined(STRAIT_FORCE_PORTABLE)

bool get_domain_and_protocol(int native, socket_facts& facts) noexcept {
    return get_option(native, SOL_SOCKET, SO_DOMAIN, facts.domain) &&
           get_option(native, SOL_SOCKET, SO_PROTOCOL, facts.protocol);
}

// Seals exist on every file of a memory file system; one without a name is memory and no file.
bool is_memory(int native, const struct stat& status) noexcept {
    return status.st_nlink == 0 && ::fcntl(native, F_GET_SEALS) != -1;
}

#else

// The domain is that of the address, bound or not; the protocol is known by the options it has.
bool get_domain_and_protocol(int native, socket_facts& facts) noexcept {
    sockaddr_storage address{};
    socklen_t length = sizeof(address);
    if (::getsockname(native, reinterpret_cast<sockaddr*>(&address), &length) != 0) return false;
    facts.domain = address.ss_family;
    if (facts.domain == AF_INET || facts.domain == AF_INET6) {
        int ignored = 0;
        if (facts.type == SOCK_STREAM && get_option(native, IPPROTO_TCP, TCP_NODELAY, ignored)) {
            facts.protocol = IPPROTO_TCP;
        } else if (facts.type == SOCK_DGRAM) {
            facts.protocol = IPPROTO_UDP;
        }
    }
    return true;
}

bool is_memory(int, const struct stat&) noexcept { return false; }

#endif

handle_kind kind_of_socket(int native, error_code& ec) noexcept {
    const socket_facts facts = facts_of_socket(native, ec);
    if (ec) return handle_kind::other;
    if (facts.listening) return handle_kind::listening_socket;
    switch (facts.type) {
        case SOCK_STREAM:
            return handle_kind::stream_socket;
        case SOCK_SEQPACKET:
            return handle_kind::packet_socket;
        case SOCK_DGRAM:
        case SOCK_RAW:
            return handle_kind::datagram_socket;
        default:
            return handle_kind::other;
    }
}

}  // namespace

socket_facts facts_of_socket(int native, error_code& ec) noexcept {
    socket_facts facts;
    int listening = 0;
    if (!get_option(native, SOL_SOCKET, SO_TYPE, facts.type)) {
        ec = errno == ENOTSOCK ? make_error_code(error::wrong_handle_kind) : last_error();
        return facts;
    }
    if (!get_domain_and_protocol(native, facts)) {
        ec = last_error();
        return facts;
    }
    // Refused by systems for sockets that can never listen.
    facts.listening = get_option(native, SOL_SOCKET, SO_ACCEPTCONN, listening) && listening != 0;
    ec = {};
    return facts;
}

handle_kind kind_of(int native, error_code& ec) noexcept {
    struct stat status {};
    if (::fstat(native, &status) != 0) {
        ec = last_error();
        return handle_kind::other;
    }
    ec = {};
    switch (status.st_mode & S_IFMT) {
        case S_IFREG:
            return is_memory(native, status) ? handle_kind::memory : handle_kind::file;
        case S_IFDIR:
            return handle_kind::directory;
        case S_IFIFO:
            return handle_kind::pipe;
        case S_IFSOCK:
            return kind_of_socket(native, ec);
        case S_IFCHR:
            return handle_kind::character_device;
        case S_IFBLK:
            return handle_kind::block_device;
        default:
            return handle_kind::other;
    }
}

open_mode mode_of(int native, error_code& ec) noexcept {
    const int flags = ::fcntl(native, F_GETFL);
    ec = flags == -1 ? last_error() : error_code();
    if (ec) return {};
    const int access = flags & O_ACCMODE;
    return {access == O_RDONLY || access == O_RDWR, access == O_WRONLY || access == O_RDWR};
}

void set_close_on_exec(int native, error_code& ec) noexcept {
    const int flags = ::fcntl(native, F_GETFD);
    const bool done = flags != -1 && ((flags & FD_CLOEXEC) != 0 ||
                                      ::fcntl(native, F_SETFD, flags | FD_CLOEXEC) != -1);
    ec = done ? error_code() : last_error();
}

void set_blocking(int native, error_code& ec) noexcept {
    const int flags = ::fcntl(native, F_GETFL);
    const bool done = flags != -1 && ((flags & O_NONBLOCK) == 0 ||
                                      ::fcntl(native, F_SETFL, flags & ~O_NONBLOCK) != -1);
    ec = done ? error_code() : last_error();
}

}  // namespace strait::detail
