//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_WIRE_WRITE_PLAN_HPP
#define STRAIT_LIB_WIRE_WRITE_PLAN_HPP

#include "base/piece.hpp"
#include "wire/frame.hpp"

#include <strait/detail/wire/message_cursor.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace strait::detail::wire {

// Puts together one write: whole fragments of one or more messages, at most max_write_bytes, with
// handles on the first fragment only, which then is the last one of its message. The cursors move as
// fragments are added; a plan that could not be written is undone.
class write_plan {
public:
    explicit write_plan(std::uint64_t stamp) noexcept : stamp_(stamp) {}

    // A frame without payload or handles. False: the plan is full.
    bool add_control(frame_kind kind, std::uint32_t value = 0) noexcept;

    // As many fragments of the message as fit. False: the plan is full, or the next fragment has the
    // handles and must begin a write of its own.
    bool add(message_cursor& message) noexcept;

    bool empty() const noexcept { return piece_count_ == 0; }
    std::size_t bytes() const noexcept { return bytes_; }
    std::span<const piece> pieces() const noexcept {
        return {pieces_.data(), piece_count_};
    }

    // Whether the handles of the message that was added first ride on this write.
    bool has_handles() const noexcept { return has_handles_; }

    // The plan was not written at all: every cursor goes back to where it was.
    void undo() noexcept;

private:
    static constexpr std::size_t max_frames = 256;  // two pieces each

    struct step {
        message_cursor* message;
        std::size_t body;
        std::size_t frames;
        bool begun;
    };

    bool has_room(std::size_t payload) const noexcept {
        return frame_count_ < max_frames && bytes_ + header_bytes + payload <= max_write_bytes;
    }
    void push(std::span<const std::byte> bytes) noexcept {
        pieces_[piece_count_++] = {bytes.data(), bytes.size()};
        bytes_ += bytes.size();
    }
    bool add_fragment(message_cursor& message) noexcept;
    bool add_frames(message_cursor& messages) noexcept;
    void note_step(message_cursor& message) noexcept;

    std::uint64_t stamp_;
    std::size_t bytes_ = 0;
    std::size_t piece_count_ = 0;
    std::size_t frame_count_ = 0;
    std::size_t step_count_ = 0;
    bool has_handles_ = false;
    std::array<piece, 2 * max_frames> pieces_;
    std::array<std::array<std::byte, header_bytes>, max_frames> headers_;
    std::array<step, max_frames> steps_;
};

}  // namespace strait::detail::wire

#endif
