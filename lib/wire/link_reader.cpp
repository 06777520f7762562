//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "wire/link_reader.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace strait::detail::wire {

namespace {

// Batches that may wait for the rest of their frame. A batch rides on the first byte of a frame
// and one read ends with it, so an honest peer has one; systems that join reads may have a few.
constexpr std::size_t max_waiting_batches = 8;

}  // namespace

chunk_cache& chunk_cache::of_this_thread() noexcept {
    static thread_local chunk_cache cache;
    return cache;
}

chunk_ptr chunk_cache::get() {
    for (chunk_ptr& c : kept_) {
        if (!c) return c = chunk_ptr::make();
        if (c.use_count() == 1) return c;
    }
    return chunk_ptr::make();
}

bool chunk_cache::is_exclusive(const chunk_ptr& c) const noexcept {
    const bool kept = std::find(kept_.begin(), kept_.end(), c) != kept_.end();
    return c.use_count() == (kept ? 2u : 1u);
}

std::span<std::byte> link_reader::prepare(chunk_cache& chunks) {
    const std::size_t unread = end_ - begin_;
    if (!chunk_) {
        chunk_ = chunks.get();
    } else if (!chunks.is_exclusive(chunk_)) {
        // Messages that were given out lie in it: only what follows can be written.
        if (chunk::capacity - end_ < max_write_bytes) {
            chunk_ptr fresh = chunks.get();
            std::memcpy(fresh->memory().data(), chunk_->memory().data() + begin_, unread);
            chunk_ = std::move(fresh);
            begin_ = 0;
            end_ = unread;
        }
    } else if (unread == 0) {
        begin_ = end_ = 0;
    } else if (chunk::capacity - end_ < max_write_bytes) {
        std::memmove(chunk_->memory().data(), chunk_->memory().data() + begin_, unread);
        begin_ = 0;
        end_ = unread;
    }
    return chunk_->memory().subspan(end_);
}

void link_reader::commit(
    std::size_t bytes, std::vector<os::handle_batch>& batches, std::uint64_t read_at) {
    end_ += bytes;
    read_at_ = read_at;
    received_ += bytes;
    for (auto& batch : batches) {
        batches_.push_back(std::move(batch));
        batch_limits_.push_back(received_);
    }
    batches.clear();
}

void link_reader::nothing_before(std::uint64_t when) noexcept {
    not_before_ = std::max(not_before_, when);
}

void link_reader::rest() noexcept {
    if (begin_ != end_) return;
    chunk_ = {};
    begin_ = end_ = 0;
}

link_reader::event link_reader::fail(error e) noexcept {
    fault_ = e;
    return event::broken;
}

bool link_reader::take_batch(std::size_t count, os::handle_batch& batch) {
    batch = {};
    if (count == 0) return true;
    if (batches_.empty()) return false;
    batch = std::move(batches_.front());
    batches_.pop_front();
    batch_limits_.pop_front();
    return batch.lost || batch.handles.size() == count;
}

link_reader::event link_reader::next(
    const limits& bounds, incoming_message& out, os::handle_batch& adopted) {
    for (;;) {
        if (fault_) return event::broken;
        const std::size_t unread = end_ - begin_;
        if (unread == 0) {
            if (!batches_.empty()) return fail(error::protocol_violation);
            rest();
            return event::none;
        }
        if (batches_.size() > max_waiting_batches && unread < header_bytes)
            return fail(error::protocol_violation);
        if (unread < header_bytes) return event::none;
        const std::byte* at = chunk_->memory().data() + begin_;
        const frame_header h = fetch_header(at);
        if (h.payload_bytes > max_payload_bytes) return fail(error::protocol_violation);
        if (unread < header_bytes + h.payload_bytes) {
            if (batches_.size() > max_waiting_batches) return fail(error::protocol_violation);
            return event::none;
        }
        const std::span<const std::byte> payload(at + header_bytes, h.payload_bytes);
        begin_ += header_bytes + h.payload_bytes;

        os::handle_batch batch;
        if (!take_batch(h.handles, batch)) return fail(error::protocol_violation);
        // A batch comes with the first byte of its frame: behind that read it is nobody's.
        if (!batches_.empty() && batch_limits_.front() <= received_ - (end_ - begin_))
            return fail(error::protocol_violation);

        switch (h.kind) {
        case frame_kind::data: {
            const event e = on_data(h, payload, bounds, batch, out);
            if (e == event::none) continue;
            return e;
        }
        case frame_kind::withdraw:
            if (!in_message_ || !payload.empty() || h.handles != 0)
                return fail(error::protocol_violation);
            in_message_ = false;
            partial_.clear();
            return event::withdrawn;
        case frame_kind::adopt:
            if (!payload.empty() || h.handles == 0) return fail(error::protocol_violation);
            adopted = std::move(batch);
            return event::adopt;
        case frame_kind::park:
            if (in_message_ || !payload.empty() || h.handles != 0)
                return fail(error::protocol_violation);
            return event::park;
        case frame_kind::want:
        case frame_kind::forget:
        case frame_kind::disuse:
            if (!payload.empty() || h.handles != 0) return fail(error::protocol_violation);
            number_ = h.message_bytes;
            return h.kind == frame_kind::want     ? event::want
                   : h.kind == frame_kind::forget ? event::forget
                                                  : event::disuse;
        case frame_kind::hello:  // only a receiver says these: both sides of this link are ours
        case frame_kind::release:
            break;
        }
        return fail(error::protocol_violation);
    }
}

link_reader::event link_reader::on_data(const frame_header& h, std::span<const std::byte> payload,
    const limits& bounds, os::handle_batch& batch, incoming_message& out) {
    if ((h.flags & ~known_flags) != 0) return fail(error::protocol_violation);
    const bool last = (h.flags & flag_last) != 0;
    const auto kept_flags = static_cast<std::uint8_t>(h.flags & ~flag_last);

    if (!in_message_) {
        if (h.message_bytes > max_body_bytes(bounds, has_more_than_value(h.flags)))
            return fail(error::message_too_large);
        if (h.message_handles > max_handles(bounds, h.flags))
            return fail(error::too_many_handles);
        message_bytes_ = h.message_bytes;
        message_handles_ = h.message_handles;
        message_flags_ = kept_flags;
        in_message_ = true;
    } else if (h.message_bytes != message_bytes_ || h.message_handles != message_handles_ ||
               kept_flags != message_flags_) {
        return fail(error::protocol_violation);
    }

    const bool in_memory = (kept_flags & flag_memory) != 0;
    const bool in_block = (kept_flags & flag_block) != 0;
    const bool has_loans = (kept_flags & flag_loans) != 0;
    if (in_memory && (in_block || has_loans)) return fail(error::protocol_violation);
    const std::size_t body_bytes = in_memory ? 0 : message_bytes_;
    const std::size_t body = partial_.size() + payload.size();

    if (!last) {
        if (payload.empty() || body > body_bytes || h.handles != 0)
            return fail(error::protocol_violation);
        partial_.reserve(std::min(body_bytes, std::max(body, 2 * partial_.capacity())));
        partial_.append(payload);
        return event::none;
    }

    const bool is_packed = (kept_flags & flag_packed) != 0;
    if (body != body_bytes || (in_memory && message_handles_ == 0) ||
        (is_packed ? h.handles == 0 || h.handles > message_handles_
                   : h.handles != message_handles_))
        return fail(error::protocol_violation);

    out.clear();
    if (partial_.empty()) {
        out.body = payload;
        out.chunk = chunk_;
    } else {
        partial_.append(payload);
        out.assembled = std::exchange(partial_, {});
        out.body = out.assembled.bytes();
    }
    out.handles = std::move(batch.handles);
    out.packed_handles = is_packed ? message_handles_ - h.handles + 1 : 0;
    out.has_table = (kept_flags & flag_table) != 0;
    out.in_memory = in_memory;
    out.in_block = in_block;
    out.has_loans = has_loans;
    out.memory_bytes = in_memory ? message_bytes_ : 0;
    if (batch.lost) {
        out.handles.clear();
        out.fault = error::handles_lost;
    }
    // A stamp is believed between the last moment when its bytes were not yet there and the moment
    // they were read.
    out.stamp = std::clamp(h.stamp, std::min(not_before_, read_at_), read_at_);
    not_before_ = out.stamp;
    in_message_ = false;
    return event::message;
}

link_reader::snapshot link_reader::peek() const noexcept {
    std::span<const std::byte> unread;
    if (chunk_) unread = chunk_->memory().subspan(begin_, end_ - begin_);
    return {unread, partial_.bytes(), batches_, message_bytes_, message_handles_, message_flags_,
        in_message_, not_before_};
}

error_code link_reader::restore(snapshot_data&& s, const limits& bounds, std::uint64_t now) {
    if (s.unread.size() > chunk::capacity || s.partial.size() > s.message_bytes ||
        s.message_bytes > max_body_bytes(bounds, has_more_than_value(s.message_flags)) ||
        s.message_handles > max_handles(bounds, s.message_flags))
        return error::protocol_violation;
    if (!s.unread.empty()) {
        chunk_ = chunk_ptr::make();
        std::memcpy(chunk_->memory().data(), s.unread.data(), s.unread.size());
        end_ = s.unread.size();
    }
    received_ = s.unread.size();
    partial_.append(s.partial);
    batches_ = std::move(s.batches);
    batch_limits_.assign(batches_.size(), received_);
    message_bytes_ = s.message_bytes;
    message_handles_ = s.message_handles;
    message_flags_ = s.message_flags;
    in_message_ = s.in_message;
    not_before_ = std::min(s.not_before, now);
    read_at_ = now;
    return {};
}

}  // namespace strait::detail::wire
