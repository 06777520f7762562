//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "link/in_process_ends.hpp"

#include "link/carried.hpp"

#include <boost/asio/query.hpp>

#include <utility>

namespace strait::detail {

std::shared_ptr<sender_core> in_process_sender::clone(const asio::any_io_executor& executor) {
    auto copy = std::make_shared<in_process_sender>(channel_, executor, false);
    copy->open_ = is_open() && channel_->join_others();
    return copy;
}

void in_process_sender::bind(const asio::any_io_executor& executor) {
    cancel();
    const std::lock_guard lock(mutex_);
    executor_ = executor;
    is_registered_ = false;
}

asio::any_io_executor in_process_sender::executor() const {
    const std::lock_guard lock(mutex_);
    return executor_;
}

void in_process_sender::close() noexcept {
    if (!open_.exchange(false, std::memory_order_acq_rel)) return;
    cancel();
    channel_->leave();
}

void in_process_sender::start(send_operation& op) {
    op.owner = this;
    {
        const std::lock_guard lock(mutex_);
        if (executor_ && !std::exchange(is_registered_, true))
            context_service::of(executor_).add(std::weak_ptr<context_client>(weak_from_this()));
        if (!executor_) op.result = error::not_bound;
    }
    if (!is_open()) op.result = error::not_open;
    if (!op.result) return channel_->start(op);
    op.settle();
    op.finish(completion::post);
}

error_code in_process_sender::send(outgoing_message& message, const deadline& until) {
    if (is_open()) return channel_->send(message, this, until);
    message.revoke();
    return error::not_open;
}

error_code in_process_sender::try_send(outgoing_message& message) {
    if (is_open()) return channel_->try_send(message);
    message.revoke();
    return error::not_open;
}

link_offer in_process_sender::give_link(
    const std::shared_ptr<lease_source>&, error_code& ec) {
    ec = is_open() ? error::in_process_end : error::empty_end;
    return {};
}

void in_process_sender::on_shutdown(asio::execution_context& context) noexcept {
    {
        const std::lock_guard lock(mutex_);
        if (!executor_ || &asio::query(executor_, asio::execution::context) != &context) return;
    }
    channel_->end_all_of(this, completion::destroy);
}

in_process_receiver::in_process_receiver(
    receiver_place place, const asio::any_io_executor& executor)
    : receiver_base(place->identity(), executor), place_(std::move(place)) {}

std::shared_ptr<in_process_receiver> in_process_receiver::make(
    cargo load, const asio::any_io_executor& executor) {
    auto made = std::make_shared<in_process_receiver>(std::move(load.place), executor);
    made->place_->leave_carrier();
    made->line_.swap(load.line);
    return made;
}

void in_process_receiver::on_ready() {
    finished_list finished;
    {
        const std::lock_guard lock(mutex_);
        if (is_blocked_ || phase_ != phase::open) return;
        pump(finished);
    }
    finish(finished, completion::post);
}

void in_process_receiver::close() noexcept {
    if (is_forked()) {
        // The mutex may be held by a thread that does not exist here.
        line_.clear();
        phase_ = phase::closed;
        return;
    }
    finished_list finished;
    receiver_place place;
    message_line line;
    {
        const std::lock_guard lock(mutex_);
        if (phase_ == phase::closed) return;
        phase_ = phase::closed;
        abort_all(finished, asio::error::operation_aborted);
        place = std::move(place_);
        line.swap(line_);
    }
    finish(finished, completion::post);
    for (incoming_message& m : line) bury(std::move(m));
}

error_code in_process_receiver::join_set(
    const std::shared_ptr<set_host>& set, std::uint32_t number) {
    cancel();
    const std::lock_guard lock(mutex_);
    if (!set) {
        if (place_) place_->tell({}, 0);
        return {};
    }
    error_code ec = usable();
    if (!ec) ec = set->accept_notices();
    if (!ec) place_->tell(set, number);
    return ec;
}

std::unique_ptr<cargo> in_process_receiver::freeze(sender_core& through, error_code& ec) {
    if (is_forked()) {
        ec = error::owner_changed;
        return nullptr;
    }
    in_process_channel* const carrier = through.in_process();
    if (carrier == nullptr) {
        ec = error::in_process_end;
        return nullptr;
    }
    finished_list finished;
    auto load = std::make_unique<cargo>();
    {
        const std::lock_guard lock(mutex_);
        ec = usable();
        if (!ec) ec = place_->enter(*carrier);
        if (ec) return nullptr;
        phase_ = phase::moved;
        abort_all(finished, asio::error::operation_aborted);
        load->place = std::move(place_);
        load->line.swap(line_);
    }
    finish(finished, completion::post);
    return load;
}

void in_process_receiver::thaw(std::unique_ptr<cargo> load) noexcept {
    const std::lock_guard lock(mutex_);
    if (phase_ != phase::moved) return;  // closed by its owner in the meantime
    phase_ = phase::open;
    place_ = std::move(load->place);
    place_->leave_carrier();
    line_.swap(load->line);
}

receiver_base::outcome in_process_receiver::fetch(
    int&, finished_list& finished, incoming_message* direct) {
    incoming_message next;
    if (direct == nullptr) line_.make_room();
    switch (place_->pop(direct != nullptr ? *direct : next, finished.sends)) {
    case in_process_channel::found::nothing: return outcome::nothing;
    case in_process_channel::found::ended: return outcome::ended;
    case in_process_channel::found::message: break;
    }
    if (direct != nullptr) return outcome::given;
    line_.push_back(std::move(next));
    return outcome::message;
}

error_code in_process_receiver::arm(bool& is_ready) {
    is_ready = !place_->arm(
        std::static_pointer_cast<in_process_receiver>(shared_from_this()));
    return {};
}

void in_process_receiver::disarm() noexcept {
    if (place_) place_->disarm();
}

void in_process_receiver::wait(std::unique_lock<std::mutex>& lock, const deadline& until) {
    is_blocked_ = true;
    lock.unlock();
    place_->wait(until);
    lock.lock();
    is_blocked_ = false;
}

void in_process_receiver::left(incoming_message& message) noexcept {
    if (message.carried) message.carried->leave();
}

bool in_process_receiver::came_back(incoming_message& message) noexcept {
    return !message.carried || message.carried->enter(*place_);
}

}  // namespace strait::detail
