//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_POSIX_LOCAL_NAME_HPP
#define STRAIT_LIB_POSIX_LOCAL_NAME_HPP

#include <strait/endpoint.hpp>
#include <strait/error.hpp>
#include <strait/handle.hpp>

#include <cstdint>
#include <string>

#include <sys/socket.h>
#include <sys/un.h>

// Names of local sockets, and who owns a path.
//
// A path belongs to whoever holds the lock of the file beside it, "<path>.lock", as long as that is
// the file that has the name: who gets the lock of a file that was removed meanwhile tries again.
// Only the owner binds the path, removes the socket, and removes the lock file; the system lets go
// of the lock when its holder ends, however. So nobody mistakes a live socket for a stale one, and
// nobody removes another's.

namespace strait::detail::os {

struct socket_address {
    sockaddr_un value{};
    socklen_t bytes = 0;

    static socket_address of(const endpoint& e, error_code& ec) noexcept;

    const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&value); }
};

// The right to bind a name. Nothing to own where the name is abstract.
class owned_name {
public:
    owned_name() noexcept = default;
    owned_name(owned_name&& other) noexcept;
    owned_name& operator=(owned_name&&) = delete;
    ~owned_name() { give_up(); }

    // Makes the private directory of a generated path, takes the lock, and removes what a dead
    // owner left. address_in_use: the owner lives, or the path is something else than a socket.
    static owned_name take(const endpoint& e, error_code& ec);

    // The path was bound: the socket is to be removed in the end, if it is still that one. If this
    // fails it is removed at once.
    error_code remember_socket() noexcept;

    // Removes socket, lock file and private directory.
    void give_up() noexcept;

    // Lets go without removing anything: for a forked child.
    void abandon() noexcept;

private:
    error_code remove_stale(const endpoint& e) const;

    std::string path_;
    std::string directory_;  // of a generated path
    handle lock_;
    dev_t device_ = 0;
    ino_t inode_ = 0;
};

// Whether something accepts connections at the name; asks by connecting.
bool is_listened_at(const socket_address& address) noexcept;

}  // namespace strait::detail::os

#endif
