//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "posix/mapping.hpp"

#include <boost/asio/error.hpp>
#include <boost/interprocess/exceptions.hpp>

#include <cerrno>

namespace strait::detail::os {

namespace {

namespace ipc = boost::interprocess;

// What Boost.Interprocess maps: anything that tells its handle.
struct mappable {
    ipc::mapping_handle_t native;

    ipc::mapping_handle_t get_mapping_handle() const noexcept { return native; }
};

mappable from(const handle& memory) noexcept {
    ipc::mapping_handle_t native{};
    native.handle = memory.native_handle();
    return {native};
}

ipc::mode_t mode_of(map_to purpose) noexcept {
    switch (purpose) {
        case map_to::write:
            return ipc::read_write;
        case map_to::follow:
            return ipc::read_only;
        case map_to::own:
            return ipc::copy_on_write;
        case map_to::read:
            break;
    }
    // Private although it is only read: before Linux 6.7 memory that is sealed against writing
    // cannot be mapped otherwise through a descriptor that was opened to write.
    return ipc::read_private;
}

error_code error_of(int number) noexcept {
    if (number == ENOMEM) return boost::asio::error::no_buffer_space;
    return {number, boost::system::system_category()};
}

}  // namespace

mapping::mapping(const handle& memory, map_to purpose, std::uint64_t offset, std::size_t bytes,
    error_code& ec) noexcept {
    try {
        region_ = ipc::mapped_region(
            from(memory), mode_of(purpose), static_cast<ipc::offset_t>(offset), bytes);
        ec.clear();
    } catch (const ipc::interprocess_exception& e) {
        ec = error_of(e.get_native_error() != 0 ? static_cast<int>(e.get_native_error()) : EINVAL);
    }
}

}  // namespace strait::detail::os
