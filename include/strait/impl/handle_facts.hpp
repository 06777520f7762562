//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_IMPL_HANDLE_FACTS_HPP
#define STRAIT_IMPL_HANDLE_FACTS_HPP

#include <strait/detail/config.hpp>
#include <strait/error.hpp>
#include <strait/handle.hpp>

// What the system knows of a descriptor, for those who must not believe its sender.

namespace strait::detail {

// The numbers are those of socket().
struct socket_facts {
    int domain = 0;
    int type = 0;
    int protocol = 0;
    bool listening = false;
};

// Fails with error::wrong_handle_kind if the descriptor is no socket.
STRAIT_DECL socket_facts facts_of_socket(int native, error_code& ec) noexcept;

STRAIT_DECL handle_kind kind_of(int native, error_code& ec) noexcept;

// What the descriptor was opened for. Writing to a terminal that was opened for reading fails later
// than one would like, so callers ask first.
struct open_mode {
    bool readable = false;
    bool writable = false;
};

STRAIT_DECL open_mode mode_of(int native, error_code& ec) noexcept;

STRAIT_DECL void set_close_on_exec(int native, error_code& ec) noexcept;

// Clears O_NONBLOCK of the open file description.
STRAIT_DECL void set_blocking(int native, error_code& ec) noexcept;

}  // namespace strait::detail

#endif
