//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "link/io_frame.hpp"
#include "link/send_link.hpp"

#include <boost/asio/error.hpp>

#include <new>
#include <utility>

// The blocks of a link at its sending side, and what the receiver says of them.

namespace strait::detail {

pool_block* send_link::lend(std::size_t bytes) noexcept {
    if (!has_pool() || is_forked()) return nullptr;
    const std::lock_guard lock(mutex_);
    // Who waits for a block comes first: behind him this one would be held for nothing.
    return usable() || awaits_release_ ? nullptr : take_block(bytes);
}

void send_link::give_back(pool_block& block) noexcept {
    if (is_forked()) return;
    queue finished;
    {
        const std::lock_guard lock(mutex_);
        pool_.give_back(block);
        if (awaits_release_) flush(finished);
        if (polling_) wake_.signal();
    }
    finish(finished, completion::post);
}

// A block that is free, or was released since, or is new.
pool_block* send_link::take_block(std::size_t bytes) noexcept {
    // One that has just come back is in the caches, which for so many bytes is worth the system call.
    constexpr std::size_t worth_looking = 128u << 10;
    bool looked = false;
    const auto look = [&] {
        if (!std::exchange(looked, true) && pool_.has_sent()) read_back();
    };
    if (bytes >= worth_looking) look();
    if (pool_block* b = pool_.lend(bytes)) return b;
    look();
    if (pool_block* b = pool_.lend(bytes)) return b;
    const std::size_t size = block_pool::size_for(bytes);
    if (!pool_.reserve(size)) return nullptr;
    try {
        error_code ec;
        auto memory = block_memory::make(size, ec);
        if (!ec) return &pool_.add(std::move(memory));
    } catch (const std::bad_alloc&) {
        // As if the system had no memory for it.
    }
    pool_.unreserve(size);
    return nullptr;
}

// Who waits for a block gets one, and a large message that could not be encoded into one is moved there. Only
// when the receiver has none that it could release they go another way. False: they wait.
bool send_link::find_way(send_operation& op, queue& finished) {
    pool_block* const b =
        take_block(op.request != nullptr ? op.request->bytes() : op.message->block_bytes());
    if (back_fault_) {
        if (b != nullptr) pool_.give_back(*b);
        break_link(back_fault_, finished);
        return true;
    }
    if (b == nullptr && pool_.has_sent()) {
        if (!said_want_) said_want_ = !write_control(io_frame(wire::frame_kind::want).bytes, {});
        if (said_want_) return false;
    }
    if (op.request != nullptr) {
        if (b != nullptr) op.request->grant(shared_from_this(), *b);
        remove(op, {}, finished);
        return true;
    }
    error_code ec;
    outgoing_message& m = *op.message;
    try {
        if (b != nullptr)
            m.move_into_block(shared_from_this(), *b);
        else
            ec = m.go_without_block();
    } catch (const std::bad_alloc&) {
        if (b != nullptr) pool_.give_back(*b);
        ec = asio::error::no_buffer_space;
    }
    if (ec) withdraw(op, ec, finished);
    return true;
}

// What the receiver says. That it is gone, or says what it should not, is acted on when something is
// to be written.
void send_link::read_back() noexcept {
    std::byte bytes[1024];
    try {
        no_handles_.reserve(1);
    } catch (const std::bad_alloc&) {
        return;  // later
    }
    for (;;) {
        no_handles_.clear();
        const os::io_result io = os::recv_some(stream_, bytes, no_handles_, false);
        const bool is_later = io.ec == asio::error::would_block || io.ec == asio::error::no_buffer_space;
        if ((io.bytes == 0 && !is_later) || !take_back_frames({bytes, io.bytes}))
            back_fault_ = asio::error::broken_pipe;
        if (io.ec || back_fault_) return;
        if (io.bytes < sizeof(bytes)) return;
    }
}

// False: a receiver does not say such things.
bool send_link::take_back_frames(std::span<const std::byte> bytes) noexcept {
    for (const std::byte b : bytes) {
        back_[back_bytes_++] = b;
        if (back_bytes_ < wire::header_bytes) continue;
        back_bytes_ = 0;
        const wire::frame_header h = wire::fetch_header(back_.data());
        if (h.payload_bytes != 0 || h.handles != 0) return false;
        if (h.kind == wire::frame_kind::hello) continue;
        if (h.kind != wire::frame_kind::release ||
            !pool_.released(h.message_bytes, h.flags == wire::flag_for_good))
            return false;
        said_want_ = false;  // it may not be enough
    }
    return true;
}

// The receiver forgets all blocks; not while one is in use.
bool send_link::write_no_blocks() {
    pool_.forget_free();
    if (!pool_.is_empty()) return false;
    for (const std::uint32_t id : pool_.forgotten()) {
        const io_frame frame(wire::frame_kind::forget, 0, id);
        if (os::send_some(stream_, frame.pieces(), {}).bytes != wire::header_bytes) return false;
    }
    pool_.forgotten().clear();
    return true;
}

}  // namespace strait::detail
