//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "link/in_process_channel.hpp"

#include "link/blocking_send.hpp"
#include "link/in_process_ends.hpp"
#include "posix/fork_guard.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <cstring>
#include <exception>
#include <vector>

namespace strait::detail {

using clock = std::chrono::steady_clock;

namespace {

// What lies in the channel unread, in bytes: about what a local socket of Linux takes. A larger
// message has the channel to itself.
constexpr std::size_t capacity_bytes = 208u << 10;

// What each message is charged beside its bytes, so that empty ones are bounded as well.
constexpr std::size_t message_overhead = 256;

// Larger ones keep their buffer, which is cheaper than another copy.
constexpr std::size_t most_copied = 4u << 10;

// Of all channels: which receiver lies in which. Nothing else is locked while it is held.
std::mutex carriers_mutex;

}  // namespace

void bury(incoming_message message) noexcept {
    static thread_local std::vector<incoming_message>* graves = nullptr;
    if (graves != nullptr) {
        try {
            return graves->push_back(std::move(message));
        } catch (const std::bad_alloc&) {
            return;  // with recursion, then
        }
    }
    std::vector<incoming_message> mine;
    graves = &mine;
    message = {};
    while (!mine.empty()) {
        message = std::move(mine.back());
        mine.pop_back();
        message = {};
    }
    graves = nullptr;
}

in_process_channel::in_process_channel(channel_identity identity)
    : identity_(std::move(identity)), generation_(os::process_generation()) {}

bool in_process_channel::is_forked() const noexcept {
    return generation_ != os::process_generation();
}

void in_process_channel::join() noexcept {
    const std::lock_guard lock(mutex_);
    ++senders_;
}

bool in_process_channel::join_others() noexcept {
    if (is_forked()) return true;  // leave does not count either
    const std::lock_guard lock(mutex_);
    if (senders_ == 0) return false;
    ++senders_;
    return true;
}

void in_process_channel::leave() noexcept {
    if (is_forked()) return;
    notice to_give;
    {
        const std::lock_guard lock(mutex_);
        if (--senders_ == 0) to_give = take_notice();
    }
    to_give.give();
}

void in_process_channel::notice::give() const noexcept {
    if (receiver) receiver->on_ready();
    if (host) host->notify(number);
}

in_process_channel::notice in_process_channel::take_notice() noexcept {
    notice n;
    if (std::exchange(is_armed_, false)) n.receiver = std::exchange(armed_, {}).lock();
    if (has_host_) {
        n.host = host_.lock();
        n.number = number_;
    }
    arrived_.notify_one();
    return n;
}

std::size_t in_process_channel::charge(std::size_t bytes) noexcept {
    return bytes + message_overhead;
}

bool in_process_channel::fits(const outgoing_message& message) const noexcept {
    return line_.empty() || held_bytes_ + charge(message.body().size()) <= capacity_bytes;
}

std::span<std::byte> in_process_channel::room_for(std::size_t bytes) {
    auto& chunks = wire::chunk_cache::of_this_thread();
    if (!chunk_ || (!chunks.is_exclusive(chunk_) && chunk::capacity - end_ < bytes)) {
        chunk_ = chunks.get();
        end_ = 0;
    } else if (chunks.is_exclusive(chunk_)) {
        end_ = 0;
    }
    const std::span<std::byte> room = chunk_->memory().subspan(end_, bytes);
    end_ += bytes;
    return room;
}

// Puts the message into the line. Only memory can be missing, and then nothing has happened.
error_code in_process_channel::deliver(outgoing_message& message) noexcept {
    try {
        line_.make_room();
        const std::span<const std::byte> body = message.body();
        incoming_message arriving;
        if (body.size() <= most_copied) {
            const std::span<std::byte> room = room_for(body.size());
            if (!body.empty()) std::memcpy(room.data(), body.data(), body.size());
            arriving.body = room;
            arriving.chunk = chunk_;
        }
        held_bytes_ += charge(body.size());
        message.hand_over(arriving);
        line_.push_back(std::move(arriving));
        return {};
    } catch (const std::exception&) {  // bad_alloc, and length_error of a line past all memory
        return asio::error::no_buffer_space;
    }
}

error_code in_process_channel::deliver_what_fits(
    send_operation& op, std::uint64_t& delivered_bytes) noexcept {
    while (op.message != nullptr && fits(*op.message)) {
        if (error_code ec = deliver(*op.message)) return ec;
        delivered_bytes += op.message->held_bytes();
        op.advance();
    }
    return {};
}

error_code in_process_channel::enqueue(
    send_operation& op, bool may_wait, notice& to_give) noexcept {
    if (receiver_gone_) return asio::error::broken_pipe;
    if (waiting_.empty()) {
        const bool was_empty = line_.empty();
        std::uint64_t delivered_bytes = 0;
        const error_code ec = deliver_what_fits(op, delivered_bytes);
        if (was_empty && !line_.empty()) to_give = take_notice();
        op.is_over = op.message == nullptr;
        if (ec || op.is_over) return ec;
    }
    if (!may_wait) return asio::error::would_block;
    const std::size_t bytes = op.held_bytes();
    if (!waiting_.empty() && waiting_bytes_ + bytes > identity_.bounds.max_waiting_bytes)
        return asio::error::no_buffer_space;
    op.hold_work();
    waiting_bytes_ += bytes;
    waiting_.push_back(op);
    return {};
}

void in_process_channel::start(send_operation& op) {
    notice to_give;
    bool is_over = true;
    if (is_forked()) {
        op.result = error::owner_changed;
    } else {
        const std::lock_guard lock(mutex_);
        op.result = enqueue(op, true, to_give);
        is_over = op.is_over || op.result;
    }
    if (is_over) {
        op.settle();
        op.finish(completion::post);
    }
    to_give.give();
}

error_code in_process_channel::send(
    outgoing_message& message, const void* owner, const deadline& until) {
    if (is_forked()) {
        message.revoke();
        return error::owner_changed;
    }
    blocking_send op(message, owner);
    notice to_give;
    {
        std::unique_lock lock(mutex_);
        op.result = enqueue(op, true, to_give);
        queue nothing;
        while (!op.result && !op.is_over) {
            if (until && clock::now() >= *until)
                remove(op, asio::error::timed_out, nothing);
            else if (until)
                room_.wait_until(lock, *until);
            else
                room_.wait(lock);
        }
    }
    op.settle();
    to_give.give();
    return op.result;
}

error_code in_process_channel::try_send(outgoing_message& message) {
    if (is_forked()) {
        message.revoke();
        return error::owner_changed;
    }
    blocking_send op(message, nullptr);
    notice to_give;
    {
        const std::lock_guard lock(mutex_);
        op.result = enqueue(op, false, to_give);
    }
    op.settle();
    to_give.give();
    return op.result;
}

// Out of those that wait.
void in_process_channel::remove(
    send_operation& op, const error_code& result, queue& finished) noexcept {
    waiting_.erase(op);
    waiting_bytes_ -= op.held_bytes();
    op.result = result;
    op.is_over = true;
    if (op.is_blocking)
        room_.notify_all();
    else
        finished.push_back(op);
}

void in_process_channel::cancel(std::uint64_t id, const error_code& why) noexcept {
    if (is_forked()) return;
    queue finished;
    {
        const std::lock_guard lock(mutex_);
        send_operation* op = waiting_.find(id);
        if (op == nullptr) return;
        remove(*op, why, finished);
    }
    finish(finished, completion::post);
}

void in_process_channel::end_all_of(const void* owner, completion how) noexcept {
    if (is_forked()) return;
    queue finished;
    {
        const std::lock_guard lock(mutex_);
        for (send_operation* op = waiting_.front(); op != nullptr;) {
            send_operation* behind = queue::after(*op);
            // Without a handler to destroy, a blocked thread would never be told.
            if (op->owner == owner && !(op->is_blocking && how == completion::destroy))
                remove(*op, asio::error::operation_aborted, finished);
            op = behind;
        }
    }
    finish(finished, how);
}

void in_process_channel::finish(queue& finished, completion how) noexcept {
    while (send_operation* op = finished.pop_front()) {
        op->settle();
        op->finish(how);
    }
}

in_process_channel::found in_process_channel::pop(incoming_message& out, queue& sent) {
    const std::lock_guard lock(mutex_);
    if (line_.empty()) return senders_ == 0 ? found::ended : found::nothing;
    out = std::move(line_.front());
    line_.pop_front();
    held_bytes_ -= charge(out.body.size());
    if (line_.empty()) chunk_ = {};
    while (!waiting_.empty()) {
        send_operation& op = *waiting_.front();
        std::uint64_t delivered_bytes = 0;
        const error_code ec = deliver_what_fits(op, delivered_bytes);
        waiting_bytes_ -= delivered_bytes;
        if (ec || op.message != nullptr) break;  // without memory the next one tries again
        remove(op, {}, sent);
    }
    return found::message;
}

bool in_process_channel::arm(const std::shared_ptr<in_process_receiver>& receiver) noexcept {
    const std::lock_guard lock(mutex_);
    if (!line_.empty() || senders_ == 0) return false;
    armed_ = receiver;
    is_armed_ = true;
    return true;
}

void in_process_channel::disarm() noexcept {
    const std::lock_guard lock(mutex_);
    is_armed_ = false;
    armed_.reset();
}

void in_process_channel::tell(
    std::weak_ptr<set_host> host, std::uint32_t number) noexcept {
    const std::lock_guard lock(mutex_);
    has_host_ = !host.expired();
    host_ = std::move(host);
    number_ = number;
}

void in_process_channel::wait(const deadline& until) {
    std::unique_lock lock(mutex_);
    const auto has_something = [this] { return !line_.empty() || senders_ == 0; };
    if (until)
        arrived_.wait_until(lock, *until, has_something);
    else
        arrived_.wait(lock, has_something);
}

void in_process_channel::end_receiver() noexcept {
    if (is_forked()) return;
    leave_carrier();
    queue finished;
    message_line line;
    {
        const std::lock_guard lock(mutex_);
        receiver_gone_ = true;
        is_armed_ = has_host_ = false;
        line.swap(line_);
        held_bytes_ = 0;
        while (send_operation* op = waiting_.front())
            remove(*op, asio::error::broken_pipe, finished);
        chunk_ = {};
    }
    finish(finished, completion::post);
    for (incoming_message& m : line) bury(std::move(m));
}

error_code in_process_channel::enter(in_process_channel& carrier) noexcept {
    const std::lock_guard lock(carriers_mutex);
    for (const in_process_channel* c = &carrier; c != nullptr; c = c->carrier_)
        if (c == this) return error::own_receiver;
    carrier_ = &carrier;
    return {};
}

void in_process_channel::leave_carrier() noexcept {
    if (is_forked()) return;
    const std::lock_guard lock(carriers_mutex);
    carrier_ = nullptr;
}

}  // namespace strait::detail
