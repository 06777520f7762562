//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "process/child_core.hpp"

#include "posix/fork_guard.hpp"
#include "process/dropped_children.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/query.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace strait::detail {

namespace {

// How long to wait where the system told of the end of a child before it has a status: an instant
// of exiting, in general.
constexpr std::chrono::milliseconds retry_interval{5};

}  // namespace

child_core::child_core(bool ends_with_parent, const asio::any_io_executor& executor)
    : generation_(os::process_generation()),
      ends_with_parent_(ends_with_parent),
      executor_(executor) {}

child_core::~child_core() {
    close();
}

error_code child_core::usable() const noexcept {
    if (!child_.is_open()) return error::not_open;
    return {};
}

void child_core::bind(const asio::any_io_executor& executor) {
    cancel();
    const std::lock_guard lock(mutex_);
    watch_.reset();
    retry_.reset();
    executor_ = executor;
    is_registered_ = false;
}

asio::any_io_executor child_core::executor() const {
    const std::lock_guard lock(mutex_);
    return executor_;
}

bool child_core::is_open() const noexcept {
    const std::lock_guard lock(mutex_);
    return child_.is_open();
}

std::int64_t child_core::id() const noexcept {
    const std::lock_guard lock(mutex_);
    return child_.pid();
}

void child_core::cancel() noexcept {
    if (generation_ != os::process_generation()) return;
    queue finished;
    {
        const std::lock_guard lock(mutex_);
        take_all(waiting_, asio::error::operation_aborted, finished);
        disarm();
    }
    finish(finished, completion::post);
}

void child_core::close() noexcept {
    if (generation_ != os::process_generation()) {
        // A forked child: the process is its parent's, and so is what the reactor knows.
        static_cast<void>(watch_.release());
        static_cast<void>(retry_.release());
        child_ = os::child();
        return;
    }
    cancel();
    os::child dropped;
    {
        const std::lock_guard lock(mutex_);
        watch_.reset();
        retry_.reset();
        dropped = std::exchange(child_, os::child());
    }
    if (!dropped.is_open()) return;
    error_code ec;
    if (dropped.try_wait(ec)) return;
    if (ends_with_parent_) dropped.kill(ec);
    drop_child(std::move(dropped));
}

void child_core::start(wait_operation& op) {
    if (generation_ != os::process_generation()) {
        op.result = error::owner_changed;
        return op.finish(completion::post);
    }
    bool is_over = true;
    {
        const std::lock_guard lock(mutex_);
        op.result = usable();
        if (!op.result && !executor_) op.result = error::not_bound;
        if (!op.result) {
            const auto status = child_.try_wait(op.result);
            if (status) op.status = *status;
            is_over = status || op.result;
            if (!is_over) arm(op.result);
            is_over = is_over || op.result;
            if (!is_over) waiting_.push_back(op);
        }
    }
    if (is_over) op.finish(completion::post);
}

void child_core::cancel(std::uint64_t id, const error_code& why) noexcept {
    if (generation_ != os::process_generation()) return;
    wait_operation* op = nullptr;
    {
        const std::lock_guard lock(mutex_);
        op = waiting_.find(id);
        if (op == nullptr) return;
        waiting_.erase(*op);
        op->result = why;
        if (waiting_.empty()) disarm();
    }
    op->finish(completion::post);
}

void child_core::arm(error_code& ec) {
    if (!is_registered_) {
        context_service::of(executor_).add(std::weak_ptr<context_client>(weak_from_this()));
        is_registered_ = true;
    }
    if (!watch_) {
        auto made = std::make_unique<os::watch>(executor_, child_.readiness(), true, ec);
        if (ec) return;
        watch_ = std::move(made);
    }
    watch_->start(os::watch::direction::read, {&child_core::on_ready, shared_from_this()});
}

void child_core::disarm() noexcept {
    if (watch_) watch_->stop();
    retry_.reset();
}

void child_core::on_ready(const std::shared_ptr<void>& object) {
    const auto self = std::static_pointer_cast<child_core>(object);
    queue finished;
    {
        const std::lock_guard lock(self->mutex_);
        if (!self->watch_) return;
        self->watch_->fired();
        self->settle(finished);
    }
    finish(finished, completion::post);
}

void child_core::settle(queue& finished) {
    if (waiting_.empty()) return;
    error_code ec;
    const auto status = child_.try_wait(ec);
    if (!status && !ec) return ask_again_soon();
    for (auto* op = waiting_.front(); op != nullptr; op = queue::after(*op))
        op->status = status.value_or(exit_status());
    take_all(waiting_, ec, finished);
    disarm();
}

void child_core::ask_again_soon() {
    if (!retry_) retry_ = std::make_unique<asio::steady_timer>(executor_);
    retry_->expires_after(retry_interval);
    retry_->async_wait([weak = weak_from_this()](const error_code& ec) {
        const auto self = weak.lock();
        if (ec || !self) return;
        queue finished;
        {
            const std::lock_guard lock(self->mutex_);
            self->settle(finished);
        }
        finish(finished, completion::post);
    });
}

void child_core::take_all(queue& from, const error_code& why, queue& to) noexcept {
    while (wait_operation* op = from.pop_front()) {
        op->result = why;
        to.push_back(*op);
    }
}

void child_core::finish(queue& finished, completion how) {
    while (wait_operation* op = finished.pop_front()) op->finish(how);
}

void child_core::on_shutdown(asio::execution_context& context) noexcept {
    queue dropped;
    std::unique_ptr<os::watch> watch;
    std::unique_ptr<asio::steady_timer> retry;
    {
        const std::lock_guard lock(mutex_);
        if (!executor_ || &asio::query(executor_, asio::execution::context) != &context) return;
        take_all(waiting_, {}, dropped);
        watch.swap(watch_);
        retry.swap(retry_);
        is_registered_ = false;
        executor_ = {};
    }
    finish(dropped, completion::destroy);
}

std::optional<exit_status> child_core::ask(error_code& ec) {
    ec = usable();
    return ec ? std::nullopt : child_.try_wait(ec);
}

std::optional<exit_status> child_core::try_wait(error_code& ec) {
    ec = error::owner_changed;
    if (generation_ != os::process_generation()) return std::nullopt;
    const std::lock_guard lock(mutex_);
    return ask(ec);
}

exit_status child_core::wait(const deadline& until, error_code& ec) {
    for (;;) {
        const auto status = try_wait(ec);
        if (status) return *status;
        if (ec) return exit_status();
        std::optional<std::chrono::milliseconds> longest;
        if (until) {
            const auto left = *until - std::chrono::steady_clock::now();
            if (left <= left.zero()) {
                ec = asio::error::timed_out;
                return exit_status();
            }
            longest = std::chrono::ceil<std::chrono::milliseconds>(left);
        }
        child_.pause(longest, ec);
        if (ec) return exit_status();
    }
}

void child_core::send_signal(int signal, error_code& ec) {
    signal_by([signal](os::child& c, error_code& e) { c.send_signal(signal, e); }, ec);
}

void child_core::ask_to_end(error_code& ec) {
    signal_by([](os::child& c, error_code& e) { c.ask_to_end(e); }, ec);
}

void child_core::kill(error_code& ec) {
    signal_by([](os::child& c, error_code& e) { c.kill(e); }, ec);
}

template <class Function>
void child_core::signal_by(Function send, error_code& ec) {
    ec = error::owner_changed;
    if (generation_ != os::process_generation()) return;
    const std::lock_guard lock(mutex_);
    ec = usable();
    if (!ec) send(child_, ec);
}

}  // namespace strait::detail
