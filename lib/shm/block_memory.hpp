//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_SHM_BLOCK_MEMORY_HPP
#define STRAIT_LIB_SHM_BLOCK_MEMORY_HPP

#include "posix/mapping.hpp"
#include "posix/memory.hpp"

#include <strait/error.hpp>
#include <strait/handle.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

namespace strait::detail {

// A block as its maker has it: memory that only this mapping can write, of a size that nobody can
// change. Used for one message after the other.
class block_memory {
public:
    // Null on error, and where the system cannot seal.
    static std::unique_ptr<block_memory> make(std::size_t bytes, error_code& ec);

    block_memory(handle memory, os::mapping view) noexcept
        : memory_(std::move(memory)), view_(std::move(view)) {}

    std::span<std::byte> bytes() const noexcept { return {view_.data(), view_.size_bytes()}; }

    // To be given away once; the mapping stays.
    handle& memory() noexcept { return memory_; }

private:
    handle memory_;
    os::mapping view_;
};

// A block as the other side has it: mapped to be read, verified to be all there and to stay so. What
// it reads changes whenever its maker likes.
class block_view {
public:
    // Null on error.
    static std::shared_ptr<const block_view> of_peer(
        handle memory, std::uint64_t bytes, error_code& ec);

    block_view(handle memory, os::mapping view) noexcept
        : memory_(std::move(memory)), view_(std::move(view)) {}

    std::span<const std::byte> bytes() const noexcept {
        return {view_.data(), view_.size_bytes()};
    }

    // For a receiver that moves.
    const handle& memory() const noexcept { return memory_; }

private:
    handle memory_;
    os::mapping view_;
};

}  // namespace strait::detail

#endif
