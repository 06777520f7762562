//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "link/receiver_base.hpp"

#include "posix/fork_guard.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/query.hpp>

#include <chrono>
#include <new>
#include <utility>

namespace strait::detail {

namespace {

using clock = std::chrono::steady_clock;

// Reads that one event may cost before others get their turn on the event loop: 4 MiB.
constexpr int reads_per_event = 64;

}  // namespace

receiver_base::receiver_base(channel_identity identity, const asio::any_io_executor& executor)
    : identity_(std::move(identity)),
      generation_(os::process_generation()),
      executor_(executor) {}

bool receiver_base::is_forked() const noexcept {
    return generation_ != os::process_generation();
}

error_code receiver_base::usable() const noexcept {
    if (is_forked()) return error::owner_changed;
    if (phase_ != phase::open) return error::not_open;
    return {};
}

void receiver_base::bind(const asio::any_io_executor& executor) {
    cancel();
    const std::lock_guard lock(mutex_);
    detach(false);
    executor_ = executor;
    is_registered_ = false;
}

asio::any_io_executor receiver_base::executor() const {
    const std::lock_guard lock(mutex_);
    return executor_;
}

bool receiver_base::is_open() const noexcept {
    if (is_forked()) return phase_ == phase::open;
    const std::lock_guard lock(mutex_);
    return phase_ == phase::open;
}

void receiver_base::cancel() noexcept {
    if (is_forked()) return;
    finished_list finished;
    {
        const std::lock_guard lock(mutex_);
        abort_all(finished, asio::error::operation_aborted);
    }
    finish(finished, completion::post);
}

void receiver_base::start(recv_operation& op) {
    finished_list finished;
    if (is_forked()) {
        op.where = recv_operation::state::over;
        op.result = error::owner_changed;
        return op.finish(completion::post);
    }
    {
        const std::lock_guard lock(mutex_);
        op.result = usable();
        if (!op.result && !executor_) op.result = error::not_bound;
        if (op.result) {
            op.where = recv_operation::state::over;
            finished.receives.push_back(&op);
        } else {
            put_in_line(op);
            waiting_.push_back(op);
            pump(finished);
        }
    }
    finish(finished, completion::post);
    tell_faults_later();
}

void receiver_base::cancel(std::uint64_t id, const error_code& why) noexcept {
    if (is_forked()) return;
    finished_list finished;
    {
        const std::lock_guard lock(mutex_);
        if (recv_operation* op = waiting_.find(id)) {
            waiting_.erase(*op);
            op->result = why;
            op->where = recv_operation::state::over;
            finished.receives.push_back(op);
            if (waiting_.empty()) disarm();
        } else if (recv_operation* granted = granted_.find(id)) {
            // It is on its way to its handler already; the message stays first in line.
            granted_.erase(*granted);
            granted->result = why;
            granted->where = recv_operation::state::over;
            pump(finished);
        } else {
            missed_id_ = id;
            missed_why_ = why;
        }
    }
    finish(finished, completion::post);
}

bool receiver_base::take(recv_operation& op, incoming_message& out) {
    finished_list finished;
    bool taken = true;
    {
        const std::lock_guard lock(mutex_);
        if (op.where != recv_operation::state::granted) return true;  // cancelled, closed, ended
        granted_.erase(op);
        // The first in line, also if another one was granted a message before: two threads may have posted
        // their completions the other way round, and what handlers see is in order.
        if (!line_.empty()) {
            out = std::move(line_.front());
            line_.pop_front();
            left(out);
            op.where = recv_operation::state::over;
            op.cancels = cancels_;
        } else {
            // A blocking receive was faster.
            taken = false;
            put_in_line(op);
            waiting_.push_front(op);
            pump(finished);
        }
    }
    finish(finished, completion::post);
    return taken;
}

void receiver_base::restart(recv_operation& op) {
    finished_list finished;
    {
        const std::lock_guard lock(mutex_);
        // It was in no queue meanwhile.
        op.result = usable();
        if (op.cancels != cancels_) op.result = asio::error::operation_aborted;
        if (op.id == missed_id_) op.result = missed_why_;
        if (op.result) {
            op.where = recv_operation::state::over;
            finished.receives.push_back(&op);
        } else {
            put_in_line(op);
            waiting_.push_front(op);
            pump(finished);
        }
    }
    finish(finished, completion::post);
    tell_faults();
}

void receiver_base::forget(recv_operation& op) noexcept {
    if (is_forked()) return;
    finished_list finished;
    {
        const std::lock_guard lock(mutex_);
        if (op.where == recv_operation::state::granted) granted_.erase(op);
        if (op.where == recv_operation::state::waiting) waiting_.erase(op);
        op.where = recv_operation::state::over;
        // Its message is for the next.
        if (!waiting_.empty()) pump(finished);
    }
    finish(finished, completion::post);
}

void receiver_base::put_in_line(recv_operation& op) {
    op.where = recv_operation::state::waiting;
    if (!waits_in_reactor()) op.hold_work();
}

void receiver_base::end_waiting(finished_list& finished, const error_code& why) {
    while (recv_operation* op = waiting_.pop_front()) {
        op->result = why;
        op->where = recv_operation::state::over;
        finished.receives.push_back(op);
    }
}

// Grants messages to those who wait, and sees to being called when there are more.
void receiver_base::pump(finished_list& finished) {
    int budget = reads_per_event;
    for (bool is_ready = true; is_ready;) {
        while (!waiting_.empty()) {
            if (line_.size() <= granted_.size()) {
                const outcome o = try_fetch(budget, finished, nullptr);
                if (o == outcome::ended) end_waiting(finished, asio::error::eof);
                if (o == outcome::no_memory) end_waiting(finished, asio::error::no_buffer_space);
                if (o != outcome::message) break;
            }
            recv_operation* op = waiting_.pop_front();
            op->where = recv_operation::state::granted;
            granted_.push_back(*op);
            finished.receives.push_back(op);
        }
        if (waiting_.empty()) return disarm();
        if (is_blocked_) return;  // that thread sees to the rest
        is_ready = false;
        if (error_code ec = try_arm(is_ready)) return end_waiting(finished, ec);
    }
}

error_code receiver_base::try_arm(bool& is_ready) noexcept {
    try {
        if (!is_registered_)
            context_service::of(executor_).add(std::weak_ptr<context_client>(weak_from_this()));
        is_registered_ = true;
        return arm(is_ready);
    } catch (const std::bad_alloc&) {
        return asio::error::no_buffer_space;
    }
}

bool receiver_base::is_alone(const finished_list& finished) const noexcept {
    return finished.receives.size() == 1 &&
           (granted_.empty() || granted_.front() == finished.receives.front());
}

void receiver_base::on_shutdown(asio::execution_context& context) noexcept {
    finished_list destroyed;
    {
        const std::lock_guard lock(mutex_);
        if (!executor_ || &asio::query(executor_, asio::execution::context) != &context) return;
        end_waiting(destroyed, {});
        detach(true);
    }
    finish(destroyed, completion::destroy);
}

void receiver_base::abort_all(finished_list& finished, const error_code& why) {
    ++cancels_;
    end_waiting(finished, why);
    while (recv_operation* op = granted_.pop_front()) {
        op->result = why;
        op->where = recv_operation::state::over;
    }
    disarm();
}

void receiver_base::finish(finished_list& finished, completion how) {
    while (send_operation* op = finished.sends.pop_front()) {
        op->settle();
        op->finish(completion::post);
    }
    for (recv_operation* op : finished.receives) op->finish(how);
}

void receiver_base::add_fault(const error_code& code) {
    if (deliver_faults_.load()) {
        incoming_message nothing;
        nothing.fault = code;
        line_.push_back(std::move(nothing));
        return;
    }
    count_fault(code);
}

void receiver_base::count_fault(const error_code& code) {
    ++faults_;
    if (!fault_handler_) return;
    untold_faults_.push_back({code, {}});
    has_untold_faults_ = true;
}

bool receiver_base::note_fault(const error_code& code) {
    const std::lock_guard lock(mutex_);
    count_fault(code);
    return deliver_faults_.load();
}

// One by one: the handler may throw, and the others are told the next time.
void receiver_base::tell_faults() {
    while (has_untold_faults()) {
        fault next;
        std::function<void(const fault&)> handler;
        {
            const std::lock_guard lock(mutex_);
            if (untold_faults_.empty()) return;
            next = std::move(untold_faults_.front());
            untold_faults_.pop_front();
            has_untold_faults_ = !untold_faults_.empty();
            handler = fault_handler_;
        }
        if (handler) handler(next);
    }
}

// No user code is called from within an initiating function.
void receiver_base::tell_faults_later() {
    if (!has_untold_faults()) return;
    if (const asio::any_io_executor e = executor())
        asio::post(e, [self = shared_from_this()] { self->tell_faults(); });
}

// When the handler throws nobody gets the message of a blocking receive: it stays first in line.
void receiver_base::tell_faults_before(const error_code& ec, incoming_message& out) {
    try {
        tell_faults();
    } catch (...) {
        if (!ec) put_back(std::move(out));
        throw;
    }
}

bool receiver_base::report(const fault& f) {
    ++faults_;
    std::function<void(const fault&)> handler;
    {
        const std::lock_guard lock(mutex_);
        handler = fault_handler_;
    }
    if (handler) handler(f);
    return deliver_faults_.load();
}

void receiver_base::on_fault(std::function<void(const fault&)> handler) {
    const std::lock_guard lock(mutex_);
    fault_handler_ = std::move(handler);
}

receiver_base::outcome receiver_base::try_fetch(
    int& budget, finished_list& finished, incoming_message* direct) noexcept {
    try {
        return fetch(budget, finished, direct);
    } catch (const std::bad_alloc&) {
        return outcome::no_memory;
    }
}

// The first message in line, or the next that there is.
receiver_base::outcome receiver_base::next_message(
    int& budget, finished_list& finished, incoming_message& out) {
    if (line_.empty()) {
        const outcome o = try_fetch(budget, finished, &out);
        if (o == outcome::given) left(out);
        if (o == outcome::given) return outcome::message;
        if (o != outcome::message) return o;
    }
    out = std::move(line_.front());
    line_.pop_front();
    left(out);
    return outcome::message;
}

error_code receiver_base::try_recv(incoming_message& out) {
    const error_code ec = try_take(out, true);
    if (!is_forked()) tell_faults_before(ec, out);
    return ec;
}

error_code receiver_base::try_take(incoming_message& out, bool look_again) {
    if (is_forked()) return error::owner_changed;
    finished_list finished;
    error_code ec;
    {
        const std::lock_guard lock(mutex_);
        ec = usable();
        if (!ec) {
            int budget = whole_budget();
            outcome o = next_message(budget, finished, out);
            if (o == outcome::nothing && look_again) {
                look();
                o = next_message(budget, finished, out);
            }
            if (o == outcome::ended) ec = asio::error::eof;
            if (o == outcome::no_memory) ec = asio::error::no_buffer_space;
            if (o == outcome::nothing || o == outcome::enough) ec = asio::error::would_block;
        }
        if (!waiting_.empty()) pump(finished);
    }
    finish(finished, completion::post);
    return ec;
}

std::size_t receiver_base::take_more(std::span<incoming_message> out) {
    if (is_forked()) return 0;
    finished_list finished;
    std::size_t taken = 0;
    {
        const std::lock_guard lock(mutex_);
        if (usable()) return 0;
        int budget = whole_budget();
        while (taken != out.size() &&
               next_message(budget, finished, out[taken]) == outcome::message)
            ++taken;
        if (!waiting_.empty()) pump(finished);
    }
    finish(finished, completion::post);
    return taken;
}

void receiver_base::put_back(incoming_message message) {
    finished_list finished;
    {
        const std::lock_guard lock(mutex_);
        if (phase_ != phase::open || !came_back(message)) return;
        line_.push_front(std::move(message));
        // Those who were granted something take what is first now: there is one more to grant.
        if (!waiting_.empty()) pump(finished);
    }
    finish(finished, completion::post);
}

error_code receiver_base::recv(incoming_message& out, const deadline& until) {
    if (is_forked()) return error::owner_changed;
    finished_list finished;
    error_code ec;
    {
        std::unique_lock lock(mutex_);
        for (;;) {
            ec = usable();
            if (ec) break;
            int budget = reads_per_event;
            const outcome o = next_message(budget, finished, out);
            if (o == outcome::message) break;
            if (o == outcome::ended)
                ec = asio::error::eof;
            else if (o == outcome::no_memory)
                ec = asio::error::no_buffer_space;
            else if (until && clock::now() >= *until)
                ec = asio::error::timed_out;
            if (ec) break;
            if (o == outcome::nothing) wait(lock, until);
        }
        if (!waiting_.empty()) pump(finished);
    }
    finish(finished, completion::post);
    tell_faults_before(ec, out);
    return ec;
}

}  // namespace strait::detail
