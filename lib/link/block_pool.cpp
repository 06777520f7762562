//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "link/block_pool.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace strait::detail {

namespace {

constexpr std::size_t page = 4096;

}  // namespace

// Four sizes to each power of two, whole pages: a quarter at most is not used.
std::size_t block_pool::size_for(std::size_t bytes) noexcept {
    const std::size_t step = std::max(page, std::bit_floor(bytes) / 4);
    return (bytes + step - 1) / step * step;
}

pool_block* block_pool::lend(std::size_t bytes) noexcept {
    // The smallest that is large enough; of equal ones the last that came back.
    auto best = blocks_.end();
    for (auto at = blocks_.begin(); at != blocks_.end(); ++at) {
        if ((*at)->where != pool_block::state::free || (*at)->memory->bytes().size() < bytes)
            continue;
        if (best == blocks_.end() ||
            (*at)->memory->bytes().size() <= (*best)->memory->bytes().size())
            best = at;
    }
    if (best == blocks_.end()) return nullptr;
    (*best)->where = pool_block::state::lent;
    return best->get();
}

bool block_pool::reserve(std::size_t bytes) noexcept {
    const auto is_free = [](const auto& b) { return b->where == pool_block::state::free; };
    std::uint64_t in_use = used_bytes_;
    for (const auto& b : blocks_)
        if (is_free(b)) in_use -= b->memory->bytes().size();
    if (in_use != 0 && in_use + bytes > most_bytes_) return false;
    const auto is_full = [&] {
        return used_bytes_ + bytes > most_bytes_ || blocks_.size() >= max_blocks;
    };
    for (auto at = blocks_.begin(); at != blocks_.end() && is_full();)
        at = is_free(*at) ? drop(at) : at + 1;
    if (blocks_.size() >= max_blocks) return false;
    used_bytes_ += bytes;
    return true;
}

block_pool::iterator block_pool::drop(iterator at) noexcept {
    if ((*at)->is_known) forgotten_.push_back((*at)->id);
    used_bytes_ -= (*at)->memory->bytes().size();
    return blocks_.erase(at);
}

void block_pool::set_free(iterator at) noexcept {
    (*at)->where = pool_block::state::free;
    if ((*at)->memory->bytes().size() > most_bytes_)
        drop(at);
    else
        std::rotate(at, at + 1, blocks_.end());
}

void block_pool::forget_free() noexcept {
    for (auto at = blocks_.begin(); at != blocks_.end();)
        at = (*at)->where == pool_block::state::free ? drop(at) : at + 1;
}

pool_block& block_pool::add(std::unique_ptr<block_memory> memory) {
    auto b = std::make_unique<pool_block>();
    forgotten_.reserve(forgotten_.size() + max_blocks);  // for drop, which must not fail
    b->id = ++last_id_;
    b->memory = std::move(memory);
    blocks_.push_back(std::move(b));
    return *blocks_.back();
}

void block_pool::sent(pool_block& block) noexcept {
    block.where = pool_block::state::sent;
    block.is_known = true;
    block.memory->memory().close();
    ++sent_;
}

void block_pool::give_back(pool_block& block) noexcept {
    set_free(std::find_if(
        blocks_.begin(), blocks_.end(), [&](const auto& b) { return b.get() == &block; }));
}

bool block_pool::released(std::uint32_t id, bool for_good) noexcept {
    const auto at = std::find_if(
        blocks_.begin(), blocks_.end(), [id](const auto& b) { return b->id == id; });
    if (at == blocks_.end() || (*at)->where != pool_block::state::sent) return false;
    --sent_;
    if (!for_good) {
        set_free(at);
        return true;
    }
    used_bytes_ -= (*at)->memory->bytes().size();
    blocks_.erase(at);
    return true;
}

}  // namespace strait::detail
