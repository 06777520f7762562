//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include <strait/detail/link/batch.hpp>

#include <strait/detail/link/cores.hpp>

#include <utility>

namespace strait::detail {

batch_writer::batch_writer(sender_core& through, bool may_wait)
    : through_(through), may_wait_(may_wait) {
    joined_.buffer() = spare_buffer();
    joined_.buffer().clear();
    one_.buffer() = spare_buffer();
}

batch_writer::~batch_writer() {
    keep_buffer(one_.take_buffer());
    keep_buffer(joined_.take_buffer());
}

outgoing_message& batch_writer::next(ownership mode) {
    one_.begin(mode, one_.take_buffer(), &through_);
    return one_;
}

error_code batch_writer::add() {
    const bool is_joinable = one_.is_joinable();
    if (is_joinable && joined_.join(one_)) return {};
    if (error_code ec = flush()) return ec;
    if (is_joinable && joined_.join(one_)) return {};
    if (error_code ec = one_.prepare(through_, !may_wait_)) return ec;
    const error_code ec = send(one_);
    if (!ec) ++values_sent_;
    return ec;
}

error_code batch_writer::flush() {
    if (joined_.buffer().empty()) return {};
    const error_code ec = send(joined_);
    values_sent_ += joined_.values_written();
    joined_.buffer().clear();
    return ec;
}

error_code batch_writer::send(outgoing_message& message) {
    return may_wait_ ? through_.send(message, {}) : through_.try_send(message);
}

outgoing_batch::outgoing_batch(sender_core* through) noexcept : through_(through) {}
outgoing_batch::~outgoing_batch() = default;

outgoing_message& outgoing_batch::next(ownership mode) {
    if (!one_) one_ = std::make_unique<outgoing_message>();
    one_->begin(mode, one_->take_buffer(), through_);
    return *one_;
}

error_code outgoing_batch::add() {
    const bool is_joinable = one_->is_joinable();
    if (is_joinable && is_last_joined_ && messages_.back()->join(*one_)) return {};
    is_last_joined_ = false;
    if (is_joinable) {
        append(std::make_unique<outgoing_message>());
        is_last_joined_ = messages_.back()->join(*one_);
        return {};
    }
    if (error_code ec = one_->prepare(*through_, false)) return ec;
    append(std::move(one_));
    return {};
}

void outgoing_batch::append(std::unique_ptr<outgoing_message> message) {
    messages_.push_back(std::move(message));
    if (messages_.size() > 1) messages_[messages_.size() - 2]->behind = messages_.back().get();
}

}  // namespace strait::detail
