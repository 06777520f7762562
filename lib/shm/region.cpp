//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "shm/region.hpp"

#include <limits>

namespace strait::detail {

namespace {

std::shared_ptr<const region> mapped(handle memory, std::size_t bytes, error_code& ec) {
    os::mapping view(memory, os::map_to::read, 0, bytes, ec);
    if (ec) return nullptr;
    return std::make_shared<const region>(std::move(memory), std::move(view));
}

}  // namespace

std::shared_ptr<const region> region::of_content(
    std::span<const std::byte> content, error_code& ec) {
    handle memory = os::make_memory(content, ec);
    return ec ? nullptr : mapped(std::move(memory), content.size(), ec);
}

std::shared_ptr<const region> region::of_peer(
    handle memory, std::uint64_t bytes, error_code& ec) {
    if (bytes == 0 || bytes > std::numeric_limits<std::size_t>::max()) {
        ec = error::bad_attachment;
        return nullptr;
    }
    const auto size = static_cast<std::size_t>(bytes);
    ec = os::verify_memory(memory, bytes);
    if (ec) return nullptr;
    if constexpr (os::has_seals) {
        auto made = mapped(std::move(memory), size, ec);
        // It may be memory, and of a handle that does not let it be read.
        if (ec == boost::system::errc::permission_denied) ec = error::bad_attachment;
        return made;
    } else {
        const auto copy = region_builder::make(size, ec);
        if (!ec) ec = os::copy_memory(memory, copy->bytes());
        return ec ? nullptr : copy->freeze(ec);
    }
}

std::shared_ptr<region_builder> region_builder::make(std::size_t bytes, error_code& ec) {
    os::new_memory memory = os::open_memory(bytes, ec);
    if (!ec) ec = os::allocate_memory(memory, bytes);
    if (ec) return nullptr;
    os::mapping view(memory.writing, os::map_to::write, 0, bytes, ec);
    if (ec) return nullptr;
    return std::make_shared<region_builder>(std::move(memory), std::move(view));
}

std::shared_ptr<const region> region_builder::freeze(error_code& ec) {
    const std::size_t bytes = view_.size_bytes();
    view_ = {};
    handle memory = os::finish_memory(memory_, ec);
    if (ec == boost::system::errc::device_or_resource_busy) {
        // A child that was forked meanwhile can write it: what it cannot write is a copy.
        const os::mapping readable(memory_.writing, os::map_to::read, 0, bytes, ec);
        if (!ec) return region::of_content({readable.data(), bytes}, ec);
    }
    return ec ? nullptr : mapped(std::move(memory), bytes, ec);
}

}  // namespace strait::detail
