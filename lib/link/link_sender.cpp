//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "link/link_sender.hpp"

#include <utility>

namespace strait::detail {

link_sender::link_sender(std::shared_ptr<send_link> link, const asio::any_io_executor& executor)
    : link_(std::move(link)), executor_(executor) {
    link_->join();
}

link_sender::link_sender(
    std::shared_ptr<send_link> link, const asio::any_io_executor& executor, bool open)
    : link_(std::move(link)), open_(open), executor_(executor) {}

link_sender::~link_sender() {
    close();
}

std::shared_ptr<link_sender> link_sender::make(handle stream, channel_identity identity,
    std::weak_ptr<link_receiver> local, const asio::any_io_executor& executor) {
    return std::make_shared<link_sender>(
        std::make_shared<send_link>(std::move(stream), std::move(identity), std::move(local)),
        executor);
}

std::shared_ptr<sender_core> link_sender::clone(const asio::any_io_executor& executor) {
    auto copy = std::make_shared<link_sender>(link_, executor, false);
    copy->open_ = is_open() && link_->join_others();
    return copy;
}

void link_sender::bind(const asio::any_io_executor& executor) {
    cancel();
    const std::lock_guard lock(mutex_);
    executor_ = executor;
}

asio::any_io_executor link_sender::executor() const {
    const std::lock_guard lock(mutex_);
    return executor_;
}

void link_sender::close() noexcept {
    if (!open_.exchange(false, std::memory_order_acq_rel)) return;
    link_->cancel_all_of(this);
    link_->leave();
}

void link_sender::start(send_operation& op) {
    op.owner = this;
    const asio::any_io_executor executor = this->executor();
    if (!executor || !is_open()) {
        op.result = is_open() ? error::not_bound : error::not_open;
        op.settle();
        return op.finish(completion::post);
    }
    link_->start(op, executor);
}

error_code link_sender::send(outgoing_message& message, const deadline& until) {
    if (is_open()) return link_->send(message, this, until);
    message.revoke();
    return error::not_open;
}

error_code link_sender::wait(block_request& request, const deadline& until) {
    return is_open() ? link_->wait(request, this, until) : error::not_open;
}

error_code link_sender::try_send(outgoing_message& message) {
    if (is_open()) return link_->try_send(message);
    message.revoke();
    return error::not_open;
}

std::uint64_t max_repeated_senders(std::uint64_t value_bytes, const limits& bounds) noexcept {
    constexpr std::uint64_t always = 8192;  // together some 1.5 MB
    constexpr std::size_t copy_bytes = sizeof(link_sender) + 2 * sizeof(void*);  // and its counts
    return always + value_bytes * bounds.max_expansion / copy_bytes;
}

link_offer link_sender::give_link(
    const std::shared_ptr<lease_source>& target, error_code& ec) {
    if (is_open()) return link_->extend(target, ec);
    ec = error::empty_end;
    return {};
}

}  // namespace strait::detail
