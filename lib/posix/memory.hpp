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
#include <cstdint>
#include <span>

// Memory without a name that a handle stands for: to carry one message, or as a region that
// programs share.

namespace strait::detail::os {

// Whether memory can be sealed, so that everybody who gets it can verify that it will never change
// its bytes or its size. Where it cannot, what a peer sent is only safe as a copy.
#if defined(__linux__) && !defined(STRAIT_FORCE_PORTABLE)
inline constexpr bool has_seals = true;
#else
inline constexpr bool has_seals = false;
#endif

// Memory that is being made.
struct new_memory {
    handle writing;
    handle reading;  // without seals: opened for reading only, the one that is given away
};

// Empty memory that is to hold `bytes`. Fails with no_buffer_space if the system can tell that it
// will not be able to: running out of memory later ends processes instead of calls.
new_memory open_memory(std::uint64_t bytes, error_code& ec);

// Makes it `bytes` of zeros that are really there: using them raises no SIGBUS.
error_code allocate_memory(const new_memory& memory, std::uint64_t bytes);

// Appends to it.
error_code write_memory(const new_memory& memory, std::span<const std::byte> content);

// Takes out memory that nobody can change any more where it can be sealed, and else nobody through
// the handle that this gives. Fails with `device_or_resource_busy`, and takes nothing, while it is
// mapped to be written, by a fork of this process for instance.
handle finish_memory(new_memory& memory, error_code& ec);

// Finished memory that holds these bytes.
handle make_memory(std::span<const std::byte> content, error_code& ec);

// Nobody can change the size any more, nor write but through the mappings that there are. Fails where
// memory cannot be sealed.
error_code seal_for_readers(const new_memory& memory);

// Checks that this is memory of that size, all there, that was sealed so; if not,
// error::bad_attachment.
error_code verify_readable(const handle& memory, std::uint64_t bytes);

// Checks that this is memory of that size, all there, that can neither change nor shrink; if not,
// error::bad_attachment. Without seals it is no more than a file of that size.
error_code verify_memory(const handle& memory, std::uint64_t bytes);

// Copies the beginning of the memory of a peer. It is read, not mapped, so that a peer that changes
// it meanwhile can only spoil its own message.
error_code copy_memory(const handle& memory, std::span<std::byte> into);

// Copies all that the memory of a peer holds, which must be of that size: nothing is allocated
// before that was checked.
error_code read_memory(const handle& memory, std::size_t bytes, byte_buffer& into);

}  // namespace strait::detail::os

#endif
