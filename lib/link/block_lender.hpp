//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_LINK_BLOCK_LENDER_HPP
#define STRAIT_LIB_LINK_BLOCK_LENDER_HPP

#include "link/block_pool.hpp"

#include <cstddef>

namespace strait::detail {

// Who has blocks for large values. Thread-safe.
class block_lender {
public:
    // A block with room for so many bytes. Null: the value goes another way.
    virtual pool_block* lend(std::size_t bytes) noexcept = 0;
    virtual void give_back(pool_block& block) noexcept = 0;

protected:
    ~block_lender() = default;
};

}  // namespace strait::detail

#endif
