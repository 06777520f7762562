//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_LINK_PAYLOADS_HPP
#define STRAIT_LIB_LINK_PAYLOADS_HPP

#include "base/heap_bytes.hpp"
#include "link/block_lender.hpp"
#include "link/block_table.hpp"

#include <strait/detail/payload.hpp>
#include <strait/detail/wire/incoming_message.hpp>

#include <cstdint>
#include <memory>
#include <utility>

// The kinds of memory that loans and shared spans refer to.

namespace strait::detail {

// A block of a pool, until it is sent.
class lent_block final : public payload {
public:
    lent_block(std::shared_ptr<block_lender> lender, pool_block& block) noexcept
        : lender_(std::move(lender)), block_(&block) {}
    ~lent_block() override {
        if (block_ != nullptr) lender_->give_back(*block_);
    }

    pool_block* block_of(const block_lender* lender) const noexcept override {
        return lender == lender_.get() ? block_ : nullptr;
    }
    void given_away() noexcept override { block_ = nullptr; }

private:
    std::shared_ptr<block_lender> lender_;
    pool_block* block_;
};

// The block goes back if this throws.
std::shared_ptr<payload> lend_out(const std::shared_ptr<block_lender>& lender, pool_block& block);

// A block that a message brought, until nobody looks at it.
class received_block final : public payload {
public:
    received_block(std::shared_ptr<block_table> blocks, std::uint32_t id,
        std::shared_ptr<const block_view> view) noexcept
        : blocks_(std::move(blocks)), view_(std::move(view)), id_(id) {}
    ~received_block() override { blocks_->end_use(id_); }

private:
    std::shared_ptr<block_table> blocks_;
    std::shared_ptr<const block_view> view_;
    std::uint32_t id_;
};

// A message that is looked at where it lies.
class received_message final : public payload {
public:
    explicit received_message(incoming_message&& message) noexcept
        : message_(std::move(message)) {}

    std::span<const std::byte> bytes() const noexcept { return message_.body; }

private:
    incoming_message message_;
};

}  // namespace strait::detail

#endif
