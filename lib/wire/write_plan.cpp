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
    if (message.is_framed_) return add_frames(message);
    while (!message.finished_)
        if (!add_fragment(message)) return false;
    return true;
}

bool write_plan::add_fragment(message_cursor& message) noexcept {
    const std::size_t body_left = message.framed_.size() - header_bytes - message.body_done_;
    // Small messages share a write; a message that needs several writes fills each.
    const std::size_t room = has_room(0) ? max_write_bytes - bytes_ - header_bytes : 0;
    if (!has_room(0) || (room < body_left && !empty())) return false;
    const std::size_t payload = std::min(body_left, room);
    const bool last = payload == body_left;
    const bool has_handles = last && message.handles_ != 0;
    if (has_handles && !empty()) return false;

    frame_header h;
    h.kind = frame_kind::data;
    h.stamp = stamp_;
    h.message_bytes = message.announced_bytes_;
    h.message_handles = message.announced_handles_;
    h.payload_bytes = static_cast<std::uint32_t>(payload);
    h.handles = static_cast<std::uint16_t>(has_handles ? message.handles_ : 0);
    h.flags = static_cast<std::uint8_t>(message.flags_ | (last ? flag_last : 0));

    note_step(message);
    has_handles_ = has_handles_ || has_handles;
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
    message.frames_done_ += 1;
    message.finished_ = last;
    return true;
}

// As many as fit, as one piece.
bool write_plan::add_frames(message_cursor& messages) noexcept {
    if (!has_room(0)) return false;
    const std::span<std::byte> left = messages.framed_.subspan(messages.body_done_);
    const std::size_t room = max_write_bytes - bytes_;
    std::size_t taken = 0;
    std::size_t frames = 0;
    while (taken != left.size()) {
        frame_header h = fetch_header(left.data() + taken);
        const std::size_t frame_bytes = header_bytes + h.payload_bytes;
        if (frame_bytes > room - taken) break;
        h.stamp = stamp_;
        store_header(h, left.data() + taken);
        taken += frame_bytes;
        ++frames;
    }
    if (taken == 0) return false;
    note_step(messages);
    push(left.first(taken));
    ++frame_count_;
    messages.body_done_ += taken;
    messages.frames_done_ += frames;
    messages.finished_ = taken == left.size();
    return messages.finished_;
}

void write_plan::note_step(message_cursor& message) noexcept {
    steps_[step_count_++] = {
        &message, message.body_done_, message.frames_done_, message.begun_};
}

void write_plan::undo() noexcept {
    while (step_count_ != 0) {
        const step& s = steps_[--step_count_];
        s.message->body_done_ = s.body;
        s.message->frames_done_ = s.frames;
        s.message->begun_ = s.begun;
        s.message->finished_ = false;
    }
}

}  // namespace strait::detail::wire
