//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_POSIX_MEMORY_HPP
#define STRAIT_LIB_POSIX_MEMORY_HPP

#include <strait/detail/byte_buffer.hpp>
#include <strait/error.hpp>
#include <strait/handle.hpp>

#include <cstddef>
#include <span>

// Memory without a name that a handle stands for, to carry one message.

namespace strait::detail::os {

// Memory that holds these bytes and, where the system can say so, will never change.
handle make_memory(std::span<const std::byte> content, error_code& ec);

// Copies what the memory of a peer holds, which must be of that size: nothing is allocated before
// that was checked. It is read, not mapped, so that a peer that changes it meanwhile can only spoil
// its own message.
error_code read_memory(const handle& memory, std::size_t bytes, byte_buffer& into);

}  // namespace strait::detail::os

#endif
