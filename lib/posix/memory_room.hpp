//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_POSIX_MEMORY_ROOM_HPP
#define STRAIT_LIB_POSIX_MEMORY_ROOM_HPP

#include <strait/handle.hpp>

#include <cstdint>

namespace strait::detail::os {

// Whether this memory, which is empty, may be made to hold so many bytes, as far as the system can
// say beforehand.
bool has_room(const handle& memory, std::uint64_t bytes) noexcept;

}  // namespace strait::detail::os

#endif
