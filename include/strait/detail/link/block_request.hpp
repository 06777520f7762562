//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_LINK_BLOCK_REQUEST_HPP
#define STRAIT_DETAIL_LINK_BLOCK_REQUEST_HPP

#include <strait/detail/config.hpp>

#include <cstddef>
#include <memory>
#include <utility>

namespace strait::detail {

class block_lender;
class sender_core;
struct pool_block;

// What waits for a block of a link, in line with its sends, instead of a message. A block that it was granted
// and that nobody takes goes back.
class block_request {
public:
    block_request() noexcept = default;
    block_request(const block_request&) = delete;
    block_request& operator=(const block_request&) = delete;
    STRAIT_DECL ~block_request();

    // Whether there is something to wait for, for so many bytes through that sender.
    STRAIT_DECL bool begin(sender_core& through, std::size_t bytes);

    std::size_t bytes() const noexcept { return bytes_; }

    void grant(std::shared_ptr<block_lender> lender, pool_block& block) noexcept {
        lender_ = std::move(lender);
        block_ = &block;
    }

    // Null when it was over without a block: none would come back.
    pool_block* take() noexcept { return std::exchange(block_, nullptr); }
    const std::shared_ptr<block_lender>& lender() const noexcept { return lender_; }

private:
    std::size_t bytes_ = 0;
    std::shared_ptr<block_lender> lender_;
    pool_block* block_ = nullptr;
};

}  // namespace strait::detail

#endif
