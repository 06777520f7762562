//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_POSIX_HANDLE_PACK_HPP
#define STRAIT_LIB_POSIX_HANDLE_PACK_HPP

#include <strait/handle.hpp>

#include <cstddef>
#include <span>
#include <vector>

// Many handles as one, for messages with more of them than one write carries: a stream that nobody writes
// to any more, in whose queue they lie.

namespace strait::detail::os {

// no_buffer_space: more than the system lets lie in one stream (Linux 6.18: some 100,000), or than
// may be in flight. The handles stay open here.
handle pack_handles(std::span<const handle* const> handles, error_code& ec);

// Takes out what a peer says to be so many handles, behind those in `to`. bad_attachment: it is something
// else; handles_lost: this process may not have so many.
error_code unpack_handles(const handle& pack, std::size_t count, std::vector<handle>& to);

}  // namespace strait::detail::os

#endif
