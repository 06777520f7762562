//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "link/io_frame.hpp"
#include "link/link_receiver.hpp"
#include "link/send_link.hpp"

#include <boost/asio/error.hpp>

#include <new>
#include <utility>

// Links for other processes: new ones, those that were leased before, and this one when it is parked.

namespace strait::detail {

link_offer send_link::extend(const std::shared_ptr<lease_source>& target, error_code& ec) {
    ec.clear();
    if (is_forked()) {
        ec = error::owner_changed;
        return {};
    }
    const std::lock_guard lock(mutex_);
    if (!stream_.is_open()) {
        ec = error::empty_end;
        return {};
    }
    const auto local = local_.lock();
    link_offer offer;
    if (local && target) {
        offer.target = target->id();
        offer.through = target;
        offer.lease = local->take_up(offer.target);
        if (offer.lease != 0) return offer;
    }
    // A leased one is for its target only: nobody else knows its number.
    if (spare_.stream.is_open() && (spare_.lease == 0 || spare_.target == offer.target))
        return std::exchange(spare_, {});
    auto [receiving, sending] = os::connected_pair(ec);
    if (ec) return {};
    offer.stream = std::move(sending);
    if (broken_) return offer;
    if (local) {
        const std::uint32_t lease = target ? target->next() : 0;
        if (local->adopt_here(receiving, offer.target, lease)) {
            offer.lease = lease;
            return offer;
        }
    }
    ec = write_adopt(receiving);
    if (ec == asio::error::broken_pipe) ec.clear();  // a sender of a channel without receiver
    return ec ? link_offer() : std::move(offer);
}

void send_link::take_back(link_offer offer) noexcept {
    if (is_forked()) return;
    if (offer.stream.is_open()) {
        const std::lock_guard lock(mutex_);
        if (stream_.is_open() && !spare_.stream.is_open()) spare_ = std::move(offer);
        return;
    }
    const auto local = local_.lock();
    if (local && local->give_back(offer.target, offer.lease)) return;
    if (const auto through = offer.through.lock()) through->disuse(offer.lease);
}

void send_link::disuse(std::uint32_t lease) noexcept {
    if (is_forked()) return;
    queue finished;
    {
        const std::lock_guard lock(mutex_);
        if (usable()) return;  // what the other side has parked goes with the link
        try {
            disused_.push_back(lease);
        } catch (const std::bad_alloc&) {
            return;  // it is closed when the link ends
        }
        flush(finished);
    }
    finish(finished, completion::post);
}

error_code send_link::write_adopt(const handle& receiving_side) {
    const io_frame frame(wire::frame_kind::adopt, 1);
    const handle* const rides = &receiving_side;
    if (write_carry()) return asio::error::no_buffer_space;
    return write_control(frame.bytes, {&rides, 1});
}

void send_link::discard() noexcept {
    const std::lock_guard lock(mutex_);
    stream_.close();
}

void send_link::set_lease(std::weak_ptr<lease_table> home, std::uint32_t lease) noexcept {
    lease_home_ = std::move(home);
    lease_ = lease;
}

// Says that no sender uses the link, behind everything that they wrote. False: it must be closed.
bool send_link::write_park() {
    const std::lock_guard lock(mutex_);
    if (broken_ || !queue_.empty() || owes_frames() || !carry_.empty()) return false;
    // Whoever takes it up has blocks of its own.
    read_back();
    if (!write_no_blocks()) return false;
    drop_waiters();
    spare_.stream.close();
    const io_frame frame(wire::frame_kind::park, 0);
    return os::send_some(stream_, frame.pieces(), {}).bytes == wire::header_bytes;
}

}  // namespace strait::detail
