//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "link/send_link.hpp"

#include "link/blocking_send.hpp"
#include "link/io_frame.hpp"
#include "posix/fork_guard.hpp"
#include "wire/write_plan.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/query.hpp>

#include <algorithm>
#include <utility>

namespace strait::detail {

using clock = std::chrono::steady_clock;

namespace {

// Executors on which nothing waits now, and that are still watched for the next time: each costs a
// descriptor.
constexpr std::size_t max_idle_waiters = 4;

// How long a thread polls when nothing can wake it, since there was no descriptor for that: 10 ms.
constexpr std::int64_t poll_without_wake_ns = 10'000'000;

bool wants_block(const send_operation& op) noexcept {
    return op.request != nullptr || op.message->wants_block();
}

}  // namespace

send_link::send_link(
    handle stream, channel_identity identity, std::weak_ptr<link_receiver> local)
    : identity_(std::move(identity)),
      local_(std::move(local)),
      generation_(os::process_generation()),
      stream_(std::move(stream)),
      pool_(identity_.bounds) {}

send_link::~send_link() = default;

bool send_link::is_forked() const noexcept {
    return generation_ != os::process_generation();
}

void send_link::join() noexcept {
    senders_.fetch_add(1, std::memory_order_relaxed);
}

bool send_link::join_others() noexcept {
    std::size_t others = senders_.load(std::memory_order_relaxed);
    while (others != 0)
        if (senders_.compare_exchange_weak(others, others + 1, std::memory_order_relaxed))
            return true;
    return false;
}

void send_link::leave() noexcept {
    if (senders_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    if (is_forked()) {
        // The mutex may be held by a thread that does not exist here, and the reactor is shared
        // with the parent: only descriptors are closed.
        for (const auto& w : waiters_) static_cast<void>(w->watch.release());
        stream_.close();
        spare_.stream.close();
        return;
    }
    const auto home = lease_home_.lock();
    if (home && home->park(lease_, shared_from_this(), [this] { return write_park(); })) return;
    queue finished;
    {
        const std::lock_guard lock(mutex_);
        // Another thread may have begun to send after its sender's operations were cancelled.
        while (send_operation* op = queue_.front())
            withdraw(*op, asio::error::operation_aborted, finished);
        drop_waiters();
        spare_.stream.close();
        // What the system took in part is lost if it has no room for the rest now.
        if (!carry_.empty() && stream_.is_open()) {
            os::set_reserve(stream_, true);
            static_cast<void>(write_carry());
        }
        close_stream();
    }
    finish(finished, completion::post);
}

// A thread that polls the stream closes it when it is back, which is at once.
void send_link::close_stream() noexcept {
    closes_after_poll_ = polling_;
    if (!polling_) stream_.close();
}

// Each has a duplicate of the stream, which must not stay open until its context lets go of it.
void send_link::drop_waiters() noexcept {
    for (const auto& w : waiters_) w->watch.reset();
    waiters_.clear();
}

void send_link::drop_idle_waiters() noexcept {
    if (!carry_.empty()) return;  // they see to it
    const auto is_idle = [](const auto& w) { return w->operations == 0; };
    const auto idle = std::count_if(waiters_.begin(), waiters_.end(), is_idle);
    if (static_cast<std::size_t>(idle) < max_idle_waiters) return;
    std::erase_if(waiters_, [&](const auto& w) {
        if (!is_idle(w)) return false;
        w->watch.reset();
        return true;
    });
}

error_code send_link::usable() const noexcept {
    if (is_forked()) return error::owner_changed;
    if (!stream_.is_open() || closes_after_poll_) return error::not_open;
    return broken_;
}

error_code send_link::enqueue(send_operation& op, bool may_wait) {
    if (error_code ec = usable()) return ec;
    const std::size_t bytes = op.held_bytes();
    if (may_wait && !queue_.empty() && waiting_bytes_ + bytes > identity_.bounds.max_waiting_bytes)
        return asio::error::no_buffer_space;
    waiting_bytes_ += bytes;
    queue_.push_back(op);
    return {};
}

void send_link::start(send_operation& op, const asio::any_io_executor& executor) {
    queue finished;
    if (is_forked()) {
        op.result = error::owner_changed;
        finished.push_back(op);
        return finish(finished, completion::post);
    }
    {
        const std::lock_guard lock(mutex_);
        if (error_code ec = enqueue(op, true)) {
            op.result = ec;
            finished.push_back(op);
        } else {
            flush(finished);
            if (!op.is_over)
                if (error_code ec2 = wait_on(op, executor)) withdraw(op, ec2, finished);
        }
    }
    finish(finished, completion::post);
}

error_code send_link::send(
    outgoing_message& message, const void* owner, const deadline& until) {
    if (is_forked()) {
        message.revoke();
        return error::owner_changed;
    }
    blocking_send op(message, owner);
    return send_blocked(op, until);
}

error_code send_link::wait(block_request& request, const void* owner, const deadline& until) {
    if (is_forked()) return error::owner_changed;
    blocking_send op(request, owner);
    return send_blocked(op, until);
}

error_code send_link::send_blocked(blocking_send& op, const deadline& until) {
    queue finished;
    {
        std::unique_lock lock(mutex_);
        op.result = enqueue(op, true);
        if (!op.result) {
            flush(finished);
            while (!op.is_over) {
                if (until && clock::now() >= *until)
                    give_up(op, asio::error::timed_out, finished);
                else
                    wait_blocked(lock, finished, until);
            }
        }
    }
    if (!finished.empty()) finish(finished, completion::post);
    op.settle();
    return op.result;
}

void send_link::wait_blocked(
    std::unique_lock<std::mutex>& lock, queue& finished, const deadline& until) {
    if (polling_) {
        // Another thread drives the queue, for this one as well.
        if (until)
            changed_.wait_until(lock, *until);
        else
            changed_.wait(lock);
        return;
    }
    if (!wake_.is_open()) wake_.open();
    std::int64_t timeout_ns = -1;
    if (until)
        timeout_ns = std::max<std::int64_t>(0,
            std::chrono::duration_cast<std::chrono::nanoseconds>(*until - clock::now()).count());
    // Others' progress is seen a little later then.
    if (!wake_.is_open() && (timeout_ns < 0 || timeout_ns > poll_without_wake_ns))
        timeout_ns = poll_without_wake_ns;
    const auto what = awaits_release_ ? os::wait_for::read : os::wait_for::write;
    polling_ = true;
    lock.unlock();
    finish(finished, completion::post);
    os::wait_stream(stream_, what, wake_.readable(), timeout_ns);
    lock.lock();
    polling_ = false;
    if (wake_.is_open()) wake_.clear();
    if (std::exchange(closes_after_poll_, false)) stream_.close();
    flush(finished);
    changed_.notify_all();
}

error_code send_link::try_send(outgoing_message& message) {
    if (is_forked()) {
        message.revoke();
        return error::owner_changed;
    }
    blocking_send op(message, nullptr);
    queue finished;
    {
        const std::lock_guard lock(mutex_);
        op.result = enqueue(op, false);
        if (!op.result) {
            flush(finished);
            // A message fits one write, so that it was written or not begun.
            if (!op.is_over) give_up(op, asio::error::would_block, finished);
        }
    }
    finish(finished, completion::post);
    op.settle();
    return op.result;
}

void send_link::cancel(std::uint64_t id, const error_code& why) noexcept {
    if (is_forked()) return;
    queue finished;
    {
        const std::lock_guard lock(mutex_);
        send_operation* op = queue_.find(id);
        if (op == nullptr) return;
        give_up(*op, why, finished);
    }
    finish(finished, completion::post);
}

void send_link::cancel_all_of(const void* owner) noexcept {
    if (is_forked()) return;
    queue finished;
    {
        const std::lock_guard lock(mutex_);
        for (send_operation* op = queue_.front(); op != nullptr;) {
            send_operation* behind = queue::after(*op);
            if (op->owner == owner) withdraw(*op, asio::error::operation_aborted, finished);
            op = behind;
        }
        flush(finished);
    }
    finish(finished, completion::post);
}

void send_link::on_shutdown(asio::execution_context& context) noexcept {
    if (is_forked()) return;
    queue dropped;
    queue finished;
    {
        const std::lock_guard lock(mutex_);
        const auto is_there = [&](const waiter& w) {
            return &asio::query(w.watch->executor(), asio::execution::context) == &context;
        };
        for (send_operation* op = queue_.front(); op != nullptr;) {
            send_operation* behind = queue::after(*op);
            if (op->group != nullptr && is_there(static_cast<waiter&>(*op->group)))
                withdraw(*op, asio::error::operation_aborted, dropped);
            op = behind;
        }
        std::erase_if(waiters_, [&](const std::shared_ptr<waiter>& w) {
            if (!is_there(*w)) return false;
            w->watch.reset();
            return true;
        });
        flush(finished);
    }
    finish(finished, completion::post);
    finish(dropped, completion::destroy);
}

// Takes an operation out before it was written. A message that was begun is withdrawn on the link:
// now if it can be, else by whoever uses the link next.
void send_link::withdraw(send_operation& op, const error_code& why, queue& finished) {
    // One of which the system took a part of the last frame can only be completed.
    const bool is_written = advance_written(op);
    if (!is_written && op.request == nullptr && op.message->cursor().begun()) owes_withdraw_ = true;
    remove(op, is_written ? error_code() : why, finished);
}

// Those behind it may have waited only because of it.
void send_link::give_up(send_operation& op, const error_code& why, queue& finished) {
    const bool is_first = queue_.front() == &op;
    withdraw(op, why, finished);
    if (is_first) flush(finished);
}

void send_link::remove(send_operation& op, const error_code& result, queue& finished) {
    queue_.erase(op);
    waiting_bytes_ -= op.held_bytes();
    op.result = result;
    op.is_over = true;
    if (op.is_blocking) {
        changed_.notify_all();
        if (polling_) wake_.signal();
        return;
    }
    if (operation_group* group = std::exchange(op.group, nullptr)) {
        auto* w = static_cast<waiter*>(group);
        if (--w->operations == 0 && w->watch && carry_.empty()) w->watch->stop();
    }
    finished.push_back(op);
}

void send_link::break_link(const error_code& why, queue& finished) {
    broken_ = why;
    while (send_operation* op = queue_.front()) remove(*op, why, finished);
}

// Writes what can be written.
void send_link::flush(queue& finished) {
    const bool awaited = std::exchange(awaits_release_, false);
    write_all(finished);
    if (awaits_release_ == awaited) return;
    // Those who wait must wait for something else, a thread that polls as well.
    if (polling_) wake_.signal();
    for (const auto& w : waiters_)
        if (w->operations != 0) restart_watch(w, finished);
}

void send_link::write_all(queue& finished) {
    while (!broken_ && stream_.is_open() && !closes_after_poll_ &&
           (!queue_.empty() || owes_frames() || !carry_.empty())) {
        error_code ec = write_carry();
        if (!ec) {
            finish_written(finished);
            if (queue_.empty() && !owes_frames()) return;
            if (!owes_frames() && wants_block(*queue_.front())) {
                awaits_release_ = !find_way(*queue_.front(), finished);
                if (awaits_release_) return;
                continue;
            }
            ec = back_fault_ ? back_fault_ : write_once(finished);
        }
        if (!ec) continue;
        if (ec == asio::error::would_block) {
            if (carry_.empty()) write_owed();
            return;
        }
        if (ec != asio::error::broken_pipe) {
            // The system has no room for more handles in flight, or no memory, and will not say
            // when it has; or it does not let a handle pass. The send that met it fails, whole.
            if (queue_.empty()) return;
            withdraw(*queue_.front(), ec, finished);
            continue;
        }
        return break_link(asio::error::broken_pipe, finished);
    }
}

// Nobody may come to use the link again, and the receiver holds what shall be dropped.
void send_link::write_owed() {
    if (owes_withdraw_ && write_control(io_frame(wire::frame_kind::withdraw).bytes, {})) return;
    owes_withdraw_ = false;
    while (!disused_.empty()) {
        const io_frame frame(wire::frame_kind::disuse, 0, disused_.back());
        if (write_control(frame.bytes, {})) return;
        disused_.pop_back();
    }
}

// Linux takes writes of this size whole or not at all; elsewhere the rest goes first.
error_code send_link::write_carry() {
    while (!carry_.empty()) {
        const piece rest{carry_.data(), carry_.size()};
        const os::io_result io = os::send_some(stream_, {&rest, 1}, {});
        if (io.ec) return io.ec;
        carry_.erase(carry_.begin(), carry_.begin() + static_cast<std::ptrdiff_t>(io.bytes));
    }
    return {};
}

error_code send_link::write_once(queue& finished) {
    wire::write_plan plan(os::now_ns());
    if (owes_withdraw_) plan.add_control(wire::frame_kind::withdraw);
    std::size_t forgotten = 0;
    for (const std::uint32_t id : pool_.forgotten())
        forgotten += plan.add_control(wire::frame_kind::forget, id);
    std::size_t disused = 0;
    for (const std::uint32_t lease : disused_)
        disused += plan.add_control(wire::frame_kind::disuse, lease);
    add_messages(plan);

    std::span<const handle* const> handles;
    if (plan.has_handles()) handles = queue_.front()->message->handles();
    const os::io_result io = os::send_some(stream_, plan.pieces(), handles);
    if (io.ec) {
        plan.undo();
        return io.ec;
    }
    std::size_t written = io.bytes;
    if (written != plan.bytes()) {
        for (const piece& p : plan.pieces()) {
            const std::size_t skip = std::min(written, p.bytes);
            keep_rest({p.data + skip, p.bytes - skip});
            written -= skip;
        }
    }
    owes_withdraw_ = false;
    auto& said = pool_.forgotten();
    said.erase(said.begin(), said.begin() + static_cast<std::ptrdiff_t>(forgotten));
    disused_.erase(disused_.begin(), disused_.begin() + static_cast<std::ptrdiff_t>(disused));
    finish_written(finished);
    return {};
}

// Without memory for what the system did not take the link ends in the midst of a frame.
void send_link::keep_rest(std::span<const std::byte> rest) noexcept {
    try {
        carry_.insert(carry_.end(), rest.begin(), rest.end());
    } catch (const std::bad_alloc&) {
        back_fault_ = asio::error::broken_pipe;
    }
}

// As many of those that wait as fit one write. One that wants a block gets it when it is the first, and
// nothing else is to be written before.
void send_link::add_messages(wire::write_plan& plan) noexcept {
    for (send_operation* op = queue_.front(); op != nullptr; op = queue::after(*op)) {
        if (op->request != nullptr) return;
        for (outgoing_message* m = op->message; m != nullptr; m = m->behind) {
            if (m->wants_block()) return;
            if (!plan.add(m->cursor())) return;
        }
    }
}

// A message has left this process when the system has all of it.
void send_link::finish_written(queue& finished) {
    if (!carry_.empty()) return;
    while (!queue_.empty() && advance_written(*queue_.front()))
        remove(*queue_.front(), {}, finished);
}

// Goes past what was written. Whether that is all.
bool send_link::advance_written(send_operation& op) noexcept {
    if (op.request != nullptr) return false;
    while (op.message != nullptr && op.message->cursor().finished()) {
        outgoing_message& m = *op.message;
        // With a block there the receiver forgets that one was wanted.
        if (m.blocks_sent(pool_)) said_want_ = false;
        waiting_bytes_ -= m.held_bytes();
        op.advance();
    }
    return op.message == nullptr;
}

// Without the mutex: what the operations do may come back here.
void send_link::finish(queue& finished, completion how) {
    while (send_operation* op = finished.pop_front()) {
        op->settle();
        op->finish(how);
    }
}

error_code send_link::wait_on(send_operation& op, const asio::any_io_executor& executor) {
    if (!executor) return error::not_bound;
    try {
        op.hold_work();
        auto at = std::find_if(waiters_.begin(), waiters_.end(),
            [&](const auto& w) { return w->watch->executor() == executor; });
        if (at == waiters_.end()) {
            drop_idle_waiters();
            auto made = std::make_shared<waiter>();
            error_code ec;
            made->link = weak_from_this();
            made->watch = std::make_unique<os::watch>(executor, stream_, true, ec);
            if (ec) return ec;
            context_service::of(executor).add(std::weak_ptr<context_client>(weak_from_this()));
            at = waiters_.insert(waiters_.end(), std::move(made));
        }
        op.group = at->get();
        ++(*at)->operations;
        start_watch(*at);
    } catch (const std::bad_alloc&) {
        return asio::error::no_buffer_space;  // who leaves the queue leaves the waiter, too
    }
    return {};
}

// May throw bad_alloc.
void send_link::start_watch(const std::shared_ptr<waiter>& w) {
    if (w->reads != awaits_release_) w->watch->stop();
    w->reads = awaits_release_;
    w->watch->start(w->reads ? os::watch::direction::read : os::watch::direction::write,
        {&send_link::on_ready, w});
}

// Those who wait there cannot any more if it fails.
void send_link::restart_watch(const std::shared_ptr<waiter>& w, queue& finished) {
    try {
        start_watch(w);
    } catch (const std::bad_alloc&) {
        for (send_operation* op = queue_.front(); op != nullptr;) {
            send_operation* behind = queue::after(*op);
            if (op->group == w.get()) withdraw(*op, asio::error::no_buffer_space, finished);
            op = behind;
        }
    }
}

void send_link::on_ready(const std::shared_ptr<void>& object) {
    const auto w = std::static_pointer_cast<waiter>(object);
    const auto link = w->link.lock();
    if (!link) return;
    queue finished;
    {
        const std::lock_guard lock(link->mutex_);
        if (!w->watch) return;
        w->watch->fired();
        link->flush(finished);
        if (w->watch && (w->operations != 0 || !link->carry_.empty()))
            link->restart_watch(w, finished);
    }
    // Not from here: those that somebody else's write completed before may be on their way still.
    finish(finished, completion::post);
}

// Writes a frame that must not wait for the receiver: it may use space that data may not.
error_code send_link::write_control(
    std::span<const std::byte> frame, std::span<const handle* const> handles) {
    const piece whole{frame.data(), frame.size()};
    os::io_result io = os::send_some(stream_, {&whole, 1}, handles);
    if (io.ec == asio::error::would_block) {
        os::set_reserve(stream_, true);
        io = os::send_some(stream_, {&whole, 1}, handles);
        os::set_reserve(stream_, false);
    }
    if (io.ec == asio::error::would_block) return asio::error::no_buffer_space;
    if (!io.ec && io.bytes < frame.size())
        keep_rest(frame.subspan(io.bytes));
    return io.ec;
}

}  // namespace strait::detail
