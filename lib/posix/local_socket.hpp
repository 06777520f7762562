//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_POSIX_LOCAL_SOCKET_HPP
#define STRAIT_LIB_POSIX_LOCAL_SOCKET_HPP

#include "posix/local_name.hpp"

#include <strait/endpoint.hpp>
#include <strait/error.hpp>
#include <strait/handle.hpp>
#include <strait/peer.hpp>

#include <cstdint>
#include <utility>

// Streams between processes that know a name. No call here blocks unless it says so, and every
// handle that comes out is close-on-exec.

namespace strait::detail::os {

// A local stream socket, non-blocking.
handle new_socket(error_code& ec) noexcept;

// A socket that listens at a name that it owns.
class listening_socket {
public:
    listening_socket() noexcept = default;
    listening_socket(owned_name name, handle socket) noexcept
        : name_(std::move(name)), socket_(std::move(socket)) {}

    // `mode` is that of the socket file: set before anybody can connect, whatever the umask.
    static listening_socket open(const endpoint& at, unsigned mode, error_code& ec);

    const handle& socket() const noexcept { return socket_; }
    bool is_open() const noexcept { return socket_.is_open(); }

    // A connection that waits; would_block if there is none.
    handle accept(error_code& ec) const noexcept;

    // Gives the name up and refuses further connections. Those that wait can still be accepted.
    void stop() noexcept;

    void close() noexcept { socket_.close(); }

    // Closes the descriptors and touches nothing that a forked child shares with its parent.
    void abandon() noexcept;

private:
    owned_name name_;
    handle socket_;
};

// Whether accept failed for want of descriptors or memory, and may succeed later.
bool is_shortage(const error_code& ec) noexcept;

// Connects; would_block: the listener's queue is full. (Linux 6.18: Asio's own async_connect reports
// success then, on a socket that is not connected; chriskohlhoff/asio #1014.)
handle connect_to(const endpoint& at, error_code& ec);

// The process at the other side, as of its connect.
peer peer_of(const handle& stream) noexcept;

struct own_identity {
    std::int64_t uid;
    std::int64_t gid;
};

// The effective user and group of this process.
own_identity who_am_i() noexcept;

// Waits until the handle can be read, or the time is over; a negative timeout waits for ever. An
// interrupted wait is reported as success.
error_code wait_readable(const handle& h, std::int64_t timeout_ns) noexcept;

// Blocks for that time, or less if a signal comes.
void pause(std::int64_t ns) noexcept;

}  // namespace strait::detail::os

#endif
