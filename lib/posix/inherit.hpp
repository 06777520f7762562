//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_POSIX_INHERIT_HPP
#define STRAIT_LIB_POSIX_INHERIT_HPP

#include <strait/error.hpp>
#include <strait/handle.hpp>

#include <string>
#include <string_view>

// How a child finds the socket that its parent left it: a variable in its environment,
//
//     STRAIT_INHERITED=<number>:<device>:<inode>
//
// names the descriptor and what it must be, so that a grandchild, which sees the variable but not
// the socket, mistakes nothing else for it. The library never changes its own environment.

namespace strait::detail::os {

inline constexpr std::string_view inherited_variable_prefix = "STRAIT_INHERITED=";

// The entry for a child that gets `socket` under `number`.
std::string inherited_variable(const handle& socket, int number, error_code& ec);

// The socket that was left for this process, close-on-exec from now on. The first call that finds
// one takes it. error::no_inherited_ends if there is none, or it was taken. Safe to call from any
// thread, as long as none changes the environment at that time.
handle take_inherited(error_code& ec) noexcept;

}  // namespace strait::detail::os

#endif
