//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_LINK_BLOCK_POOL_HPP
#define STRAIT_LIB_LINK_BLOCK_POOL_HPP

#include "shm/block_memory.hpp"

#include <strait/limits.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace strait::detail {

// A block of shared memory in which one message after the other travels.
struct pool_block {
    enum class state { free, lent, sent };

    std::uint32_t id = 0;
    std::unique_ptr<block_memory> memory;
    state where = state::lent;
    bool is_known = false;  // the receiver has mapped it
};

// Blocks of one link, each of which costs the receiver a descriptor.
inline constexpr std::size_t max_blocks = 64;

// The blocks of one link at its sending side: free, lent to a message that is being made, or sent and
// not released. Bounded by limits::max_pool_bytes; blocks that are too small give way to larger ones. One
// that is larger than the bound has the pool to itself, and is used once. Plain state, not
// thread-safe.
class block_pool {
public:
    explicit block_pool(const limits& bounds) noexcept : most_bytes_(bounds.max_pool_bytes) {}

    // Bytes of a block for a message that needs so many: rounded up, so that others fit as well.
    static std::size_t size_for(std::size_t bytes) noexcept;

    // Lends a free block of at least so many bytes; null if there is none.
    pool_block* lend(std::size_t bytes) noexcept;

    // Makes room for one more block of exactly so many bytes, by dropping free ones if need be. False:
    // too much of the pool is in use.
    bool reserve(std::size_t bytes) noexcept;
    void unreserve(std::size_t bytes) noexcept { used_bytes_ -= bytes; }

    // Lends a new block, for which room was reserved.
    pool_block& add(std::unique_ptr<block_memory> memory);

    // The message was written; or will not be.
    void sent(pool_block& block) noexcept;
    void give_back(pool_block& block) noexcept;

    // The receiver has read the block; or keeps it for good. False: it cannot have been so.
    bool released(std::uint32_t id, bool for_good) noexcept;

    // Whether the receiver has blocks that it may release.
    bool has_sent() const noexcept { return sent_ != 0; }

    // What the receiver is to forget, before it gets another block.
    std::vector<std::uint32_t>& forgotten() noexcept { return forgotten_; }

    // Drops what is free; whether nothing is left.
    void forget_free() noexcept;
    bool is_empty() const noexcept { return blocks_.empty(); }

private:
    using iterator = std::vector<std::unique_ptr<pool_block>>::iterator;

    iterator drop(iterator at) noexcept;
    void set_free(iterator at) noexcept;

    std::uint64_t most_bytes_;
    std::uint64_t used_bytes_ = 0;
    std::size_t sent_ = 0;
    std::uint32_t last_id_ = 0;
    // The free ones in the order in which they came back, so that the one in the caches is the last.
    std::vector<std::unique_ptr<pool_block>> blocks_;
    std::vector<std::uint32_t> forgotten_;
};

}  // namespace strait::detail

#endif
