//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_BASE_PIECE_HPP
#define STRAIT_LIB_BASE_PIECE_HPP

#include <cstddef>

namespace strait::detail {

// A run of bytes to write. Not a span: arrays of it must cost nothing to make.
struct piece {
    const std::byte* data;
    std::size_t bytes;
};

}  // namespace strait::detail

#endif
