//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_SHM_REGION_HPP
#define STRAIT_LIB_SHM_REGION_HPP

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

// A finished region, mapped to be read: what all shared_memory objects of it have in common in one
// process. At least one byte, and immutable, therefore safe for any number of threads.
class region {
public:
    region(handle memory, os::mapping view) noexcept
        : memory_(std::move(memory)), view_(std::move(view)) {}

    // Of our own. Null on error.
    static std::shared_ptr<const region> of_content(
        std::span<const std::byte> content, error_code& ec);

    // What a peer sent: mapped if it was verified that nobody can change it, copied where the
    // system has no way to say so.
    static std::shared_ptr<const region> of_peer(
        handle memory, std::uint64_t bytes, error_code& ec);

    const handle& memory() const noexcept { return memory_; }
    const std::byte* data() const noexcept { return view_.data(); }
    std::size_t size_bytes() const noexcept { return view_.size_bytes(); }

private:
    handle memory_;
    os::mapping view_;
};

// A region that is being built: at least one byte, all of it zero at first.
class region_builder {
public:
    // Null on error.
    static std::shared_ptr<region_builder> make(std::size_t bytes, error_code& ec);

    region_builder(os::new_memory memory, os::mapping view) noexcept
        : memory_(std::move(memory)), view_(std::move(view)) {}

    std::span<std::byte> bytes() const noexcept { return {view_.data(), view_.size_bytes()}; }

    // Nobody writes any more. Null on error; the builder is of no use afterwards in any case.
    std::shared_ptr<const region> freeze(error_code& ec);

private:
    os::new_memory memory_;
    os::mapping view_;
};

}  // namespace strait::detail

#endif
