//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_PAYLOAD_HPP
#define STRAIT_DETAIL_PAYLOAD_HPP

#include <strait/detail/config.hpp>

#include <cstddef>
#include <memory>
#include <span>

namespace strait::detail {

class block_lender;
struct pool_block;

// Memory that loans and shared spans refer to, wherever it lies: gone, or back with whoever lent it, when
// nobody refers to it. Thread-safe.
class payload {
public:
    payload() = default;
    payload(const payload&) = delete;
    payload& operator=(const payload&) = delete;
    virtual ~payload() = default;

    // The block of that lender that it is, which could be sent as it is; null if it is none.
    virtual pool_block* block_of(const block_lender*) const noexcept { return nullptr; }

    // The block was sent, and belongs to the receiver.
    virtual void given_away() noexcept {}
};

// A part of such memory. Without an owner it is the user's, who keeps it.
struct payload_part {
    std::shared_ptr<payload> owner;
    std::span<const std::byte> bytes;
};

// A copy in the heap.
STRAIT_DECL payload_part copy_payload(std::span<const std::byte> content);

}  // namespace strait::detail

#endif
