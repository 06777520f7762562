//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LISTENER_OPTIONS_HPP
#define STRAIT_LISTENER_OPTIONS_HPP

#include <strait/limits.hpp>
#include <strait/peer.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <utility>

namespace strait {

/// Who may connect. Root may always.
enum class access : std::uint8_t {
    /// The user that this process runs as. The socket file gets mode 0600, and the peer's user is
    /// compared.
    own_user,

    /// Also processes of this process's group: mode 0660. Of an abstract name, whose peers the system
    /// does not check, those whose *effective* group it is.
    own_group,

    /// Everybody who reaches the name: mode 0666. Give a `policy` as well.
    everybody,
};

/// How a listener listens.
struct listener_options {
    /// The bounds of every channel that is accepted. Clients learn them.
    limits bounds;

    /// Who may connect. The mode of the socket file is set before anybody can, whatever the umask.
    access who = access::own_user;

    /// Asked about each peer that `who` lets in, before anything of it is read: false refuses it, and
    /// so does an exception; its connect then fails with `asio::error::access_denied`. Called from
    /// within accepting operations, on the executor of the listener or in the blocking call.
    std::function<bool(const peer&)> policy;

    /// How long a client may take, once it was taken from the queue of the system, to say what it
    /// speaks. 5 s: clients of strait say it at once, and no loaded machine keeps a process waiting
    /// for longer.
    std::chrono::nanoseconds handshake_time = std::chrono::seconds(5);

    /// Clients that have not said yet what they speak. Each costs a descriptor. When there are more the
    /// one that has been silent for longest is dropped, so that silent ones keep nobody out. 64: far
    /// more than there are in earnest, as the word of a client comes with its connection.
    std::uint32_t max_handshakes = 64;

    // Not an aggregate: g++ 12 destroys aggregates made inside a co_await expression twice.
    listener_options() = default;
    explicit listener_options(const limits& l) : bounds(l) {}
};

}  // namespace strait

#endif
