//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "wire/write_plan.hpp"

#include <algorithm>

namespace strait::detail::wire {

bool write_plan::add_control(frame_kind kind, std::uint32_t value) noexcept {
    if (!has_room(0)) return false;
    frame_header h;
    h.kind = kind;
    h.stamp = stamp_;
    h.message_bytes = value;
    auto& at = headers_[frame_count_++];
    store_header(h, at.data());
    push(at);
    return true;
}

bool write_plan::add(message_cursor& message) noexcept {
    while (!message.finished_)
        if (!add_fragment(message)) return false;
    return true;
}

bool write_plan::add_fragment(message_cursor& message) noexcept {
    const std::size_t body_left = message.framed_.size() - header_bytes - message.body_done_;
    const std::size_t handles_left = message.handles_ - message.handles_done_;
    if (handles_left != 0 && !empty()) return false;

    // Small messages share a write; a message that needs several writes fills each.
    const std::size_t room = has_room(0) ? max_write_bytes - bytes_ - header_bytes : 0;
    if (!has_room(0) || (room < body_left && !empty())) return false;

    frame_header h;
    h.kind = frame_kind::data;
    h.stamp = stamp_;
    h.message_bytes = message.announced_bytes_;
    h.message_handles = static_cast<std::uint32_t>(message.handles_);
    const std::size_t handles = std::min(handles_left, max_handles_);
    const bool more_batches = handles_left > handles;
    // Further batches ride on fragments of their own, which may have no payload.
    const std::size_t payload = std::min(body_left, room);
    h.payload_bytes = static_cast<std::uint32_t>(payload);
    h.handles = static_cast<std::uint16_t>(handles);
    const bool last = payload == body_left && !more_batches;
    h.flags = static_cast<std::uint8_t>(message.flags_ | (last ? flag_last : 0));

    steps_[step_count_++] = {
        &message, message.body_done_, message.handles_done_, message.begun_};
    if (handles != 0) {
        first_handle_ = message.handles_done_;
        handle_count_ = handles;
    }
    if (!message.begun_) {
        // The header goes into the room before the body: one piece.
        store_header(h, message.framed_.data());
        push(message.framed_.first(header_bytes + payload));
    } else {
        auto& at = headers_[frame_count_];
        store_header(h, at.data());
        push(at);
        if (payload != 0)
            push(message.framed_.subspan(header_bytes + message.body_done_, payload));
    }
    ++frame_count_;
    message.begun_ = true;
    message.body_done_ += payload;
    message.handles_done_ += handles;
    message.finished_ = last;
    return true;
}

void write_plan::undo() noexcept {
    while (step_count_ != 0) {
        const step& s = steps_[--step_count_];
        s.message->body_done_ = s.body;
        s.message->handles_done_ = s.handles;
        s.message->begun_ = s.begun;
        s.message->finished_ = false;
    }
}

}  // namespace strait::detail::wire
