//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_POSIX_MAPPING_HPP
#define STRAIT_LIB_POSIX_MAPPING_HPP

#include <strait/error.hpp>
#include <strait/handle.hpp>

#include <boost/interprocess/mapped_region.hpp>

#include <cstddef>
#include <cstdint>

namespace strait::detail::os {

enum class map_to {
    read,    // what will not change, and never to be written by anybody through this mapping
    follow,  // what another process writes
    write,   // seen by everybody who maps the same memory
    own,     // written here without anybody seeing it: a page is copied when it is first written
};

// Memory mapped into this process. Moved from, it is none.
class mapping {
public:
    mapping() noexcept = default;

    // At least one byte, from an offset that need not be that of a page. What cannot be mapped so
    // is an error of the system; no memory or address space left is no_buffer_space.
    mapping(const handle& memory, map_to purpose, std::uint64_t offset, std::size_t bytes,
        error_code& ec) noexcept;

    std::byte* data() const noexcept { return static_cast<std::byte*>(region_.get_address()); }
    std::size_t size_bytes() const noexcept { return region_.get_size(); }

private:
    boost::interprocess::mapped_region region_;
};

}  // namespace strait::detail::os

#endif
