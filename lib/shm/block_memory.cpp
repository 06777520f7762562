//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "shm/block_memory.hpp"

#include <limits>

namespace strait::detail {

std::unique_ptr<block_memory> block_memory::make(std::size_t bytes, error_code& ec) {
    os::new_memory memory = os::open_memory(bytes, ec);
    if (!ec) ec = os::allocate_memory(memory, bytes);
    if (ec) return nullptr;
    os::mapping view(memory.writing, os::map_to::write, 0, bytes, ec);
    if (!ec) ec = os::seal_for_readers(memory);
    return ec ? nullptr
              : std::make_unique<block_memory>(std::move(memory.writing), std::move(view));
}

std::shared_ptr<const block_view> block_view::of_peer(
    handle memory, std::uint64_t bytes, error_code& ec) {
    if (bytes == 0 || bytes > std::numeric_limits<std::size_t>::max()) {
        ec = error::bad_attachment;
        return nullptr;
    }
    ec = os::verify_readable(memory, bytes);
    if (ec) return nullptr;
    os::mapping view(memory, os::map_to::follow, 0, static_cast<std::size_t>(bytes), ec);
    // It may be memory, and of a handle that does not let it be read.
    if (ec == boost::system::errc::permission_denied) ec = error::bad_attachment;
    return ec ? nullptr
              : std::make_shared<const block_view>(std::move(memory), std::move(view));
}

}  // namespace strait::detail
