//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "link/link_receiver.hpp"

#include "link/io_frame.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <chrono>
#include <new>
#include <utility>

namespace strait::detail {

using clock = std::chrono::steady_clock;

link_receiver::link_receiver(channel_identity identity, const asio::any_io_executor& executor)
    : receiver_base(std::move(identity), executor), box_(identity_.bounds) {
    batches_.reserve(1);  // so that no read fails for want of it
}

link_receiver::~link_receiver() {
    close();
}

std::shared_ptr<link_receiver> link_receiver::make(
    channel_identity identity, cargo load, const asio::any_io_executor& executor) {
    auto made = std::make_shared<link_receiver>(std::move(identity), executor);
    const std::lock_guard lock(made->mutex_);
    if (error_code ec = made->restore(std::move(load), true)) throw system_error(ec);
    return made;
}

error_code link_receiver::add_first(handle stream) {
    os::mark_receiving_side(stream);
    const std::lock_guard lock(mutex_);
    const inbox::link_id id = box_.add(std::move(stream), inbox::no_link);
    return poller_.add(box_.find(id)->stream, id);
}

bool link_receiver::adopt_here(
    handle& stream, lease_source::target_id target, std::uint32_t lease) {
    const std::lock_guard lock(mutex_);
    if (is_forked() || phase_ != phase::open || is_blocked_ || set_ != nullptr) return false;
    if (box_.link_count() >= identity_.bounds.max_links) return false;
    os::mark_receiving_side(stream);
    const inbox::link_id id = box_.add(std::move(stream), inbox::no_link);
    inbox::link& l = *box_.find(id);
    l.lease = lease;
    l.lease_target = target;
    error_code ec = poller_.add(l.stream, id);
    // The poller may watch something else now: those who wait must wait for that.
    if (!ec && is_armed_) ec = watch();
    if (!ec) return true;
    poller_.remove(id);
    stream = std::move(l.stream);
    box_.drop(id, ec);
    static_cast<void>(box_.take_faults());
    static_cast<void>(box_.take_gone());
    return false;
}

std::uint32_t link_receiver::take_up(lease_source::target_id target) {
    const std::lock_guard lock(mutex_);
    if (phase_ != phase::open) return 0;
    inbox::link* l = box_.find_parked(target);
    if (l == nullptr) return 0;
    box_.unpark(*l);
    return l->lease;
}

bool link_receiver::give_back(lease_source::target_id target, std::uint32_t lease) noexcept {
    const std::lock_guard lock(mutex_);
    inbox::link* const l = box_.find_lease(target, lease);
    if (l != nullptr) box_.park(*l);
    return l != nullptr;
}

void link_receiver::close() noexcept {
    if (is_forked()) {
        // The mutex may be held by a thread that does not exist here, and epoll descriptors are
        // shared with the parent: nothing but closing descriptors.
        poller_.abandon();
        box_.close();
        line_.clear();
        phase_ = phase::closed;
        return;
    }
    finished_list finished;
    inbox::link_map links;
    message_line line;
    {
        const std::lock_guard lock(mutex_);
        if (phase_ == phase::closed) return;
        phase_ = phase::closed;
        abort_all(finished, asio::error::operation_aborted);
        links = box_.close();
        for (const auto& [id, l] : links) poller_.remove(id);
        poller_.detach();
        line.swap(line_);
    }
    finish(finished, completion::post);
}

int link_receiver::whole_budget() const noexcept {
    constexpr int reads_per_link = 64;
    constexpr std::size_t most_links = 1u << 20;
    return reads_per_link *
           static_cast<int>(std::clamp<std::size_t>(box_.link_count(), 1, most_links));
}

error_code link_receiver::arm(bool&) {
    return watch();
}

// Also when it is armed: the poller may watch something else since.
error_code link_receiver::watch() {
    is_armed_ = false;
    const std::shared_ptr<void> self(shared_from_this(), this);
    if (error_code ec = poller_.async_wait(executor_, {&link_receiver::on_ready, self})) return ec;
    is_armed_ = true;
    return {};
}

// In a set it is the set that waits.
void link_receiver::detach(bool in_shutdown) noexcept {
    if (!in_shutdown || set_ == nullptr) poller_.detach();
    is_armed_ = false;
}

void link_receiver::disarm() noexcept {
    if (std::exchange(is_armed_, false)) poller_.cancel();
}

void link_receiver::on_ready(const std::shared_ptr<void>& object) {
    auto& self = *static_cast<link_receiver*>(object.get());
    finished_list finished;
    bool alone = false;
    {
        const std::lock_guard lock(self.mutex_);
        if (!std::exchange(self.is_armed_, false)) return;  // stopped in the meantime
        self.poller_.fired();
        if (self.is_blocked_) return;  // that thread sees to the rest
        if (!self.box_.must_read()) self.look();
        self.pump(finished);
        alone = self.is_alone(finished);
    }
    // Alone it may be completed from here; several would have to survive each other's handlers, and
    // those that were granted before and are on their way come first.
    finish(finished, alone ? completion::dispatch : completion::post);
    self.tell_faults();
}

// Reads until one more message is in the line; or in `direct`, when the line is empty and somebody
// takes the message at once.
receiver_base::outcome link_receiver::fetch(
    int& budget, finished_list&, incoming_message* direct) {
    const std::size_t before = line_.size();
    for (;;) {
        if (box_.has_news()) process_news();
        if (line_.size() != before) return outcome::message;  // a fault that is to be delivered
        const inbox::step s = box_.next();
        switch (s.what) {
        case inbox::action::give: {
            incoming_message& into = direct != nullptr ? *direct : line_.push_back({});
            box_.pop(s.on, into);
            take_leased_links(into);
            if (box_.has_news()) process_news();
            return direct != nullptr ? outcome::given : outcome::message;
        }
        case inbox::action::read:
            if (budget-- <= 0) return outcome::enough;
            if (!read_link(*box_.find(s.on))) return outcome::no_memory;
            break;
        case inbox::action::round:
            look();
            break;
        case inbox::action::wait:
            return outcome::nothing;
        case inbox::action::end:
            return outcome::ended;
        }
    }
}

bool link_receiver::read_link(inbox::link& l) {
    const inbox::link_id id = l.id;
    const std::span<std::byte> room = box_.prepare(l);
    const os::io_result io = os::recv_some(l.stream, room, batches_, false);
    return accept_read(id, io, room.size());
}

// False: the system has no memory for what lies there, which is still to be read.
bool link_receiver::accept_read(
    inbox::link_id id, const os::io_result& io, std::size_t room) {
    inbox::link& l = *box_.find(id);
    if (io.ec == asio::error::no_buffer_space) return false;
    if (io.ec == asio::error::would_block) {
        box_.on_nothing(l);
        return true;
    }
    if (io.ec || io.bytes == 0) {  // a reset is the end as well
        box_.on_end(l);
        return true;
    }
    const bool filled = io.bytes == room || !batches_.empty();
    box_.on_read(l, io.bytes, batches_, filled, os::now_ns());
    if (!filled || box_.link_count() < 2) return true;
    inbox::link* still = box_.find(id);
    if (still != nullptr && box_.wants_unread(*still))
        box_.on_unread(*still, os::unread_bytes(still->stream));
    return true;
}

// Learns which links have something.
void link_receiver::look() {
    const std::uint64_t now = os::now_ns();
    if (box_.link_count() < 2) return box_.recheck(now);
    if (error_code ec = poller_.wait(0, ready_)) {
        // Nothing was learned: every link is read.
        box_.recheck(now);
        return;
    }
    box_.begin_round(now, ready_);
}

void link_receiver::process_news() {
    while (box_.has_news()) {
        for (inbox::adoption& a : box_.take_adoptions()) adopt(std::move(a));
        for (const inbox::fault& f : box_.take_faults()) add_fault(f.code);
        for (const auto& l : box_.take_gone()) {
            poller_.remove(l->id);
            if (l->leases) l->leases->close();
        }
    }
}

void link_receiver::adopt(inbox::adoption a) {
    // Anything can come from a peer: only what a link may consist of is read and written.
    if (!os::is_link_stream(a.stream) || !os::claim_receiving_side(a.stream) || !greet(a.stream)) {
        if (box_.find(a.by) != nullptr) return box_.drop(a.by, error::protocol_violation);
        return add_fault(error::protocol_violation);
    }
    const inbox::link_id id = box_.add(std::move(a.stream), a.account);
    if (id == inbox::no_link) return add_fault(error::too_many_links);
    if (error_code ec = add_to_poller(*box_.find(id))) box_.drop(id, ec);
}

// Tells the other side that the link was adopted. If that is a link of a receiver, this is what ends it:
// the greeting comes from the wrong side. Where links cannot be marked that is all there is: a peer
// could read it away, or have it taken for a part of a half frame.
bool link_receiver::greet(const handle& stream) noexcept {
    const io_frame frame(wire::frame_kind::hello);
    const os::io_result io = os::send_some(stream, frame.pieces(), {});
    // Its sender may be gone already, and have left messages.
    return io.bytes == wire::header_bytes || io.ec == asio::error::broken_pipe;
}

error_code link_receiver::join_set(const std::shared_ptr<set_host>& set, std::uint32_t number) {
    cancel();
    const std::lock_guard lock(mutex_);
    if (set_ != nullptr) set_->poller().remove(poller_);
    set_ = set.get();
    if (!set) return {};
    poller_.detach();
    error_code ec = usable();
    if (!ec) ec = set->poller().add(poller_, number);
    if (ec) set_ = nullptr;
    return ec;
}

// Blocks, without the mutex, until some link has something, and learns what.
void link_receiver::wait(std::unique_lock<std::mutex>& lock, const deadline& until) {
    is_blocked_ = true;
    if (!until && box_.link_count() == 1) {
        inbox::link& l = box_.only_link();
        const std::span<std::byte> room = box_.prepare(l);
        const std::uint64_t begun = os::now_ns();
        lock.unlock();
        const os::io_result io = os::recv_some(l.stream, room, batches_, true);
        lock.lock();
        is_blocked_ = false;
        if (io.ec != asio::error::would_block) {
            // What came after the read, whose time nobody knows, is not vouched for.
            box_.recheck(begun);
            static_cast<void>(accept_read(l.id, io, room.size()));
            return;
        }
        // An asynchronous wait has made the stream non-blocking for good.
        is_blocked_ = true;
    }
    std::int64_t timeout_ns = -1;
    if (until)
        timeout_ns = std::max<std::int64_t>(0,
            std::chrono::duration_cast<std::chrono::nanoseconds>(*until - clock::now()).count());
    lock.unlock();
    poller_.wait(timeout_ns, ready_);
    lock.lock();
    is_blocked_ = false;
    look();
}

std::unique_ptr<cargo> link_receiver::freeze(sender_core&, error_code& ec) {
    if (is_forked()) {
        ec = error::owner_changed;
        return nullptr;
    }
    finished_list finished;
    auto load = std::make_unique<cargo>();
    std::vector<inbox::moving_link> parked;
    {
        const std::lock_guard lock(mutex_);
        ec = usable();
        if (ec) return nullptr;
        // All that needs memory first.
        load->links.reserve(box_.link_count());
        parked.reserve(box_.link_count());
        auto links = box_.take_links();
        phase_ = phase::moved;
        abort_all(finished, asio::error::operation_aborted);
        for (auto& l : links) {
            poller_.remove(l.what->id);
            (l.what->parked ? parked : load->links).push_back(std::move(l));
        }
        poller_.detach();
        load->line.swap(line_);
    }
    finish(finished, completion::post);
    return load;
}

void link_receiver::thaw(std::unique_ptr<cargo> load) noexcept {
    const std::lock_guard lock(mutex_);
    if (phase_ != phase::moved) return;  // closed by its owner in the meantime
    phase_ = phase::open;
    restore(std::move(*load), false);
}

error_code link_receiver::add_to_poller(const inbox::link& l) noexcept {
    try {
        return poller_.add(l.stream, l.id);
    } catch (const std::bad_alloc&) {
        return asio::error::no_buffer_space;
    }
}

error_code link_receiver::restore(cargo load, bool check) {
    for (auto& moving : load.links) {
        if (check && !os::is_link_stream(moving.what->stream)) return error::bad_attachment;
        const inbox::link_id id = box_.restore(std::move(moving), check, os::now_ns());
        const inbox::link* l = box_.find(id);
        if (l == nullptr) continue;  // ended, or broken
        // Its peer may have marked the other side at any time: that ends the link, and not the receiver.
        if (check && !os::claim_receiving_side(l->stream)) {
            box_.drop(id, error::protocol_violation);
            continue;
        }
        if (error_code ec = add_to_poller(*l)) {
            if (check) return ec;
            box_.drop(id, ec);  // it was here before: the others come back
        }
    }
    line_.swap(load.line);
    process_news();
    return {};
}

}  // namespace strait::detail
