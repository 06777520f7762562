//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_LINK_IO_FRAME_HPP
#define STRAIT_LIB_LINK_IO_FRAME_HPP

#include "base/piece.hpp"
#include "posix/stream.hpp"
#include "wire/frame.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace strait::detail {

// A frame without payload, ready to be written.
struct io_frame {
    explicit io_frame(
        wire::frame_kind kind, std::uint16_t handles = 0, std::uint32_t value = 0) noexcept {
        wire::frame_header h;
        h.kind = kind;
        h.handles = handles;
        h.message_bytes = value;
        h.stamp = os::now_ns();
        wire::store_header(h, bytes);
    }
    std::span<const piece> pieces() const noexcept { return {&whole, 1}; }

    std::byte bytes[wire::header_bytes];
    piece whole{bytes, sizeof(bytes)};
};

}  // namespace strait::detail

#endif
