//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_WIRE_MESSAGE_CURSOR_HPP
#define STRAIT_DETAIL_WIRE_MESSAGE_CURSOR_HPP

#include <cstddef>
#include <cstdint>
#include <span>

namespace strait::detail {

namespace wire {
class write_plan;
}

// How far a message has been written, fragment by fragment; or several that were framed already, frame by
// frame.
class message_cursor {
public:
    message_cursor() noexcept = default;

    // `framed` is the body behind room for one frame header. `announced_bytes` is what the frames
    // call the size of the message: that of the body, unless the message lies elsewhere; so with
    // `announced_handles`, of which `handles` ride on the last frame.
    message_cursor(std::span<std::byte> framed, std::uint32_t announced_bytes, std::size_t handles,
        std::uint32_t announced_handles, std::uint8_t flags) noexcept
        : framed_(framed),
          handles_(handles),
          announced_bytes_(announced_bytes),
          announced_handles_(announced_handles),
          flags_(flags) {}

    // Whole frames one behind the other, which lack only their stamps.
    static message_cursor of_frames(std::span<std::byte> frames) noexcept {
        message_cursor c(frames, 0, 0, 0, 0);
        c.is_framed_ = true;
        return c;
    }

    // Whether a part of a message was written that is not finished.
    bool begun() const noexcept { return begun_; }
    bool finished() const noexcept { return finished_; }
    std::size_t frames_done() const noexcept { return frames_done_; }

private:
    friend class wire::write_plan;

    std::span<std::byte> framed_;
    std::size_t handles_ = 0;
    std::size_t body_done_ = 0;
    std::size_t frames_done_ = 0;
    std::uint32_t announced_bytes_ = 0;
    std::uint32_t announced_handles_ = 0;
    std::uint8_t flags_ = 0;
    bool is_framed_ = false;
    bool begun_ = false;
    bool finished_ = false;
};

}  // namespace strait::detail

#endif
