//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_BASE_HEAP_BYTES_HPP
#define STRAIT_LIB_BASE_HEAP_BYTES_HPP

#include <strait/detail/payload.hpp>

#include <cstddef>
#include <memory>
#include <span>

namespace strait::detail {

// Memory of its own.
class heap_bytes final : public payload {
public:
    // All of them zero, so that nothing of this process leaves it by mistake.
    explicit heap_bytes(std::size_t bytes)
        : bytes_(std::make_unique<std::byte[]>(bytes)), size_(bytes) {}

    std::span<std::byte> bytes() const noexcept { return {bytes_.get(), size_}; }

private:
    std::unique_ptr<std::byte[]> bytes_;
    std::size_t size_;
};

}  // namespace strait::detail

#endif
