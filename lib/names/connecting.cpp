//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "names/connecting.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/query.hpp>

#include <utility>

namespace strait::detail {

std::shared_ptr<connect_core> make_connect_core(
    const type_identity& type, const endpoint& at, const asio::any_io_executor& executor) {
    return std::make_shared<connecting>(type, at, executor);
}

connecting::connecting(
    const type_identity& type, const endpoint& at, const asio::any_io_executor& executor)
    : executor_(executor), steps_(type, at) {}

void connecting::start(connect_operation& op) {
    if (!executor_) {
        op.result = error::not_bound;
        return op.finish(completion::post);
    }
    {
        const std::lock_guard lock(mutex_);
        op_ = &op;
        context_service::of(executor_).add(std::weak_ptr<context_client>(weak_from_this()));
    }
    go_on(completion::post);
}

void connecting::go_on(completion how) {
    connect_operation* finished = nullptr;
    {
        const std::lock_guard lock(mutex_);
        if (op_ == nullptr) return;  // cancelled in the meantime
        if (step()) finished = std::exchange(op_, nullptr);
    }
    if (finished != nullptr) finished->finish(how);
}

bool connecting::step() {
    error_code& ec = op_->result;
    try {
        const connect_steps::action next = steps_.resume();
        if (next != connect_steps::action::done) {
            ec = wait_for(next);
            if (!ec) return false;
        } else {
            ec = steps_.result();
            op_->details = std::move(steps_.details());
            watch_.reset();  // the stream belongs to the link from now on
            if (!ec) op_->channel = steps_.make_sender(executor_);
        }
    } catch (...) {
        ec = asio::error::no_buffer_space;
    }
    stop();
    return true;
}

error_code connecting::wait_for(connect_steps::action next) {
    if (next == connect_steps::action::pause) {
        if (!timer_) timer_ = std::make_unique<asio::steady_timer>(executor_);
        timer_->expires_after(steps_.pause_time());
        timer_->async_wait([weak = weak_from_this()](const error_code& ec) {
            const auto self = weak.lock();
            if (!ec && self) self->go_on(completion::dispatch);
        });
        return {};
    }
    if (!watch_) {
        error_code ec;
        auto made = std::make_unique<os::watch>(executor_, steps_.stream(), false, ec);
        if (ec) return ec;
        watch_ = std::move(made);
    }
    watch_->start(os::watch::direction::read, {&connecting::on_ready, shared_from_this()});
    return {};
}

void connecting::on_ready(const std::shared_ptr<void>& object) {
    auto& self = *static_cast<connecting*>(object.get());
    {
        const std::lock_guard lock(self.mutex_);
        if (self.watch_) self.watch_->fired();
    }
    self.go_on(completion::dispatch);
}

void connecting::stop() noexcept {
    watch_.reset();
    timer_.reset();
    steps_.close();
}

void connecting::cancel(std::uint64_t id, const error_code& why) noexcept {
    connect_operation* op = nullptr;
    {
        const std::lock_guard lock(mutex_);
        if (op_ == nullptr || op_->id != id) return;
        op = std::exchange(op_, nullptr);
        op->result = why;
        stop();
    }
    op->finish(completion::post);
}

void connecting::on_shutdown(asio::execution_context& context) noexcept {
    connect_operation* op = nullptr;
    {
        const std::lock_guard lock(mutex_);
        if (&asio::query(executor_, asio::execution::context) != &context) return;
        op = std::exchange(op_, nullptr);
        stop();
    }
    if (op != nullptr) op->finish(completion::destroy);
}

}  // namespace strait::detail
